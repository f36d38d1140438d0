"""One run: a network fits a variant of the data, and the evidence is gathered (Zhang et al. 2017, arXiv 1611.03530, section 2).

A run's seed names everything random about it: the images, the labels, the weights at the start, the order of images. Runs that
differ in labels, network or regularizer alone share the rest, so they are paired.
"""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.special import logsumexp
from torch import Tensor, nn

from optprimer import seeds
from optprimer.data.dataset import Dataset
from optprimer.memorization import evidence
from optprimer.memorization.linear import LinearFit, softmax_regression
from optprimer.memorization.plan import LINEAR, REDRAWN, Run
from optprimer.memorization.variants import Variant, labels_digest, variant
from optprimer.networks.build import build
from optprimer.networks.weights import parameter_count
from optprimer.runtime import Runtime
from optprimer.training.loop import Trainer
from optprimer.training.recipe import Recipe
from optprimer.training.schedule import Schedule
from optprimer.training.whitening import whitened

MOMENTUM = 0.9  # appendix A, plain and not Nesterov's


@dataclass(frozen=True)
class Fit:
    """What a model has become: the rows of its epochs, the number of its weights, and how it answers in the end (fp32).

    ``labels`` are those of the training images in the last epoch.
    """

    curve: list[dict[str, Any]]
    parameters: int
    train_predictions: np.ndarray
    test_predictions: np.ndarray
    labels: np.ndarray


def experiment(
    run: Run, data: Dataset, seed: int, runtime: Runtime, state: Path
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Fit one network to one variant of ``data``, from the state of an interrupted run if there is one.

    Returns:
        The run's columns in memorization/runs.csv, and those of its epochs in memorization/curves.csv.
    """
    kind = "random_labels" if run.labels == REDRAWN else run.labels
    shown = variant(data, kind, seed, run.corruption if kind == "partial_labels" else None)
    fit = _linear(shown) if run.architecture == LINEAR else _network(run, shown, seed, runtime, state)
    return _measured(run, shown, fit), fit.curve


def network_of(run: Run, data: Dataset, seed: int) -> nn.Module:
    """Build the network of ``run`` for the images of ``data``, its weights drawn from the seed."""
    size = {"channels": data.train_images.shape[-1], "side": data.train_images.shape[1], "classes": len(data.classes)}
    generator = torch.Generator().manual_seed(seeds.derive(seed, "network"))
    return build(run.architecture, run.widths, **size, dropout=run.dropout, generator=generator)


def recipe(run: Run, seed: int) -> Recipe:
    """Return SGD with momentum on whitened images, its learning rate multiplied by ``decay`` after each epoch (appendix A)."""
    ends = tuple(epoch / run.epochs for epoch in range(1, run.epochs)) if run.decay < 1 else ()
    return Recipe(
        epochs=run.epochs,
        batch_size=run.batch_size,
        optimizer="sgd",
        momentum=MOMENTUM,
        weight_decay=run.weight_decay,
        schedule=Schedule("step", run.learning_rate, milestones=ends, decay=run.decay),
        crop_padding=run.crop_padding,
        flip=run.flip,
        checkpoint_every=run.epochs,
        seed=seed,
        nesterov=False,
        whiten=True,
        patience=run.patience,
        redraw_labels=run.labels == REDRAWN,
    )


def _network(run: Run, shown: Variant, seed: int, runtime: Runtime, state: Path) -> Fit:
    network = network_of(run, shown.data, seed)
    trainer = Trainer(network, shown.data, recipe(run, seed), runtime, state)
    curve = [
        {name: row[name] for name in ("epoch", "step", "lr", "test_loss", "test_accuracy", "diverged")}
        | {"train_loss": row["fit_loss"], "train_accuracy": row["fit_accuracy"]}
        for row in trainer.run()
    ]
    labels, test_labels = trainer.labels, trainer.test_labels
    train, train_loss = trainer.evaluate(trainer.images, labels)
    test, test_loss = trainer.evaluate(trainer.test_images, test_labels)
    end = {"train_loss": train_loss, "test_loss": test_loss}
    end |= {"train_accuracy": _share(train, labels), "test_accuracy": _share(test, test_labels)}
    curve[-1] |= end  # fp32, whatever the epochs before were measured in
    return Fit(curve, parameter_count(network), _array(train), _array(test), _array(labels))


def _share(predictions: Tensor, labels: Tensor) -> float:
    return int((predictions == labels).sum()) / len(labels)


def _array(values: Tensor) -> np.ndarray:
    return values.cpu().numpy()


def _linear(shown: Variant) -> Fit:
    """Fit the control that has no epochs; its curve is where it starts, at equal probabilities, and where it ends."""
    data = shown.data
    train, test = (_inputs(images) for images in (data.train_images, data.test_images))
    model = softmax_regression(train, data.train_labels, len(data.classes))
    start = replace(model, weights=0 * model.weights, biases=0 * model.biases)
    curve = []
    for epoch, stage in enumerate((start, model)):
        train_loss, train_accuracy = _scores(stage, train, data.train_labels)
        test_loss, test_accuracy = _scores(stage, test, data.test_labels)
        scores = {
            "train_loss": train_loss,
            "train_accuracy": train_accuracy,
            "test_loss": test_loss,
            "test_accuracy": test_accuracy,
        }
        curve.append({"epoch": epoch, "step": epoch, "lr": 0.0, "diverged": False} | scores)
    parameters = model.weights.size + model.biases.size
    return Fit(curve, parameters, model.predict(train), model.predict(test), data.train_labels)


def _scores(model: LinearFit, inputs: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    logits = inputs @ model.weights + model.biases
    loss = logsumexp(logits, axis=1) - logits[np.arange(len(labels)), labels]
    return float(loss.mean()), float((logits.argmax(1) == labels).mean())


def _inputs(images: np.ndarray) -> np.ndarray:
    return whitened(torch.from_numpy(np.array(images)).double() / 255).flatten(1).numpy()


def _measured(run: Run, shown: Variant, fit: Fit) -> dict[str, Any]:
    """Say how the run ended and whether it is what it seems."""
    data, last = shown.data, fit.curve[-1]
    perfect = [row["train_accuracy"] == 1 for row in fit.curve]
    fitted = all(perfect[-run.patience :]) and len(perfect) > run.patience
    first = fit.curve[-run.patience] if fitted else {"epoch": math.nan, "step": math.nan}
    best = max(fit.curve, key=lambda row: row["test_accuracy"])
    band = evidence.chance_band(data.test_labels, len(data.classes))
    agreement, uniformity = evidence.agreement(shown), evidence.uniformity(shown)
    memory = evidence.memory(fit.train_predictions, shown)
    return {
        "parameters": fit.parameters,
        "n": len(data.train_labels),
        "n_test": len(data.test_labels),
        "budget": run.epochs,
        "epochs": last["epoch"],
        "fitted": fitted,
        "diverged": last["diverged"],
        "epochs_to_fit": first["epoch"],
        "steps_to_fit": first["step"],
        "initial_loss": fit.curve[0]["train_loss"],
        "train_loss": last["train_loss"],
        "train_accuracy": last["train_accuracy"],
        "test_loss": last["test_loss"],
        "test_accuracy": last["test_accuracy"],
        "best_test_accuracy": best["test_accuracy"],
        "best_epoch": best["epoch"],
        "true_accuracy": memory.true,
        "recovered_accuracy": memory.recovered,
        "entropy": evidence.entropy(fit.test_predictions),
        "chance_low": band.low,
        "chance_high": band.high,
        "agreement": agreement.observed,
        "agreement_low": agreement.band.low,
        "agreement_high": agreement.band.high,
        "corrupted": uniformity.labels,
        "chi_squared": uniformity.statistic,
        "p_value": uniformity.p_value,
        "shared_images": evidence.shared_images(shown),
        "labels_digest": labels_digest(fit.labels),
    }
