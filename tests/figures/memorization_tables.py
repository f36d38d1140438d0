"""Synthetic tables that look like a memorization study on digits: 3 seeds, every kind, all networks fit but for the controls.

One run of AlexNet (labels corrupted with probability .8, seed 2) does not fit within its budget, nor do random labels with
random shifts or strong weight decay, labels redrawn every epoch, too small a network, or the linear one, whatever its labels.
"""

import math
from functools import cache

import numpy as np
import pandas as pd

from optprimer.memorization.evidence import chance_band
from optprimer.memorization.summary import summarise
from optprimer.memorization.tables import Curves, Runs

SEEDS = range(3)
CORRUPTION = (0.2, 0.4, 0.6, 0.8)
PIXELS = ("shuffled_pixels", "random_pixels", "gaussian")
PARAMETERS = {
    "inception": 32_338, "inception_no_bn": 32_338, "alexnet": 102_458, "mlp_1x512": 38_410, "mlp_1x8": 610, "linear": 650,
}  # fmt: skip
BUDGET = {"inception": 60, "inception_no_bn": 200, "alexnet": 150, "mlp_1x512": 150, "mlp_1x8": 150, "linear": 1}
STEPS = {"inception": 12, "linear": 1}  # an epoch; 23 for the others
PATIENCE = 3
EPOCHS = {  # to fit true labels, shuffled, random, Gaussian pixels and random labels
    "inception": (5, 7, 17, 18, 33),
    "inception_no_bn": (30, 44, 60, 70, 150),
    "alexnet": (11, 18, 69, 61, 103),
    "mlp_1x512": (8, 7, 9, 8, 56),
    "mlp_1x8": (70, 70, 80, 80, 400),
    "linear": (1, 1, 1, 1, math.nan),
}
SLOWER = {"none": 1.0, "weight_decay": 1.4, "dropout": 2.0, "crop": 9.0, "strong_weight_decay": math.nan}
TEST = {"inception": 0.989, "inception_no_bn": 0.985, "alexnet": 0.983, "mlp_1x512": 0.975, "mlp_1x8": 0.93, "linear": 0.95}
DIGITS = np.repeat(np.arange(10), 36)


def settings():
    """(network, labels, corruption, regularizer) of every run."""
    found = []
    for network in PARAMETERS:
        found += [(network, "true_labels", 0.0, "none"), (network, "random_labels", 1.0, "none")]
        if network in ("inception", "alexnet", "mlp_1x512"):
            found += [(network, kind, 0.0, "none") for kind in PIXELS]
            found += [(network, "partial_labels", corruption, "none") for corruption in CORRUPTION]
    regularizers = {"mlp_1x512": ("weight_decay", "crop", "dropout", "strong_weight_decay"), "inception": ("weight_decay",)}
    for network, names in regularizers.items():
        for name in names:
            found += [(network, "true_labels", 0.0, name), (network, "random_labels", 1.0, name)]
    return [*found, ("mlp_1x512", "redrawn_labels", 1.0, "none")]


def epochs_to_fit(network, labels, corruption, regularizer, seed):
    """NaN where the run does not fit."""
    if labels == "redrawn_labels" or (network, labels, corruption, seed) == ("alexnet", "partial_labels", 0.8, 2):
        return math.nan
    true, shuffled, random, gaussian, slowest = EPOCHS[network]
    whole = {"true_labels": true, "shuffled_pixels": shuffled, "random_pixels": random, "gaussian": gaussian}
    epochs = whole.get(labels, true + (slowest - true) * (1 - (1 - corruption) ** 2))
    epochs = epochs if corruption == 0 and regularizer == "strong_weight_decay" else epochs * SLOWER[regularizer]
    epochs = np.round(epochs * (1 + 0.04 * (seed - 1)))
    return epochs if epochs + PATIENCE - 1 <= BUDGET[network] or network == "linear" else math.nan


@cache
def _tables():
    runs, curves = [], []
    for network, labels, corruption, regularizer in settings():
        for seed in SEEDS:
            names = {
                "data": "digits", "network": network, "labels": labels, "corruption": corruption, "regularizer": regularizer,
                "seed": seed,
            }  # fmt: skip
            curve, epochs = _curve(names)
            runs.append(names | _run(names, curve, epochs))
            curves.append(curve.assign(**names))
    curves = pd.concat(curves, ignore_index=True)
    return Curves.validate(curves[list(Curves.to_schema().columns)]), Runs.validate(
        pd.DataFrame(runs)[list(Runs.to_schema().columns)]
    )


def curves_table():
    """Rows of memorization/curves.csv."""
    return _tables()[0].copy()


def runs_table():
    """Rows of memorization/runs.csv."""
    return _tables()[1].copy()


def summary_table():
    """Rows of memorization/summary.csv."""
    return summarise(runs_table())


def _curve(names):
    """Loss and accuracy by epoch, and the epochs to fit. Hard labels stay near log 10 before they are learned."""
    network, labels, corruption, seed = (names[name] for name in ("network", "labels", "corruption", "seed"))
    fit = epochs_to_fit(network, labels, corruption, names["regularizer"], seed)
    budget = 1 if network == "linear" else BUDGET[network]
    last = budget if math.isnan(fit) or network == "linear" else int(fit) + PATIENCE - 1
    epoch = np.arange(last + 1)
    hard = {"true_labels": 0.05, "shuffled_pixels": 0.1, "random_pixels": 0.5, "gaussian": 0.4}.get(
        labels, 0.1 + 0.9 * corruption
    )
    progress = epoch / fit if not math.isnan(fit) else 0.25 * epoch / budget  # 1 when fitted
    left = np.exp(-4.5 * progress ** (1 + hard)) * (1 + 0.05 * (seed - 1) * np.minimum(progress, 1))
    wrong = np.where(progress >= 1, 0.0, np.clip(0.9 * left, 1 / 1437, 0.9))
    test = _test_accuracy(names)
    return pd.DataFrame(
        {
            "epoch": epoch, "step": STEPS.get(network, 23) * epoch, "lr": 0.05, "train_loss": 2.35 * left,
            "train_accuracy": np.round((1 - wrong) * 1437) / 1437,
            "test_loss": 2.3 + (-2.2 if test > 0.9 else 2.0) * (1 - left),
            "test_accuracy": 0.1 + (test - 0.1) * (1 - left) / (1 - left[-1]),
        }
    ), fit  # fmt: skip


def _test_accuracy(names):
    wobble = 0.006 * (names["seed"] - 1)
    if names["labels"] in ("random_pixels", "gaussian", "redrawn_labels"):
        return 0.104 + 2 * wobble
    shuffled = 0.02 if names["labels"] == "shuffled_pixels" and names["network"] != "mlp_1x512" else 0.0
    gain = {"weight_decay": 0.003, "crop": 0.01, "dropout": 0.004, "strong_weight_decay": -0.03}.get(names["regularizer"], 0.0)
    best = TEST[names["network"]] + gain - shuffled
    return best - (best - 0.11) * names["corruption"] ** 1.3 + (1 + 2 * names["corruption"]) * wobble / 2


def _run(names, curve, fit):
    band, last, corruption = chance_band(DIGITS, 10), curve.iloc[-1], names["corruption"]
    fit = math.nan if names["network"] == "linear" else fit  # too few epochs to stay fitted
    fitted = not math.isnan(fit)
    best = curve["test_accuracy"].idxmax()
    agreement = 1 - 0.9 * corruption
    spread = 3 * math.sqrt(agreement * (1 - agreement) / 1437)
    return {
        "parameters": PARAMETERS[names["network"]], "n": 1437 + (names["seed"] == 2), "n_test": 360 - (names["seed"] == 2),
        "budget": BUDGET[names["network"]], "epochs": int(last["epoch"]), "fitted": fitted, "diverged": False,
        "epochs_to_fit": fit, "steps_to_fit": STEPS.get(names["network"], 23) * fit, "initial_loss": curve["train_loss"][0],
        "train_loss": last["train_loss"], "train_accuracy": last["train_accuracy"], "test_loss": last["test_loss"],
        "test_accuracy": last["test_accuracy"], "best_test_accuracy": curve["test_accuracy"][best],
        "best_epoch": int(curve["epoch"][best]), "true_accuracy": agreement,
        "recovered_accuracy": 0.1 if corruption else math.nan,
        "entropy": 2.28, "chance_low": band.low, "chance_high": band.high, "agreement": agreement,
        "agreement_low": agreement - spread, "agreement_high": agreement + spread, "corrupted": round(1437 * corruption),
        "chi_squared": 9.1 if corruption else math.nan, "p_value": 0.43 if corruption else math.nan, "shared_images": 0,
        "labels_digest": f"{names['labels']}-{corruption}-{names['seed']}",
    }  # fmt: skip
