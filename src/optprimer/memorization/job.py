"""The runs of one job, one after the other, each kept as soon as it is done."""

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from optprimer import seeds
from optprimer.data.dataset import PROVENANCE, Dataset, load
from optprimer.data.sampling import drawn
from optprimer.digest import digest
from optprimer.errors import UserError
from optprimer.memorization.experiment import experiment
from optprimer.memorization.plan import Run
from optprimer.memorization.tables import RUN, Curves, Plan, Runs
from optprimer.memorization.variants import corrupt
from optprimer.progress import Progress
from optprimer.rowlog import RowLog, Rows, identity
from optprimer.runtime import Runtime
from optprimer.tables import read, write
from optprimer.tensors import save_tensors


@dataclass(frozen=True)
class Job:
    """Some ``rows`` of a ``plan`` of runs on the data set in ``folder``.

    Each run trains on ``images`` (0: all) and tests on ``test_images`` of one of ``folds`` (0: of the data's own test images).
    """

    folder: Path
    plan: Path
    rows: range
    images: int
    test_images: int
    folds: int
    seed: int
    runtime: Runtime
    state: Path

    @cached_property
    def data(self) -> Dataset:
        """The data set in ``folder``."""
        return load(self.folder)

    def write(self, folder: Path) -> None:
        """Run what no interrupted job has run, and write runs.csv, curves.csv and labels.safetensors to ``folder``.

        Raises:
            UserError: the plan does not have all of the rows.
        """
        runs = self._runs()
        finished, curves = [], []
        bar = Progress("memorization", len(runs), "runs")
        for run, (row, *epochs) in zip(runs.values(), self._finished(runs), strict=True):
            bar.add(1, run.name)
            names = {"data": self.data.name} | {name: getattr(run, name) for name in RUN}
            finished.append(names | row)
            curves += [names | epoch for epoch in epochs]
        columns = list(Curves.to_schema().columns)
        save_tensors(folder / "labels.safetensors", dict(self._labels(runs.values())), {})
        write(pd.DataFrame(curves, columns=columns), Curves, folder / "curves.csv")
        write(pd.DataFrame(finished), Runs, folder / "runs.csv")

    def _runs(self) -> dict[int, Run]:
        plan = read(Plan, self.plan).set_index("row")
        missing = [row for row in self.rows if row not in plan.index]
        if missing or not len(self.rows):
            raise UserError(f"{self.plan}: has no rows {self.rows.start} to {self.rows.stop - 1}")
        chosen = plan.loc[list(self.rows)].to_dict("index")
        widths = {row: tuple(map(int, values["widths"].split())) for row, values in chosen.items()}
        return {row: Run(**values | {"widths": widths[row]}) for row, values in chosen.items()}

    def _finished(self, runs: dict[int, Run]) -> Iterator[Rows]:
        """Yield the columns of each run and of its epochs."""
        machine = (self.runtime, torch.get_num_threads(), torch.__version__, digest("optprimer.memorization.experiment"))
        data = self.folder / PROVENANCE
        log = RowLog(
            self.state / "runs.jsonl", identity(data, self.images, self.test_images, self.folds, self.seed, runs, machine)
        )

        def compute(row: int) -> Rows:
            run, folder = runs[row], self.state / runs[row].name
            columns, epochs = experiment(run, self._drawn(run), self._seed(run), self.runtime, folder)
            return [columns, *epochs]

        for row, rows in zip(runs, log.resumed(runs, compute), strict=True):
            shutil.rmtree(self.state / runs[row].name, ignore_errors=True)  # in the log now
            yield rows

    def _drawn(self, run: Run) -> Dataset:
        return drawn(
            self.data,
            images=self.images or None,
            test_images=self.test_images or None,
            folds=self.folds,
            seed=self.seed,
            index=run.seed,
        )

    def _seed(self, run: Run) -> int:
        return seeds.derive(self.seed, "memorization", run.seed)

    def _labels(self, runs: Iterable[Run]) -> Iterator[tuple[str, Tensor]]:
        """Yield the labels given before training and the true ones, n uint8 each, named by what they depend on."""
        for run in runs:
            true = np.array(self._drawn(run).train_labels)
            given, _ = corrupt(true, len(self.data.classes), run.corruption, seeds.derive(self._seed(run), "labels"))
            name = f"corruption {run.corruption:g}, seed {run.seed}"
            yield f"{name}/given", torch.from_numpy(given.astype(np.uint8))
            yield f"{name}/true", torch.from_numpy(true.astype(np.uint8))
