"""Speed of what memorization adds to training, measured in one run.

    python benchmarks/memorization.py [--threads 1] [--repeats 5]

Whitening is compared with the same formula by torch.std and torch.mean over three dimensions. Then an epoch of each network
of config.yaml on random labels of the digits, with its two measurements; the times are to be compared with one another.
"""

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from timing import medians
from torch import Tensor

from optprimer import seeds
from optprimer.config.load import load as load_config
from optprimer.data.dataset import Dataset, load
from optprimer.data.prepare import prepare
from optprimer.memorization.experiment import network_of, recipe
from optprimer.memorization.plan import LINEAR, Run, runs
from optprimer.memorization.variants import variant
from optprimer.runtime import Runtime, set_up
from optprimer.training.loop import Trainer
from optprimer.training.whitening import whitened

SHAPES = ((64, 8, 8, 1), (128, 16, 16, 3), (512, 16, 16, 3))
CALLS = 50  # of a whitening, in one round


def by_torch(images: Tensor) -> Tensor:
    """Whiten as torch.std would have it."""
    std = images.std((1, 2, 3), unbiased=False, keepdim=True).clamp_min(images[0].numel() ** -0.5)
    return (images - images.mean((1, 2, 3), keepdim=True)) / std


def epoch(run: Run, data: Dataset, runtime: Runtime) -> Callable[[], object]:
    """Return a function that trains the network of ``run`` for one epoch."""
    shown = variant(data, "random_labels", seeds.derive(0, "memorization", 0)).data
    once = replace(recipe(run, 0), epochs=1)

    def work() -> None:
        with tempfile.TemporaryDirectory() as folder:
            Trainer(network_of(run, shown, 0), shown, once, runtime, Path(folder)).run()

    return work


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    runtime = set_up("cpu", "auto", arguments.threads)
    for shape in SHAPES:
        images = torch.rand(shape)
        ways = {"ours": whitened, "torch.std": by_torch}
        works = {name: lambda way=way, images=images: [way(images) for _ in range(CALLS)] for name, way in ways.items()}
        times = medians(works, arguments.repeats)
        print(f"whitening {shape}: {times['torch.std'] / times['ours']:.1f} times as fast as torch.std")
    planned = {run.network: run for run in runs(load_config()["memorization"]) if run.network != LINEAR}
    with tempfile.TemporaryDirectory() as folder:
        prepare("digits", None, 8, Path(folder))
        data = load(Path(folder))
        times = medians({name: epoch(run, data, runtime) for name, run in planned.items()}, arguments.repeats)
    for name, seconds in times.items():
        print(f"an epoch of {name}, with start and first measurement: {1000 * seconds:.0f} ms, {runtime.precision}")


if __name__ == "__main__":
    main()
