"""Bounds of acceleration and strong convexity: at known values, attained where they are exact, and on random instances."""

import math
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optprimer.rates.bounds import momentum as bounds
from optprimer.rates.methods.gradient import GD, gradient_descent
from optprimer.rates.methods.momentum import (
    HEAVY_BALL,
    NESTEROV,
    NESTEROV_SIMPLIFIED,
    NESTEROV_STRONGLY_CONVEX,
    OGM,
    last_weight,
    weights,
)  # fmt: skip
from optprimer.rates.problems.base import Problem
from optprimer.rates.problems.convex import Huber, Quadratic

UNIT = Huber(1.0)
T = np.arange(1.0, 11)
# By semidefinite programming, to the digits printed (reference values of the literature's tables).
FISTA = [1 / 6, 0.1, 0.0661069, 0.0468332, 0.0348936, 0.0270029, 0.0215203, 0.0175576, 0.0146005, 0.0123351]
OPTIMAL = [0.125, 0.0618942, 0.0376924, 0.0255839, 0.0185881, 0.0141560, 0.0111604, 0.00903608, 0.00747235, 0.00628648]


class Softplus(Problem):
    """A convex loss that is neither quadratic nor piecewise so: sum of c_i (log(2 cosh w_i) - log 2), with beta = max c_i."""

    name = "softplus"
    convex = True

    def __init__(self, curvatures, start):
        self.curvatures, self._start = np.asarray(curvatures, float), np.asarray(start, float)
        self.beta = self.curvatures.max()

    start = property(lambda self: self._start)
    minimizer = property(lambda self: np.zeros_like(self._start))

    def value(self, w):
        return (self.curvatures * (np.logaddexp(w, -w) - math.log(2))).sum(-1)

    def gradient(self, w):
        return self.curvatures * np.tanh(w)


def gaps(problem, method, steps):
    return problem.value(np.array(list(method.run(problem, steps)))) - problem.optimum


def test_known_values():
    np.testing.assert_allclose(bounds.nesterov_exact(UNIT, T), FISTA, rtol=1e-5)
    np.testing.assert_allclose(bounds.ogm_output(UNIT, T), OPTIMAL, rtol=1e-5)
    assert bounds.nesterov_simplified_exact(UNIT, np.array([10.0])) == pytest.approx(1 / 78)
    assert bounds.accelerated(UNIT, np.array([9.0])) == pytest.approx(0.02)
    assert bounds.lower(UNIT, np.array([3.0])) == pytest.approx(3 / 512)


def test_at_the_start_every_bound_is_at_least_what_smoothness_allows():
    for bound in (
        bounds.accelerated, bounds.nesterov_exact, bounds.nesterov_simplified_exact, bounds.ogm, bounds.ogm_output
    ):  # fmt: skip
        assert bound(UNIT, np.array([0.0]))[0] >= UNIT.gap


def test_ogm_is_bounded_by_its_weights_and_twice_as_good_as_nesterov():
    t = np.array([1.0, 5.0, 400.0])
    theta = [last_weight(list(islice(weights(), int(s)))[-1]) for s in t]
    np.testing.assert_allclose(bounds.ogm_output(UNIT, t), 1 / (2 * np.square(theta)), rtol=1e-12)
    assert (bounds.ogm_output(UNIT, t) <= 1 / ((t + 1) * (t + 1 + math.sqrt(2))) + 1e-15).all()
    assert (bounds.ogm_output(UNIT, t) <= bounds.ogm(UNIT, t)).all()
    assert bounds.nesterov_exact(UNIT, t)[-1] / bounds.ogm_output(UNIT, t)[-1] == pytest.approx(2, rel=0.005)


def test_exact_bounds_are_below_the_textbooks():
    t = np.arange(0.0, 300)
    assert (bounds.nesterov_exact(UNIT, t) <= bounds.accelerated(UNIT, t)).all()
    assert (bounds.nesterov_simplified_exact(UNIT, t) <= bounds.accelerated(UNIT, t)).all()
    assert (bounds.nesterov_exact(UNIT, t) >= bounds.ogm_output(UNIT, t) - 1e-15).all()
    assert (bounds.ogm_output(UNIT, t) >= bounds.lower(UNIT, t)).all()


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([NESTEROV, NESTEROV_SIMPLIFIED, OGM]),
    st.lists(st.floats(0.01, 5), min_size=1, max_size=6),
    st.integers(0, 2**32 - 1),
    st.integers(1, 40),
)
def test_convex_bounds_hold_on_random_losses(method, curvatures, seed, steps):
    start = np.random.default_rng(seed).normal(size=len(curvatures)) * 3
    t = np.arange(steps + 1.0)
    (bound,) = (each for each in bounds.BOUNDS if each.method == method.name)
    for problem in (Softplus(curvatures, start), quadratic(curvatures, start)):
        assert bound.assumes(problem)
        measured = gaps(problem, method, steps)
        for theory in filter(None, (bound.chapter, bound.tight)):
            assert (measured <= theory(problem, t) * (1 + 1e-9) + 1e-15).all()
        if method is OGM:
            assert measured[-1] <= bounds.ogm_output(problem, t)[-1] * (1 + 1e-9) + 1e-15


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0.02, 5), min_size=2, max_size=6), st.integers(0, 2**32 - 1), st.floats(0.05, 1.95))
def test_strongly_convex_bounds_hold_on_random_quadratics(curvatures, seed, share):
    problem = quadratic(curvatures, np.random.default_rng(seed).normal(size=len(curvatures)))
    t = np.arange(41.0)
    for method in (GD, NESTEROV_STRONGLY_CONVEX, HEAVY_BALL):
        for bound in (each for each in bounds.BOUNDS if each.method == method.name and each.quantity == "gap"):
            for theory in filter(None, (bound.chapter, bound.tight)):
                assert (gaps(problem, method, 40) <= theory(problem, t) * (1 + 1e-9) + 1e-25 * problem.gap).all()
    distances = np.linalg.norm(np.array(list(GD.run(problem, 40))), axis=-1)
    assert (distances <= bounds.contraction(problem, t) * (1 + 1e-9) + 1e-14 * problem.distance).all()
    step = share / problem.beta
    measured = problem.value(np.array(list(gradient_descent(problem, 40, step))))
    assert (measured <= bounds.linear_exact(problem, t, step) * (1 + 1e-9) + 1e-25 * problem.gap).all()


def quadratic(curvatures, start):
    return Quadratic("random", np.asarray(curvatures, float), start=np.asarray(start, float))


def test_nesterovs_linear_bound_starts_at_its_energy():
    problem = Quadratic("q", np.array([0.1, 3.0]), start=np.array([1.0, -2.0]))
    energy = (0.1 * 1 + 3 * 4) / 2 + 0.1 * (1 + 4) / 2
    found = bounds.nesterov_linear(problem, np.arange(3.0))
    np.testing.assert_allclose(found, energy * (1 - np.sqrt(0.1 / 3)) ** np.arange(3), rtol=1e-13)
