"""Runs Snakemake itself, in a folder of its own, on the smoke scale."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SMOKE = ROOT / "workflow/scales/smoke.yaml"
Snakemake = Callable[..., subprocess.CompletedProcess]


def run_snakemake(folder: Path, *arguments: str, root: Path = ROOT, smoke: bool = True) -> subprocess.CompletedProcess:
    scale = ["--configfile", str(root / "workflow/scales/smoke.yaml")] if smoke else []
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(root / "Snakefile"), "--directory", str(folder)]
    command += ["--cores", "2", "--workflow-profile", "none", "--rerun-incomplete", *scale, *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=600, check=False)


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of the smoke scale, in a folder whose name has a space."""
    folder = tmp_path_factory.mktemp("smoke run")
    done = run_snakemake(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder
