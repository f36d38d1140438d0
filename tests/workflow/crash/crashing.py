"""Runs of a small graph that are killed at random instants, and the files that they leave."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

from running import ROOT

SCALES = [ROOT / "workflow/scales/smoke.yaml", Path(__file__).with_name("crash.yaml")]
RESULTS = Path("results/crash")
NOT_COMPARED = (".state", "logs", "benchmarks")  # of a run's own course
PATIENCE = 1800  # seconds

# The command as it is, but that training keeps its state every half second: twenty are longer than it takes here.
PROGRAM = f"""#!/bin/sh
'''exec' "{sys.executable}" "$0" "$@"  # by way of a shell, for the path may have a space
' '''
import sys
from optprimer.cli import main
if sys.argv[1] in ("train", "memorize", "batch-search", "batch-train", "sharpness"):
    from optprimer.training import loop
    loop.SAVE_EVERY = 0.5
main()
"""


@dataclass(frozen=True)
class Stage:
    """A part of the graph: what is asked for, where its jobs have their logs, and what of a finished run it begins from.

    Kills fall within ``span`` times the seconds that Snakemake takes to start its first job, from that start on.
    """

    targets: tuple[str, ...]
    logs: tuple[str, ...]
    begins_from: tuple[str, ...]
    span: float


STAGES = {
    "train": Stage(("train/resnet56/history.csv",), ("train",), ("data",), 2),
    "landscape": Stage(
        ("landscape/resnet56/rows/fine/0-4.csv", "landscape/resnet56/rows/line/0-0.csv"),
        ("directions", "surface", "line"),
        ("data", "train"),
        2,
    ),
    "memorization": Stage(("memorization/runs.csv",), ("memorization",), ("data",), 2),
    "batch": Stage(("batch/runs.csv",), ("batch",), ("data",), 3),
    "edge": Stage(("edge/curves.csv", "edge/convexity.csv", "edge/direction.csv"), ("edge",), ("data",), 2),
    "sharpness": Stage(("sharpness/minima.csv",), ("sharpness",), ("data",), 2),
    "data": Stage(("data/provenance.json",), ("data.log",), (), 1),
    "gather": Stage(
        ("memorization/summary.csv", "../../figures/crash/memorization.png"),
        ("collect", "memorization", "figures"),
        ("data", "memorization/plan.csv", "memorization/0-2", "memorization/3-5"),
        2,
    ),
}


def install(folder: Path) -> dict[str, str]:
    """Put ``PROGRAM`` into ``folder`` as ``optprimer``; return the environment in which it is found first."""
    folder.mkdir()
    (folder / "optprimer").write_text(PROGRAM)
    (folder / "optprimer").chmod(0o755)
    return os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}


def targets(*stages: str) -> list[str]:
    return [os.path.normpath(RESULTS / path) for stage in stages for path in STAGES[stage].targets]


@dataclass(frozen=True)
class Done:
    """How Snakemake ended, and all that it said."""

    status: int
    said: str

    @property
    def line(self) -> str:
        """What it said, less its line breaks: the logger breaks lines at the width of a terminal."""
        return " ".join(self.said.split())


@dataclass(frozen=True)
class Graph:
    """The small graph in a ``folder``, run with the environment ``env``."""

    folder: Path
    env: dict[str, str]

    def command(self, *arguments: str) -> list[str]:
        """Return a plain call of Snakemake: the profile that every run uses, and no other flag than it needs to be here."""
        files = ["--snakefile", str(ROOT / "Snakefile"), "--configfile", *map(str, SCALES)]
        return [sys.executable, "-m", "snakemake", *files, "--cores", "2", *arguments]

    def start(self, *arguments: str) -> subprocess.Popen:
        """Start Snakemake in a session, and so a process group, of its own, which its jobs belong to."""
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen(self.command(*arguments), cwd=self.folder, env=self.env, start_new_session=True, **streams)

    def run(self, *arguments: str) -> Done:
        """Run Snakemake to its end."""
        run = self.start(*arguments)
        try:
            said, _ = run.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            kill_group(run)  # jobs too, which a plain kill would leave
            raise
        return Done(run.returncode, said)

    def kill(self, name: str, random: Random) -> float | None:
        """Run a stage and kill it, with all of its jobs, at a random instant after the start of its first job.

        Return how many seconds after it, or None where the stage was done before.
        """
        stage, begun = STAGES[name], time.monotonic()
        run = self.start("--", *targets(name))
        self.wait_for_job(name, run)
        instant = random.random() * stage.span * (time.monotonic() - begun)
        try:
            run.communicate(timeout=instant)
        except subprocess.TimeoutExpired:
            kill_group(run)
            return instant
        return None

    def wait_for_job(self, name: str, run: subprocess.Popen) -> None:
        """Wait until ``run`` has started a job of a stage."""
        deadline = time.monotonic() + PATIENCE
        while not any((self.folder / RESULTS / "logs" / log).exists() for log in STAGES[name].logs):
            if run.poll() is not None or time.monotonic() > deadline:
                run.kill()
                raise RuntimeError(f"{name}: no job has started: {run.communicate()[0]}")
            time.sleep(0.01)

    def recover(self, name: str) -> Done:
        """Go on with a killed stage as the documentation says: remove the lock, if there is one, and run Snakemake again."""
        if any((self.folder / ".snakemake/locks").iterdir()):
            unlocked = self.run("--unlock")
            assert unlocked.status == 0, unlocked.said
        return self.run("--", *targets(name))

    def contents(self) -> dict[str, bytes]:
        """Return every file that the graph has made, hidden ones too."""
        made = [self.folder / RESULTS, self.folder / "figures"]
        paths = [path for top in made for path in top.rglob("*") if path.is_file()]
        paths = [path for path in paths if not {*path.relative_to(self.folder).parts} & {*NOT_COMPARED}]
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in paths}

    def begun(self, folder: Path, name: str) -> "Graph":
        """Copy to ``folder`` what a stage begins from, of this finished run."""
        shutil.copytree(self.folder / ".snakemake/metadata", folder / ".snakemake/metadata")
        for part in STAGES[name].begins_from:
            source, copy = self.folder / RESULTS / part, folder / RESULTS / part
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(source, copy) if source.is_dir() else shutil.copy2(source, copy)
        return Graph(folder, self.env)


def kill_group(run: subprocess.Popen) -> None:
    """Kill Snakemake with all of its jobs by SIGKILL, and wait until none of them is left."""
    os.killpg(run.pid, signal.SIGKILL)
    run.communicate()
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            os.killpg(run.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.01)
    raise RuntimeError("a killed process is still there")
