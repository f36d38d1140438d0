"""Every table has a tolerance, and each is about columns that there are."""

import re
from pathlib import Path

import pytest

from optprimer.compare.tolerances import tolerances
from optprimer.registry import TABLES

PAGE = Path(__file__).parents[2] / "docs/compare.md"
TIMED = {"rates/cost", "batch/cost", "rates/checks", "rates/exponents", "claims", "claims/evidence"}


def test_every_table_of_the_registry_has_a_tolerance_with_its_reason():
    assert list(tolerances()) == list(TABLES)
    assert all(each.why for each in tolerances().values())


@pytest.mark.parametrize("table", TABLES)
def test_allowances_are_about_columns_of_the_table(table):
    model = TABLES[table]
    columns = set(model.to_schema().columns)
    for allowance in tolerances()[table].allowances:
        assert {*allowance.columns, *(allowance.interval or ()), *allowance.where} <= columns
        assert {*allowance.over, *filter(None, [allowance.last])} <= set(model._key)
        assert not set(allowance.columns) & set(model._key)  # by which rows are matched


@pytest.mark.parametrize("table", TABLES)
def test_only_numbers_have_a_tolerance_and_every_one_has_one(table):
    columns = TABLES[table].to_schema().columns
    for allowance in tolerances()[table].allowances:
        if allowance.kind == "numbers":
            assert allowance.rtol > 0 or allowance.atol > 0 or allowance.interval
            assert all(str(columns[name].dtype).startswith(("float", "int")) for name in allowance.columns)
        else:
            assert (allowance.rtol, allowance.atol, allowance.interval, allowance.over) == (0, 0, None, ())


def test_timings_are_in_no_other_tables_than_those_about_cost():
    timed = {name for name, each in tolerances().items() if any(part.kind == "timing" for part in each.allowances)}
    assert timed == TIMED


def test_the_page_speaks_of_every_table():
    _, section = PAGE.read_text(encoding="utf-8").split("\n## Tolerances\n")
    named = {table for line in section.splitlines() for table in re.findall(r"`([\w/]+)`", line.split(" | ")[0])}
    assert set(TABLES) <= named
