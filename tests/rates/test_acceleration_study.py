"""1/t^2 from both sides: Nesterov's worst function, the best point of the span, and the study with its controls."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from optprimer.rates.findings import Findings
from optprimer.rates.methods.momentum import METHODS
from optprimer.rates.settings import Settings
from optprimer.rates.studies.acceleration import NesterovWorst, best_of_span, conjugate_gradient, study
from optprimer.rates.worst_cases import final

SETTINGS = Settings(
    steps=100, horizon=512, seeds=10, stochastic_horizon=100, worst_case_steps=3, dimensions=3, width=50, images=100, seed=0,
    folder=Path("nowhere"),
)  # fmt: skip


@pytest.fixture(scope="module")
def found() -> Findings:
    return study(SETTINGS)


def table(found, name):
    return pd.concat(found.rows[name], ignore_index=True)


def test_nesterovs_function_is_what_it_says():
    problem = NesterovWorst(7)
    assert problem.value(problem.minimizer) == pytest.approx(problem.optimum)
    np.testing.assert_allclose(problem.gradient(problem.minimizer), 0, atol=1e-15)
    hessian = np.array([problem.gradient(axis) - problem.gradient(np.zeros(7)) for axis in np.eye(7)])
    eigenvalues = np.linalg.eigvalsh(hessian)
    np.testing.assert_allclose(eigenvalues, (1 - np.cos(np.pi * np.arange(1, 8) / 8)) / 2, atol=1e-14)
    assert eigenvalues[-1] < problem.beta
    assert problem.distance**2 == pytest.approx(7 * 15 / 48)


@given(st.lists(st.floats(-10, 10), min_size=5, max_size=5))
def test_its_gradient_is_that_of_its_value(w):
    problem = NesterovWorst(5)
    np.testing.assert_allclose(problem.gradient(np.array(w)), approx_fprime(np.array(w), problem.value), atol=1e-5)


def test_conjugate_gradients_find_the_best_point_of_the_span():
    """Against the solution of the equations restricted to the first axes, where the span of the gradients is."""
    t = 5
    problem = NesterovWorst(2 * t + 1)
    w = final(conjugate_gradient(problem, t))
    second_difference = (2 * np.eye(t) - np.eye(t, k=1) - np.eye(t, k=-1)) / 4
    np.testing.assert_allclose(w[:t], np.linalg.solve(second_difference, np.eye(t)[0] / 4), atol=1e-14)
    np.testing.assert_allclose(w[t:], 0)
    gap = problem.value(w) - problem.optimum
    assert gap / problem.distance**2 == pytest.approx(best_of_span(t))


@pytest.mark.parametrize("method", METHODS[:3], ids=lambda method: method.name)
def test_gradients_reveal_one_coordinate_per_step(method):
    for t, w in enumerate(method.run(NesterovWorst(12), 6)):
        assert (w[t:] == 0).all()
        assert (w[:t] != 0).all()


def test_envelopes_lie_on_the_exact_constants_and_under_the_bounds(found):
    envelope = table(found, "curves").query("problem == 'huber_envelope'")
    assert set(envelope["method"]) == {"gd", "nesterov", "nesterov_simplified", "ogm"}
    np.testing.assert_allclose(envelope["value"], envelope["tight_bound"], rtol=1e-9)
    assert (envelope["value"] <= envelope["bound"] * (1 + 1e-9)).all()


def test_the_worst_function_stays_above_its_lower_bounds(found):
    chain = table(found, "curves").query("problem == 'nesterov_worst'")
    assert (chain["relation"] == ">=").all()
    assert (chain["value"] >= chain["tight_bound"] * (1 - 1e-9)).all()
    assert (chain["tight_bound"] >= chain["bound"]).all()
    last = chain[chain["t"] == chain["t"].max()].set_index("method")["value"]
    assert last["gd"] > 10 * last["nesterov"] > 15 * last["ogm"] > 20 * last["conjugate_gradient"]


def test_exponents_and_controls(found):
    exponents = table(found, "exponents")
    inside = exponents["theory"].between(exponents["ci_low"], exponents["ci_high"])
    assert inside[exponents["role"] == "claim"].all()
    assert not inside[exponents["role"] == "control"].any()
    assert set(zip(exponents[~inside]["problem"], exponents[~inside]["method"], strict=True)) == {
        ("nesterov_worst", "gd"), ("nesterov_worst_fixed", "gd"), ("nesterov_worst_fixed", "nesterov")
    }  # fmt: skip
    claims = exponents[exponents["role"] == "claim"]
    assert not claims["neighbour"].between(claims["ci_low"], claims["ci_high"]).any()


def test_checks_hold_and_controls_do_not(found):
    checks = table(found, "checks")
    assert (checks["holds"] == (checks["role"] == "claim")).all()


def test_the_four_rates_are_apart_and_two_methods_of_one_rate_are_not(found):
    distances = table(found, "checks").query("check == 'distance between the intervals of two exponents'")
    apart = distances.set_index("problem")["measured"]
    assert apart["1/sqrt(t) and 1/t"] == pytest.approx(0.5, abs=0.1)
    assert apart["1/t and 1/t^2"] == pytest.approx(1, abs=0.3)
    assert apart["1/t^2 and exp(-t)"] > 5  # the local exponent of exp(-t) is below -8 on the whole window
    assert -0.5 < apart["1/t^2 of two methods"] < 0


def test_in_dimension_t_the_lower_bound_is_broken_and_momentums_upper_bound_by_gradient_descent(found):
    checks = table(found, "checks").set_index("check")["measured"]
    assert checks["largest share of the lower bound in dimension t"] < 1e-9
    t = 512
    assert checks["largest share of momentum's upper bound"] == pytest.approx((t + 1) ** 2 / (2 * (4 * t + 2)), rel=1e-6)
