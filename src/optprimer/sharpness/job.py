"""The seeds of one job, one after the other: each network and arm, the lines between, and the scaled network."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from optprimer import seeds
from optprimer.data.dataset import PROVENANCE, load
from optprimer.data.sampling import drawn
from optprimer.digest import digest
from optprimer.progress import Progress
from optprimer.rowlog import RowLog, Rows, identity
from optprimer.runtime import Runtime
from optprimer.sharpness.arms import ARMS, LARGE, SMALL
from optprimer.sharpness.line import line
from optprimer.sharpness.minimum import Trials
from optprimer.sharpness.reparameterization import Scaled
from optprimer.sharpness.sample import Sample
from optprimer.sharpness.settings import Network, Settings
from optprimer.sharpness.tables import Keskar, Line, Minima, Profile, Reparameterization
from optprimer.tables import Table, write

TABLES: dict[str, type[Table]] = {
    "minima": Minima,
    "keskar": Keskar,
    "line": Line,
    "reparameterization": Reparameterization,
    "profile": Profile,
}
LINE, SCALED = "line", "scaled"


@dataclass(frozen=True)
class Job:
    """Some ``seeds`` of the study ``settings`` on the data set in ``folder``."""

    folder: Path
    settings: Settings
    seeds: range
    seed: int
    runtime: Runtime
    state: Path

    def write(self, folder: Path) -> None:
        """Compute what no interrupted job has, and write one file per table to ``folder``."""
        tasks = list(self._tasks())
        machine = (self.runtime, torch.get_num_threads(), torch.__version__, digest("optprimer.sharpness.job"))
        name = identity(self.folder / PROVENANCE, self.settings, self.seeds, self.seed, machine)
        log = RowLog(self.state / "tasks.jsonl", name)
        bar, found = Progress("sharpness", len(tasks), "tasks"), {name: [] for name in TABLES}
        for task, rows in zip(tasks, log.resumed(range(len(tasks)), lambda key: self._rows(*tasks[key])), strict=True):
            bar.add(1, " ".join(map(str, task)))
            for row in rows:
                found[row.pop("table")].append(row)
        for name, model in TABLES.items():
            write(pd.DataFrame(found[name], columns=list(model.to_schema().columns)), model, folder / f"{name}.csv")
        shutil.rmtree(self.state / "training", ignore_errors=True)  # in the tables now

    def _tasks(self) -> Iterator[tuple[int, str, str]]:
        """Yield seed, network and what is done: an arm, or the line between two, after which they are not needed again."""
        for seed in self.seeds:
            for network in self.settings.networks:
                yield from ((seed, network, task) for task in (*ARMS, LINE))
            yield seed, "", SCALED

    def _rows(self, seed: int, name: str, task: str) -> Rows:
        """Return rows of all tables that the task has rows in, each with the name of its ``table``."""
        trials = self._trials(seed)
        names = {"data": trials.data.name, "seed": seed}
        if task == SCALED:
            return self._scaled(trials, names)
        network, names = self.settings.networks[name], names | {"network": name}
        if task == LINE:
            return [names | {"table": "line"} | row for row in self._line(trials, network)]
        minimum, sharpness = trials.measured(network, task)
        names["arm"] = task
        return [names | {"table": "minima"} | minimum, *(names | {"table": "keskar"} | row for row in sharpness)]

    def _trials(self, seed: int) -> Trials:
        s = self.settings
        data = drawn(load(self.folder), images=s.images, test_images=s.test_images, folds=s.folds, seed=self.seed, index=seed)
        own = seeds.derive(self.seed, "sharpness", seed)
        return Trials(s, data, own, self.runtime, self.state / "training" / str(seed))

    def _line(self, trials: Trials, network: Network) -> list[dict[str, Any]]:
        module = trials.network(network)
        train, test = (Sample(module, trials.data, split) for split in ("train", "test"))
        small, large = (trials.minimum(network, arm).weights for arm in (SMALL, LARGE))
        return line(train, test, small, large, self.settings.line_points)

    def _scaled(self, trials: Trials, names: dict[str, Any]) -> Rows:
        """Scale what the small batch has found on a ReLU network with one hidden layer."""
        network = Network("mlp", (self.settings.scaled_width,))
        weights = trials.minimum(network, SMALL).weights.double()
        scaled = Scaled(trials.network(network).double(), weights, trials.data, self.settings.trace_draws, trials.seed)
        counts = {"n": len(trials.data.train_labels), "n_test": len(trials.data.test_labels), "parameters": len(weights)}
        rows = [names | {"table": "reparameterization"} | counts | row for row in scaled.rows(self.settings.scales)]
        return rows + [names | {"table": "profile"} | row for row in scaled.profiles(self.settings.scales)]
