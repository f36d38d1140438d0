"""Runs Snakemake itself, in a folder of its own, on the smoke scale."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run_snakemake(folder: Path, *arguments: str, root: Path = ROOT, smoke: bool = True) -> subprocess.CompletedProcess:
    scale = ["--configfile", str(root / "workflow/scales/smoke.yaml")] if smoke else []
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(root / "Snakefile"), "--directory", str(folder)]
    command += ["--cores", "2", "--workflow-profile", "none", "--rerun-incomplete", *scale, *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=600, check=False)
