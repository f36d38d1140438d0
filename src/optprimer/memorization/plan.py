"""Which runs there are: the combinations that the configuration's studies name, as rows, and how jobs share them out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

FULL = 1 + 1e-9  # a sum of n times 1/n may round to more than 1
LINEAR = "linear"  # softmax regression, the one network that needs no entry: it has no recipe
CONTROLS = ("mlp_1x8", LINEAR)  # too small to memorize
REDRAWN = "redrawn_labels"  # a control: the training loop draws labels anew for every epoch
CORRUPTION = {"random_labels": 1.0, REDRAWN: 1.0}  # of the kinds of labels that leave no choice; 0 for the others


@dataclass(frozen=True)
class Run:
    """One run and its recipe, a row of memorization/plan.csv (optprimer.memorization.tables.Plan)."""

    network: str
    labels: str
    corruption: float
    regularizer: str
    seed: int
    architecture: str
    widths: tuple[int, ...]
    batch_size: int
    learning_rate: float
    decay: float
    epochs: int
    patience: int
    weight_decay: float
    dropout: float
    crop_padding: int
    flip: bool

    @property
    def name(self) -> str:
        """A file name: ``mlp_1x512-partial_labels-0.2-none-0``."""
        return f"{self.network}-{self.labels}-{self.corruption:g}-{self.regularizer}-{self.seed}"


def runs(memorization: Mapping[str, Any]) -> list[Run]:
    """Return the runs that the (checked) section ``memorization`` of the configuration asks for, each once, by network.

    A study is every combination of its lists; what several studies name is run once.
    """
    found = {
        (network, labels, corruption, regularizer, seed): None
        for study in memorization["studies"].values()
        for network, regularizer in product(study["networks"], study["regularizers"])
        for labels, corruption in _labels(study)
        for seed in range(study["seeds"])
    }
    return [_run(memorization, *key) for key in sorted(found)]


def jobs(memorization: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Return the first and last row of each job: consecutive runs that fill it, as ``runs_per_job`` of a network do."""
    found, first, filled = [], 0, 0.0
    for row, run in enumerate(runs(memorization)):
        cost = 0.0 if run.network == LINEAR else 1 / memorization["networks"][run.network]["runs_per_job"]
        if filled and filled + cost > FULL:
            found.append((first, row - 1))
            first, filled = row, 0.0
        filled += cost
    return [*found, (first, row)]


def _labels(study: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for labels in study["labels"]:
        for corruption in study["corruption"] if labels == "partial_labels" else [CORRUPTION.get(labels, 0.0)]:
            yield labels, corruption


def _run(memorization: Mapping[str, Any], network: str, labels: str, corruption: float, regularizer: str, seed: int) -> Run:
    recipe = memorization["networks"].get(network, {})
    changes = memorization["regularizers"][regularizer]
    return Run(
        network,
        labels,
        corruption,
        regularizer,
        seed,
        architecture=recipe.get("architecture", LINEAR),
        widths=tuple(recipe.get("widths", ())),
        batch_size=recipe.get("batch_size", 1),
        learning_rate=recipe.get("learning_rate", 1.0),
        decay=recipe.get("decay", 1.0),
        epochs=recipe.get("epochs", 1),
        patience=1 if network == LINEAR else memorization["patience"],  # one fit has no epochs in a row
        **changes,
    )
