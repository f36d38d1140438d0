"""Runs of gradient descent, one after the other, each kept as soon as it is done."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from optprimer import seeds
from optprimer.data.dataset import PROVENANCE, Dataset, load
from optprimer.digest import digest
from optprimer.edge.descent import tracked
from optprimer.edge.plan import QUADRATIC, QUADRATIC_SHARPNESS, Run
from optprimer.edge.quadratic import quadratic
from optprimer.edge.setting import accuracy, half_squared_error, network_of, sample
from optprimer.edge.tables import Curves
from optprimer.hessian.loss import NetworkLoss
from optprimer.progress import Progress
from optprimer.rowlog import RowLog, Rows, identity
from optprimer.tables import write

DIMENSION = 50  # of the quadratic


@dataclass(frozen=True)
class Job:
    """Some ``runs``, numbered from ``first``, on ``images`` training images of the data set in ``folder``."""

    folder: Path
    runs: list[Run]
    images: int
    seed: int
    device: torch.device
    state: Path

    def write(self, output: Path) -> None:
        """Make the runs that no interrupted job has made, and write edge/curves.csv of all to ``output``."""
        data = load(self.folder)
        machine = (self.device, torch.get_num_threads(), torch.__version__, digest("optprimer.edge.job"))
        log = RowLog(self.state / "runs.jsonl", identity(self.folder / PROVENANCE, self.runs, self.images, self.seed, machine))
        bar = Progress("descent", len(self.runs), "runs")
        rows: list[dict[str, Any]] = []
        finished = log.resumed(range(len(self.runs)), lambda index: self._rows(self.runs[index], data))
        for run, steps in zip(self.runs, finished, strict=True):
            bar.add(1, f"{run.network}, learning rate {run.learning_rate:g}, seed {run.seed}")
            names = {name: getattr(run, name) for name in ("network", "learning_rate", "seed", "role")}
            rows += [{"data": data.name} | names | row for row in steps]
        write(pd.DataFrame(rows), Curves, output)

    def _rows(self, run: Run, data: Dataset) -> Rows:
        seed = seeds.derive(self.seed, "edge", run.seed)
        generator = torch.Generator().manual_seed(seeds.derive(seed, "lanczos"))
        settings = {"steps": run.steps, "sharpness_every": run.sharpness_every, "generator": generator}
        if run.architecture == QUADRATIC:
            loss = quadratic(torch.linspace(0, QUADRATIC_SHARPNESS, DIMENSION))
            start = torch.randn(DIMENSION, generator=generator)
            rows = tracked(loss, start, run.learning_rate, accuracy=lambda _: float("nan"), **settings)
            return [row | {"n": DIMENSION, "parameters": DIMENSION} for row in rows]
        images = sample(data, self.images, self.seed, run.seed, torch.float32, self.device)
        first = torch.Generator().manual_seed(seeds.derive(seed, "network"))
        network = network_of(run.architecture, run.widths, data, first).to(self.device)
        n = len(images.labels)
        loss = NetworkLoss(network, half_squared_error, images.inputs, images.labels, block=n)
        rows = tracked(
            loss,
            loss.weights,
            run.learning_rate,
            accuracy=lambda w: accuracy(loss.outputs(w, images.inputs), images.labels),
            **settings,
        )
        return [row | {"n": n, "parameters": len(loss.weights)} for row in rows]
