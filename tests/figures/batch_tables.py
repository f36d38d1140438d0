"""Synthetic tables that look like a batch study on digits: two networks, five seeds.

GD with SGD's epochs is 10 points worse than SGD, the tuned ones are equivalent, ``gd_longer`` is worse by less than a point,
the control is noisy and so undecided, and Adam is better by 2 points.
"""

import math

import numpy as np
import pandas as pd

from optprimer.batch.summary import summarise
from optprimer.batch.tables import Cost, Curves, Runs

SEEDS = range(5)
N = 1152
# Recipe: difference to SGD and its deviation between seeds (points), training accuracy, epochs, steps, gradients per image.
RECIPES = {
    "sgd": (0.0, 0.0, 1.0, 10, 240, 1),
    "sgd_other_shuffle": (0.2, 2.0, 1.0, 10, 240, 1),
    "gd": (-10.0, 1.0, 0.88, 10, 10, 1),
    "gd_longer": (-0.6, 0.2, 0.998, 100, 100, 1),
    "gd_penalty": (-0.1, 0.3, 1.0, 100, 100, 2),
    "gd_equal_steps": (0.0, 0.3, 1.0, 240, 240, 1),
    "adam": (2.0, 0.3, 1.0, 10, 240, 1),
    "sgd_augmented": (0.5, 0.2, 0.98, 20, 480, 1),
    "gd_penalty_augmented": (0.4, 0.2, 0.99, 100, 100, 2),
}
NETWORKS = {"mlp": list(RECIPES), "conv": ["sgd", "gd", "gd_longer", "gd_penalty", "gd_equal_steps"]}
SPREAD = np.array([-1.0, 0.5, 0.0, -0.5, 1.0])  # of the seeds; its mean is 0


def names(network, recipe, seed):
    return {"data": "digits-8", "network": network, "recipe": recipe, "seed": seed}


def test_accuracy(network, recipe, seed):
    difference, deviation, *_ = RECIPES[recipe]
    return {"mlp": 0.96, "conv": 0.95}[network] + 0.003 * SPREAD[::-1][seed] + (difference + deviation * SPREAD[seed]) / 100


test_accuracy.__test__ = False  # no test


def runs_table():
    rows = []
    for network, recipes in NETWORKS.items():
        for recipe in recipes:
            _, _, train_accuracy, epochs, steps, gradients = RECIPES[recipe]
            for seed in SEEDS:
                rows.append(
                    names(network, recipe, seed) | {
                        "against": "sgd_augmented" if recipe == "gd_penalty_augmented" else "sgd", "n": N, "n_test": 360,
                        "parameters": 9610, "learning_rate": 0.1, "at_edge": False, "epochs": epochs, "steps": steps,
                        "gradient_evaluations": epochs * N * gradients, "train_loss": 1 - train_accuracy + 0.01,
                        "train_accuracy": train_accuracy, "test_loss": 0.2,
                        "test_accuracy": test_accuracy(network, recipe, seed), "gradient_norm": 0.01, "sharpness": 2.0,
                        "sharpness_residual": 0.01, "distance": 9.0, "diverged": False,
                    }
                )  # fmt: skip
    return Runs.validate(pd.DataFrame(rows)[list(Runs.to_schema().columns)])


def summary_table():
    return summarise(runs_table())


def curves_table():
    rows = []
    for run in runs_table().to_dict("records"):
        per_epoch = run["gradient_evaluations"] // run["epochs"]
        for epoch in range(0, run["epochs"] + 1, max(1, run["epochs"] // 10)):
            step = epoch * run["steps"] // run["epochs"]
            left = 1 / (1 + step)
            rows.append(
                names(run["network"], run["recipe"], run["seed"]) | {
                    "epoch": epoch, "step": step, "gradient_evaluations": epoch * per_epoch, "lr": 0.1 * left,
                    "train_loss": 2.3 * left + run["train_loss"], "train_accuracy": run["train_accuracy"] * (1 - 0.9 * left),
                    "test_loss": 2.3 * left + 0.2, "test_accuracy": run["test_accuracy"] * (1 - 0.9 * left),
                    "gradient_norm": left if epoch else math.nan,
                }
            )  # fmt: skip
    return Curves.validate(pd.DataFrame(rows)[list(Curves.to_schema().columns)])


def cost_table():
    rows = []
    for n in (128, 256, 512, 1024, 2048):
        shared = {"data": "digits-8", "network": "conv", "n": n, "batch_size": 32}
        rows += [
            shared | {"method": "gd", "seconds": n * 2e-5, "relative": 0.64},
            shared | {"method": "sgd", "seconds": 1e-3, "relative": 1.0},
        ]
    return Cost.validate(pd.DataFrame(rows)[list(Cost.to_schema().columns)])


TABLES = {"curves": curves_table, "summary": summary_table, "cost": cost_table}
