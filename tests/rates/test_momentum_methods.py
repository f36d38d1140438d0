"""Methods with memory against second implementations and closed forms."""

import math
from itertools import islice, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optprimer.rates.methods import momentum
from optprimer.rates.worst_cases import Oracle

RNG = np.random.default_rng(0)


def quadratic(curvatures, start):
    c = np.asarray(curvatures, float)
    return Oracle(np.asarray(start, float), lambda w: c * w, alpha=c.min(), beta=c.max())


def test_weights_solve_their_equation_and_grow_by_half():
    theta = np.array(list(islice(momentum.weights(), 200)))
    np.testing.assert_allclose(theta[1:] ** 2 - theta[1:], theta[:-1] ** 2, rtol=1e-12)
    assert (theta >= (np.arange(200) + 2) / 2).all()


@pytest.mark.parametrize("run", [momentum.nesterov, momentum.nesterov_simplified])
def test_nesterov_is_the_three_sequence_form(run):
    """x, y and z with y = x + (z - x)/theta, and z moved by theta/beta gradients, are the same iterates."""
    problem = quadratic([0.01, 0.3, 1.0], [1.0, -2.0, 0.5])
    theta = list(islice(momentum.weights(), 30)) if run is momentum.nesterov else [(t + 2) / 2 for t in range(30)]
    x = z = problem.start
    expected = [x]
    for weight in theta:
        y = x + (z - x) / weight
        gradient = problem.gradient(y) / problem.beta
        x, z = y - gradient, z - weight * gradient
        expected.append(x)
    np.testing.assert_allclose(list(run(problem, 30)), expected, atol=1e-13)


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_ogm_is_its_table_of_step_sizes(steps):
    """x_i = x_0 - sum h_ik grad(x_k)/beta with Kim & Fessler's recursion for the h (2016, eq. 6.10-6.13)."""
    problem = quadratic(RNG.uniform(0.05, 1, 4), RNG.normal(size=4))
    theta = list(islice(momentum.weights(), steps))
    theta.append(momentum.last_weight(theta[-1]))
    h = np.zeros((steps + 1, steps + 1))  # h[i + 1, k]: of gradient k in the increment from x_i to x_{i+1}
    for i in range(steps):
        for k in range(i - 1):
            h[i + 1, k] = (theta[i] - 1) / theta[i + 1] * h[i, k]
        if i:
            h[i + 1, i - 1] = (theta[i] - 1) / theta[i + 1] * (h[i, i - 1] - 1)
        h[i + 1, i] = 1 + (2 * theta[i] - 1) / theta[i + 1]
    x, gradients = [problem.start], []
    for i in range(steps):
        gradients.append(problem.gradient(x[i]) / problem.beta)
        x.append(x[i] - sum(h[i + 1, k] * gradients[k] for k in range(i + 1)))
    points = list(momentum.ogm(problem, steps))
    np.testing.assert_allclose(points[-1], x[-1], atol=1e-13)
    np.testing.assert_allclose(points[1:-1], [x[i] - gradients[i] for i in range(steps - 1)], atol=1e-13)


def test_ogm_without_steps_stays_at_the_start():
    (only,) = momentum.ogm(quadratic([1.0], [2.0]), 0)
    assert only == 2.0


def test_heavy_ball_is_chebyshev_along_eigenvectors():
    """p_t = rho^t (U_t(c) - rho U_{t-1}(c)) with U_t(cos x) = sin((t + 1) x)/sin x."""
    problem = quadratic([1.0, 3.0, 11.0, 25.0], np.ones(4))
    rho = 2 / 3
    assert momentum.shrinkage(problem) == pytest.approx(rho)
    c = np.array([1 + rho**2 - 4 / 36 * curvature for curvature in (3.0, 11.0)]) / (2 * rho)
    angle = np.arccos(c)
    for t, w in enumerate(momentum.heavy_ball(problem, 20)):
        chebyshev = [np.sin((t + 1 - back) * angle) / np.sin(angle) for back in (0, 1)]
        np.testing.assert_allclose(w[1:3], rho**t * (chebyshev[0] - rho * chebyshev[1]), atol=1e-13)
        assert w[3] == pytest.approx((-rho) ** t * (1 + t + rho * t))
        assert w[0] == pytest.approx(rho**t * (1 + t - rho * t))


def test_nesterov_with_constant_momentum_has_a_double_root():
    problem = quadratic([0.04, 1.0], [1.0, 1.0])
    root = math.sqrt(0.04)
    for t, w in enumerate(momentum.nesterov_strongly_convex(problem, 20)):
        assert w[0] == pytest.approx((1 - root) ** t * (1 + root * t))
        assert w[1] == (t == 0)


@given(st.integers(0, 4), st.integers(1, 12), st.floats(0.1, 10), st.floats(-3, 3))
def test_methods_do_not_depend_on_the_units(method, steps, scale, shift):
    """beta L(w/c - s) from c (w_0 + s): iterates are scaled and shifted with the loss."""
    run = momentum.METHODS[method].run
    plain = quadratic([0.1, 0.5, 1.0], [1.0, -1.0, 2.0])
    moved = Oracle(
        scale * (plain.start + shift), lambda w: 7 * plain.gradient(w / scale - shift), alpha=0.7 / scale, beta=7 / scale
    )
    expected = [scale * (w + shift) for w in run(plain, steps)]
    np.testing.assert_allclose(list(run(moved, steps)), expected, atol=1e-9)


@pytest.mark.parametrize("method", momentum.METHODS, ids=lambda method: method.name)
def test_many_runs_advance_at_once(method):
    starts = RNG.normal(size=(5, 3))
    c = np.array([0.1, 0.5, 1.0])
    together = list(method.run(Oracle(starts, lambda w: c * w, 0.1, 1.0), 6))
    for row, start in enumerate(starts):
        alone = list(method.run(Oracle(start, lambda w: c * w, 0.1, 1.0), 6))
        np.testing.assert_allclose([w[row] for w in together], alone)


@pytest.mark.parametrize("method", momentum.METHODS, ids=lambda method: method.name)
def test_a_run_has_one_point_more_than_steps_and_moves(method):
    points = list(method.run(quadratic([0.1, 1.0], [1.0, 1.0]), 5))
    assert len(points) == 6
    assert all(not np.array_equal(a, b) for a, b in pairwise(points))
