"""The octopus function: its pieces, its saddles and minima, and descent past them by three ways of counting."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optprimer.rates.methods.escapes import descend, exit_times, growth_factor, least_exit_times, perturb
from optprimer.rates.problems.octopus import Octopus

TAU = math.e


@st.composite
def in_the_tube(draw, dimension=4):
    """An octopus and a point in its tube, in any stage and orthant."""
    problem = Octopus(dimension, draw(st.floats(1, 3)))
    stage = draw(st.integers(0, dimension))
    within = st.floats(0.01, 0.99)
    a = [TAU * (2 + 4 * draw(within)) for _ in range(stage)]
    a += [2 * TAU * draw(within) for _ in range(stage < dimension)]
    a += [TAU * draw(within) for _ in range(dimension - len(a))]
    signs = [draw(st.sampled_from([-1, 1])) for _ in range(dimension)]
    return problem, np.array(a) * signs


def differences(function, x, h=1e-5):
    return np.stack([(function(x + h * axis) - function(x - h * axis)) / (2 * h) for axis in np.eye(len(x))], axis=-1)


@given(in_the_tube())
def test_gradient_against_differences(case):
    problem, x = case
    np.testing.assert_allclose(problem.gradient(x), differences(problem.value, x), rtol=1e-6, atol=1e-5)


@given(in_the_tube())
def test_curvature_is_at_most_beta(case):
    problem, x = case
    assert np.linalg.norm(differences(problem.gradient, x), 2) <= problem.beta * (1 + 1e-6)


@pytest.mark.parametrize("stage", range(4))
@pytest.mark.parametrize("multiple", [1, 2])
def test_pieces_join_with_equal_values_and_gradients(stage, multiple):
    problem = Octopus(4, 2.0)
    x = np.array([*[4.3 * TAU] * stage, multiple * TAU, *[0.3] * (3 - stage)])
    step = 1e-9 * (np.arange(4) == stage)
    before, after = x - step, x + step
    assert problem.value(after) == pytest.approx(problem.value(before), abs=1e-6)
    np.testing.assert_allclose(problem.gradient(after), problem.gradient(before), atol=1e-6)


def test_saddles_and_minima():
    problem = Octopus(3, 2.0)
    for stage in range(3):
        saddle = np.array([4 * TAU] * stage + [0.0] * (3 - stage))
        np.testing.assert_allclose(problem.gradient(saddle), 0, atol=1e-12)
        hessian = differences(problem.gradient, saddle)
        np.testing.assert_allclose(np.diag(hessian), [4.0] * stage + [-2.0] + [4.0] * (2 - stage), atol=1e-4)
    assert problem.value(problem.minimizer) == problem.optimum == -3 * problem.drop
    np.testing.assert_array_equal(problem.gradient(problem.minimizer), 0)
    # nu = -g1(2 tau) + 4 Lambda tau^2, the paper's definition
    assert problem.drop == pytest.approx(4 * 2 * TAU**2 - problem.value(np.array([2 * TAU, 0, 0])))


# From another implementation: plain descent from default_rng(0).uniform(-1, 1, d), the last one of Lambda = 3 in 80-bit floats.
ELSEWHERE = {
    1.0: [8, 26, 72, 198, 539, 1465, 3975, 10774],
    1.5: [11, 42, 146, 500, 1708],
    2.0: [13, 61, 256, 1054, 4334],
    3.0: [18, 111, 613, 3372, 18539],
}


@pytest.mark.parametrize("attraction", ELSEWHERE)
def test_exit_times_of_another_implementation(attraction):
    expected = ELSEWHERE[attraction]
    problem = Octopus(len(expected), attraction)
    start = np.abs(np.random.default_rng(0).uniform(-1, 1, len(expected)))[None]
    np.testing.assert_array_equal(exit_times(problem, descend(problem, np.log(start), 0.25 / attraction))[0], expected)


@settings(max_examples=20, deadline=None)
@given(st.floats(1, 3), st.lists(st.floats(-12, -1e-3), min_size=3, max_size=3))
def test_jumps_find_what_single_steps_find(attraction, log_start):
    problem, start = Octopus(3, attraction), np.array([log_start])
    jumping = exit_times(problem, descend(problem, start, 0.25 / attraction))
    stepping = exit_times(problem, descend(problem, start, 0.25 / attraction, stride=1))
    np.testing.assert_array_equal(jumping, stepping)


@settings(max_examples=40)
@given(st.floats(1, 3), st.floats(0.05, 0.95), st.lists(st.floats(-50, 0), min_size=5, max_size=5))
def test_no_exit_before_its_lower_bound(attraction, share, log_start):
    problem, start = Octopus(5, attraction), np.array([log_start])
    step = share / (4 * attraction)
    exits = exit_times(problem, descend(problem, start, step))
    assert (exits >= least_exit_times(problem, start, step)).all()


def test_logarithms_against_extended_precision_where_float64_underflows():
    if np.finfo(np.longdouble).minexp > -10_000:
        pytest.skip("no extended precision on this machine")
    problem, start = Octopus(2, 1.0), np.array([[1e-250, 0.5]])
    expected = exit_times(problem, descend(problem, np.log(start), 0.25))[0]
    x, t, exits = start[0].astype(np.longdouble), 0, []
    lowest = x[1]
    while len(exits) < 2:
        x, t = x - problem.gradient(x) / 4, t + 1
        lowest = min(lowest, x[1])
        if problem.stage(x) > len(exits):
            exits.append(t)
    assert 0 < lowest < np.longdouble("1e-400")  # far below float64
    np.testing.assert_array_equal(exits, expected)


def test_descent_stays_in_the_tube_and_ends_past_it():
    problem, rng = Octopus(4, 2.0), np.random.default_rng(3)
    points = [a for _, a in descend(problem, np.log(rng.uniform(size=(10, 4))), 1 / 8, stride=1)]
    points += [a for _, a in perturb(problem, rng.uniform(-1, 1, (10, 4)), 1 / 8, TAU / 100, TAU / 100, 1, rng)]
    for a in points:
        stage = problem.stage(a)[:, None]
        assert (a[np.arange(4) > stage] <= TAU).all()
        assert (a <= 6 * TAU).all()
    assert (problem.stage(points[-1]) == 4).all()


def test_perturbed_descent_with_radius_0_is_gradient_descent_bit_for_bit():
    problem, rng = Octopus(3, 2.0), np.random.default_rng(5)
    x = rng.uniform(-1, 1, (4, 3))
    for _, a in perturb(problem, x, 1 / 8, 0.0, TAU / 100, 1, rng):
        np.testing.assert_array_equal(a, np.abs(x))
        x = x - problem.gradient(x) / 8


def test_kicks_are_uniform_in_the_ball_and_come_only_near_saddles():
    problem, rng = Octopus(2, 1.0), np.random.default_rng(6)
    start = np.zeros((20_000, 2))
    path = perturb(problem, start, 0.0, 0.5, 1.0, 10**6, rng)
    next(path)
    _, kicked = next(path)
    radii = np.linalg.norm(kicked, axis=1)
    assert radii.max() <= 0.5
    assert np.mean(radii**2) == pytest.approx(0.5**2 / 2, rel=0.02)  # E r^2 = R^2 d/(d + 2)
    _, later = next(path)
    np.testing.assert_array_equal(later, kicked)  # within the patience
    far = np.full((1, 2), 0.9)
    path = perturb(problem, far, 0.0, 0.5, 1.0, 1, rng)
    next(path)
    np.testing.assert_array_equal(next(path)[1], far)  # where the gradient is long


@pytest.mark.parametrize(("attraction", "factor"), [(1, 2.710), (1.5, 3.409), (2, 4.106), (3, 5.497)])
def test_growth_factor(attraction, factor):
    problem = Octopus(2, attraction)
    assert growth_factor(problem, 0.25 / attraction) == pytest.approx(factor, abs=1e-3)
    assert growth_factor(problem, 0.25 / attraction) == pytest.approx(1 + math.log(2) / math.log1p(0.5 / attraction))


def test_the_descent_theorem_holds_with_beta():
    problem = Octopus(3, 1.5)
    w, best, least = problem.start, math.inf, []
    for _ in range(3000):
        best = min(best, float(np.linalg.norm(problem.gradient(w))))
        least.append(best)
        w = w - problem.gradient(w) / problem.beta
    t = np.arange(3000)
    assert (np.array(least) <= np.sqrt(2 * problem.beta * problem.gap / (t + 1))).all()
