"""Small settings of the batch stage, in the form of the configuration's section, and their plan on disk."""

import pandas as pd

from optprimer.batch.plan import runs
from optprimer.batch.tables import Plan
from optprimer.tables import write

SGD = {
    "optimizer": "sgd", "batch_size": 16, "epochs": 3, "schedule": "cosine", "warmup": 0.0, "span": 1.0, "momentum": 0.9,
    "weight_decay": 0.0005, "clip": 0.0, "penalty": 0.0, "block_size": 32, "crop_padding": 0, "flip": False, "order": 0,
    "rate_of": "own", "learning_rates": [0.02, 0.08, 0.32], "against": "sgd",
}  # fmt: skip
RECIPES = {
    "sgd": SGD,
    "sgd_other_shuffle": {"like": "sgd", "rate_of": "sgd", "order": 1},
    "gd": {"like": "sgd", "rate_of": "sgd", "batch_size": "full"},
    "gd_longer": {"like": "gd", "rate_of": "own", "epochs": 6, "learning_rates": [0.1, 0.4, 1.6]},
    "gd_penalty": {"like": "gd_longer", "rate_of": "gd_longer", "penalty": 0.5, "clip": 0.25},
    "adam": {"like": "sgd", "optimizer": "adam", "learning_rates": [0.01]},
}
LADDER = [*RECIPES]


def section(**changes):
    settings = {
        "images": 60,
        "test_images": 40,
        "folds": 5,
        "seeds": 3,
        "claim_seeds": 3,
        "claims": ["sgd"],
        "validation_images": 30,
        "searches": 2,
        "sharpness_images": 20,
        "networks": {
            "mlp": {"architecture": "mlp", "widths": [8], "sweeps_per_job": 50},
            "conv": {"architecture": "conv", "widths": [4], "sweeps_per_job": 50},
            "unused": {"architecture": "mlp", "widths": [3], "sweeps_per_job": 1},
        },
        "ladders": {"mlp": LADDER, "conv": LADDER, "unused": []},
        "recipes": RECIPES,
    }
    return settings | changes


def write_plan(batch, path):
    write(pd.DataFrame([{"row": row} | run.row() for row, run in enumerate(runs(batch))]), Plan, path)


def rows_of(batch, stage):
    """First and last row of a stage."""
    numbers = [row for row, run in enumerate(runs(batch)) if run.stage == stage]
    return numbers[0], numbers[-1]
