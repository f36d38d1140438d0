"""Losses with and without PL constants, and the networks: gradients, optima, kernels."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from optprimer.rates.problems.pl import PROBLEMS, THRESHOLD, LeastSquares, Product, SineWell, pl_ratio
from optprimer.rates.problems.pl_networks import LeakyNeuron, LinearNetwork, WideNetwork

SEEDS = st.integers(0, 2**32 - 1)
RNG = np.random.default_rng(0)
NETWORKS = {
    "leaky": LeakyNeuron(RNG.normal(size=(7, 3)), RNG.normal(size=7), 0.2),
    "relu": LeakyNeuron(RNG.normal(size=(7, 3)), RNG.normal(size=7), 0.0),
    "two": LinearNetwork((3, 5, 2), RNG.normal(size=(3, 6)), RNG.normal(size=(2, 3))),
    "three": LinearNetwork((3, 3, 3, 3), RNG.normal(size=(3, 6)), RNG.normal(size=(3, 3))),
    "residual": LinearNetwork((3, 3, 3), RNG.normal(size=(3, 3)), RNG.normal(size=(3, 3)), 1.0, residual=True),
    "wide": WideNetwork(RNG.normal(size=(5, 2)), RNG.normal(size=5), 6),
    "product": Product(),
}
DIMENSIONS = {name: net.start.size for name, net in NETWORKS.items()}


@given(st.sampled_from(sorted(NETWORKS)), SEEDS)
def test_gradients_are_those_of_the_values(name, seed):
    net = NETWORKS[name]
    w = np.random.default_rng(seed).normal(size=DIMENSIONS[name])
    h = 1e-6 * np.eye(len(w))
    differences = (net.value(w + h) - net.value(w - h)) / 2e-6
    scale = 1 + np.abs(net.value(w)) + np.linalg.norm(net.gradient(w))
    if name in ("leaky", "relu") and np.abs(w @ net.inputs.T).min() < 1e-4:
        return  # across a kink
    np.testing.assert_allclose(net.gradient(w), differences, rtol=0, atol=1e-6 * scale)


@pytest.mark.parametrize("name", NETWORKS)
def test_many_networks_are_evaluated_at_once(name):
    net = NETWORKS[name]
    w = np.random.default_rng(1).normal(size=(2, 3, DIMENSIONS[name]))
    assert net.value(w).shape == (2, 3)
    np.testing.assert_allclose(net.gradient(w)[1, 2], net.gradient(w[1, 2]), rtol=1e-12)


def test_a_linear_network_is_the_product_of_its_layers():
    net, rng = NETWORKS["two"], np.random.default_rng(2)
    first, second = rng.normal(size=(5, 3)), rng.normal(size=(2, 5))
    w = np.concatenate([first.ravel(), second.ravel()])
    error = second @ first @ net.root - net.target @ net.root
    assert net.value(w) == pytest.approx((error**2).sum() / 2)
    residual = NETWORKS["residual"]
    expected = np.linalg.norm((np.eye(3) - residual.target) @ residual.root) ** 2
    assert residual.value(residual.start) == pytest.approx(expected)


@given(SEEDS)
def test_the_kernel_is_that_of_the_derivatives_of_the_outputs(seed):
    net = NETWORKS["wide"]
    w = np.random.default_rng(seed).normal(size=DIMENSIONS["wide"])
    h = 1e-6 * np.eye(len(w))
    jacobian = (net.residuals(w + h) - net.residuals(w - h)) / 2e-6  # (d, n)
    np.testing.assert_allclose(net.kernel(w), jacobian.T @ jacobian, atol=1e-6 * (1 + np.abs(net.kernel(w)).max()))
    r = net.residuals(w)
    assert (net.gradient(w) ** 2).sum() == pytest.approx(r @ net.kernel(w) @ r)


def test_wide_networks_start_at_zero():
    net = NETWORKS["wide"]
    w = net.draw(4, np.random.default_rng(3))
    assert w.shape == (4, DIMENSIONS["wide"])
    np.testing.assert_allclose(net.residuals(w), np.broadcast_to(-net.targets, (4, 5)), atol=1e-14)
    assert w.std() == pytest.approx(1, abs=0.4)


def test_the_threshold_is_where_tan_u_is_u():
    u = brentq(lambda u: math.sin(u) - u * math.cos(u), math.pi + 0.1, 3 * math.pi / 2)
    assert pytest.approx(math.hypot(1, u), rel=1e-12) == THRESHOLD
    x = np.linspace(0.01, 10, 100_001)[:, None]
    assert SineWell(THRESHOLD - 1e-3).gradient(x).min() > 0
    assert SineWell(THRESHOLD + 1e-3).gradient(x).min() < 0


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)
def test_no_point_is_below_the_pl_constant_and_it_is_nearly_met(problem):
    rng = np.random.default_rng(4)
    d = problem.start.size
    w = problem.minimizer + 10 ** rng.uniform(-2, 1, (20_000, 1)) * rng.normal(size=(20_000, d))
    if isinstance(problem, LeastSquares):  # the least singular vector
        w = np.concatenate([w, problem.minimizer + np.linalg.svd(problem.inputs, full_matrices=False)[2][-1:]])
    elif d > 1:
        w = np.concatenate([w, np.full((1, d), 2.2017091764)])
    least = pl_ratio(problem, w).min()
    assert problem.pl <= least * (1 + 1e-9)
    assert least <= problem.pl * (1 + 1e-3) + 1e-3


def test_least_squares_is_flat_but_not_strongly_convex():
    problem = LeastSquares()
    assert problem.value(problem.minimizer) == pytest.approx(0, abs=1e-25)
    kernel = np.linalg.svd(problem.inputs)[2][-1]
    assert problem.value(problem.minimizer + 5 * kernel) == pytest.approx(0, abs=1e-25)


def test_ratios_at_the_optimum_are_infinite():
    assert pl_ratio(SineWell(), np.zeros((1, 1)))[0] == math.inf
