import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from optprimer.rates.bounds import stochastic as bounds
from optprimer.rates.problems.stochastic import regression

constants = st.floats(0.1, 10)


def recursion(eta, first, steps, variance=1.0):
    e = [first**2]
    for _ in range(steps):
        e.append((1 - eta) ** 2 * e[-1] + eta**2 * variance)
    return np.array(e)


def test_second_moments_follow_their_recursion():
    np.testing.assert_allclose(bounds.second_moment(np.arange(51), 0.3, 2.0, 0.5), recursion(0.3, 2.0, 50, 0.5), rtol=1e-13)


def test_known_values_at_horizons():
    horizon = 100 * 4 ** np.arange(6)
    known = [0.0526316, 0.0256410, 0.0126582, 0.00628931, 0.00313480, 0.00156495]
    np.testing.assert_allclose(bounds.second_moment(horizon, 1 / np.sqrt(horizon), 2.0), known, rtol=5e-6)


def test_known_floors():
    etas = np.array([0.01, 0.1, 0.5, 1.0])
    np.testing.assert_allclose(bounds.second_moment(math.inf, etas, 3.0), [0.005025, 0.05263, 0.33333, 1], rtol=1e-3)


def test_first_moments_are_integrals_over_normal_noise():
    eta, first, t = 0.2, 1.5, 3
    mean = (1 - eta) ** t * first
    spread = math.sqrt(bounds.second_moment(t, eta, first) - mean**2)
    expected, _ = integrate.quad(lambda w: abs(w) * stats.norm.pdf(w, mean, spread), -5, 5, points=[0])
    assert bounds.first_moment(t, eta, first) == pytest.approx(expected, rel=1e-7)
    assert bounds.first_moment(0, eta, first) == pytest.approx(first)
    assert bounds.first_moment(10_000, eta, first) == pytest.approx(math.sqrt(2 / math.pi * eta / (2 - eta)))


@given(constants, constants, constants, constants)
def test_tuned_steps_are_the_best(gap, beta, square, factor):
    eta = bounds.nonconvex_step(100, gap, beta, square)
    tuned = bounds.nonconvex_tuned(100, gap, beta, square)
    assert bounds.nonconvex(100, eta, gap, beta, square) == pytest.approx(float(tuned))
    assert bounds.nonconvex(100, eta * factor, gap, beta, square) >= tuned * (1 - 1e-12)


@given(constants, constants, constants)
def test_the_convex_step_is_the_best(distance, square, factor):
    def bound(eta):
        return distance**2 / (2 * eta * 100) + eta * square / 2

    eta = bounds.convex_step(100, distance, square)
    assert bound(eta) == pytest.approx(float(bounds.convex(100, distance, square)))
    assert bound(eta * factor) >= bound(eta) * (1 - 1e-12)


@given(st.floats(0.01, 1.5), st.floats(-3, 3), st.integers(1, 200))
def test_the_variance_bound_is_an_equality_on_the_parabola_up_to_the_gap_that_is_left(eta, first, horizon):
    moments = recursion(eta, first, horizon)
    spent = (moments[0] - moments[-1]) / 2
    exact = bounds.nonconvex_variance(horizon, eta, spent, 1.0, 1.0)
    assert moments[:-1].mean() == pytest.approx(float(exact), rel=1e-9)
    assert moments[:-1].mean() <= bounds.nonconvex_variance(horizon, eta, moments[0] / 2, 1.0, 1.0) * (1 + 1e-9)


@given(st.floats(-5, 5))
def test_steps_1_over_alpha_t_forget_the_start(first):
    e, alpha = first**2, 2.0
    for t in range(1, 51):
        eta = 1 / (alpha * t)
        e = (1 - eta * alpha) ** 2 * e + eta**2 * 3.0
    assert alpha * e / 2 == pytest.approx(float(bounds.strongly_convex_exact(50, alpha, 3.0)))


@pytest.mark.parametrize("horizon", [4, 9])
def test_the_best_guess_of_the_coin_is_best_over_all_tosses(horizon):
    slope = 0.5 / math.sqrt(horizon)
    difference = 0.0
    for tosses in product([1, -1], repeat=horizon):
        fair = [np.prod([(1 + sign * slope * g) / 2 for g in tosses]) for sign in (1, -1)]
        difference += abs(fair[0] - fair[1]) / 2
    assert bounds.coin(horizon) == pytest.approx(slope * (1 - difference))


def test_the_best_guess_tends_to_its_limit():
    assert bounds.coin(10**6) * 10**3 == pytest.approx(0.5 * (1 - 0.38292), abs=1e-4)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.05, 1.0), st.sampled_from([0.0, 0.3, 2.0]))
def test_bounds_without_bounded_gradients_hold_on_random_least_squares(seed, share, residual):
    problem = regression("random", np.random.default_rng(seed), 10, 3, residual)
    noise, growth = problem.growth
    t = np.arange(61)
    eta = share / (problem.beta * growth)
    second = list(problem.moments(60, lambda _: eta))
    gaps = np.array([np.vdot(problem.hessian, each) / 2 for each in second])
    squares = np.array([np.vdot(problem.hessian @ problem.hessian, each) for each in second])
    bound = bounds.growth(t, eta, problem.gap, problem.alpha, problem.beta, noise)
    assert (gaps <= bound * (1 + 1e-9)).all()
    mean = np.cumsum(squares)[:-1] / t[1:]
    assert (mean <= bounds.nonconvex_growth(t[1:], eta, problem.gap, problem.beta, noise) * (1 + 1e-9)).all()

    largest, at_minimum = problem.largest_beta, 2 * problem.noise
    eta = share / (2 * largest)
    distances = np.array([np.trace(each) for each in problem.moments(60, lambda _: eta)])
    assert (distances <= bounds.smoothness(t, eta, problem.distance, problem.alpha, at_minimum) * (1 + 1e-9)).all()
    steps = bounds.smoothness_step(t, problem.alpha, largest)
    distances = np.array([np.trace(each) for each in problem.moments(60, lambda s: steps[s])])
    bound = bounds.smoothness_decreasing(t, problem.distance, problem.alpha, largest, at_minimum)
    assert (distances <= bound * (1 + 1e-9)).all()
    assert steps[0] == pytest.approx(1 / (2 * largest))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([(4, 9), (9, 4)]))
def test_samples_that_can_all_be_fitted_give_a_linear_rate(seed, shape):
    problem = regression("random", np.random.default_rng(seed), *shape, residual=0.0)
    eta = 1 / problem.largest_beta
    distances = np.array([np.trace(each) for each in problem.moments(60, lambda _: eta)])
    bound = bounds.interpolation(np.arange(61), problem.distance, problem.alpha, problem.largest_beta)
    assert (distances <= bound * (1 + 1e-9)).all()
    assert problem.factor(eta) <= 1 - problem.alpha / problem.largest_beta + 1e-12


def test_the_growth_bound_is_broken_above_the_limit_of_stability():
    problem = regression("random", np.random.default_rng(0), 10, 3, residual=1.0)
    noise, _ = problem.growth
    eta = 1.9 / problem.beta
    gaps = np.array([np.vdot(problem.hessian, each) / 2 for each in problem.moments(60, lambda _: eta)])
    assert gaps[-1] > 100 * bounds.growth(60, eta, problem.gap, problem.alpha, problem.beta, noise)


def test_subgradient_bounds():
    assert bounds.subgradient(np.array([0, 3])) == pytest.approx([1, 0.5])
    eta = 0.3 / np.sqrt(np.arange(1, 6))
    assert bounds.subgradient_decreasing(np.array([4]), 0.3) == pytest.approx((1 + (eta**2).sum()) / (2 * eta.sum()))


def test_regret_of_two_steps():
    expected = (4 * math.sqrt(2) * 3 / (2 * 0.5) + 0.25 * 6 * (1 + 1 / math.sqrt(2))) / 2
    assert bounds.regret(np.array([2]), 0.5, 2.0, 3.0, 6.0) == pytest.approx(expected)


@given(constants, constants, st.integers(1, 1000))
def test_the_weighted_average_is_bounded_by_the_sum_of_its_line(alpha, square, horizon):
    """t times the distance line: sum_t t (L_t - L*) <= sum_t t eta_t G^2/2 - ..., where what is left out telescopes to 0."""
    t = np.arange(1, horizon + 1)
    noise = (t * (2 / (alpha * (t + 1))) * square / 2).sum()
    bound = bounds.strongly_convex(horizon, alpha, square)
    assert noise / t.sum() <= bound * (1 + 1e-12)
    assert bound == pytest.approx(square * horizon / alpha / t.sum(), rel=1e-12)  # each term t/(t + 1) is below 1
