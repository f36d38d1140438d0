"""Ratios, differences and slopes against hand computation, and tables that tell."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from optprimer.sharpness.summary import DIFFERENCES, RATIOS, slopes, summarise

LAMBDA = {"small": [1.0, 2.0, 4.0], "large": [2.0, 8.0, 8.0]}


@pytest.fixture
def tables():
    rows, spread = [], []
    for arm, values in LAMBDA.items():
        for seed, value in enumerate(values):
            names = {"data": "digits-8", "network": "deep", "arm": arm, "seed": seed}
            others = dict.fromkeys((*RATIOS, *DIFFERENCES), 1.0)
            accuracy = 0.9 - 0.01 * seed * (arm == "large")
            rows.append(names | others | {"reached": seed > 0, "lambda_max": value, "test_accuracy": accuracy})
            spread.append(names | {"space": "full", "epsilon": 0.001, "keskar_sharpness": value**2})
    return pd.DataFrame(rows), pd.DataFrame(spread)


def test_ratios_are_geometric_and_paired(tables):
    summary = summarise(*tables).set_index("measure")
    row, logs = summary.loc["lambda_max"], np.log([2.0, 4.0, 2.0])
    low, high = stats.t.interval(0.95, 2, logs.mean(), stats.sem(logs))
    assert row["comparison"] == "ratio"
    assert row["small"] == pytest.approx(2.0)
    assert row["value"] == pytest.approx(128 ** (1 / 3))
    assert (row["estimate"], row["ci_low"], row["ci_high"]) == pytest.approx(tuple(np.exp([logs.mean(), low, high])))
    assert row["reached"] == pytest.approx(2 / 3)
    assert summary.loc["keskar_full_0.001", "estimate"] == pytest.approx(row["estimate"] ** 2)


def test_accuracies_are_subtracted(tables):
    row = summarise(*tables).set_index("measure").loc["test_accuracy"]
    assert row["comparison"] == "difference"
    assert row["estimate"] == pytest.approx(-0.01)
    assert row["ci_low"] < -0.01 < row["ci_high"]


def test_pairs_are_by_seed_whatever_the_order_of_rows(tables):
    minima, keskar = tables
    shuffled = summarise(minima.sample(frac=1, random_state=1), keskar.sample(frac=1, random_state=2))
    columns = ["network", "arm", "measure"]
    pd.testing.assert_frame_equal(
        shuffled.sort_values(columns, ignore_index=True), summarise(minima, keskar).sort_values(columns, ignore_index=True)
    )


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan])
def test_what_has_no_logarithm_leaves_the_ratio_unknown(tables, value):
    minima, keskar = tables
    minima.loc[0, "lambda_max"] = value
    row = summarise(minima, keskar).set_index("measure").loc["lambda_max"]
    assert row[["estimate", "ci_low", "ci_high"]].isna().all()


def test_one_seed_has_no_interval(tables):
    minima, keskar = tables
    row = summarise(minima[minima["seed"] == 1], keskar[keskar["seed"] == 1]).set_index("measure").loc["lambda_max"]
    assert row["estimate"] == pytest.approx(4)
    assert row[["ci_low", "ci_high"]].isna().all()


def test_slopes_are_those_of_the_outermost_steps():
    alphas = np.logspace(-2, 2, 5)
    rows = [
        {
            "data": "digits-8",
            "variant": variant,
            "seed": seed,
            "alpha": alpha,
            "lambda_max": (1 + seed) * (alpha**-2 + alpha**2),
        }
        | {"trace": alpha**3, "keskar_sharpness": alpha}
        | dict.fromkeys(("gradient_norm", "adaptive_sharpness", "lambda_normalised"), 3.0)
        for variant in ("relu", "tanh")
        for seed in range(3)
        for alpha in alphas
    ]
    found = slopes(pd.DataFrame(rows)).set_index(["quantity", "side"])
    # Between .01 and .1, ln(a^-2 + a^2) falls by 4.60517 - 1e-4 of 2.302585.
    assert found.loc[("lambda_max", "least"), "estimate"] == pytest.approx(-2, abs=1e-4)
    assert found.loc[("lambda_max", "largest"), "estimate"] == pytest.approx(2, abs=1e-4)
    assert found.loc[("trace", "least"), "estimate"] == pytest.approx(3)
    assert found["theory"].isna().groupby("quantity").any().to_dict() == {
        q: q == "keskar_sharpness" for q in found.index.levels[0]
    }
    assert set(found["seeds"]) == {3}
