"""The runs of one job, one after the other, each kept as soon as it is done."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from optprimer import seeds
from optprimer.batch.choice import Choice, choose
from optprimer.batch.experiment import experiment, trial
from optprimer.batch.plan import Run
from optprimer.batch.tables import RUN, Curves, Plan, Runs, Search
from optprimer.batch.validation import search_data
from optprimer.data.dataset import PROVENANCE, Dataset, load
from optprimer.data.sampling import drawn
from optprimer.digest import digest
from optprimer.errors import UserError
from optprimer.progress import Progress
from optprimer.rowlog import RowLog, Rows, identity
from optprimer.runtime import Runtime
from optprimer.tables import read, write


@dataclass(frozen=True)
class Job:
    """Some ``rows``, all of one stage, of a ``plan`` of runs on the data set in ``folder``.

    Each run trains on ``images`` (0: all) and tests on ``test_images`` (0: all) of one of ``folds`` (0: of the data's own test
    images).
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

    def search(self, validation_images: int, output: Path) -> None:
        """Try the learning rates that no interrupted job has, on so many images, and write ``output``.

        Raises:
            UserError: the plan does not have all of the rows, or not as runs of the search.
        """
        runs = self._runs("search")
        plan = read(Plan, self.plan)
        relying = plan[plan["stage"] == "train"].groupby("search")["seed"].agg(lambda numbers: sorted(set(numbers))).to_dict()

        def compute(run: Run, state: Path) -> Rows:
            tested = relying[run.seed]
            data = search_data(self.data, self.images, validation_images, self.folds, tested, self.seed)
            return [trial(run, data, self._seed(run), self.runtime, state)]

        rows = [names | columns for names, (columns,) in self._finished(runs, compute, validation_images, relying)]
        write(pd.DataFrame(rows), Search, output)

    def train(self, search: pd.DataFrame | None, images: int, folder: Path) -> None:
        """Run what no interrupted job has, with the rates chosen in ``search``; write runs.csv and curves.csv to ``folder``.

        Args:
            search: rows of batch/search.csv; None where the plan gives every run its rate.
            images: on which sharpness is measured.
            folder: of the two tables.

        Raises:
            UserError: the plan does not have all of the rows, or not as runs to be trained, or ``search`` lacks one.
        """
        runs = self._runs("train")
        chosen = {run: self._choice(search, run) for run in runs.values()}

        def compute(run: Run, state: Path) -> Rows:
            data = self._drawn(run)
            columns, epochs = experiment(run, chosen[run].rate, data, self._seed(run), images, self.runtime, state)
            return [columns, *epochs]

        finished, curves = [], []
        done = self._finished(runs, compute, chosen, images)
        for run, (names, (columns, *epochs)) in zip(runs.values(), done, strict=True):
            finished.append(names | {"against": run.against, "at_edge": chosen[run].at_edge} | columns)
            curves += [names | epoch for epoch in epochs]
        write(pd.DataFrame(curves), Curves, folder / "curves.csv")
        write(pd.DataFrame(finished), Runs, folder / "runs.csv")

    def _finished(
        self, runs: dict[int, Run], compute: Callable[[Run, Path], Rows], *settings: object
    ) -> Iterator[tuple[dict[str, Any], Rows]]:
        """Yield the names of each run and what ``compute`` returns for it."""
        machine = (self.runtime, torch.get_num_threads(), torch.__version__, digest("optprimer.batch.experiment"))
        images = (self.folder / PROVENANCE, self.images, self.test_images, self.folds, self.seed)
        log = RowLog(self.state / "runs.jsonl", identity(*images, runs, settings, machine))
        bar = Progress("batch", len(runs), "runs")
        finished = log.resumed(runs, lambda row: compute(runs[row], self.state / runs[row].name))
        for run, rows in zip(runs.values(), finished, strict=True):
            shutil.rmtree(self.state / run.name, ignore_errors=True)  # in the log now
            bar.add(1, run.name)
            yield {"data": self.data.name} | {name: getattr(run, name) for name in RUN}, rows

    def _runs(self, stage: str) -> dict[int, Run]:
        plan = read(Plan, self.plan)
        plan = plan[plan["stage"] == stage].set_index("row")
        missing = [row for row in self.rows if row not in plan.index]
        if missing or not len(self.rows):
            raise UserError(f"{self.plan}: has no rows {self.rows.start} to {self.rows.stop - 1} of stage {stage}")
        return {row: Run.of_row(columns) for row, columns in plan.loc[list(self.rows)].to_dict("index").items()}

    def _choice(self, search: pd.DataFrame | None, run: Run) -> Choice:
        if run.learning_rate is not None:
            return Choice(run.learning_rate, at_edge=False)
        if search is None:
            raise UserError(f"{self.plan}: has no learning rate for {run.name}, so batch-train needs --search")
        return choose(search, run.network, run.rate_of, run.search)

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
        return seeds.derive(self.seed, "batch", run.seed)
