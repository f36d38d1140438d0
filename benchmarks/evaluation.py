"""Speed of the surface evaluator, as ratios measured in one run.

    python benchmarks/evaluation.py [--threads 2] [--side 32] [--repeats 5]

Compared, on the same network and points, each at its best batch size: this package in bf16 and in fp32; loss-landscapes'
``planar_interpolation`` with the metric it comes with, which holds one batch; the same with a metric of ours that splits all
images into batches and keeps no gradients; and a matrix multiplication in bf16 and in fp32.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import loss_landscapes
import torch
from loss_landscapes.metrics import Loss, Metric
from loss_landscapes.model_interface.model_wrapper import ModelWrapper
from timing import FLOPS_PER_IMAGE, medians, multiplication, product_flops
from torch import Tensor, nn

from optprimer.landscape.crosscheck import displaced
from optprimer.landscape.directions import Plane, random_plane
from optprimer.landscape.evaluator import PlaneEvaluator
from optprimer.landscape.images import Images
from optprimer.networks.resnet import ResNet, resnet
from optprimer.runtime import set_up

IMAGES = 800  # at each point
POINTS = [(-0.2, -0.2), (-0.2, 0.0), (0.0, -0.2), (0.0, 0.0)]  # the 2 x 2 grid that loss-landscapes visits
BATCHES = (50, 64, 100, 160, 200, 400)


def ours(network: ResNet, plane: Plane, images: Images, precision: str, threads: int, batch: int) -> Callable[[], object]:
    """Return a function that evaluates POINTS."""
    runtime = set_up("cpu", precision, threads)
    evaluate = PlaneEvaluator(network, plane.d1, plane.d2, runtime, images.inputs[:2])
    there = Images(images.inputs.to(runtime.dtype), images.labels, images.population)
    return lambda: [evaluate(*point, there, batch) for point in POINTS]


class BatchedLoss(Loss):
    """The mean loss over all images, batch by batch and without gradients."""

    def __init__(self, inputs: Tensor, labels: Tensor, batch: int) -> None:
        super().__init__(nn.CrossEntropyLoss(), inputs, labels)
        self.batch = batch

    def __call__(self, model_wrapper: ModelWrapper) -> float:
        """Return the mean loss of the wrapped network."""
        parts = zip(self.inputs.split(self.batch), self.target.split(self.batch), strict=True)
        with torch.no_grad():
            total = sum(float(self.loss_fn(model_wrapper.forward(x), y)) * len(y) for x, y in parts)
        return total / len(self.target)


def theirs(network: ResNet, plane: Plane, metric: Metric) -> Callable[[], object]:
    """Return a function that evaluates the same grid with loss-landscapes."""
    corners = [displaced(network, plane, a, b) for a, b in ((-0.2, -0.2), (0.2, -0.2), (-0.2, 0.2))]
    return lambda: loss_landscapes.planar_interpolation(*corners, metric, 2, deepcopy_model=True)


@dataclass(frozen=True)
class Contestant:
    """A way to evaluate POINTS on some number of images."""

    work: Callable[[], object]
    batch: int
    images: int = IMAGES


def main() -> None:
    """Run the comparison and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--side", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    generator = torch.Generator().manual_seed(0)
    network = resnet(56, skips=True, channels=3, classes=10, generator=generator).eval()
    plane = random_plane(network, 0, 0, "filter", 0.2)
    pixels = torch.randn(IMAGES, options.side, options.side, 3, generator=generator).permute(0, 3, 1, 2)
    images = Images(pixels, torch.randint(0, 10, (IMAGES,), generator=generator), 50_000)

    inputs, labels = pixels.contiguous(), images.labels
    shipped = {b: Loss(nn.CrossEntropyLoss(), inputs[:b], labels[:b]) for b in BATCHES}
    candidates = {
        "optprimer bf16": [Contestant(ours(network, plane, images, "bf16", options.threads, b), b) for b in BATCHES],
        "optprimer fp32": [Contestant(ours(network, plane, images, "fp32", options.threads, b), b) for b in BATCHES],
        "loss-landscapes as it comes": [Contestant(theirs(network, plane, shipped[b]), b, b) for b in BATCHES],
        "loss-landscapes in batches": [Contestant(theirs(network, plane, BatchedLoss(inputs, labels, b)), b) for b in BATCHES],
    }
    best = {name: max(several, key=lambda c: c.images / medians({"": c.work}, 1)[""]) for name, several in candidates.items()}
    flops = FLOPS_PER_IMAGE * (options.side / 32) ** 2
    total = flops * IMAGES * len(POINTS)
    products = {p: multiplication(dtype, total) for p, dtype in (("bf16", torch.bfloat16), ("fp32", torch.float32))}
    seconds = medians({name: c.work for name, c in best.items()} | products, options.repeats)
    rates = {name: c.images * len(POINTS) / seconds[name] for name, c in best.items()}
    for name, rate in rates.items():
        precision = "bf16" if name.endswith("bf16") else "fp32"
        peak = product_flops(total) / seconds[precision]
        print(
            f"{name}: {rate:,.0f} images/s at batch {best[name].batch},"
            f" {rate / rates['loss-landscapes as it comes']:.2f} x loss-landscapes,"
            f" {rate * flops / peak:.0%} of the {precision} multiplication rate ({peak / 1e9:,.0f} GFLOP/s)"
        )


if __name__ == "__main__":
    main()
