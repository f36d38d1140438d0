"""Snakemake as a user of the cluster starts it: on the login node, with the profile."""

import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from running import ROOT
from slurm_cluster import PATIENCE, Cluster, until

HERE = Path(__file__).parent
SCALE = ["--configfile", str(ROOT / "workflow/scales/smoke.yaml"), str(HERE / "tiny.yaml")]
# The executor looks after 1, 11, 21, ... seconds and not after 40, 50, ...; the node has two cores.
SOONER = ["--slurm-init-seconds-before-status-checks", "1", "--latency-wait", "5", "--cores", "2"]

TRAINED = [f"results/tiny/train/resnet56/{name}" for name in ("weights.safetensors", "trajectory.safetensors", "history.csv")]
SHORT = ["results/tiny/train/resnet56_noskip/history.csv"]
SURFACES = [f"results/tiny/landscape/resnet56/rows/fine/{rows}.csv" for rows in ("0-2", "3-4")]
RUNS = [f"results/tiny/memorization/{rows}/runs.csv" for rows in ("15-16", "17-18")]


class Driver:
    """A run that goes on while the test does something to its jobs."""

    def __init__(
        self,
        cluster: Cluster,
        folder: Path,
        *arguments: str,
        targets: Sequence[str],
        configfiles: Sequence[Path] = (),
        profile: Path = ROOT / "profiles/slurm",
    ) -> None:
        folder.mkdir(exist_ok=True)
        self.cluster = cluster
        self.log = folder / "driver.log"
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
        command += ["--workflow-profile", str(profile), *SCALE, *map(str, configfiles), *SOONER, *arguments, "--", *targets]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, env=cluster.environment, cwd=folder, stdout=log, stderr=log)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.stop()

    def said(self) -> str:
        """Return what it has printed."""
        return self.log.read_text(encoding="utf-8")

    def jobs(self, state: str) -> list[dict[str, str]]:
        """Return what Slurm knows of the jobs of this run that are in a state."""
        (name,) = until(lambda: re.findall(r"SLURM run ID: (\S+)", self.said()), "the run has begun")
        return self.cluster.jobs(name, state)

    def finish(self) -> None:
        """Wait for the end of the run, which has to be a success."""
        assert self.process.wait(PATIENCE) == 0, self.said()

    def stop(self) -> None:
        """Stop it as Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
