"""Runs of edge/direction.csv whose limits are known."""

import math

import pandas as pd
import pytest

from optprimer.edge.limits import limits
from optprimer.edge.tables import Direction, Limits


def run(turns, norms, role="claim", seed=0):
    return pd.DataFrame(
        {
            "data": "digits-8", "role": role, "seed": seed, "doubling": range(len(norms)), "step": range(len(norms)),
            "log_loss": -1.0, "norm": norms, "margin": 0.1, "turn": [math.nan, *turns], "n": 20, "parameters": 100,
        }
    )  # fmt: skip


def found(*runs):
    rows = Direction.validate(pd.concat(runs, ignore_index=True)).sample(frac=1, random_state=0)
    return Limits.validate(limits(rows)).set_index(["role", "seed"])


def test_a_run_that_converges_turns_less_at_each_doubling_after_its_largest_turn():
    row = found(run([0.01, 0.03, 0.02, 0.004], [1.0, 2.0, 3.0, 5.0, 8.0])).loc[("claim", 0)]
    assert (row["doublings"], row["largest_turn"], row["last_turn"]) == (4, 0.03, 0.004)
    assert (row["turn_falls"], row["norm_grows"]) == (1, 1)
    assert (row["first_norm"], row["last_norm"]) == (1, 8)


def test_a_turn_that_rises_again_and_a_norm_that_shrinks_are_counted():
    row = found(run([0.03, 0.02, 0.025, 0.02, 0.01], [1.0, 2.0, 3.0, 2.0, 2.0, 4.0], role="control")).loc[("control", 0)]
    assert row["turn_falls"] == pytest.approx(3 / 4)
    assert row["norm_grows"] == pytest.approx(3 / 5)


def test_what_has_no_successor_is_not_a_number():
    rows = found(run([], [1.0]), run([0.01, 0.02], [1.0, 2.0, 3.0], seed=1))
    assert rows.loc[("claim", 0), ["largest_turn", "last_turn", "turn_falls", "norm_grows"]].isna().all()
    assert rows.loc[("claim", 0), "doublings"] == 0
    assert math.isnan(rows.loc[("claim", 1), "turn_falls"])
    assert rows.loc[("claim", 1), "norm_grows"] == 1
