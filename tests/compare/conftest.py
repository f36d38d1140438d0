import shutil

import pytest
from made_tables import write_results


@pytest.fixture(scope="session")
def made_results(tmp_path_factory):
    return write_results(tmp_path_factory.mktemp("made"))


@pytest.fixture
def pair(made_results, tmp_path):
    """Two folders with the same tables, one of each kind."""
    for name in ("reference", "run"):
        shutil.copytree(made_results, tmp_path / name)
    return tmp_path / "reference", tmp_path / "run"
