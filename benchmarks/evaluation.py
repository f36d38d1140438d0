"""Speed of the surface evaluator, as ratios measured in one run.

    python benchmarks/evaluation.py [--threads 2] [--side 32] [--repeats 3]

Compared, on the same points and images: this package in bf16 and in fp32, and loss-landscapes' ``planar_interpolation`` at
its best batch size; and the arithmetic rate of each with that of a 2048 x 2048 matrix multiplication in the same precision.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import loss_landscapes
import torch
from loss_landscapes.metrics import Loss
from torch import nn

from optprimer.landscape.crosscheck import displaced
from optprimer.landscape.directions import random_plane
from optprimer.landscape.evaluator import PlaneEvaluator
from optprimer.landscape.images import Images
from optprimer.networks.resnet import resnet
from optprimer.runtime import set_up

MULTIPLY_ADDS = 125.7e6  # of ResNet-56 on one image of 32 x 32 pixels
IMAGES = 800


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Return the median time of ``work``, after one warm-up."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def multiply_rate(dtype: torch.dtype, repeats: int) -> float:
    """Return floating-point operations per second of a matrix multiplication."""
    matrix = torch.randn(2048, 2048).to(dtype)
    return 2 * 2048**3 * 5 / seconds(lambda: [matrix @ matrix for _ in range(5)], repeats)


def main() -> None:
    """Run the comparison and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--side", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    generator = torch.Generator().manual_seed(0)
    network = resnet(56, skips=True, channels=3, classes=10, generator=generator).eval()
    plane = random_plane(network, 0, 0, "filter", 0.2)
    pixels = torch.randn(IMAGES, options.side, options.side, 3, generator=generator).permute(0, 3, 1, 2)
    labels = torch.randint(0, 10, (IMAGES,), generator=generator)
    flops = 2 * MULTIPLY_ADDS * (options.side / 32) ** 2
    best: dict[str, float] = {}
    for precision in ("bf16", "fp32"):
        runtime = set_up("cpu", precision, options.threads)
        images = Images(pixels.to(runtime.dtype), labels, 50_000)
        evaluate = PlaneEvaluator(network, plane.d1, plane.d2, runtime, pixels[:2])
        rates = {b: IMAGES / seconds(lambda: evaluate(0.1, 0.1, images, b), options.repeats) for b in (50, 100, 200, 400)}  # noqa: B023
        batch, rate = max(rates.items(), key=lambda item: item[1])
        best[precision] = rate
        share = rate * flops / multiply_rate(runtime.dtype, options.repeats)
        print(f"optprimer {precision}: {rate:,.0f} images/s at batch {batch}, {share:.0%} of the matrix-multiply rate")
    corners = [displaced(network, plane, a, b) for a, b in ((-0.2, -0.2), (0.2, -0.2), (-0.2, 0.2))]
    theirs = {}
    for batch in (50, 100, 200):
        metric = Loss(nn.CrossEntropyLoss(), pixels[:batch], labels[:batch])
        theirs[batch] = (
            4
            * batch
            / seconds(
                lambda: loss_landscapes.planar_interpolation(*corners, metric, 2, deepcopy_model=True),  # noqa: B023
                options.repeats,
            )
        )
    batch, rate = max(theirs.items(), key=lambda item: item[1])
    print(f"loss-landscapes: {rate:,.0f} images/s at batch {batch}")
    for precision, ours in best.items():
        print(f"optprimer {precision} / loss-landscapes: {ours / rate:.2f}")


if __name__ == "__main__":
    main()
