"""What a step of a network costs: gradient descent sweeps the data, SGD looks at one batch.

Seconds per step of the training loop, over all n images in blocks of b, and over b images drawn from the n. Training images
are repeated up to the largest n; to the time it only matters how many they are. All combinations take turns within a round,
and medians over rounds are taken, so that they see the same machine. On a CPU they are seconds of processor time.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from optprimer import seeds
from optprimer.data.dataset import Dataset
from optprimer.networks.build import build
from optprimer.runtime import Runtime
from optprimer.training.loop import Trainer
from optprimer.training.recipe import Recipe
from optprimer.training.schedule import Schedule

BLOCKS = (4, 8, 16, 32, 64)  # batches that make n
ROUNDS = 15
REPEATS = 3  # steps of SGD per measurement


def costs(
    data: Dataset, architecture: str, widths: Sequence[int], batch_size: int, seed: int, runtime: Runtime, folder: Path
) -> pd.DataFrame:
    """Time steps; return the columns method, n, batch_size, seconds and relative of batch/cost.csv."""
    full, drawn = (np.empty((ROUNDS, len(BLOCKS))) for _ in range(2))
    sizes = [batch_size * blocks for blocks in BLOCKS]
    sweeps = [stepper(repeated(data, n), architecture, widths, None, batch_size, seed, runtime, folder) for n in sizes]
    draws = [stepper(repeated(data, n), architecture, widths, batch_size, batch_size, seed, runtime, folder) for n in sizes]
    for turn, place in np.ndindex(full.shape):
        draws[place]()  # unmeasured: what ran before leaves its traces in the caches
        full[turn, place] = _seconds(sweeps[place], 1, runtime)
        drawn[turn, place] = _seconds(draws[place], REPEATS, runtime)
    rows: list[dict[str, Any]] = []
    for place, (n, blocks) in enumerate(zip(sizes, BLOCKS, strict=True)):
        relative = float(np.median(full[:, place] / drawn[:, place])) / blocks
        for method, seconds, price in (("gd", full, relative), ("sgd", drawn, 1.0)):
            typical = float(np.median(seconds[:, place]))
            rows.append({"method": method, "n": n, "batch_size": batch_size, "seconds": typical, "relative": price})
    return pd.DataFrame(rows)


def stepper(
    data: Dataset,
    architecture: str,
    widths: Sequence[int],
    batch_size: int | None,
    block_size: int,
    seed: int,
    runtime: Runtime,
    folder: Path,
) -> Callable[[], object]:
    """Return a function that takes one step of SGD: on ``batch_size`` random images or (None) all, in blocks."""
    size = {"channels": data.train_images.shape[-1], "side": data.train_images.shape[1], "classes": len(data.classes)}
    generator = torch.Generator().manual_seed(seeds.derive(seed, "cost"))
    recipe = Recipe(
        epochs=1,
        batch_size=batch_size,
        optimizer="sgd",
        momentum=0.9,
        weight_decay=5e-4,
        schedule=Schedule("constant", 1e-3),
        crop_padding=0,
        flip=False,
        checkpoint_every=1,
        seed=seed,
        block_size=block_size,
    )
    network = build(architecture, widths, **size, generator=generator).train()
    trainer = Trainer(network, data, recipe, runtime, folder)
    n = len(data.train_labels)

    def step() -> None:
        indices = torch.arange(n) if batch_size is None else torch.randint(n, (batch_size,), generator=generator)
        trainer._step(1, 0, indices)

    return step


def repeated(data: Dataset, images: int) -> Dataset:
    """Return the training images over and over, up to ``images`` of them."""
    pixels = np.resize(data.train_images, (images, *data.train_images.shape[1:]))
    return replace(data, train_images=pixels, train_labels=np.resize(data.train_labels, images))


def _seconds(work: Callable[[], object], repeats: int, runtime: Runtime) -> float:
    on_gpu = runtime.device.type == "cuda"
    now = time.perf_counter if on_gpu else time.process_time
    start = now()
    for _ in range(repeats):
        work()
    if on_gpu:
        torch.cuda.synchronize()
    return (now() - start) / repeats
