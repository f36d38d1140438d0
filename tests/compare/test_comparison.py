"""A run beside its reference: alike it passes, and every planted difference is found in its table and named."""

import shutil

import numpy as np
import pytest
from made_tables import made

from optprimer.compare.agreement import unequal
from optprimer.compare.comparison import Verdict, added, compare
from optprimer.compare.differences import matched
from optprimer.compare.tolerances import tolerances
from optprimer.errors import UserError
from optprimer.registry import TABLES
from optprimer.tables import read, write

FLAT = [name for name in TABLES if name != "train/history"]


def by_table(comparisons):
    return {each.table: each for each in comparisons}


def plant(folder, table, frame):
    write(frame, TABLES[table], folder / f"{table}.csv")


@pytest.mark.parametrize("exact", [True, False])
def test_a_run_is_the_same_as_itself(pair, exact):
    found = compare(*pair, exact=exact)
    assert len(found) == len(TABLES) + 1  # two histories
    assert {each.verdict for each in found} == {Verdict.SAME}
    assert all(each.passes(strict=True) for each in found)


def test_rows_in_another_order_are_the_same_table_but_not_the_same_bytes(pair):
    path = pair[1] / "landscape/surface.csv"
    head, *rows = path.read_text().splitlines(keepends=True)
    path.write_text("".join([head, *reversed(rows)]))
    found = by_table(compare(*pair, exact=True))["landscape/surface"]
    assert found.verdict is Verdict.ROWS
    assert found.passes(strict=False)
    assert not found.passes(strict=True)


def another(frame, column, model):
    """A value for the row 3 of a column that differs from the one there, or None if only one is allowed."""
    old = frame.loc[3, column]
    limits = {check.name: check.statistics for check in model.to_schema().columns[column].checks}
    choices = (
        limits["isin"]["allowed_values"] if "isin" in limits else [not old] if frame[column].dtype == bool else frame[column]
    )
    return next((value for value in choices if value != old), None)


@pytest.mark.parametrize("table", FLAT)
def test_a_difference_in_any_column_of_any_table_counts_on_one_machine(table):
    model = TABLES[table]
    frame = made(model)
    timed = {column for each in tolerances()[table].allowances if each.kind == "timing" for column in each.columns}
    for column in frame.columns.drop(model._key):
        if column in timed or (value := another(frame, column, model)) is None:
            continue
        other = frame.copy()
        other.loc[3, column] = value
        (line,) = unequal(matched(frame, other, model), tolerances()[table])
        assert line.startswith(f"{column} differs in 1 rows")


def test_a_missing_row_is_found_by_its_key(pair):
    plant(pair[1], "rates/pl", made(TABLES["rates/pl"]).drop(index=4))
    found = by_table(compare(*pair, exact=False))["rates/pl"]
    assert found.verdict is Verdict.DIFFERS
    assert found.against == ("1 rows are missing, the first at problem=problem4",)
    assert (found.missing, found.added) == (1, 0)


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("table", ["rates/cost", "batch/cost"])
def test_seconds_may_differ(pair, table, exact):
    frame = made(TABLES[table])
    plant(pair[1], table, frame.assign(seconds=frame["seconds"] * 3))
    found = by_table(compare(*pair, exact=exact))[table]
    assert found.verdict is Verdict.TIMINGS
    assert found.passes(strict=True)


def test_of_exponents_only_those_of_seconds_may_differ(pair):
    model = TABLES["rates/exponents"]
    for study, verdict in (("cost", Verdict.TIMINGS), ("convex", Verdict.DIFFERS)):
        plant(pair[0], "rates/exponents", made(model).assign(study=study))
        plant(pair[1], "rates/exponents", made(model).assign(study=study, estimate=77.0))
        assert by_table(compare(*pair, exact=True))["rates/exponents"].verdict is verdict


def test_rounding_passes_between_machines_and_not_on_one(pair):
    frame = made(TABLES["rates/curves"])
    plant(pair[1], "rates/curves", frame.assign(value=frame["value"] * (1 + 1e-9)))
    assert by_table(compare(*pair, exact=False))["rates/curves"].verdict is Verdict.WITHIN
    assert by_table(compare(*pair, exact=True))["rates/curves"].verdict is Verdict.DIFFERS


def test_another_value_does_not_pass_between_machines(pair):
    frame = made(TABLES["rates/curves"])
    plant(pair[1], "rates/curves", frame.assign(value=frame["value"] * np.where(frame.index == 2, 1.001, 1)))
    found = by_table(compare(*pair, exact=False))["rates/curves"]
    assert found.verdict is Verdict.DIFFERS
    assert found.against[0].startswith("value is beyond")


def test_another_verdict_on_a_claim_does_not_pass(pair):
    frame = made(TABLES["claims"])
    other = sorted({"supported", "refuted"} - set(frame["verdict"]))[0]
    frame.loc[2, "verdict"] = other
    plant(pair[1], "claims", frame)
    found = by_table(compare(*pair, exact=False))["claims"]
    assert found.verdict is Verdict.DIFFERS
    assert found.against[0].startswith("verdict differs in 1 rows")


def test_a_missing_table_fails_and_an_added_one_is_told(pair):
    reference, run = pair
    (run / "rates/pl.csv").unlink()
    (reference / "edge/curves.csv").unlink()
    shutil.rmtree(reference / "train/resnet56")
    found = by_table(compare(reference, run, exact=False))
    assert found["rates/pl"].verdict is Verdict.MISSING
    assert not found["rates/pl"].passes(strict=False)
    assert "edge/curves" not in found
    assert added(reference, run) == ["train/resnet56/history", "edge/curves"]


@pytest.mark.parametrize("which", [0, 1])
def test_a_folder_without_tables_is_one_line(pair, which, tmp_path):
    folders = list(pair)
    folders[which] = tmp_path / "nothing"
    with pytest.raises(UserError, match="nothing: not a folder of results"):
        compare(*folders, exact=False)


def test_a_damaged_table_is_one_line(pair):
    path = pair[1] / "rates/pl.csv"
    path.write_text(path.read_text().replace("problem", "problematic", 1))
    with pytest.raises(UserError, match=r"rates/pl\.csv: not a table of pl rows") as refused:
        compare(*pair, exact=False)
    assert "\n" not in str(refused.value)


def test_a_table_with_a_row_twice_is_one_line(pair):
    path = pair[1] / "rates/pl.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines, lines[-1]]))
    with pytest.raises(UserError, match=r"rates/pl\.csv: rows are not unique by problem"):
        compare(*pair, exact=False)


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("table", FLAT)
def test_a_table_without_rows_does_not_pass(pair, table, exact):
    path = pair[1] / f"{table}.csv"
    path.write_text(path.read_text().splitlines(keepends=True)[0])
    found = by_table(compare(*pair, exact=exact))[table]
    assert found.against == ("the run has none of the rows",)
    assert not found.passes(strict=False)


def test_what_is_written_is_what_is_read(made_results):
    # The made tables stand for real ones only if a table that went through a file is still itself.
    for table in FLAT:
        assert len(read(TABLES[table], made_results / f"{table}.csv")) == len(made(TABLES[table]))
