"""Bounds of gradient descent: known values, attained where they are exact, and true on random instances."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from optprimer.rates.bounds import BOUNDS
from optprimer.rates.bounds import gradient as bounds
from optprimer.rates.methods import METHODS
from optprimer.rates.methods.gradient import GD, gradient_descent
from optprimer.rates.problems import PROBLEMS
from optprimer.rates.problems.base import Problem
from optprimer.rates.problems.convex import Huber, Quadratic
from optprimer.rates.problems.nonconvex import Sawtooth

UNIT = Huber(1.0)  # beta = R = 1, and D = 1/2
T = np.arange(1.0, 11)


class Waves(Problem):
    """A non-convex loss that is none of the package's: sum of c_i (1 - cos(f_i w_i)), beta = max c_i f_i^2."""

    name = "waves"

    def __init__(self, heights, frequencies, start):
        self.heights, self.frequencies, self._start = (np.asarray(each, float) for each in (heights, frequencies, start))
        self.beta = (self.heights * self.frequencies**2).max()

    start = property(lambda self: self._start)

    def value(self, w):
        return (self.heights * (1 - np.cos(self.frequencies * w))).sum(-1)

    def gradient(self, w):
        return self.heights * self.frequencies * np.sin(self.frequencies * w)


class Rounded(Problem):
    """A convex loss that is none of the package's: sum of c_i (w_i arctan w_i - log(1 + w_i^2)/2), beta = max c."""

    name = "rounded"
    convex = True

    def __init__(self, slopes, start):
        self.slopes, self._start = np.asarray(slopes, float), np.asarray(start, float)
        self.beta = self.slopes.max()

    start = property(lambda self: self._start)
    minimizer = property(lambda self: np.zeros_like(self._start))

    def value(self, w):
        return (self.slopes * (w * np.arctan(w) - np.log1p(w**2) / 2)).sum(-1)

    def gradient(self, w):
        return self.slopes * np.arctan(w)


positive = st.floats(0.1, 5)
waves = st.builds(
    lambda rows: Waves(*zip(*rows, strict=True)),
    st.lists(st.tuples(positive, positive, st.floats(-3, 3)), min_size=1, max_size=4),
).filter(lambda problem: problem.gap > 1e-6)
rounded = st.builds(
    lambda rows: Rounded(*zip(*rows, strict=True)), st.lists(st.tuples(positive, st.floats(-50, 50)), min_size=1, max_size=4)
).filter(lambda problem: problem.distance > 1e-3)


@given(waves, st.floats(0.01, 1.99))
def test_every_step_lowers_the_loss_by_the_guarantee(problem, scaled):
    eta = scaled / problem.beta
    path = np.array(list(gradient_descent(problem, 30, eta)))
    guarantee = bounds.decrease(problem.beta, eta, (problem.gradient(path[:-1]) ** 2).sum(-1))
    assert (-np.diff(problem.value(path)) >= guarantee - 1e-13 * problem.heights.sum()).all()


@pytest.mark.parametrize("scaled", [0.3, 1.0, 1.9])
def test_on_the_quadratic_the_guarantee_is_met(scaled):
    problem = Quadratic("q", np.array([2.0]))
    first, second = gradient_descent(problem, 1, scaled / 2)
    guarantee = bounds.decrease(2.0, scaled / 2, (problem.gradient(first) ** 2).sum())
    assert problem.value(first) - problem.value(second) == pytest.approx(guarantee, rel=1e-12)


def test_the_largest_guarantee_is_that_of_the_inverse_smoothness():
    steps = np.linspace(0, 1, 401)
    guarantees = bounds.decrease(4.0, steps, 1.0)
    assert steps[guarantees.argmax()] == pytest.approx(1 / 4)
    assert guarantees.max() == pytest.approx(1 / 8)


@given(waves)
def test_least_gradients_are_below_their_bounds(problem):
    norms = np.linalg.norm([problem.gradient(w) for w in GD.run(problem, 30)], axis=-1)
    best, t = np.minimum.accumulate(norms), np.arange(31)
    assert (best <= bounds.smooth_exact(problem, t) * (1 + 1e-9)).all()
    assert (bounds.smooth_exact(problem, t[1:]) < bounds.smooth(problem, t[1:])).all()


@given(waves, st.floats(0.05, 1.7))
def test_and_so_they_are_for_other_steps(problem, scaled):
    eta = scaled / problem.beta
    norms = np.linalg.norm([problem.gradient(w) for w in gradient_descent(problem, 30, eta)], axis=-1)
    assert (np.minimum.accumulate(norms) <= bounds.smooth_exact(problem, np.arange(31), eta) * (1 + 1e-9)).all()


@pytest.mark.parametrize(("scaled", "expected"), [(0.5, 0.372093), (1.0, 0.235294), (1.1547, 0.229938), (1.5, 0.264463)])
def test_exact_least_gradients_are_those_of_performance_estimation(scaled, expected):
    """Values of min ||grad||^2/(beta D) after five steps, by semidefinite programming."""
    assert bounds.smooth_exact(UNIT, 5, scaled) ** 2 / UNIT.gap == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("horizon", [1, 7, 100])
def test_the_sawtooth_attains_the_least_gradient(horizon):
    problem = Sawtooth(horizon)
    norms = np.abs([problem.gradient(w)[0] for w in GD.run(problem, horizon)])
    assert norms.min() == pytest.approx(float(bounds.smooth_exact(problem, horizon)), rel=1e-12)


@given(rounded, st.floats(0.05, 1.99))
def test_gaps_gradients_and_distances_of_convex_losses(problem, scaled):
    t = np.arange(31)
    path = np.array(list(gradient_descent(problem, 30, scaled / problem.beta)))
    assert (problem.value(path) <= bounds.convex_exact(problem, t, scaled / problem.beta) * (1 + 1e-9)).all()
    assert (np.linalg.norm(path, axis=-1) <= bounds.no_farther(problem, t) * (1 + 1e-12)).all()
    path = np.array(list(GD.run(problem, 30)))
    assert (problem.value(path) <= bounds.convex_exact(problem, t) * (1 + 1e-9)).all()
    assert (np.linalg.norm(problem.gradient(path), axis=-1) <= bounds.convex_gradient(problem, t) * (1 + 1e-9)).all()


def test_the_exact_gap_is_half_of_the_chapters_in_the_limit():
    share = bounds.convex_exact(UNIT, T) / bounds.convex(UNIT, T)
    np.testing.assert_allclose(share, T / (2 * T + 1))
    assert bounds.convex(UNIT, np.array([0.0]))[0] == math.inf
    assert bounds.convex_exact(UNIT, np.array([0.0]))[0] == 1 / 2


@pytest.mark.parametrize(("scaled", "expected"), [(0.5, 0.0833333), (1.0, 0.0454545), (1.5, 0.03125), (1.9, 0.1743392)])
def test_exact_gaps_are_those_of_performance_estimation(scaled, expected):
    """Values after five steps with beta = R = 1, by semidefinite programming."""
    assert float(bounds.convex_exact(UNIT, 5, scaled)) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize(("t", "step", "value"), [(1, 1.5, 0.125), (5, 1.74705, 0.0270701), (10, 1.83405, 0.0132693)])
def test_the_best_constant_step_is_far_beyond_the_inverse_smoothness(t, step, value):
    found = minimize_scalar(lambda eta: float(bounds.convex_exact(UNIT, t, eta)), bounds=(1, 2), method="bounded")
    assert found.x == pytest.approx(step, abs=1e-4)
    assert found.fun == pytest.approx(value, abs=1e-5)


@given(st.integers(1, 200), st.floats(0.1, 1.0))
def test_huber_functions_attain_the_gap_and_the_gradient(t, scaled):
    problem = Huber(1 / (2 * t * scaled + 1))
    *_, last = gradient_descent(problem, t, scaled)
    assert float(problem.value(last)) == pytest.approx(float(bounds.convex_exact(UNIT, t, scaled)), rel=1e-9)
    problem = Huber(1 / (t + 1))
    *_, last = GD.run(problem, t)
    assert abs(problem.gradient(last)[0]) == pytest.approx(float(bounds.convex_gradient(UNIT, t)), rel=1e-9)


def test_every_bound_is_about_a_method_and_met_by_some_problem():
    assert {bound.method for bound in BOUNDS} <= {method.name for method in METHODS}
    for bound in BOUNDS:
        assert bound.quantity in {"gap", "best_gradient", "distance"}
        suited = [problem for problem in PROBLEMS if bound.assumes(problem)]
        assert suited
        for theorem in filter(None, (bound.chapter, bound.tight)):
            values = theorem(suited[0], T)
            assert values.shape == T.shape
            assert (np.diff(values) <= 0).all() or bound.method == "heavy_ball"
