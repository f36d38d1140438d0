"""Losses are what they say: gradients, smoothness, convexity, optima, and the runs that they were made for."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optprimer.rates.methods.gradient import GD, gradient_descent
from optprimer.rates.problems import PROBLEMS
from optprimer.rates.problems.convex import (
    Huber,
    LogisticRegression,
    Power,
    PseudoHuber,
    Quadratic,
    SeparableLogistic,
    power_law_spectrum,
)
from optprimer.rates.problems.nonconvex import Chain, Cosine, Sawtooth, SigmoidNeuron, Tail

MORE = (Power(3), Huber(0.25), Tail(0.1), Tail(2.0), Sawtooth(1), Chain(5), power_law_spectrum(0.5, least=1e-3, per_decade=3))
SMOOTH = {problem.name: problem for problem in (*PROBLEMS, *MORE) if math.isfinite(problem.beta)}
NAMES = st.sampled_from(sorted(SMOOTH))
SEEDS = st.integers(0, 2**32 - 1)


def pair(problem, seed):
    """Two points, near the start or far from it, and near to one another or far."""
    rng = np.random.default_rng(seed)
    u = problem.start + 10 ** rng.uniform(-2, 1) * rng.normal(size=len(problem.start))
    return u, u + 10 ** rng.uniform(-3, 1) * rng.normal(size=len(u))


@given(NAMES, SEEDS)
def test_gradients_are_those_of_the_values(name, seed):
    problem = SMOOTH[name]
    w, _ = pair(problem, seed)
    h = 1e-6 * np.eye(len(w))
    differences = (problem.value(w + h) - problem.value(w - h)) / 2e-6
    # A gradient that is beta-Lipschitz leaves an error of beta h; rounding leaves eps |L|/h.
    tolerance = 1e-6 * problem.beta + 1e-9 * (1 + abs(problem.value(w)))
    np.testing.assert_allclose(problem.gradient(w), differences, rtol=0, atol=tolerance)


@given(NAMES, SEEDS)
def test_gradients_are_beta_lipschitz_and_the_quadratic_bounds_hold(name, seed):
    problem = SMOOTH[name]
    u, w = pair(problem, seed)
    apart = np.linalg.norm(w - u)
    change = np.linalg.norm(problem.gradient(w) - problem.gradient(u))
    rounding = 1e-12 * (np.linalg.norm(problem.gradient(u)) + problem.beta * np.linalg.norm(u))
    assert change <= problem.beta * apart * (1 + 1e-9) + rounding
    beyond = problem.value(w) - problem.value(u) - problem.gradient(u) @ (w - u)
    noise = 1e-11 * (1 + abs(problem.value(w)) + abs(problem.value(u)) + np.abs(problem.gradient(u)) @ (np.abs(w) + np.abs(u)))
    assert abs(beyond) <= problem.beta / 2 * apart**2 + noise
    if problem.convex:
        assert beyond >= problem.alpha / 2 * apart**2 - noise


@given(NAMES, SEEDS)
def test_no_point_is_below_the_optimum(name, seed):
    problem = SMOOTH[name]
    for w in pair(problem, seed):
        assert problem.value(w) >= problem.optimum * (1 - 1e-15 * np.sign(problem.optimum))


@given(NAMES, SEEDS)
def test_many_points_at_once_are_each_as_alone(name, seed):
    problem = SMOOTH[name]
    points = np.array(pair(problem, seed))[:, None]
    assert problem.value(points).shape == (2, 1)
    alone = [float(problem.value(w)) for w in points[:, 0]]
    np.testing.assert_allclose(problem.value(points)[:, 0], alone, rtol=1e-13)
    alone = [problem.gradient(w) for w in points[:, 0]]
    np.testing.assert_allclose(problem.gradient(points)[:, 0], alone, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("problem", SMOOTH.values(), ids=SMOOTH)
def test_minimisers_are_stationary_and_optimal(problem):
    assert problem.gap > 0
    if problem.minimizer is None:
        assert problem.distance == math.inf
        return
    np.testing.assert_allclose(problem.gradient(problem.minimizer), 0, atol=1e-14)
    assert float(problem.value(problem.minimizer)) == pytest.approx(problem.optimum, abs=1e-15)
    assert 0 < problem.distance < math.inf


@pytest.mark.parametrize("problem", [p for p in SMOOTH.values() if p.minimizer is None and not isinstance(p, Chain)], ids=str)
def test_an_infimum_at_infinity_is_approached(problem):
    *_, last = gradient_descent(problem, 3000, 1 / problem.beta)
    far = 1e60 * last / np.linalg.norm(last)
    assert problem.value(far) == pytest.approx(problem.optimum, abs=1e-5)


@pytest.mark.parametrize(
    ("problem", "where", "sign"),
    [
        (Huber(0.1), [0.0], 1),
        (PseudoHuber(), [0.0], 1),
        (Power(4), [0.9999], 1),
        (Cosine(), [0.0], 1),
        (Tail(0.5), [0.0], -1),
        (Tail(2.0), [0.0], -1),
        (SeparableLogistic(), [0.0], 1),
        (Sawtooth(3), [-0.25], 1),
        (SigmoidNeuron(), [math.log((33**0.5 + 9) / (15 - 33**0.5)), 0.0, 0.0], 1),
        (LogisticRegression(), [0.0] * 8, 1),
        (LogisticRegression(kappa=100), [0.0] * 8, 1),
        (Quadratic("q", np.array([0.1, 3.0])), [1.0, 1.0], 1),
    ],
    ids=str,
)
def test_beta_is_met(problem, where, sign):
    """The largest eigenvalue of the Hessian, by differences of gradients, is beta somewhere, or the least one -beta."""
    w, h = np.array(where), 1e-5 * np.eye(len(where))
    hessian = (problem.gradient(w + h) - problem.gradient(w - h)) / 2e-5
    assert np.abs(np.linalg.eigvalsh((hessian + hessian.T) / 2)).max() == pytest.approx(problem.beta, rel=1e-3)
    assert sign * np.linalg.eigvalsh((hessian + hessian.T) / 2)[-1 if sign > 0 else 0] == pytest.approx(problem.beta, rel=1e-3)


@pytest.mark.parametrize("problem", [p for p in SMOOTH.values() if not p.convex], ids=lambda problem: problem.name)
def test_what_is_not_called_convex_is_not(problem):
    rng = np.random.default_rng(0)
    u = problem.start + 3 * rng.normal(size=(2000, len(problem.start)))
    w = u + rng.normal(size=u.shape)
    assert (problem.value((u + w) / 2) > (problem.value(u) + problem.value(w)) / 2 + 1e-12).any()


def test_the_clipped_quartic_is_power_4():
    w = np.linspace(-3, 3, 61)[:, None]
    expected = np.where(np.abs(w) <= 1, w**4 / 4, np.abs(w) - 3 / 4)[:, 0]
    np.testing.assert_allclose(Power(4).value(w), expected, atol=1e-15)


@pytest.mark.parametrize("horizon", [1, 8, 64, 1000])
def test_the_sawtooth_is_integrated_exactly_and_sees_slope_one(horizon):
    problem = Sawtooth(horizon)
    assert problem.gap == (3 * horizon + 2) / 4
    path = np.array(list(GD.run(problem, horizon)))
    np.testing.assert_array_equal(path[:, 0], -np.arange(horizon + 1))
    np.testing.assert_array_equal(problem.gradient(path), 1)
    np.testing.assert_array_equal(np.diff(problem.value(path)), -0.75)
    u = np.linspace(-0.5, horizon + 1.5, 4001)[:, None]
    slope = problem.gradient(-u)[:, 0]
    integral = np.concatenate([[0], np.cumsum((slope[1:] + slope[:-1]) / 2 * np.diff(u[:, 0]))])
    np.testing.assert_allclose(problem.value(-u), problem.value(-u)[0] - integral, atol=1e-4 * horizon)


def test_a_power_law_spectrum_has_the_density_it_names():
    problem = power_law_spectrum(0.5)
    assert problem.distance == pytest.approx(1)
    energy = np.cumsum(problem.start**2)
    share = energy[problem.curvatures <= 1e-4][-1]
    assert share == pytest.approx((1e-4) ** 0.5, rel=0.1)  # the integral of c^(s - 1) up to c is of order c^s


def test_the_chain_reveals_one_coordinate_per_gradient():
    problem = Chain(6)
    w = problem.start
    for step in range(1, 6):
        gradient = problem.gradient(w)
        assert np.flatnonzero(gradient).tolist() == list(range(step))
        w = np.where(gradient != 0, 5.0, 0.0)  # wherever such a step may lead


@given(SEEDS)
def test_the_chains_gradient_is_longer_than_1_while_its_end_is_near_0(seed):
    rng = np.random.default_rng(seed)
    problem = Chain(5)
    w = 10 ** rng.uniform(-1, 1) * rng.normal(size=5)
    w[-1] = rng.uniform(-1, 1)
    assert np.linalg.norm(problem.gradient(w)) > 1
    assert problem.value(w) >= problem.optimum


def test_the_neuron_is_a_network_with_squared_loss():
    problem, w = SigmoidNeuron(), np.array([0.3, -0.7, 0.2])
    labels = np.random.default_rng(0).integers(0, 2, 40)
    inputs = problem.margins * np.where(labels, 1, -1)[:, None]
    prediction = 1 / (1 + np.exp(-inputs @ w))
    assert problem.value(w) == pytest.approx(((prediction - labels) ** 2).mean() / 2)


def test_regularisation_sets_the_condition_number():
    problem = LogisticRegression(kappa=100)
    assert problem.beta / problem.alpha == pytest.approx(100)
    assert problem.pl == problem.alpha
    assert LogisticRegression().alpha == 0
    assert (LogisticRegression().margins @ LogisticRegression().minimizer < 0).any()  # the classes overlap
