"""Which rows are looked at and what is made of them; what must not matter does not."""

import numpy as np
import pandas as pd
import pytest
from claims_parts import CONTRAST, MEAN, exponents, judged, part, reported, runs
from hypothesis import given, settings
from hypothesis import strategies as st

from optprimer.claims.selection import groups, select
from optprimer.errors import UserError

TABLE = runs(gd=[0.9, 0.8, 0.7], sgd=[0.6, 0.6, 0.6], adam=[0.1, 0.2, 0.3])
DIFFERENCE = part(rule="ci_above", threshold=0.0, **{**CONTRAST, "where": {"network": "mlp"}})
PARTS = [part(), part(rule="ci_above", threshold=0.0, **MEAN), DIFFERENCE]


def measured(part, table=TABLE):
    return list(select(part, table).measured["value"])


def test_rows_are_selected_by_one_value_or_by_many():
    assert measured(part(where={"recipe": "gd"})) == [0.9, 0.8, 0.7]
    assert measured(part(where={"recipe": ["gd", "adam"], "seed": [0, 2]})) == [0.1, 0.3, 0.9, 0.7]
    assert len(measured(part(where={}))) == 9


def test_rows_can_be_left_out():
    assert measured(part(where={}, without={"recipe": ["gd", "sgd"]})) == [0.1, 0.2, 0.3]
    assert measured(part(without={"seed": 0})) == [0.8, 0.7]
    assert measured(part(without={"recipe": "nothing"})) == [0.9, 0.8, 0.7]


def test_the_groups_are_those_that_have_both_arms():
    table = pd.concat([TABLE, TABLE.query("recipe == 'gd'").assign(network="conv")])
    asked = part(rule="ci_above", threshold=0.0, per=["network"], **{**CONTRAST, "where": {}})
    assert [(each.name, dict(each.where), each.per) for each in groups(asked, table)] == [
        ("part (mlp)", {"network": ("mlp",)}, ())
    ]
    assert [each.name for each in groups(part(per=["network", "seed"], where={"seed": [0, 1]}), table)] == [
        "part (conv, 0)",
        "part (conv, 1)",
        "part (mlp, 0)",
        "part (mlp, 1)",
    ]
    assert groups(asked, None) == groups(asked, TABLE[:0]) == [asked]


def test_a_value_is_divided_before_its_logarithm_is_taken():
    table = exponents((2.0, 0, 0, 4.0, 0), (9.0, 0, 0, 3.0, 0))
    chosen = {"table": "rates/exponents", "where": {}, "value": "estimate"}
    assert measured(part(**chosen, over="theory"), table) == [0.5, 3.0]
    assert measured(part(**chosen, over="theory", log=True), table) == pytest.approx([np.log(0.5), np.log(3)])


def test_a_contrast_is_paired_by_unit():
    assert measured(DIFFERENCE) == pytest.approx([0.3, 0.2, 0.1])
    assert len(select(DIFFERENCE, TABLE).rows) == 6


def test_a_contrast_can_be_a_ratio():
    ratio = part(
        rule="ci_above", threshold=1.0, **{**CONTRAST, "where": {}, "contrast": {"column": "recipe", "of": "gd", "over": "sgd"}}
    )
    assert measured(ratio) == pytest.approx([0.9 / 0.6, 0.8 / 0.6, 0.7 / 0.6])
    assert ratio.measure == "test_accuracy, recipe: gd over sgd, paired by seed"


def test_a_contrast_of_logarithms_is_that_of_a_ratio():
    logs = part(rule="ci_above", threshold=0.0, log=True, **{**CONTRAST, "where": {}})
    assert measured(logs) == pytest.approx([np.log(each / 0.6) for each in (0.9, 0.8, 0.7)])


def test_truth_values_are_numbers_even_with_gaps():
    table = TABLE.assign(diverged=pd.Series([True, None, False] * 3, dtype="object"))
    found = select(part(value="diverged"), table)
    assert (list(found.measured["value"]), found.missing) == ([1.0, 0.0], 1)


@pytest.mark.parametrize(("value", "over"), [(np.inf, 1.0), (1.0, 0.0), (0.0, 0.0), (np.nan, 1.0)])
def test_what_is_not_finite_is_missing(value, over):
    table = TABLE.assign(test_accuracy=value, train_accuracy=over)
    assert select(part(over="train_accuracy"), table).missing == 3


def test_a_parameter_that_is_missing_makes_its_value_missing_but_a_neighbour_may_be_absent():
    nothing = float("nan")
    assert select(reported(), exponents((-1, -1.1, -0.9, nothing, -2))).missing == 1
    assert select(reported(), exponents((-1, -1.1, -0.9, -1, nothing))).missing == 0


def test_a_missing_pair_is_named():
    table = TABLE.drop(TABLE.query("recipe == 'sgd' and seed == 1").index)
    with pytest.raises(UserError, match=r"^no row of recipe = sgd for seed = 1$"):
        select(DIFFERENCE, table)
    table = TABLE.drop(TABLE.query("recipe == 'gd' and seed == 2").index)
    with pytest.raises(UserError, match=r"^no row of recipe = gd for seed = 2$"):
        select(DIFFERENCE, table)


def test_an_ambiguous_pair_is_named():
    table = pd.concat([TABLE, TABLE.query("recipe == 'sgd' and seed == 1").assign(network="conv")])
    ambiguous = part(rule="ci_above", threshold=0.0, **{**CONTRAST, "where": {}})
    with pytest.raises(UserError, match=r"^two rows of recipe = sgd for seed = 1$"):
        select(ambiguous, table)
    with pytest.raises(UserError, match=r"^two rows for seed = 0$"):
        select(part(rule="ci_above", threshold=0.0, **{**MEAN, "where": {}}), TABLE)


def test_a_unit_that_lacks_rows_is_named():
    given = {"statistic": "rank_correlation", "unit": ["seed"], "against": "train_accuracy", "where": {}}
    table = TABLE.drop(TABLE.query("recipe == 'sgd' and seed == 1").index)
    with pytest.raises(UserError, match=r"^only 2 of 3 values for seed = 1$"):
        select(part(rule="ci_above", threshold=0.0, **given), table)


def test_a_correlation_takes_three_values_of_a_unit():
    given = {"statistic": "rank_correlation", "unit": ["seed"], "against": "train_accuracy", "where": {"recipe": ["gd", "sgd"]}}
    with pytest.raises(UserError, match=r"^a correlation takes 3 values of each unit at least, not 2$"):
        select(part(rule="ci_above", threshold=0.0, **given), TABLE)


def test_a_unit_of_many_values_is_left_out_whole():
    given = {"statistic": "rank_correlation", "unit": ["seed"], "against": "train_accuracy", "where": {}}
    table = TABLE.copy()
    table.loc[table.query("recipe == 'sgd' and seed == 1").index, "test_accuracy"] = np.nan
    found = select(part(rule="ci_above", threshold=0.0, **given), table)
    assert (len(found.measured), found.missing) == (6, 3)


def test_a_parameter_of_a_mean_is_one_number():
    table = TABLE.assign(train_accuracy=np.linspace(0, 1, 9))
    with pytest.raises(UserError, match=r"^threshold is column train_accuracy, which takes several values"):
        select(part(rule="ci_above", threshold="train_accuracy", **MEAN), table)


def test_one_run_under_two_seeds_is_no_evidence():
    # Three equal differences have an interval without width, above any threshold below them.
    table = runs(gd=[0.9, 0.8, 0.9], sgd=[0.6, 0.6, 0.6]).assign(train_loss=0.1)
    found = judged(DIFFERENCE, table)
    assert (found.verdict, found.unjudged) == ("inconclusive", True)
    assert (
        found.reason == "seed = 0 and seed = 2 of network = mlp, recipe = gd are alike in every other column: one run, not two"
    )
    assert judged(DIFFERENCE, table.assign(train_loss=range(6))).reason == ""
    assert "missing" in judged(DIFFERENCE, runs(gd=[np.nan] * 3, sgd=[0.6, 0.5, 0.4])).reason


@pytest.mark.parametrize("row", [(1.0, 1.2, 0.8), (1.0, 1.1, 1.2)])
def test_an_estimate_beside_its_interval_is_damaged(row):
    found = judged(reported(), exponents((*row, 1.0, 2.0)))
    assert (found.verdict, found.reason) == ("inconclusive", "estimate is not between ci_low and ci_high in 1 of 1 rows")


def test_what_cannot_be_paired_is_inconclusive_with_that_reason():
    found = judged(DIFFERENCE, TABLE.drop(TABLE.query("recipe == 'sgd' and seed == 1").index))
    assert (found.verdict, found.reason) == ("inconclusive", "no row of recipe = sgd for seed = 1")


@pytest.mark.parametrize("table", [TABLE[:0], TABLE.query("recipe == 'adam'"), TABLE.query("recipe != 'gd'")])
@pytest.mark.parametrize("part", PARTS, ids=["each", "mean", "contrast"])
def test_without_rows_nothing_was_run(part, table):
    found = judged(part, table)
    assert (found.verdict, found.reason) == ("not run", "no rows of batch/runs are selected")


def test_without_a_table_nothing_was_run():
    found = judged(part(), None)
    assert (found.verdict, found.reason) == ("not run", "there is no table batch/runs")


def outcome(part, table):
    found = judged(part, table)
    return found.verdict, found.estimate, found.low, found.high, found.p_value, found.n, found.rows_sha256


CORRELATED = part(
    statistic="rank_correlation", unit=["seed"], against="train_accuracy", rule="ci_above", threshold=0.0, where={}
)


@given(st.permutations(range(9)), st.sampled_from([*PARTS, CORRELATED]))
@settings(max_examples=25, deadline=None)
def test_the_order_of_rows_does_not_matter(order, part):
    table = TABLE.assign(train_accuracy=np.linspace(0, 1, 9) % 0.3)
    assert outcome(part, table.iloc[order]) == pytest.approx(outcome(part, table), nan_ok=True)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5), st.sampled_from([("network", "conv"), ("recipe", "adam")]))
@settings(max_examples=25, deadline=None)
def test_rows_outside_the_selection_do_not_matter(values, elsewhere):
    column, name = elsewhere
    more = runs(gd=values).assign(**{column: name}, seed=range(100, 100 + len(values)))
    chosen = part(rule="ci_above", threshold=0.0, **{**CONTRAST, "where": {"network": "mlp"}})
    assert outcome(chosen, pd.concat([TABLE, more])) == pytest.approx(outcome(chosen, TABLE), nan_ok=True)


def test_columns_that_are_not_looked_at_are_part_of_the_fingerprint():
    changed = TABLE.assign(train_accuracy=0.5)
    assert select(part(), changed).rows_sha256 != select(part(), TABLE).rows_sha256
