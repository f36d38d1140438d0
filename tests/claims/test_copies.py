"""One run under two names is noticed whatever the statistic, also behind a summary; what may be alike is no copy."""

from collections.abc import Iterator
from functools import cache

import numpy as np
import pandas as pd
import pytest
from claims_parts import CONTRAST, judged, part, runs

from optprimer.claims.checks import checked
from optprimer.claims.copies import ALONG, REPLICATIONS
from optprimer.claims.judge import judge, judge_part
from optprimer.claims.load import load, tables_needed
from optprimer.claims.parts import RUNS, Part
from optprimer.claims.results import tables_in
from optprimer.claims.selection import groups, select
from optprimer.config.schema import ROOT
from optprimer.registry import TABLES

REFERENCE = ROOT / "results/reference"
DIGITS = cache(tables_in(REFERENCE / "digits"))
PARTS = [
    group
    for claim in load()
    if "digits" in claim.scales
    for role, asked in claim.at("digits").parts
    if role in ("requires", "evidence")
    for group in groups(asked, DIGITS(asked.table) if asked.per else None)
]
OF_RUNS = [each for each in PARTS if {*TABLES[each.table]._key} & {*REPLICATIONS}]
BEHIND = [each for each in PARTS if each.table in RUNS]


def copied(table: str, rows: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """The rows with one run written over another of its setting: in the first setting of several runs, then in the last."""
    key = TABLES[table]._key
    (name,) = {*key} & {*REPLICATIONS}
    setting = [column for column in key if column not in (name, *ALONG)]
    several = [group for _, group in rows.groupby(setting or rows["data"]) if len(group[name].unique()) > 1]
    for group in (several[0], several[-1]) if several else ():
        first, second, *_ = group[name].unique()
        of = {number: group[group[name] == number] for number in (first, second)}
        yield pd.concat([rows.drop(index=of[second].index), of[first].assign(**{name: second})], ignore_index=True)


@pytest.mark.parametrize("part", OF_RUNS, ids=lambda part: part.name)
def test_a_copied_run_decides_nothing(part: Part):
    rows = select(part, DIGITS(part.table)).rows
    tables = [*copied(part.table, rows)]
    if not tables:
        pytest.skip("each setting has one run")
    for table in tables:
        found = judge_part(part, table, 0)
        assert (found.verdict, found.unjudged) == ("inconclusive", True)
        assert found.reason.endswith("are alike in every other column: one run, not two")


@pytest.mark.parametrize("part", BEHIND, ids=lambda part: part.name)
def test_a_copied_run_behind_a_summary_is_noticed(part: Part):
    table, runs = DIGITS(part.table), DIGITS(RUNS[part.table])
    before = judge_part(part, table, 0, runs)
    assert not before.unjudged
    rows = select(part, table).rows
    shared = [column for column in TABLES[part.table]._key if column in TABLES[RUNS[part.table]]._key]
    beside = runs.merge(rows[shared].drop_duplicates(), how="left", indicator=True) if shared else runs.assign(_merge="both")
    within = beside["_merge"] == "both"
    for wrong in copied(RUNS[part.table], runs[within.to_numpy()]):
        found = judge_part(part, table, 0, wrong)
        assert (found.verdict, found.unjudged) == ("inconclusive", True)
        assert found.reason.startswith(f"{RUNS[part.table]}: ")
    for elsewhere in copied(RUNS[part.table], runs[~within.to_numpy()]) if (~within).any() else ():
        assert judge_part(part, table, 0, elsewhere).verdict == before.verdict


def test_the_tables_behind_summaries_are_looked_at_and_made_before_a_run_is_judged():
    tables = {name: DIGITS(name) for name in TABLES if not name.startswith("claims")}
    wrong = tables | {"edge/curves": next(copied("edge/curves", tables["edge/curves"].query("role == 'claim'")))}
    (claim,) = (claim for claim in checked() if claim.id == "G5")
    assert "edge/curves" not in judge([claim], tables.get, "digits")[0].reason
    ruling = judge([claim], wrong.get, "digits")[0]
    assert ruling.verdict == "inconclusive"
    assert "edge/curves: seed = 0 and seed = 1 of network = tanh" in ruling.reason
    assert {RUNS[name] for name in tables_needed("digits") if name in RUNS} <= {*tables_needed("digits")}


@pytest.mark.parametrize("name", ["digits", "cifar10-quick"])
def test_no_run_of_the_reference_results_is_taken_for_a_copy(name):
    rulings = judge(checked(), tables_in(REFERENCE / name), name)
    assert not [judged.reason for ruling in rulings for _, judged in ruling.parts if "alike" in judged.reason]


def test_rows_that_may_be_alike_are_no_copies_of_runs():
    """All random directions have the trained network in their middle."""
    (precision,) = (each for each in PARTS if each.table == "landscape/precision")
    rows = DIGITS("landscape/precision")
    assert rows.duplicated([column for column in rows if column != "direction_seed"]).any()
    assert not judge_part(precision, rows, 0).unjudged


def test_a_copy_in_one_arm_is_a_copy():
    table = runs(gd=[0.9, 0.8, 0.7], sgd=[0.6, 0.5, 0.4])
    copy = table.query("recipe == 'sgd' and seed == 0").assign(seed=2)
    table = pd.concat([table.query("recipe == 'gd' or seed < 2"), copy])
    found = judged(part(rule="ci_above", threshold=0.0, **{**CONTRAST, "where": {}}), table)
    assert (
        found.reason == "seed = 0 and seed = 2 of network = mlp, recipe = sgd are alike in every other column: one run, not two"
    )


def test_the_same_numbers_in_two_settings_are_no_copy():
    table = runs(gd=[0.9, 0.8], sgd=[0.9, 0.8])
    assert judged(part(where={}), table).verdict == "supported"


def test_runs_whose_value_is_missing_are_missing_and_no_copies():
    table = runs(gd=[np.nan, np.nan, 0.9]).assign(train_loss=np.nan)
    assert judged(part(), table).reason == "2 of 3 values are missing"


def test_where_rows_are_put_together_from_runs_these_are_known_or_the_stage_keeps_none():
    """A new summary among the claims needs an entry in RUNS, or a word in optprimer.claims.copies."""
    used = {part.table for claim in load() for _, part in claim.parts}
    summed = {name for name in used if "seeds" in TABLES[name].to_schema().columns}
    assert summed - RUNS.keys() == {"rates/curves", "rates/exponents"}
    assert RUNS.keys() <= used
