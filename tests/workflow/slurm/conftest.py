import shutil
import sys
from pathlib import Path

import pytest
from running import run_snakemake
from slurm_cluster import Cluster, missing
from slurm_driver import RUNS, SCALE, SHORT, SURFACES, TRAINED


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """A Slurm of one node, idle."""
    if absent := missing():
        pytest.skip(f"{', '.join(absent)}: not installed (apt-get install slurm-wlm munge)")
    folder = tmp_path_factory.mktemp("slurm")
    if " " in str(folder):
        pytest.skip(f"{folder}: slurm.conf cannot name a folder with a space (TMPDIR can be another)")
    if " " in sys.executable:
        pytest.skip(f"{sys.executable}: Snakemake's jobs on Slurm cannot be started by a Python whose path has a space")
    with Cluster(folder) as running:
        yield running


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory) -> Path:
    """A run without Slurm and without disturbances."""
    folder = tmp_path_factory.mktemp("undisturbed")
    done = run_snakemake(folder, "--cores", "1", *SCALE, "--", *TRAINED, *SHORT, *SURFACES, *RUNS, smoke=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture
def copy(undisturbed, tmp_path):
    """A copy of that run, without the state of jobs."""
    folder = tmp_path / "copy"
    shutil.copytree(undisturbed, folder)
    shutil.rmtree(folder / "results/tiny/.state")
    return folder
