from pathlib import Path

import pytest
from running import run_snakemake


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of the smoke scale, in a folder whose name has a space."""
    folder = tmp_path_factory.mktemp("smoke run")
    done = run_snakemake(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder
