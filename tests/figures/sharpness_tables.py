"""Synthetic tables that look like the sharpness stage's: larger batches are sharper on the deep network alone."""

import math

import numpy as np
import pandas as pd

from optprimer.sharpness.arms import ARMS
from optprimer.sharpness.names import VARIANTS
from optprimer.sharpness.summary import slopes, summarise
from optprimer.sharpness.tables import Keskar, Line, Minima, Profile, Reparameterization

SEEDS = range(3)
NETWORKS = {"deep": 42_634, "shallow": 9_610}
SIZES = {"small": 16, "small_reshuffled": 16, "large": 100, "full": 1000, "large_same_epochs": 100}
FACTORS = {"small": 1.0, "small_reshuffled": 1.1, "large": 2.0, "full": 3.0, "large_same_epochs": 9.0}
SPACES = (("full", 0.001), ("full", 0.0005), ("subspace", 0.001), ("adaptive", 0.02))
ALPHAS = np.logspace(-2, 2, 5)


def _runs():
    for network in NETWORKS:
        for arm in ARMS:
            for seed in SEEDS:
                factor = FACTORS[arm] if network == "deep" or arm == "large_same_epochs" else 1.0
                wobble = 1 + 0.1 * seed * (arm != "small")
                yield {"data": "digits", "network": network, "arm": arm, "seed": seed}, factor * wobble


def minima_table():
    """Rows of sharpness/minima.csv."""
    rows = []
    for names, factor in _runs():
        missed = names["arm"] == "large_same_epochs"
        rows.append(
            names
            | {"n": 1000, "n_test": 360, "parameters": NETWORKS[names["network"]], "batch_size": SIZES[names["arm"]]}
            | {"epochs": 8, "steps": 444, "reached": not missed, "diverged": False, "train_loss": 0.05 if missed else 0.002}
            | {"train_accuracy": 1.0, "test_loss": 0.08, "test_accuracy": 0.97 - 0.002 * names["seed"] * (factor > 1.5)}
            | {"gradient_norm": 0.01, "lambda_max": factor, "lambda_residual": 0.01, "trace": 6 * factor, "trace_se": 0.3}
            | {"lambda_normalised": 2 * factor, "lambda_normalised_residual": 0.02, "norm": 29.0, "distance": 6.0}
        )
    return Minima.validate(pd.DataFrame(rows))


def keskar_table():
    """Rows of sharpness/keskar.csv: like lambda_max, but in the subspace the other way round."""
    rows = [
        names
        | {"space": space, "epsilon": epsilon, "dimension": 100}
        | {"keskar_sharpness": epsilon * (1 / factor if space == "subspace" else factor), "method": "signs"}
        | {"lbfgsb": math.nan, "signs": epsilon * factor, "boundary_share": 0.5}
        for names, factor in _runs()
        for space, epsilon in SPACES
    ]
    return Keskar.validate(pd.DataFrame(rows))


def summary_table():
    """Rows of sharpness/summary.csv."""
    return summarise(minima_table(), keskar_table())


def line_table():
    """Rows of sharpness/line.csv: steeper beyond the large batch."""
    rows = []
    for network in NETWORKS:
        for seed in SEEDS:
            for alpha in np.linspace(-1, 2, 7).tolist():
                loss = 0.002 * (1 + seed) * math.exp(2 * max(0, alpha - 1) + max(0, -alpha))
                accuracies = {"train_accuracy": 1 - loss, "test_accuracy": 0.97 - loss}
                names = {"data": "digits", "network": network, "seed": seed, "alpha": alpha}
                rows.append(names | {"train_loss": loss, "test_loss": 40 * loss} | accuracies)
    return Line.validate(pd.DataFrame(rows)[list(Line.to_schema().columns)])


def reparameterization_table():
    """Rows of sharpness/reparameterization.csv: a function that does not change, and curvature (a^2 + a^-2) / 2."""
    rows = []
    for variant in VARIANTS:
        for seed in SEEDS:
            for alpha in ALPHAS.tolist():
                change = 0.0 if alpha == 1 else 1e-14 if variant == "relu" else 3.0
                row = {"data": "digits", "variant": variant, "seed": seed, "alpha": alpha, "n": 1000, "n_test": 360}
                row |= {"parameters": 9610, "output_difference": change, "train_loss": 0.002}
                row |= {"test_accuracy": 0.97 if variant == "relu" or alpha == 1 else 0.5}
                rows.append(row | (_geometry(seed, alpha) if variant == "relu" else {}))
    return Reparameterization.validate(pd.DataFrame(rows)[list(Reparameterization.to_schema().columns)])


def _geometry(seed, alpha):
    relative = (alpha**2 + alpha**-2) / 2
    return {
        "identity_error": 1e-15, "gradient_norm": 0.01 * relative**0.5, "lambda_max": (1 + seed) * relative,
        "lambda_residual": 0.01, "trace": 5 * relative, "trace_se": 0.1, "keskar_sharpness": 0.1 * relative**0.7,
        "adaptive_sharpness": 1.2, "lambda_normalised": 2.0, "rate": 1 / (1 + seed), "rate_times_lambda": relative,
        "rises": relative > 2,
    }  # fmt: skip


def profile_table():
    """Rows of sharpness/profile.csv."""
    rows = [
        {"data": "digits", "normalisation": kind, "seed": seed, "alpha": alpha, "step": step,
         "loss": 0.002 + (1 if kind == "filter" else alpha + 1 / alpha) * step**2}
        for kind in ("filter", "none") for seed in SEEDS for alpha in (0.01, 1.0, 100.0) for step in (-1.0, -0.5, 0.0, 0.5, 1.0)
    ]  # fmt: skip
    return Profile.validate(pd.DataFrame(rows))


def slopes_table():
    """Rows of sharpness/slopes.csv."""
    return slopes(reparameterization_table())


TABLES = {
    "minima": minima_table,
    "keskar": keskar_table,
    "line": line_table,
    "summary": summary_table,
    "reparameterization": reparameterization_table,
    "profile": profile_table,
    "slopes": slopes_table,
}
