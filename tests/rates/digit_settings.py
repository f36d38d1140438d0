"""Settings of the rates stage on scikit-learn's digits, without files."""

from dataclasses import dataclass
from pathlib import Path

from optprimer.data.dataset import Dataset
from optprimer.data.digits import read
from optprimer.data.statistics import moments
from optprimer.rates.settings import Settings


@dataclass(frozen=True)
class DigitSettings(Settings):
    @property
    def data(self):
        original = read()
        mean, std = moments(original.train.images)
        return Dataset(
            "digits-8", original.train.images, original.train.labels, original.test.images, original.test.labels,
            tuple(m / 255 for m in mean), tuple(s / 255 for s in std), original.classes,
        )  # fmt: skip


def digit_settings(**changes):
    sizes = {
        "steps": 1000, "horizon": 64, "seeds": 20, "stochastic_horizon": 64, "worst_case_steps": 2, "dimensions": 5, "width": 8,
        "images": 200, "seed": 0, "folder": Path("nowhere"),
    }  # fmt: skip
    return DigitSettings(**sizes | changes)
