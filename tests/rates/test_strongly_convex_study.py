"""exp(-t): exact factors, four methods, the cycle of heavy ball, and the controls."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from optprimer.rates.findings import Findings
from optprimer.rates.settings import Settings
from optprimer.rates.studies.strongly_convex import CYCLE, Lessard, study

SETTINGS = Settings(
    steps=2000, horizon=64, seeds=10, stochastic_horizon=100, worst_case_steps=3, dimensions=3, width=50, images=100, seed=0,
    folder=Path("nowhere"),
)  # fmt: skip


@pytest.fixture(scope="module")
def found() -> Findings:
    return study(SETTINGS)


def table(found, name):
    return pd.concat(found.rows[name], ignore_index=True)


@given(st.floats(-5, 5))
def test_lessards_value_is_the_integral_of_its_gradient(w):
    problem = Lessard(1.0)
    integral, _ = quad(lambda u: problem.gradient(np.array([u]))[0], 0, w, points=[kink for kink in (1, 2) if kink < w] or None)
    assert problem.value(np.array([w])) == pytest.approx(integral, abs=1e-6)


@given(st.floats(-5, 5), st.floats(-5, 5))
def test_lessards_curvature_is_between_one_and_25(v, w):
    slope = np.diff(Lessard(1.0).gradient(np.array([[v], [w]])), axis=0).item()
    assert min(w - v, 25 * (w - v)) - 1e-9 <= slope <= max(w - v, 25 * (w - v)) + 1e-9


def test_the_cycle_is_one():
    """Three points, each of which heavy ball with eta = 1/9 and m = 4/9 maps to the next."""
    previous, now, following = CYCLE
    for _ in range(3):
        step = now - Lessard(1.0).gradient(np.array([now]))[0] / 9 + 4 / 9 * (now - previous)
        assert step == pytest.approx(following, abs=1e-14)
        previous, now, following = now, following, previous


def test_bounds_hold_at_every_step_except_where_heavy_ball_cycles(found):
    curves = table(found, "curves")
    for column in ("bound", "tight_bound"):
        held = ~(curves["value"] > curves[column] * (1 + 1e-9))
        assert held[curves["role"] == "claim"].all()
    controls = curves[curves["role"] == "control"]
    assert controls["problem"].nunique() == 3
    assert (controls.groupby("problem")[["value", "bound"]].apply(lambda c: (c["value"] > c["bound"]).any())).all()


def test_the_bound_of_gradient_descent_is_attained(found):
    half = table(found, "curves").query("problem == 'half_alpha'")
    np.testing.assert_allclose(half["value"], half["tight_bound"], rtol=1e-12)


def test_slopes_are_the_factors_of_theory(found):
    exponents = table(found, "exponents")
    claims = exponents[exponents["role"] == "claim"]
    assert claims["theory"].between(claims["ci_low"], claims["ci_high"]).all()
    assert not claims["neighbour"].between(claims["ci_low"], claims["ci_high"]).any()
    assert (abs(claims["estimate"] / claims["theory"] - 1) < 0.06).all()
    four = claims[claims["problem"] == "quadratic_two_decades"].set_index("method")["estimate"]
    assert four["heavy_ball"] < four["nesterov_strongly_convex"] < 5 * four["gd_best_step"] < 5 * four["gd"]


def test_a_merely_convex_loss_is_not_linear(found):
    (row,) = table(found, "exponents").query("role == 'control'").itertuples()
    assert not row.ci_low <= row.theory <= row.ci_high
    assert abs(row.estimate) < 0.01 * abs(row.theory)


def test_checks_hold_and_the_square_root_of_the_factor_does_not(found):
    checks = table(found, "checks")
    assert checks[checks["role"] == "claim"]["holds"].all()
    (control,) = checks[checks["role"] == "control"].itertuples()
    assert control.check.endswith("1 - q")
    assert not control.holds
