"""The study of saddles: what it claims holds, its controls fail, and its numbers are those of formulas."""

import math

import numpy as np
import pytest
from digit_settings import digit_settings
from findings_checks import assert_claims_hold_and_controls_fail, table

from optprimer.rates.studies.saddles import rebound, study


@pytest.fixture(scope="module")
def found():
    return study(digit_settings())


def test_claims_hold_and_controls_fail(found):
    assert_claims_hold_and_controls_fail(found)


def test_growth_factors_within_three_percent(found):
    checks = table(found, "checks").set_index(["check", "problem"])
    for attraction, factor in ((1, 2.7095), (1.5, 3.4094), (2, 4.1063), (3, 5.4966)):
        assert checks.loc[("growth factor of the waits", f"octopus_{attraction}"), "measured"] == pytest.approx(
            factor, rel=0.03
        )
        assert checks.loc[("growth factor of the waits, pgd", f"octopus_{attraction}"), "measured"] == pytest.approx(1, abs=0.2)


def test_perturbed_descent_is_linear_and_gradient_descent_is_not(found):
    exponents = table(found, "exponents")
    linear = exponents[exponents["quantity"] == "steps_since_second_exit"]
    assert (linear["method"] == "pgd").all()
    assert linear["estimate"].to_numpy() == pytest.approx(1, abs=0.1)
    controls = exponents[exponents["role"] == "control"]
    assert (controls["ci_high"] < 0.3 * controls["theory"]).all()  # kicked waits do not grow


def test_gradient_norm_shows_the_waiting(found):
    curves = table(found, "curves")
    steps = curves[(curves["variable"] == "step") & (curves["quantity"] == "gradient_norm")]
    run = steps[(steps["problem"] == "octopus_2_d5") & (steps["method"] == "gd")]
    assert run["value"].min() < 1e-9
    assert run["value"].iloc[-1] > 1  # long after, it moves again
    convex = steps[steps["problem"] == "strictly_convex"]
    assert convex["value"].is_monotonic_decreasing


def test_gap_falls_from_saddle_to_saddle_by_nu(found):
    curves = table(found, "curves")
    gap = curves[(curves["quantity"] == "gap") & (curves["problem"] == "octopus_2_d5") & (curves["method"] == "gd")]
    nu = math.e**2 * (37 * 2 + 13) / 6
    for saddle in (2, 3, 4):
        assert np.abs(gap["value"] - (5 - saddle) * nu).min() < 0.1 * nu


def test_plane_saddle_against_numbers_of_another_implementation(found):
    curves = table(found, "curves")
    plane = curves[curves["problem"] == "plane_saddle"]
    steps = plane[plane["quantity"] == "exit_time"]
    least = plane[plane["quantity"] == "least_gradient_norm"]
    for delta, count, norm in ((1e-2, 43, 0.125), (1e-4, 91, 0.0112), (1e-8, 188, 8.9e-5), (1e-16, 381, 5.6e-9)):
        nearest = (np.log(steps["t"]) - math.log(delta)).abs().argmin()
        assert steps["value"].iloc[nearest] == count
        assert least["value"].iloc[nearest] == pytest.approx(norm, rel=0.01)


def test_rebound():
    assert rebound(np.array([4.0, 2.0, 1.0])) == 1
    assert rebound(np.array([4.0, 0.5, 3.0, 0.1])) == 6


def test_seeds_matter_and_equal_seeds_agree():
    small = {"dimensions": 5, "seeds": 2}
    first, again, other = (table(study(digit_settings(seed=seed, **small)), "curves") for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first["value"].equals(other["value"])
