"""The summary: means, intervals, and differences over the same seeds, against numbers worked out apart."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from optprimer.batch.summary import summarise
from optprimer.batch.tables import Runs, Summary

SGD, GD = (0.90, 0.92, 0.94), (0.88, 0.91, 0.90)


def runs_of(recipe, accuracies, against="sgd", seeds=None, **columns):
    rows = [
        {
            "data": "digits-8", "network": "mlp", "recipe": recipe, "seed": seed, "against": against, "n": 1000,
            "n_test": 360, "parameters": 99, "learning_rate": 0.1, "at_edge": False, "epochs": 3, "steps": 30,
            "gradient_evaluations": 3000, "train_loss": 0.1, "train_accuracy": 1.0, "test_loss": 0.3,
            "test_accuracy": accuracy, "gradient_norm": 0.5, "sharpness": 2.0, "sharpness_residual": 0.01,
            "distance": 4.0, "diverged": False,
        } | columns
        for seed, accuracy in zip(seeds or range(len(accuracies)), accuracies, strict=True)
    ]  # fmt: skip
    return Runs.validate(pd.DataFrame(rows))


def summary(*parts):
    table = Summary.validate(summarise(pd.concat(parts, ignore_index=True)))
    return {(row["network"], row["recipe"]): row for row in table.to_dict("records")}


def test_a_difference_is_that_of_the_same_seeds():
    row = summary(runs_of("sgd", SGD), runs_of("gd", GD))["mlp", "gd"]
    differences = np.subtract(GD, SGD)
    interval = stats.ttest_1samp(differences, 0)
    assert row["difference"] == pytest.approx(differences.mean())
    assert (row["difference_low"], row["difference_high"]) == pytest.approx(interval.confidence_interval(0.95))
    assert (row["tost_low"], row["tost_high"]) == pytest.approx(interval.confidence_interval(0.9))


def test_rows_in_another_order_and_a_missing_seed_do_not_shift_the_pairs():
    shuffled = runs_of("gd", GD).sample(frac=1, random_state=3)
    assert summary(runs_of("sgd", SGD), shuffled)["mlp", "gd"]["difference"] == pytest.approx(np.subtract(GD, SGD).mean())
    lacking = runs_of("gd", GD[1:], seeds=[1, 2])
    row = summary(runs_of("sgd", SGD), lacking)["mlp", "gd"]
    assert row["difference"] == pytest.approx(np.subtract(GD[1:], SGD[1:]).mean())


def test_a_recipe_is_compared_with_the_one_that_it_names_on_its_own_network():
    other = [part.assign(network="conv") for part in (runs_of("sgd", (0.5, 0.5, 0.5)), runs_of("gd", (0.6, 0.6, 0.6)))]
    rows = summary(*other, runs_of("sgd", SGD), runs_of("gd", GD), runs_of("both", (0.9, 0.9, 0.9), against="gd"))
    assert rows["mlp", "both"]["difference"] == pytest.approx(0.9 - np.mean(GD))
    assert rows["conv", "gd"]["difference"] == pytest.approx(0.1)


def test_verdicts_are_those_of_the_rules():
    rows = summary(
        runs_of("sgd", (0.90, 0.92, 0.94, 0.93)),
        runs_of("gd", (0.80, 0.83, 0.84, 0.82)),
        runs_of("gd_penalty", (0.901, 0.919, 0.941, 0.929)),
        runs_of("adam", (0.85, 0.99, 0.93, 0.95)),
    )
    verdicts = {name: [bool(row[key]) for key in ("equivalent", "worse", "better")] for (_, name), row in rows.items()}
    assert verdicts == {
        "sgd": [False, False, False],
        "gd": [False, True, False],
        "gd_penalty": [True, False, False],
        "adam": [False, False, False],
    }


def test_a_recipe_against_itself_has_no_difference():
    row = summary(runs_of("sgd", SGD))["mlp", "sgd"]
    assert all(math.isnan(row[name]) for name in ("difference", "difference_low", "tost_high"))
    assert row["test_accuracy"] == pytest.approx(0.92)
    half = stats.t.ppf(0.975, 2) * np.std(SGD, ddof=1) / math.sqrt(3)
    assert (row["test_accuracy_low"], row["test_accuracy_high"]) == pytest.approx((0.92 - half, 0.92 + half))


def test_one_seed_has_no_intervals():
    row = summary(runs_of("sgd", SGD[:1]), runs_of("gd", GD[:1]))["mlp", "gd"]
    assert row["difference"] == pytest.approx(-0.02)
    assert math.isnan(row["difference_low"])
    assert math.isnan(row["test_accuracy_low"])


def test_a_diverged_run_is_counted_and_leaves_no_mean_of_the_others():
    diverged = runs_of("gd", [0.1], seeds=[2], diverged=True, train_loss=math.nan, sharpness=math.nan)
    row = summary(runs_of("sgd", SGD), runs_of("gd", GD[:2]), diverged)["mlp", "gd"]
    assert row["diverged"] == 1
    assert math.isnan(row["train_loss"])
    assert math.isnan(row["sharpness"])
    assert row["difference"] == pytest.approx(np.mean([-0.02, -0.01, -0.84]))


def test_rates_edges_and_sharpness():
    parts = [runs_of("sgd", [0.9], seeds=[seed], learning_rate=rate, at_edge=rate > 0.1, sharpness=sharp)
             for seed, (rate, sharp) in enumerate(((0.1, 1.0), (0.4, 16.0)))]  # fmt: skip
    row = summary(*parts)["mlp", "sgd"]
    assert (row["learning_rate_low"], row["learning_rate_high"], row["at_edge"]) == (0.1, 0.4, 0.5)
    assert row["sharpness"] == pytest.approx(4.0)
