"""Which runs of gradient descent there are, in the order in which jobs share them out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

QUADRATIC = "quadratic"
CLAIM, CONTROL = "claim", "control"
BELOW, ABOVE = "below", "above"  # of the quadratic: a learning rate under and over 2 / lambda
MARGINS = {BELOW: 1.99, ABOVE: 2.01}
QUADRATIC_SHARPNESS = 8.0
QUADRATIC_STEPS = 900  # (1.01)^900 = 7,750: long enough to tell one from the other


@dataclass(frozen=True)
class Run:
    """Some ``steps`` of gradient descent on one network's loss; ``sharpness_every`` so many its sharpness is measured."""

    network: str
    learning_rate: float
    seed: int
    role: str
    architecture: str
    widths: tuple[int, ...]
    steps: int
    sharpness_every: int


def runs(edge: Mapping[str, Any]) -> list[Run]:
    """Return the runs of the (checked) section ``edge`` of the configuration: the quadratic's, then by network and seed."""
    return [*_quadratic(edge), *_networks(edge)]


def jobs(edge: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Return the first and last run of each job."""
    count, each = len(runs(edge)), edge["runs_per_job"]
    return [(first, min(first + each, count) - 1) for first in range(0, count, each)]


def _quadratic(edge: Mapping[str, Any]) -> Iterator[Run]:
    for role, margin in MARGINS.items():
        rate = margin / QUADRATIC_SHARPNESS
        yield Run(QUADRATIC, rate, 0, role, QUADRATIC, (), QUADRATIC_STEPS, edge["sharpness_every"])


def _networks(edge: Mapping[str, Any]) -> Iterator[Run]:
    for name, network in edge["networks"].items():
        arms = [(rate, CLAIM, network["steps"]) for rate in network["learning_rates"]]
        arms.append((network["control_learning_rate"], CONTROL, network["control_steps"]))
        for seed in range(edge["seeds"]):
            for rate, role, steps in arms:
                widths = tuple(network["widths"])
                yield Run(name, rate, seed, role, network["architecture"], widths, steps, edge["sharpness_every"])
