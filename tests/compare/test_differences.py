import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tables import made

from optprimer.compare.differences import difference, matched, selected
from optprimer.registry import TABLES

CURVES = TABLES["rates/curves"]
CONVEXITY = TABLES["edge/convexity"]


@pytest.fixture
def curves():
    return made(CURVES)


@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_equal_to_itself_in_any_order(table):
    frame = made(TABLES[table])
    pair = matched(frame, frame.sample(frac=1, random_state=1), TABLES[table])
    assert pair.equal
    assert not any(difference(pair, column) for column in frame)


@settings(max_examples=30, deadline=None)
@given(row=st.integers(0, 7), factor=st.floats(1e-12, 1e12))
def test_one_changed_number_is_found_with_its_size_and_its_row(row, factor):
    frame = made(CURVES)
    other = frame.copy()
    other.loc[row, "value"] *= 1 + factor
    found = difference(matched(frame, other, CURVES), "value")
    if other.loc[row, "value"] == frame.loc[row, "value"]:
        assert found is None
        return
    assert found.rows == 1
    assert found.absolute == abs(other.loc[row, "value"] - frame.loc[row, "value"])
    assert found.relative == pytest.approx(found.absolute / max(other.loc[row, "value"], frame.loc[row, "value"]))
    assert f"t={frame.loc[row, 't']}" in found.where


def test_missing_and_added_rows_are_named_by_their_key(curves):
    pair = matched(curves.drop(index=5), curves.drop(index=[0, 2]), CURVES)
    assert [text.rpartition("t=")[2] for text in pair.missing] == [str(t) for t in curves.loc[[0, 2], "t"]]
    assert [text.rpartition("t=")[2] for text in pair.added] == [str(curves.loc[5, "t"])]
    assert len(pair.run) == 5
    assert not pair.equal


def test_keys_that_differ_in_the_last_digits_are_of_one_row(curves):
    other = curves.assign(t=curves["t"] * (1 + 1e-15))
    assert (other["t"] != curves["t"]).any()
    pair = matched(curves, other, CURVES)
    assert not pair.missing
    assert not pair.added


def test_keys_without_a_number_are_of_one_row():
    frame = made(CONVEXITY).assign(radius=np.nan)
    other = frame.assign(mean_gap=frame["mean_gap"] + 1)
    pair = matched(frame, other, CONVEXITY)
    assert len(pair.reference) == len(frame)
    assert difference(pair, "mean_gap").rows == len(frame)


def test_nan_is_equal_to_nan_and_infinitely_far_from_a_number(curves):
    hole, both = curves.copy(), curves.copy()
    hole.loc[3, "value"] = both.loc[3, "value"] = np.nan
    assert difference(matched(hole, both, CURVES), "value") is None
    for pair in (matched(curves, hole, CURVES), matched(hole, curves, CURVES)):
        found = difference(pair, "value")
        assert (found.rows, found.absolute, found.relative) == (1, math.inf, math.inf)


def test_text_and_truth_have_no_size(curves):
    found = difference(matched(curves, curves.assign(role="control"), CURVES), "role")
    assert found.rows == len(curves)
    assert math.isnan(found.absolute)
    assert "at most" not in str(found)
    runs = TABLES["memorization/runs"]
    frame = made(runs)
    other = frame.assign(fitted=~frame["fitted"])
    assert "at most" not in str(difference(matched(frame, other, runs), "fitted"))


def test_the_largest_difference_is_named_and_all_are_counted(curves):
    other = curves.copy()
    other.loc[[1, 6], "value"] += [0.5, 0.25]
    text = str(difference(matched(curves, other, CURVES), "value"))
    assert "differs in 2 rows, at most by 0.5 " in text
    assert text.endswith(f"t={curves.loc[1, 't']}")


def test_rows_are_selected_by_values_of_columns():
    frame = pd.DataFrame({"study": ["a", "a", "b"], "t": [1.0, 2.0, 1.0]})
    assert selected(frame, {}).tolist() == [True, True, True]
    assert selected(frame, {"study": ["a"], "t": [1.0, 3.0]}).tolist() == [True, False, False]
