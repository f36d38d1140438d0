"""What checks of the configuration find, and what they know of the data sets."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from optprimer.training.recipe import BLOCK

Config = Mapping[str, Any]


class Problem(NamedTuple):
    """A key, the value it has, and what it could have been instead."""

    key: str
    value: object
    allowed: str


class Source(NamedTuple):
    """What is known of a data set before it is read: side in pixels, numbers of images."""

    side: int
    train: int
    test: int


SOURCES = {"digits": Source(8, 1437, 360), "cifar10": Source(32, 50000, 10000)}


def has_block_of_one(images: int, batch_size: int | None, block_size: int = BLOCK) -> bool:
    """Tell whether an epoch has a backward pass on a single image, of which batch norm may have no variance."""
    batch = min(batch_size or images, images)
    steps = {batch, images % batch}
    return 1 in {min(step, block_size) for step in steps} | {step % block_size for step in steps}


def available(config: Config, folds: int, tested: int = 1) -> tuple[int, int]:
    """Return how many images train and test at least, if ``tested`` of ``folds`` test; with 0 folds, the data's own."""
    source = SOURCES[config["data"]["dataset"]]
    every = source.train + source.test
    largest = sum(math.ceil((every - fold) / folds) for fold in range(min(tested, folds))) if folds else 0
    return (every - largest, every // folds) if folds else (source.train, source.test)


def training_images(config: Config, section: Config) -> int:
    """Return how many images train in each run of a section with ``images`` and ``folds``."""
    return available(config, section["folds"])[0] if section["images"] == "all" else section["images"]
