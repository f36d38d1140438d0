"""Speed of training ResNet-56, as ratios measured in one run.

    python benchmarks/training.py [--threads 2] [--side 32] [--repeats 5]

Compared, on the same random images at batch 128: steps of this package's loop in bf16 and in fp32, steps of a plain PyTorch
loop in fp32, and a matrix multiplication in bf16. A training step counts as three forward passes.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from timing import FLOPS_PER_IMAGE, medians, multiplication, product_flops
from torch.nn import functional

from optprimer.data.dataset import Dataset
from optprimer.networks.resnet import ResNet, resnet
from optprimer.runtime import set_up
from optprimer.training.loop import Trainer
from optprimer.training.recipe import Recipe
from optprimer.training.schedule import Schedule

BATCH, STEPS = 128, 4


def network() -> ResNet:
    """Return the same initial network each time."""
    return resnet(56, skips=True, channels=3, classes=10, generator=torch.Generator().manual_seed(0))


def random_data(side: int) -> Dataset:
    """Return BATCH x STEPS random training images, and as few test images as can be."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (BATCH * STEPS, side, side, 3), dtype=np.uint8)
    labels = rng.integers(0, 10, BATCH * STEPS)
    classes = tuple("0123456789")
    return Dataset("random", images, labels, images[:1], labels[:1], (0.5, 0.5, 0.5), (0.3, 0.3, 0.3), classes)


def ours(precision: str, data: Dataset, threads: int, folder: Path) -> Callable[[], object]:
    """Return a function that trains for one epoch of STEPS steps, with augmentation, as the pipeline does."""
    recipe = Recipe(
        epochs=1,
        batch_size=BATCH,
        optimizer="sgd",
        momentum=0.9,
        weight_decay=5e-4,
        schedule=Schedule("constant", 0.1),
        crop_padding=4,
        flip=True,
        checkpoint_every=1,
        seed=0,
    )
    trainer = Trainer(network(), data, recipe, set_up("cpu", precision, threads), folder)

    def epoch() -> None:
        trainer.network.train()
        for step, indices in enumerate(torch.arange(BATCH * STEPS).split(BATCH)):
            trainer._step(1, step, indices)

    return epoch


def plain(data: Dataset) -> Callable[[], object]:
    """Return a function that takes STEPS steps in fp32 as a PyTorch tutorial writes them."""
    model = network().train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4, nesterov=True)
    images = torch.from_numpy(data.train_images).permute(0, 3, 1, 2).contiguous().float() / 255
    labels = torch.from_numpy(data.train_labels)

    def epoch() -> None:
        for x, y in zip(images.split(BATCH), labels.split(BATCH), strict=True):
            optimizer.zero_grad()
            functional.cross_entropy(model(x), y).backward()
            optimizer.step()

    return epoch


def main() -> None:
    """Run the comparison and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--side", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    data = random_data(options.side)
    flops = 3 * FLOPS_PER_IMAGE * (options.side / 32) ** 2 * BATCH * STEPS
    with tempfile.TemporaryDirectory() as folder:
        loops = {f"optprimer {p}": ours(p, data, options.threads, Path(folder)) for p in ("bf16", "fp32")}
        loops["plain fp32"] = plain(data)
        seconds = medians(loops | {"multiply": multiplication(torch.bfloat16, flops)}, options.repeats)
    peak = product_flops(flops) / seconds["multiply"]
    print(f"matrix multiplication, bf16: {peak / 1e9:,.0f} GFLOP/s")
    for name in loops:
        rate, times = BATCH * STEPS / seconds[name], seconds["plain fp32"] / seconds[name]
        share = flops / seconds[name] / peak
        print(f"{name}: {rate:,.0f} images/s, {times:.2f} x plain fp32, {share:.0%} of the bf16 multiplication rate")


if __name__ == "__main__":
    main()
