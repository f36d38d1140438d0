"""The smallest real computations whose tables claims can be judged by: each takes a second of one core, or two.

A function takes the folder of the prepared digits, and returns tables by their names. It calls the stage's own code, wherever a
test may have planted a fault in it.
"""

from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import torch
from claims_parts import runs
from torch import nn

from optprimer.batch import experiment as batch
from optprimer.batch.ladder import Rung
from optprimer.batch.plan import Run as BatchRun
from optprimer.data.dataset import Dataset, load
from optprimer.data.sampling import drawn
from optprimer.edge.convexity_study import Convexity, convexity_rows
from optprimer.edge.direction_study import Direction, direction_rows
from optprimer.edge.job import Job as EdgeJob
from optprimer.edge.limits import limits
from optprimer.edge.plan import Run as EdgeRun
from optprimer.edge.summary import summarise as edge_summary
from optprimer.edge.tables import Curves as EdgeCurves
from optprimer.hessian.loss import FlatLoss
from optprimer.landscape.crosscheck import against_loss_landscapes, spot_check
from optprimer.landscape.directions import random_plane
from optprimer.landscape.geometry import geometry_table
from optprimer.landscape.images import sample
from optprimer.landscape.measure import surface_table
from optprimer.memorization.job import Job as MemorizationJob
from optprimer.memorization.plan import Run as MemorizationRun
from optprimer.memorization.summary import summarise as memorization_summary
from optprimer.memorization.tables import Plan, Runs
from optprimer.networks.mlp import mlp
from optprimer.networks.resnet import resnet
from optprimer.rates.findings import Findings
from optprimer.rates.registry import load as study
from optprimer.rates.settings import Settings
from optprimer.rates.studies import memorizer, oracle, pl_function, sgd_beyond
from optprimer.runtime import Runtime
from optprimer.sharpness import keskar
from optprimer.sharpness.reparameterization import Scaled
from optprimer.sharpness.sample import Sample
from optprimer.sharpness.summary import slopes
from optprimer.tables import read, write
from optprimer.training.loop import Trainer
from optprimer.training.recipe import Recipe
from optprimer.training.schedule import Schedule

Tables = dict[str, pd.DataFrame]
Computation = Callable[[Path], Tables]
FP32 = Runtime(torch.device("cpu"), "fp32")


# --- rates ---------------------------------------------------------------------------------------------------------------


def settings(digits: Path) -> Settings:
    return Settings(
        steps=1000, horizon=256, seeds=60, stochastic_horizon=1600, worst_case_steps=2, dimensions=4, width=8, images=200,
        seed=0, folder=digits,
    )  # fmt: skip


def found(findings: Findings) -> Tables:
    return {f"rates/{name}": pd.concat(parts, ignore_index=True) for name, parts in findings.rows.items()}


def paths(digits: Path) -> Tables:
    return found(study("paths")(settings(digits)))


def descent(digits: Path) -> Tables:
    return found(study("descent")(settings(digits)))


def acceleration(digits: Path) -> Tables:
    return found(study("acceleration")(settings(digits)))


def constructed(digits: Path) -> Tables:
    """Theorem 1's network through up to 100 points."""
    findings, rng = Findings("memorizer"), np.random.default_rng(0)
    memorizer._fit(findings, "gaussian", rng.standard_normal((100, 20)), rng)
    return found(findings)


def minibatches(digits: Path) -> Tables:
    """The mean and the variance of batch gradients."""
    given, findings = settings(digits), Findings("oracle")
    model = oracle.Softmax(*oracle.design(given.data, slice(given.images)))
    oracle._unbiased(findings, model, given)
    oracle._variance(findings, model, given)
    return found(findings)


def noisy(digits: Path) -> Tables:
    """Gradient descent with noise: on w²/2 with 1/t for steps, on the chapter's PL function, and averaged."""
    findings = Findings("sgd_beyond")
    sgd_beyond._inverse_steps(findings, settings(digits))
    sgd_beyond._pl(findings, settings(digits))
    sgd_beyond._weighted_average(findings, settings(digits))
    return found(findings)


def enclosures(digits: Path) -> Tables:
    """PL constants, proved."""
    findings = Findings("pl_function")
    pl_function._enclosures(findings)
    return found(findings)


# --- edge ----------------------------------------------------------------------------------------------------------------


def edge(digits: Path) -> Tables:
    """Three runs of a tanh network that comes to the edge of stability within 300 steps."""
    runs = [EdgeRun("tanh", 0.6, seed, "claim", "mlp_tanh", (16, 16), 300, 10) for seed in range(3)]
    with TemporaryDirectory() as folder:
        EdgeJob(digits, runs, 60, 0, torch.device("cpu"), Path(folder)).write(Path(folder) / "curves.csv")
        return {"edge/summary": edge_summary(read(EdgeCurves, Path(folder) / "curves.csv"))}


def convexity(digits: Path) -> Tables:
    """Segments and spectra of four networks of each kind, after twenty steps."""
    chosen = Convexity(images=30, width=4, starts=4, spectra=2, learning_rate=0.5, steps=(20,), radii=(1.0,))
    with TemporaryDirectory() as state:
        segments, spectra = convexity_rows(chosen, digits, 0, torch.device("cpu"), Path(state))
    return {"edge/convexity": pd.DataFrame(segments), "edge/spectra": pd.DataFrame(spectra)}


def direction(digits: Path) -> Tables:
    """A run until its weights turn no further, to a loss of e^-4096, and its control."""
    chosen = Direction(images=20, width=32, seeds=1, doublings=14, weight_decay=0.001)
    with TemporaryDirectory() as state:
        return {"edge/limits": limits(pd.DataFrame(direction_rows(chosen, digits, 0, Path(state))))}


# --- memorization --------------------------------------------------------------------------------------------------------


def memorized(digits: Path) -> Tables:
    """Three seeds of a small MLP, in the place of one that claims ask for, on 100 digits with random and with true labels."""
    recipe = {"architecture": "mlp", "widths": (64,), "batch_size": 16, "learning_rate": 0.05, "decay": 1.0, "epochs": 60}
    without = {"patience": 3, "weight_decay": 0.0, "dropout": 0.0, "crop_padding": 0, "flip": False}
    kinds = (("random_labels", 1.0), ("true_labels", 0.0))
    planned = [
        MemorizationRun("mlp_1x512", labels, corruption, "none", seed, **recipe, **without)
        for labels, corruption in kinds
        for seed in range(3)
    ]
    plan = [asdict(run) | {"row": row, "widths": " ".join(map(str, run.widths))} for row, run in enumerate(planned)]
    with TemporaryDirectory() as name:
        folder = Path(name)
        write(pd.DataFrame(plan), Plan, folder / "plan.csv")
        job = MemorizationJob(digits, folder / "plan.csv", range(6), 100, 0, 5, 0, FP32, folder / "state")
        job.write(folder)
        runs = read(Runs, folder / "runs.csv")
    return {"memorization/runs": runs, "memorization/summary": memorization_summary(runs)}


# --- landscape -----------------------------------------------------------------------------------------------------------


@cache
def trained_network(digits: Path) -> tuple[nn.Module, Dataset]:
    """A ResNet without skips, with batch norms, that fits 100 digits."""
    data = drawn(load(digits), images=100, test_images=20, folds=5, seed=0, index=0)
    network = resnet(8, skips=False, channels=1, classes=10, generator=torch.Generator().manual_seed(0))
    recipe = Recipe(
        epochs=12, batch_size=20, optimizer="sgd", momentum=0.9, weight_decay=0.0, schedule=Schedule("cosine", 0.1),
        crop_padding=0, flip=False, checkpoint_every=12, seed=0,
    )  # fmt: skip
    with TemporaryDirectory() as state:
        Trainer(network, data, recipe, FP32, Path(state)).run()
    return network.eval(), data


def landscape(digits: Path) -> Tables:
    """The surface of that network on 5 x 5 points, its geometry, and both second opinions."""
    network, data = trained_network(digits)
    images = sample(data.train_images, data.train_labels, 40, 0, data.mean, data.std, FP32)
    plane = random_plane(network, 0, 0, "filter", 1.0)
    named = {"data": data.name, "net": "resnet56_noskip"}
    surface = surface_table(network, {0: plane}, 5, images, FP32, 40).assign(surface="fine", directions="filter", **named)
    return {
        "landscape/geometry": geometry_table(surface, 5),
        "landscape/crosscheck": pd.DataFrame(against_loss_landscapes(network, plane, 3, images, FP32)).assign(**named),
        "landscape/precision": spot_check(network, {"filter": {0: plane}}, surface, images, 40, 0),
    }


# --- sharpness -----------------------------------------------------------------------------------------------------------


def boxes(digits: Path) -> Tables:
    """Keskar's metric at the bottom of two basins, of which ``large``'s is sharper, but lower far away: it is bounded."""
    rows, names = [], {"data": "made", "network": "deep", "space": "full", "epsilon": 1e-3}
    basins = {
        "small": lambda w, x, _: (x @ w).square().mean() / 2,
        "large": lambda w, x, _: (1 - (-2 * (x @ w).square()).exp()).mean(),
    }
    for seed in range(4):
        images = torch.randn(40, 20, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        at = torch.zeros(20, dtype=torch.float64)
        for arm, basin in basins.items():
            loss, start = FlatLoss(basin, images, torch.zeros(40)), torch.Generator().manual_seed(0)
            measured = keskar.keskar_sharpness(loss, at, keskar.keskar_box(at, 1e-3), torch.ones_like(at), start)
            rows.append(names | {"arm": arm, "seed": seed, "keskar_sharpness": measured.value})
    return {"sharpness/keskar": pd.DataFrame(rows)}


def scaled(digits: Path) -> Tables:
    """A small ReLU network, off its start so that its biases are not 0, written in other ways."""
    data = drawn(load(digits), images=60, test_images=40, folds=5, seed=0, index=0)
    network = mlp([12], channels=1, side=8, classes=10, generator=torch.Generator().manual_seed(0)).double()
    loss = Sample(network, data, "train").loss
    weights = loss.weights
    for _ in range(30):
        weights = weights - 0.1 * loss.gradient(weights)
    written = Scaled(network, weights, data, draws=2, seed=0)
    rows, profiles = (pd.DataFrame(part).assign(data=data.name, seed=0) for part in (written.rows(5), written.profiles(3)))
    return {"sharpness/reparameterization": rows, "sharpness/slopes": slopes(rows), "sharpness/profile": profiles}


# --- batch ---------------------------------------------------------------------------------------------------------------

PLAIN = {
    "optimizer": "sgd", "batch_size": None, "epochs": 20, "schedule": "cosine", "warmup": 0.0, "span": 1.0, "momentum": 0.9,
    "weight_decay": 0.0, "clip": 0.0, "penalty": 0.0, "block_size": 25, "crop_padding": 0, "flip": False, "order": 0,
}  # fmt: skip
RECIPES = {"gd": {}, "gd_clip": {"clip": 0.25}, "gd_penalty": {"clip": 0.25, "penalty": 0.5}}


def full_batches(digits: Path) -> Tables:
    """Gradient descent on 100 digits in four blocks: plainly, clipped, and clipped with a penalty."""
    data = drawn(load(digits), images=100, test_images=50, folds=5, seed=0, index=0)
    rows, curves = [], []
    for name, changes in RECIPES.items():
        run = BatchRun("train", "mlp", name, 0, None, name, 0, "gd", "mlp", (8,), Rung(**PLAIN | changes))
        with TemporaryDirectory() as state:
            columns, epochs = batch.experiment(run, 0.5, data, 7, 20, FP32, Path(state))
        rows.append({"network": "mlp", "recipe": name} | columns)
        curves += [{"network": "mlp", "recipe": name} | epoch for epoch in epochs]
    return {"batch/runs": pd.DataFrame(rows), "batch/curves": pd.DataFrame(curves)}


def paired_runs(digits: Path) -> Tables:
    """Accuracies that seeds decide, SGD's two points above those of gradient descent with each of them."""
    seeds = np.arange(5)
    luck = 0.7 + 0.04 * seeds
    return {"batch/runs": runs(sgd=luck + 0.02 + 0.001 * (seeds % 2), gd=luck)}
