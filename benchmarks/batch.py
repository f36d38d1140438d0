"""Price of a full-batch step against an epoch of minibatches, as a ratio measured in one run.

    python benchmarks/batch.py [--threads 1] [--repeats 15] [--images 2048] [--batch-size 64]

Compared, on the convolutional network of config.yaml and on digits repeated up to the number of images: one step on all of them
in blocks of b, and n / b steps on b of them each. The first does as many gradients and fewer updates of the weights, so it
should cost at most 1.05 times as much.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from timing import medians

from optprimer.batch.cost import repeated, stepper
from optprimer.config.load import load as load_config
from optprimer.data.dataset import load
from optprimer.data.prepare import prepare
from optprimer.runtime import set_up


def times(step: Callable[[], object], count: int) -> Callable[[], object]:
    """Return a function that calls ``step`` so often."""
    return lambda: [step() for _ in range(count)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--images", type=int, default=2048)
    parser.add_argument("--batch-size", type=int, default=64)
    options = parser.parse_args()
    n, b = options.images, options.batch_size
    if n % b:
        parser.error("--images must be a multiple of --batch-size")
    runtime, network = set_up("cpu", "fp32", options.threads), load_config()["batch"]["networks"]["conv"]
    with tempfile.TemporaryDirectory() as folder:
        prepare("digits", None, 8, Path(folder) / "digits")
        data = repeated(load(Path(folder) / "digits"), n)
        shared = (data, network["architecture"], network["widths"])
        full, one = (stepper(*shared, size, b, 0, runtime, Path(folder)) for size in (None, b))
        seconds = medians({"full": full, "epoch": times(one, n // b)}, options.repeats)
    print(f"one step on {n:,} images in blocks of {b}: {1e3 * seconds['full']:.1f} ms")
    print(f"{n // b} steps on {b} images each: {1e3 * seconds['epoch']:.1f} ms")
    print(f"ratio {seconds['full'] / seconds['epoch']:.2f} (at most 1.05 is wanted)")


if __name__ == "__main__":
    main()
