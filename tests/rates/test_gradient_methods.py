"""Gradient descent against closed forms, and many runs at once against each alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optprimer.rates.grids import octaves
from optprimer.rates.methods import METHODS, gradient, momentum
from optprimer.rates.methods.gradient import GD, gradient_descent
from optprimer.rates.problems import PROBLEMS
from optprimer.rates.problems.convex import Huber, Quadratic
from optprimer.rates.problems.nonconvex import Cosine


def test_on_a_quadratic_each_error_shrinks_by_its_own_factor():
    problem = Quadratic("q", np.array([0.1, 1.0, 4.0]))
    t = np.arange(31)[:, None]
    path = np.array(list(gradient_descent(problem, 30, 0.3)))
    np.testing.assert_allclose(path, (1 - 0.3 * problem.curvatures) ** t, rtol=1e-12)


def test_the_default_step_is_the_inverse_smoothness():
    problem = Quadratic("q", np.array([0.5, 2.0]))
    first, second = GD.run(problem, 1)
    np.testing.assert_array_equal(first, problem.start)
    np.testing.assert_array_equal(second, [0.75, 0.0])


@given(st.integers(1, 50))
def test_half_way_along_the_worst_huber_function(t):
    *_, last = GD.run(Huber(1 / (2 * t + 1)), t)
    assert last[0] == pytest.approx((t + 1) / (2 * t + 1), rel=1e-12)


def test_many_steps_and_starts_at_once_are_each_as_alone():
    steps, starts = np.array([0.3, 1.5])[:, None, None], np.array([[0.1], [2.0], [-3.0]])
    *_, together = gradient_descent(Cosine(), 7, steps, starts)
    assert together.shape == (2, 3, 1)
    for i, step in enumerate(steps[:, 0, 0]):
        for j, start in enumerate(starts):
            *_, alone = gradient_descent(Cosine(), 7, step, start)
            np.testing.assert_array_equal(together[i, j], alone)


def test_nothing_moves_without_steps_and_starts_are_not_overwritten():
    problem = Quadratic("q", np.ones(2))
    (only,) = gradient_descent(problem, 0, 0.1)
    list(gradient_descent(problem, 3, 0.1))
    np.testing.assert_array_equal(only, [1, 1])
    np.testing.assert_array_equal(problem.start, [1, 1])


def test_methods_are_gathered_with_unique_names():
    assert set(METHODS) == {*gradient.METHODS, *momentum.METHODS}
    assert len({method.name for method in METHODS}) == len(METHODS)
    assert all(any(method.suits(problem) for problem in PROBLEMS) for method in METHODS)


@given(st.integers(1, 100_000), st.integers(1, 4))
def test_recorded_steps_are_whole_and_span_all(last, per_octave):
    steps = octaves(last, per_octave)
    assert steps[0] == 1
    assert steps[-1] == last
    assert (np.diff(steps) >= 1).all()
    assert (steps == steps.round()).all()
