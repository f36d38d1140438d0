"""Equality and tolerance on a table whose columns are numbers, an interval, a name and a yes or no."""

from typing import ClassVar

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest
from pandera.typing.pandas import Series
from scipy import stats

from optprimer.compare.agreement import beyond, unequal
from optprimer.compare.differences import matched
from optprimer.compare.tolerances import Allowance, Tolerance
from optprimer.tables import Table


class Measured(Table):
    _key: ClassVar[list[str]] = ["network", "seed"]
    network: Series[str]
    seed: Series[int]
    value: Series[float] = pa.Field(nullable=True)
    low: Series[float] = pa.Field(nullable=True)
    high: Series[float] = pa.Field(nullable=True)
    note: Series[str]
    holds: Series[bool]


FRAME = pd.DataFrame(
    {
        "network": ["mlp"] * 4 + ["conv"] * 4,
        "seed": [0, 1, 2, 3] * 2,
        "value": [1.0, 1.1, 0.9, 1.0, 5.0, 5.1, 4.9, 5.0],
        "low": [0.5] * 4 + [4.5] * 4,
        "high": [1.5] * 4 + [5.5] * 4,
        "note": "a",
        "holds": True,
    }
)


def changed(row, **values):
    frame = FRAME.copy()
    for column, value in values.items():
        frame.loc[row, column] = value
    return frame


def tolerance(*allowances, rows="equal"):
    return Tolerance("because", rows, allowances)


def found(run, expected, reference=FRAME):
    return beyond(matched(reference, run, Measured), expected)


@pytest.mark.parametrize(("column", "value"), [("value", 1.0 + 1e-15), ("note", "b"), ("holds", False), ("low", np.nan)])
def test_what_no_allowance_covers_has_to_be_equal(column, value):
    (line,) = found(changed(3, **{column: value}), tolerance())
    assert line.startswith(f"{column} differs in 1 rows")
    assert line.endswith("network=mlp, seed=3")


def test_missing_and_added_rows_count_unless_they_are_free():
    run = pd.concat([FRAME.drop(index=2), changed(0, seed=9).iloc[:1]])
    assert found(run, tolerance()) == [
        "1 rows are missing, the first at network=mlp, seed=2",
        "1 rows are added, the first at network=mlp, seed=9",
    ]
    assert found(run, tolerance(rows="free")) == []


@pytest.mark.parametrize(("value", "within"), [(1.0 + 0.0199, True), (1.0 + 0.0201, False), (1.0 - 0.0201, False)])
def test_numbers_agree_within_absolute_and_relative_tolerance(value, within):
    lines = found(changed(3, value=value), tolerance(Allowance(("value",), rtol=0.01, atol=0.01)))
    assert (lines == []) == within
    if not within:
        assert lines[0].startswith("value is beyond 0.01 + 0.01 |reference| in 1 of 8")
        assert lines[0].endswith(f"with 1 there and {value:.6g} here, at network=mlp, seed=3")


def test_the_gap_between_intervals_counts():
    expected = tolerance(Allowance(("value",), interval=("low", "high"), atol=0.1))
    assert found(changed(0, value=2.0, low=1.59, high=2.4), expected) == []  # 0.09 above 1.5
    assert found(changed(0, value=0.2, low=0.1, high=0.41), expected) == []  # 0.09 below 0.5
    (line,) = found(changed(0, value=2.0, low=1.7, high=2.4), expected)
    assert "with 1 [0.5, 1.5] there and 2 [1.7, 2.4] here" in line


def test_a_number_without_its_interval_is_its_own():
    expected = tolerance(Allowance(("value",), interval=("low", "high")))
    alone = changed(0, low=np.nan, high=np.nan)
    assert found(alone, expected) == []
    assert found(changed(0, value=1.6, low=np.nan, high=np.nan), expected, reference=alone) != []


def test_means_over_replications_are_compared_with_their_intervals():
    expected = tolerance(Allowance(("value",), over=("seed",)))
    half = stats.t.ppf(0.975, 3) * FRAME["value"][:4].std() / 2
    for shift, within in ((1.99 * half, True), (2.01 * half, False)):
        run = FRAME.assign(value=FRAME["value"] + np.where(FRAME["network"] == "mlp", shift, 0))
        lines = found(run, expected)
        assert (lines == []) == within
        assert within or lines[0].endswith("network=mlp")
    swapped = FRAME.assign(value=FRAME.groupby("network")["value"].transform(lambda values: values.to_numpy()[::-1]))
    assert found(swapped, expected) == []


def test_of_one_replication_the_number_itself_is_compared():
    one, expected = FRAME[FRAME["seed"] == 0], tolerance(Allowance(("value",), over=("seed",), atol=0.1))
    assert found(one.assign(value=one["value"] + 0.09), expected, one) == []
    assert found(one.assign(value=one["value"] + 0.11), expected, one) != []


def test_only_the_last_of_the_rows_is_compared():
    expected = tolerance(Allowance(("value",), last="seed", atol=0.01))
    assert found(changed([0, 1, 2], value=77.0), expected) == []
    (line,) = found(changed(7, value=77.0), expected)
    assert line.endswith("with 5 there and 77 here, at network=conv")


@pytest.mark.parametrize("allowance", [Allowance(("value",), rtol=1e9), Allowance(("value",), over=("seed",), rtol=1e9)])
def test_a_number_that_is_missing_on_one_side_is_beyond_every_tolerance(allowance):
    hole = changed([0, 1, 2, 3], value=np.nan)
    assert len(found(hole, tolerance(allowance))) == 1
    (line,) = found(FRAME, tolerance(allowance), hole)
    assert "with nan there and 1" in line
    assert found(hole, tolerance(allowance), hole) == []


def test_infinity_agrees_with_itself_alone():
    expected, infinite = tolerance(Allowance(("value",), rtol=0.1, atol=1.0)), changed(0, value=np.inf)
    assert found(infinite, expected, infinite) == []
    assert len(found(FRAME, expected, infinite)) == 1
    assert len(found(infinite, expected)) == 1


def test_allowances_hold_where_they_are_said_to_and_the_first_counts():
    wide = Allowance(("value",), where={"network": ["mlp"]}, atol=1.0)
    narrow = Allowance(("value",), atol=0.1)
    both = tolerance(wide, narrow)
    assert found(changed(0, value=1.9), both) == []
    assert found(changed(4, value=5.9), both) != []
    assert found(changed(4, value=5.9), tolerance(wide)) != []  # elsewhere it has to be equal
    assert found(changed(0, value=1.9), tolerance(narrow, wide)) != []


def test_what_is_free_is_not_compared():
    assert found(changed(0, value=77.0, note="b"), tolerance(Allowance(("value", "note"), kind="free"))) == []


def test_on_one_machine_only_timings_may_differ():
    timing = Allowance(("value",), where={"network": ["conv"]}, kind="timing")
    expected = tolerance(timing, Allowance(("value",), atol=1.0), Allowance(("note",), kind="free"))

    def lines(run):
        return unequal(matched(FRAME, run, Measured), expected)

    assert lines(changed(4, value=7.0)) == []
    assert lines(changed(0, value=1.5))[0].startswith("value differs")
    assert lines(changed(4, note="b"))[0].startswith("note differs")
    assert len(lines(FRAME.drop(index=1))) == 1
    assert found(changed(4, value=7.0), expected) == []  # nor are timings compared between machines
