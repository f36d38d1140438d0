"""Faults planted in the committed results of digits: whatever is claimed there, wrong evidence must take the support away.

Rows outside a part's selection change nothing (test_selection), so faults are planted in the selected rows.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from optprimer.claims.checks import checked
from optprimer.claims.judge import Ruling, judge, judge_part
from optprimer.claims.parts import Claim, Part
from optprimer.claims.results import tables_in
from optprimer.claims.selection import groups, select
from optprimer.config.schema import ROOT

TABLES = tables_in(ROOT / "results/reference/digits")
CLAIMS = [claim.at("digits") for claim in checked() if "digits" in claim.scales]
# A part whose rule is asked of several groups is a part for each: each of them has to hold.
PARTS = [
    (claim, group)
    for claim in CLAIMS
    for part in claim.evidence
    for group in groups(part, TABLES(part.table) if part.per else None)
]
DIFFERENCES = [(claim, part) for claim, part in PARTS if part.contrast]
ONE_SIDED = [(claim, part) for claim, part in DIFFERENCES if part.rule in ("ci_above", "ci_below")]
CORRELATIONS = [(claim, part) for claim, part in PARTS if part.statistic == "rank_correlation"]
Fault = Callable[[pd.Series], pd.Series]

# What is measured (of two arms, in the first) is scaled, or off by much: there is no rule that all of these leave supported.
WRONG: tuple[Fault, ...] = (
    lambda values: values * -1,
    lambda values: values * 1000,
    lambda values: values * 0.001,
    lambda values: values + 1000,
    lambda values: values - 1000,
)


def name(each: Claim | Part) -> str:
    return each.id if isinstance(each, Claim) else each.name


@pytest.fixture(scope="module")
def rulings() -> dict[str, Ruling]:
    return {ruling.claim.id: ruling for ruling in judge(CLAIMS, TABLES, "digits")}


@pytest.fixture
def rows(rulings: dict[str, Ruling], claim: Claim, part: Part) -> pd.DataFrame:
    """The evidence of a part that is supported by it."""
    judged = {each.part.name: each for _, each in rulings[claim.id].parts}[part.name]
    if judged.verdict != "supported":
        pytest.skip(f"{judged.verdict} to begin with: {judged.reason}")
    return select(part, TABLES(part.table)).rows


def measured(part: Part, rows: pd.DataFrame, fault: Fault) -> pd.DataFrame:
    """The rows with a fault in what is measured, and in its interval where that is reported."""
    hit = rows[part.contrast.column] == part.contrast.of if part.contrast else pd.Series(True, index=rows.index)
    names = [part.value, *(part.interval or ())]
    before = {column: rows[column].astype(float) for column in names}
    wrong = rows.assign(**{column: values.where(~hit, fault(values)) for column, values in before.items()})
    if part.interval:
        wrong[list(part.interval)] = np.sort(wrong[list(part.interval)], axis=1)
    return wrong


def wrong(part: Part, rows: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Rows that say something else than was measured."""
    if rows[part.value].dtype == bool:
        yield rows.assign(**{part.value: ~rows[part.value]})
    else:
        yield from (measured(part, rows, fault) for fault in WRONG)


def gap(part: Part, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with one measured value missing."""
    column = rows[part.value].astype(float)
    column.iloc[len(rows) // 2] = np.nan
    return rows.assign(**{part.value: column})


@pytest.mark.parametrize(("claim", "part"), PARTS, ids=name)
def test_a_wrong_value_takes_the_support_of_its_part(claim, part, rows):
    verdicts = [judge_part(part, table, 0) for table in wrong(part, rows)]
    assert any(judged.verdict != "supported" and "missing" not in judged.reason for judged in verdicts)


@pytest.mark.parametrize(("claim", "part"), PARTS, ids=name)
def test_a_missing_value_takes_the_support_of_its_part(claim, part, rows):
    judged = judge_part(part, gap(part, rows), 0)
    assert (judged.verdict, "missing" in judged.reason) == ("inconclusive", True)


@pytest.mark.parametrize(("claim", "part"), ONE_SIDED, ids=name)
def test_swapped_arms_refute_a_difference(claim, part, rows):
    of, other = part.contrast.arms
    swapped = replace(part.contrast, of=other, **{"minus" if part.contrast.over is None else "over": of})
    assert judge_part(replace(part, contrast=swapped), rows, 0).verdict == "refuted"


@pytest.mark.parametrize(("claim", "part"), DIFFERENCES, ids=name)
def test_a_dropped_row_of_a_pair_is_noticed(claim, part, rows):
    judged = judge_part(part, rows.drop(rows.index[len(rows) // 2]), 0)
    assert (judged.verdict, judged.reason[:9]) == ("inconclusive", "no row of")


@pytest.mark.parametrize(("claim", "part"), CORRELATIONS, ids=name)
def test_a_shuffled_column_takes_the_support_of_a_correlation(claim, part, rows):
    draws = [np.random.default_rng(seed).permutation(rows[part.against]) for seed in range(40)]
    verdicts = [judge_part(part, rows.assign(**{part.against: shuffled}), 0).verdict for shuffled in draws]
    assert verdicts.count("supported") <= 4  # one in forty is expected, more than four once in 250


@pytest.fixture
def supported(rulings: dict[str, Ruling], claim: Claim) -> Ruling:
    ruling = rulings[claim.id]
    if ruling.verdict != "supported":
        pytest.skip(f"{ruling.verdict} to begin with: {ruling.reason}")
    return ruling


def with_rows(part: Part, rows: pd.DataFrame) -> Callable[[str], pd.DataFrame]:
    """The tables of the run, but for the rows of one part."""

    def tables(name: str) -> pd.DataFrame:
        table = TABLES(name)
        return table if name != part.table else pd.concat([table.drop(index=rows.index), rows])

    return tables


@pytest.mark.parametrize(("claim", "part"), [each for each in PARTS if isinstance(each[0].combine, str)], ids=name)
def test_a_wrong_part_takes_the_support_of_its_claim(claim, part, supported):
    rows = select(part, TABLES(part.table)).rows
    verdicts = (judge([claim], with_rows(part, table), "digits")[0].verdict for table in wrong(part, rows))
    assert any(verdict != "supported" for verdict in verdicts)


@pytest.mark.parametrize("claim", [claim for claim in CLAIMS if isinstance(claim.combine, int)], ids=name)
def test_as_many_missing_parts_as_cannot_be_spared_take_the_support_of_their_claim(claim, supported):
    lost = {part.table for part in claim.evidence}
    ruling = judge([claim], lambda name: None if name in lost else TABLES(name), "digits")[0]
    assert ruling.verdict != "supported"


@pytest.mark.parametrize("claim", CLAIMS, ids=name)
def test_controls_that_are_the_evidence_leave_the_claim_untested(claim, supported):
    controls = tuple(replace(part, name=f"control: {part.name}", of=part.name) for part in claim.evidence)
    ruling = judge([replace(claim, controls=controls)], TABLES, "digits")[0]
    assert (ruling.verdict, ruling.reason[:8]) == ("inconclusive", "untested")


@pytest.mark.parametrize("claim", CLAIMS, ids=name)
def test_evidence_that_is_the_control_is_not_supported(claim, supported):
    swapped = replace(claim, combine="all", evidence=claim.controls, controls=(replace(claim.evidence[0], of="x"),))
    assert judge([swapped], TABLES, "digits")[0].verdict != "supported"


@pytest.mark.parametrize("claim", CLAIMS, ids=name)
def test_selections_of_the_registry_are_unambiguous(claim, rulings):
    reasons = [judged.reason for _, judged in rulings[claim.id].parts]
    assert not [
        reason for reason in reasons if reason.startswith(("no row of", "two rows", "only ")) or "takes several" in reason
    ]
