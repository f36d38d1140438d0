"""Which runs there are, those of the search for learning rates first, as rows, and how jobs share them out."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

from optprimer.batch.ladder import FULL, KEYS, Rung, rate_source, rates, rung, searched, settings_of

STAGES = ("search", "train")
FILLED = 1 + 1e-9  # a sum of n times 1/n may round to more than 1
Section = Mapping[str, Any]


@dataclass(frozen=True)
class Run:
    """One run, a row of batch/plan.csv (optprimer.batch.tables.Plan).

    A run of ``stage`` search is measured on validation images, its ``seed`` being the number of the search.
    ``learning_rate`` None is the one that the search number ``search`` chose for the recipe ``rate_of``.
    """

    stage: str
    network: str
    recipe: str
    seed: int
    learning_rate: float | None
    rate_of: str
    search: int
    against: str
    architecture: str
    widths: tuple[int, ...]
    rung: Rung

    @property
    def name(self) -> str:
        """A file name: ``search-conv-gd_longer-0-0.2``."""
        return f"{self.stage}-{self.network}-{self.recipe}-{self.seed}-{self.learning_rate}"

    def row(self) -> dict[str, Any]:
        """Return the columns of the row, the number apart."""
        columns = asdict(self)
        batch_size = str(self.rung.batch_size or FULL)
        return columns | columns.pop("rung") | {"widths": " ".join(map(str, self.widths)), "batch_size": batch_size}

    @classmethod
    def of_row(cls, columns: Mapping[str, Any]) -> "Run":
        """Return the run whose ``row`` has these columns, NaN for None."""
        values = {name: None if value != value else value for name, value in columns.items()}
        batch_size = None if values["batch_size"] == FULL else int(values["batch_size"])
        rung = Rung(**{key: values.pop(key) for key in KEYS} | {"batch_size": batch_size})
        return cls(**values | {"widths": tuple(map(int, values["widths"].split())), "rung": rung})


def runs(batch: Section) -> list[Run]:
    """Return the runs that the (checked) section ``batch`` of the configuration asks for, by stage, network and recipe."""
    return [*_trials(batch), *_arms(batch)]


def jobs(batch: Section, stage: str) -> list[tuple[int, int]]:
    """Return the first and last row of each job of ``stage``: consecutive runs that fill it.

    A run fills as much of it as its sweeps over the data are of the network's ``sweeps_per_job``.
    """
    found, first, filled = [], -1, 0.0
    for row, run in enumerate(runs(batch)):
        if run.stage != stage:
            continue
        sweeps = run.rung.epochs * run.rung.gradients_per_image
        cost = sweeps / batch["networks"][run.network]["sweeps_per_job"]
        if first < 0 or filled + cost > FILLED:
            found.append((row, row))
            first, filled = row, 0.0
        found[-1] = (first, row)
        filled += cost
    return found


def _trials(batch: Section) -> Iterator[Run]:
    """Yield the runs of the search, of every network, searched recipe, seed and learning rate."""
    for network, ladder in sorted(batch["ladders"].items()):
        for name, seed in product(searched(batch["recipes"], ladder), range(batch["searches"])):
            for rate in rates(batch["recipes"], name):
                yield _run(batch, "search", network, name, seed, rate)


def _arms(batch: Section) -> Iterator[Run]:
    """Yield the runs that are compared."""
    for network, ladder in sorted(batch["ladders"].items()):
        for name in ladder:
            choices = rates(batch["recipes"], rate_source(batch["recipes"], name))
            for seed in range(batch["claim_seeds"] if name in batch["claims"] else batch["seeds"]):
                yield _run(batch, "train", network, name, seed, choices[0] if len(choices) == 1 else None)


def _run(batch: Section, stage: str, network: str, name: str, seed: int, rate: float | None) -> Run:
    settings, recipes = batch["networks"][network], batch["recipes"]
    return Run(
        stage,
        network,
        name,
        seed,
        learning_rate=rate,
        rate_of=rate_source(recipes, name),
        search=(seed % batch["folds"] if batch["folds"] else seed) % batch["searches"],
        against=settings_of(recipes, name)["against"],
        architecture=settings["architecture"],
        widths=tuple(settings["widths"]),
        rung=rung(recipes, name),
    )
