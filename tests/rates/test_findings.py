"""Rows become tables, checks are judged, and what does not fit a table is refused."""

import math

import numpy as np
import pandera.errors
import pytest

from optprimer.rates.findings import MODELS, Findings
from optprimer.rates.fits import power
from optprimer.rates.registry import TABLES
from optprimer.rates.tables import Checks, Curves
from optprimer.tables import read

T = np.array([1.0, 2.0, 4.0])


def written(findings, folder, name):
    findings.write(folder)
    return read(MODELS[name], folder / f"{name}.csv")


def test_every_table_is_written_though_empty(tmp_path):
    Findings("nothing").write(tmp_path)
    assert sorted(path.stem for path in tmp_path.iterdir()) == sorted(TABLES)
    assert read(Curves, tmp_path / "curves.csv").empty


def test_a_curve_repeats_single_values_and_has_its_value_as_interval(tmp_path):
    findings = Findings("descent")
    findings.curve("huber", "gd", "gap", "step", T, 1 / T, bound=2.0)
    rows = written(findings, tmp_path, "curves")
    assert rows["t"].tolist() == [1, 2, 4]
    assert rows["bound"].tolist() == [2, 2, 2]
    assert rows["tight_bound"].isna().all()
    assert rows["ci_low"].equals(rows["value"])
    assert rows["ci_high"].equals(rows["value"])
    assert set(rows["study"]) == {"descent"}
    assert set(rows["data"]) == {"analytic"}
    assert set(rows["role"]) == {"claim"}
    assert set(rows["relation"]) == {"<="}


def test_a_random_curve_keeps_its_interval_and_data(tmp_path):
    findings = Findings("sgd", data="digits")
    findings.curve("q", "sgd", "gap", "horizon", T, 1 / T, interval=(0.5 / T, 2 / T), seeds=7, role="control", relation=">=")
    rows = written(findings, tmp_path, "curves")
    np.testing.assert_allclose(rows[["ci_low", "ci_high"]], np.transpose([0.5 / T, 2 / T]))
    assert rows.loc[0, ["data", "seeds", "role", "relation"]].tolist() == ["digits", 7, "control", ">="]


def test_an_exponent_stands_beside_its_theory(tmp_path):
    findings = Findings("convex")
    findings.exponent("huber", "gd", "gap", "horizon", power(T, 1 / T), -1, neighbour=-2)
    row = written(findings, tmp_path, "exponents").iloc[0]
    assert row["estimate"] == pytest.approx(-1)
    assert row["ci_low"] <= -1 <= row["ci_high"]
    assert row[["theory", "neighbour", "first", "last", "points", "seeds"]].tolist() == [-1, -2, 1, 4, 3, 1]


@pytest.mark.parametrize(
    ("measured", "relation", "tolerance", "holds"),
    [
        (1.0, "=", 0.0, True),
        (1.1, "=", 0.05, False),
        (0.9, "=", 0.05, False),
        (0.96, "=", 0.05, True),
        (1.04, "<=", 0.05, True),
        (1.06, "<=", 0.05, False),
        (-5.0, "<=", 0.0, True),
        (0.96, ">=", 0.05, True),
        (0.94, ">=", 0.05, False),
        (5.0, ">=", 0.0, True),
        (math.nan, "=", 1.0, False),
        (math.nan, "<=", 1.0, False),
        (math.nan, ">=", 1.0, False),
    ],
)
def test_a_check_holds_within_its_tolerance_and_never_without_a_number(tmp_path, measured, relation, tolerance, holds):
    findings = Findings("descent")
    findings.check("a number", "huber", measured, relation, 1.0, tolerance)
    assert written(findings, tmp_path, "checks").loc[0, "holds"] == holds


def test_the_same_findings_are_the_same_bytes_in_whatever_order(tmp_path):
    for folder, problems in (("a", ("one", "two")), ("b", ("two", "one"))):
        findings = Findings("descent")
        for problem in problems:
            findings.check("a number", problem, math.pi, ">=", 0)
        findings.write(tmp_path / folder)
    assert (tmp_path / "a/checks.csv").read_bytes() == (tmp_path / "b/checks.csv").read_bytes()
    assert len(read(Checks, tmp_path / "a/checks.csv")) == 2


def test_two_rows_of_one_key_are_refused(tmp_path):
    findings = Findings("descent")
    for value in (1.0, 2.0):
        findings.check("a number", "huber", value, "=", 1)
    with pytest.raises(ValueError, match="not unique"):
        findings.write(tmp_path)


def test_an_unknown_role_is_refused(tmp_path):
    findings = Findings("convex")
    findings.exponent("huber", "gd", "gap", "horizon", power(T, 1 / T), -1, role="guess")
    with pytest.raises(pandera.errors.SchemaError, match="role"):
        findings.write(tmp_path)
    assert not (tmp_path / "exponents.csv").exists()
