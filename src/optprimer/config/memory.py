"""What the settings need of memory at least: what one job holds at once, counted from shapes alone.

Activations, libraries and the data are left out, so a run that passes may still want more; one that does not can only fail.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import reduce
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from optprimer.config.problem import SOURCES, Config, Problem

FP32, FP64 = 4, 8  # bytes
RESNET = {20: 270_000, 56: 850_000, 110: 1_730_000}  # parameters by depth, less a little
CLASSES = 10
CHANNELS = 16  # of the first maps of a ResNet, which are as large as the image
CGROUPS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


class Need(NamedTuple):
    """What a job holds in memory at once, in bytes, because of a key."""

    key: str
    value: object
    size: int


def too_large(config: Config, memory: int) -> Iterator[Problem]:
    """Yield the settings of which a single job needs more than ``memory`` bytes."""
    for need in needs(config):
        if need.size > memory:
            limit = f"a job would hold {_gigabytes(need.size)} at least, and this machine has {_gigabytes(memory)} of memory"
            yield Problem(need.key, need.value, limit)


def memory_here() -> int:
    """Return the bytes of memory of this machine, or those that its container may use."""
    sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for path in CGROUPS:
        with suppress(OSError, ValueError):  # absent, or "max"
            sizes.append(int(path.read_text()))
    return min(sizes)


def needs(config: Config) -> Iterator[Need]:
    """Yield what grows with a setting without bound, section by section."""
    yield from _landscape(config)
    for section, copies in (("memorization", 3), ("batch", 3), ("sharpness", 4), ("edge", 2)):  # of weights, in training
        for name, network in config[section]["networks"].items():
            size = copies * FP32 * parameters(config, network["architecture"], network["widths"])
            yield Need(f"{section}.networks.{name}.widths", network["widths"], size)
    sharpness, convexity, direction = config["sharpness"], config["edge"]["convexity"], config["edge"]["direction"]
    for network in sharpness["networks"].values():
        weights = parameters(config, network["architecture"], network["widths"])
        yield Need("sharpness.subspace", sharpness["subspace"], FP32 * weights * min(weights, sharpness["subspace"]))
    yield Need(
        "sharpness.scaled_width",
        sharpness["scaled_width"],
        4 * FP32 * parameters(config, "mlp", [sharpness["scaled_width"]]),
    )
    paths = convexity["starts"] * len(convexity["steps"])  # all points of all paths are compared
    yield Need("edge.convexity.width", convexity["width"], FP64 * paths * parameters(config, "mlp", [convexity["width"]]))
    yield Need("edge.direction.width", direction["width"], 2 * FP64 * parameters(config, "mlp", [direction["width"]]))


def parameters(config: Config, architecture: str, widths: Sequence[int]) -> int:
    """Return the weights of a network of matrices or 3 x 3 filters, without biases; 0 if no width of it is a setting."""
    side, channels = config["data"]["image_size"], 1 if config["data"]["dataset"] == "digits" else 3
    if architecture in ("mlp", "mlp_tanh"):
        return sum(a * b for a, b in pairwise([side * side * channels, *widths, CLASSES]))
    if architecture == "conv":
        last = reduce(lambda length, _: (length + 1) // 2, widths, side)
        return 9 * sum(a * b for a, b in pairwise([channels, *widths])) + widths[-1] * last**2 * CLASSES
    return 0


def _landscape(config: Config) -> Iterator[Need]:
    train, landscape, side = config["train"], config["landscape"], config["data"]["image_size"]
    largest = max(RESNET[network["depth"]] for network in train["networks"].values())
    for name, network in train["networks"].items():
        checkpoints = network["epochs"] // train["checkpoint_every"] + 1
        size = 2 * checkpoints * FP32 * RESNET[network["depth"]]  # as read, and as rows of one matrix
        yield Need(f"train.networks.{name}.epochs", network["epochs"], size)
    for name, family in landscape["surfaces"].items():
        yield Need(f"landscape.surfaces.{name}.seeds", family["seeds"], 2 * len(family["seeds"]) * FP32 * largest)
    images = min(landscape["batch_size"], SOURCES[config["data"]["dataset"]].train)
    # What goes into a convolution and what comes out of it, in bf16.
    yield Need("landscape.batch_size", landscape["batch_size"], 2 * 2 * images * CHANNELS * side * side)


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.3g} GB"
