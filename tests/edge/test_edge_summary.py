"""Summaries of curves whose numbers are known."""

import math

import numpy as np
import pandas as pd
import pytest

from optprimer.edge.summary import summarise
from optprimer.edge.tables import Curves, Summary
from optprimer.intervals import mean_interval

RATE = 0.5  # the line is at 4


def curve(sharpness, losses, seed=0, role="claim", **changes):
    """A run of len(losses) - 1 steps with sharpness measured on all even ones."""
    steps = len(losses)
    measured = np.arange(steps) % 2 == 0
    return pd.DataFrame(
        {
            "data": "digits-8", "network": "tanh", "learning_rate": RATE, "role": role, "seed": seed, "step": range(steps),
            "loss": losses, "train_accuracy": np.where(measured, 0.5, math.nan),
            "sharpness": np.where(measured, sharpness, math.nan),
            "residual": np.where(measured, 0.005, math.nan), "products": np.where(measured, 7, 0), "n": 40, "parameters": 100,
        }
        | changes
    )  # fmt: skip


def summary(*curves):
    return Summary.validate(summarise(Curves.validate(pd.concat(curves, ignore_index=True))))


def test_plateau_crossing_rises_and_falls_of_one_run():
    sharpness = [1.0, 0, 3.0, 0, 5.0, 0, 4.4, 0, 4.0, 0]
    losses = [10.0, 8.0, 7.0, 6.0, 5.0, 5.5, 4.0, 4.2, 3.0, 2.0]
    row = summary(curve(sharpness, losses)).iloc[0]
    # The last third of 9 steps are those after step 6: measured at step 8 alone.
    assert row["plateau"] == pytest.approx(4.0 / 4)
    assert row["first_crossing"] == 4
    assert row["crossed"] == 1
    assert row["largest"] == pytest.approx(5.0 / 4)
    assert row["late_rises"] == pytest.approx(1 / 3)  # 4.0 to 4.2, of three late steps
    assert row["late_fall"] == pytest.approx(4.2 / 2.0)
    assert row["rises"] == 2
    assert row["fall"] == pytest.approx(5.0)
    assert (row["sharpness_low"], row["sharpness_high"]) == (1.0, 5.0)
    assert (row["steps"], row["measured"], row["refused"], row["products"]) == (9, 5, 0, 35)
    assert math.isnan(row["plateau_low"])


def test_runs_are_put_together_by_students_t():
    heights = [3.6, 4.0, 4.6]
    rows = [curve([height] * 12, np.linspace(2, 1, 12), seed=seed) for seed, height in enumerate(heights)]
    row = summary(*rows).iloc[0]
    mean, (low, high) = mean_interval(np.array(heights) / 4)
    assert (row["plateau"], row["plateau_low"], row["plateau_high"]) == pytest.approx((mean, low, high))
    assert row["crossed"] == pytest.approx(2 / 3)
    assert math.isnan(row["first_crossing"])  # not all do
    assert row["rises"] == 0


def test_what_was_refused_is_counted_and_no_number():
    rows = curve([4.0] * 12, np.linspace(2, 1, 12))
    rows.loc[10, ["sharpness", "residual"]] = [math.nan, 0.3]
    row = summary(rows).iloc[0]
    assert (row["measured"], row["refused"]) == (6, 1)
    assert row["plateau"] == pytest.approx(1.0)


def test_claims_and_controls_stay_apart():
    found = summary(curve([4.0] * 9, [1.0] * 9), curve([1.0] * 9, [1.0] * 9, role="control"))
    assert found.set_index("role")["plateau"].to_dict() == pytest.approx({"claim": 1.0, "control": 0.25})


def test_a_diverged_run_has_its_row():
    row = summary(curve([4.0] * 6, [1.0, 2.0, 9.0, 1e9, 1e30, math.nan])).iloc[0]
    assert math.isnan(row["fall"])
    assert row["rises"] == 4
