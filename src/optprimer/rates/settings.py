"""How large the studies are."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from optprimer import seeds
from optprimer.data.dataset import Dataset, load


@dataclass(frozen=True)
class Settings:
    """The settings of the rates stage, as in config.yaml.

    Attributes:
        steps: of a run on a fixed function.
        horizon: the largest horizon of families of functions that depend on it.
        seeds: independent runs of whatever is random.
        stochastic_horizon: the largest number of stochastic gradient steps.
        worst_case_steps: the largest number of steps whose exact worst case is computed.
        dimensions: the largest number of saddles in a row.
        width: the widest network of the width sweep.
        images: training images on which full gradients are taken.
        seed: global seed.
        folder: prepared data set, for the studies that measure on images.
    """

    steps: int
    horizon: int
    seeds: int
    stochastic_horizon: int
    worst_case_steps: int
    dimensions: int
    width: int
    images: int
    seed: int
    folder: Path

    @cached_property
    def data(self) -> Dataset:
        """The data set in ``folder``."""
        return load(self.folder)

    def rng(self, *axis: str | int) -> np.random.Generator:
        """Return the generator of one named axis of randomness."""
        return np.random.default_rng(seeds.derive(self.seed, "rates", *axis))
