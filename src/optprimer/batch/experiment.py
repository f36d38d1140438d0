"""One run: a network trained by a recipe, and what became of it.

A run's seed names the images, the weights at the start, and with the recipe's ``order`` the order of images and the shifts. So
recipes of one seed start at the same point, and one with an order of its own differs from its like in nothing else.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from optprimer import seeds
from optprimer.batch.plan import Run
from optprimer.data.dataset import Dataset
from optprimer.data.sampling import stratified
from optprimer.hessian.lanczos import largest_eigenvalue
from optprimer.hessian.loss import NetworkLoss, flat
from optprimer.networks.build import build
from optprimer.networks.weights import parameter_count
from optprimer.runtime import Runtime
from optprimer.training.loop import Trainer
from optprimer.training.recipe import Recipe
from optprimer.training.schedule import Schedule

POINTS = 15  # measured epochs of a curve, about
TOLERANCE = 0.01  # of the largest eigenvalue, by its residual
PRODUCTS = 60  # with the Hessian, at most


@dataclass(frozen=True)
class Trained:
    """A trainer that has run, the measured rows of its history, and the flat weights (d,) that it started from."""

    trainer: Trainer
    history: list[dict[str, Any]]
    start: Tensor


def train(run: Run, rate: float, data: Dataset, seed: int, points: int, runtime: Runtime, state: Path) -> Trained:
    """Train and measure about ``points`` epochs, from the state of an interrupted run if there is one."""
    size = {"channels": data.train_images.shape[-1], "side": data.train_images.shape[1], "classes": len(data.classes)}
    generator = torch.Generator().manual_seed(seeds.derive(seed, "network"))
    network = build(run.architecture, run.widths, **size, generator=generator)
    start = flat(network).to(runtime.device)
    trainer = Trainer(network, data, recipe(run, rate, seed, points), runtime, state)
    return Trained(trainer, trainer.run(), start)


def recipe(run: Run, rate: float, seed: int, points: int) -> Recipe:
    """Return the recipe of ``run`` with learning rate ``rate``; a full batch is taken in the images' own order."""
    rung = run.rung
    return Recipe(
        epochs=rung.epochs,
        batch_size=rung.batch_size,
        optimizer=rung.optimizer,
        momentum=rung.momentum,
        weight_decay=rung.weight_decay,
        schedule=Schedule(rung.schedule, rate, warmup=rung.warmup, span=rung.span),
        crop_padding=rung.crop_padding,
        flip=rung.flip,
        checkpoint_every=rung.epochs,
        seed=seeds.derive(seed, "training", rung.order),
        patience=rung.epochs + 1,  # more than there are rows: training accuracy is measured, and ends no run
        shuffle=rung.batch_size is not None,
        block_size=rung.block_size,
        clip=rung.clip or None,
        penalty=rung.penalty,
        measure_every=math.ceil(rung.epochs / points),
    )


def trial(run: Run, data: Dataset, seed: int, runtime: Runtime, state: Path) -> dict[str, Any]:
    """Train with the row's learning rate on ``data`` that test on validation images; return columns of batch/search.csv."""
    assert run.learning_rate is not None
    trained = train(run, run.learning_rate, data, seed, 1, runtime, state)
    ends = _ends(trained)
    return {
        "learning_rate": run.learning_rate,
        "n": len(data.train_labels),
        "n_validation": len(data.test_labels),
        "epochs": trained.history[-1]["epoch"],
        "steps": trained.history[-1]["step"],
        "train_loss": ends["train_loss"],
        "train_accuracy": ends["train_accuracy"],
        "validation_loss": ends["test_loss"],
        "validation_accuracy": ends["test_accuracy"],
        "diverged": trained.history[-1]["diverged"],
    }


def experiment(
    run: Run, rate: float, data: Dataset, seed: int, images: int, runtime: Runtime, state: Path
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Train, and measure the end.

    Args:
        run: a row of the plan.
        rate: its learning rate.
        data: training and test images.
        seed: of the run, derived from its number.
        images: training images, stratified and the same for all recipes of the seed, on which sharpness is measured.
        runtime: device and precision.
        state: folder of the training state.

    Returns:
        Columns of batch/runs.csv, and those of batch/curves.csv for each measured epoch.
    """
    trained = train(run, rate, data, seed, POINTS, runtime, state)
    per_epoch = len(data.train_labels) * run.rung.gradients_per_image
    curve = [
        {name: row[name] for name in ("epoch", "step", "lr", "test_loss", "test_accuracy", "gradient_norm")}
        | {"gradient_evaluations": row["epoch"] * per_epoch, "train_loss": row["fit_loss"]}
        | {"train_accuracy": row["fit_accuracy"]}
        for row in trained.history
    ]
    last = trained.history[-1]
    columns = {
        "n": len(data.train_labels),
        "n_test": len(data.test_labels),
        "parameters": parameter_count(trained.trainer.network),
        "learning_rate": rate,
        "epochs": last["epoch"],
        "steps": last["step"],
        "gradient_evaluations": last["epoch"] * per_epoch,
        **_ends(trained),
        **_geometry(trained, images, seed),
        "diverged": last["diverged"],
    }
    return columns, curve


def _ends(trained: Trained) -> dict[str, float]:
    """Measure loss and accuracy at the end, in evaluation mode and fp32."""
    trainer, ends = trained.trainer, {}
    for split, images, labels in (
        ("train", trainer.images, trainer.labels),
        ("test", trainer.test_images, trainer.test_labels),
    ):
        predictions, ends[f"{split}_loss"] = trainer.evaluate(images, labels)
        ends[f"{split}_accuracy"] = int((predictions == labels).sum()) / len(labels)
    return ends


def _geometry(trained: Trained, images: int, seed: int) -> dict[str, float]:
    """Measure the norm of the full gradient, the largest eigenvalue of the Hessian on a sample, and the way from the start."""
    trainer = trained.trainer
    weights, labels = flat(trainer.network), trainer.labels
    sample = stratified(labels.cpu().numpy(), images, seeds.derive(seed, "sharpness"))
    chosen = torch.from_numpy(np.asarray(sample)).to(labels.device)
    inputs = ((trainer.images.float() / 255 - trainer.mean) / trainer.std).permute(0, 3, 1, 2)
    everything = NetworkLoss(trainer.network, cross_entropy, inputs, labels)
    few = NetworkLoss(trainer.network, cross_entropy, inputs[chosen], labels[chosen])
    start = torch.randn(len(weights), generator=torch.Generator().manual_seed(seeds.derive(seed, "lanczos"))).to(weights)
    largest = largest_eigenvalue(few.hessian(weights), start, TOLERANCE, PRODUCTS)
    norm = float(everything.gradient(weights).norm())
    distance = float((weights - trained.start).norm())
    return {
        "gradient_norm": norm if math.isfinite(norm) else math.nan,
        "sharpness": largest.value,
        "sharpness_residual": largest.residual,
        "distance": distance if math.isfinite(distance) else math.nan,
    }
