"""PL bounds: rates hold, constants of networks are below every ratio, and some are attained."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optprimer.rates.bounds import pl as bounds
from optprimer.rates.methods.gradient import GD
from optprimer.rates.problems.pl import PROBLEMS, LeastSquares, SineWell, pl_ratio
from optprimer.rates.problems.pl_networks import LeakyNeuron, LinearNetwork, WideNetwork, leaky
from optprimer.rates.studies.pl_networks import worst_neuron

SEEDS = st.integers(0, 2**32 - 1)
Q = st.floats(1e-6, 1 - 1e-6)


@given(Q)
def test_the_factors_are_in_order(q):
    assert bounds.line_factor(q) < bounds.best_factor(q) < bounds.chapter_factor(q)


def test_the_factors_at_the_chapters_example():
    q = 0.0219413732
    assert bounds.line_factor(q) == pytest.approx(0.956599, abs=1e-6)
    assert bounds.best_factor(q) == pytest.approx(0.967445, abs=1e-6)
    assert bounds.chapter_factor(q) == pytest.approx(0.978059, abs=1e-6)


@given(st.floats(-30, 30))
def test_a_step_on_the_line_obeys_the_exact_factor(x):
    problem, w = SineWell(), np.array([x])
    step = w - problem.gradient(w) / problem.beta
    limit = bounds.line_factor(problem.pl / problem.beta)
    assert problem.value(step) <= limit * problem.value(w) * (1 + 1e-12) + 1e-300


@pytest.mark.parametrize("problem", [each for each in PROBLEMS if each.pl > 0], ids=lambda problem: problem.name)
def test_runs_stay_below_both_rates(problem):
    gap = np.array([problem.value(w) for w in GD.run(problem, 100)])
    t = np.arange(101.0)
    best, chapter = bounds.linear_best(problem, t), bounds.linear(problem, t)
    assert (gap <= best * (1 + 1e-9) + 1e-14 * gap[0]).all()
    assert (best <= chapter * (1 + 1e-12)).all()


def test_the_bound_is_for_pl_losses_that_are_not_strongly_convex():
    (bound,) = bounds.BOUNDS
    assert [bound.assumes(problem) for problem in PROBLEMS] == [True, True, False, True]
    assert bound.chapter(LeastSquares(), np.zeros(1)) == pytest.approx(LeastSquares().gap)


@given(SEEDS, st.floats(0.01, 1), st.sampled_from([(3, 5), (9, 3), (4, 1)]))
def test_leaky_neurons_are_pl(seed, slope, shape):
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=shape)
    few = shape[0] <= shape[1]
    targets = rng.normal(size=shape[0]) if few else leaky(inputs @ rng.normal(size=shape[1]), slope)
    net = LeakyNeuron(inputs, targets, slope)
    w = 10 ** rng.uniform(-2, 2, (200, 1)) * rng.normal(size=(200, shape[1]))
    assert pl_ratio(net, w).min() >= bounds.leaky_neuron(net) * (1 - 1e-9)


@pytest.mark.parametrize("slope", [0.01, 0.1, 0.5, 0.9, 1.0])
def test_the_neurons_constant_is_attained(slope):
    net, w = worst_neuron(slope)
    assert pl_ratio(net, w) / bounds.leaky_neuron(net) == pytest.approx(1, abs=1e-5)


def test_one_point_attains_the_constant_for_few_points():
    net = LeakyNeuron(np.array([[2.0, 1.0]]), np.array([3.0]), 0.3)
    assert bounds.leaky_neuron(net) == pytest.approx(0.09 * 5)
    assert pl_ratio(net, np.array([-1.0, -1.0])) == pytest.approx(0.09 * 5)


def test_a_dead_relu_neuron_has_no_constant():
    net = LeakyNeuron(np.ones((2, 1)), np.ones(2), 0.0)
    assert net.value(np.array([-1.0])) > 0
    assert pl_ratio(net, np.array([-1.0])) == 0 == bounds.leaky_neuron(net)


@given(SEEDS, st.sampled_from([(3, 5, 2), (2, 4, 4), (3, 3, 3, 3), (2, 2, 2, 2, 2)]))
def test_linear_networks_have_their_ratio_above_the_bound(seed, widths):
    rng = np.random.default_rng(seed)
    net = LinearNetwork(widths, rng.normal(size=(widths[0], 6)), rng.normal(size=(widths[-1], widths[0])))
    w = 10 ** rng.uniform(-1, 1, (50, 1)) * rng.normal(size=(50, net.dimension))
    assert (pl_ratio(net, w) >= bounds.linear_network(net, w) * (1 - 1e-9)).all()


def test_the_bound_of_two_layers_by_hand():
    net = LinearNetwork((2, 2, 2), 3 * np.eye(2), np.zeros((2, 2)))
    w = np.concatenate([np.diag([2.0, 5.0]).ravel(), np.diag([7.0, 4.0]).ravel()])
    assert bounds.linear_network(net, w) == pytest.approx(9 * (2**2 + 4**2))
    assert bounds.linear_network(net, np.zeros(8)) == 0


@given(SEEDS, st.floats(0, 0.99), st.integers(1, 5))
def test_residual_networks_have_their_ratio_above_the_bound(seed, tau, layers):
    rng = np.random.default_rng(seed)
    net = LinearNetwork((3,) * (layers + 1), rng.normal(size=(3, 3)), rng.normal(size=(3, 3)), 1.0, residual=True)
    matrices = rng.normal(size=(50, layers, 3, 3))
    matrices *= tau / np.linalg.norm(matrices, 2, axis=(-2, -1))[..., None, None]
    w = matrices.reshape(50, -1)
    sigma = np.linalg.svd(net.root, compute_uv=False)[-1] ** 2
    constant = 2 * layers * (1 - tau) ** (2 * layers - 2) * sigma
    np.testing.assert_allclose(bounds.linear_residual(net, w), constant, rtol=1e-6)
    assert (pl_ratio(net, w) >= constant * (1 - 1e-9)).all()


def test_one_unit_per_layer_attains_the_residual_bound_and_a_square_of_sigma_would_be_false():
    net = LinearNetwork((1,) * 5, np.array([[2**0.5]]), np.array([[1.5]]), 1.0, residual=True)
    w = np.full(4, -0.3)
    assert bounds.linear_residual(net, w) == pytest.approx(2 * 4 * 0.7**6 * 2)
    assert pl_ratio(net, w) == pytest.approx(bounds.linear_residual(net, w))
    assert pl_ratio(net, w) < bounds.linear_residual(net, w) * 2


@given(SEEDS, st.sampled_from([2, 6, 20]))
def test_the_ratio_of_wide_networks_is_above_the_kernels_least_eigenvalue(seed, width):
    rng = np.random.default_rng(seed)
    net = WideNetwork(rng.normal(size=(5, 3)), rng.normal(size=5), width)
    w = rng.normal(size=(10, net.start.size))
    assert (pl_ratio(net, w) >= bounds.tangent_kernel(net, w) * (1 - 1e-9)).all()
