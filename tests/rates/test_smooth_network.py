"""Descent on a smooth network: gradients, Hessian products, the eigenvalue along the path, and the theorems."""

import numpy as np
import pytest
from digit_settings import digit_settings
from findings_checks import assert_claims_hold_and_controls_fail, table
from hypothesis import given
from hypothesis import strategies as st

from optprimer.rates.problems.tanh_network import TanhNetwork
from optprimer.rates.studies.smooth_network import Run, descend, images_network, largest_curvature, study


@pytest.fixture(scope="module")
def found():
    return study(digit_settings())


def small(seed):
    rng = np.random.default_rng(seed)
    inputs = np.hstack([rng.standard_normal((9, 3)), np.ones((9, 1))])
    network = TanhNetwork(inputs, rng.standard_normal((9, 2)), units=4)
    return network, network.start(rng), rng


def hessian(network, w):
    return np.stack([network.hessian_product(w, axis) for axis in np.eye(network.dimension)])


@given(st.integers(0, 1000))
def test_gradient_and_hessian_product_against_differences(seed):
    network, w, rng = small(seed)
    direction, h = rng.standard_normal(network.dimension), 1e-5
    ahead, behind = w + h * direction, w - h * direction
    assert network.gradient(w) @ direction == pytest.approx((network.value(ahead) - network.value(behind)) / (2 * h), abs=1e-7)
    product = (network.gradient(ahead) - network.gradient(behind)) / (2 * h)
    np.testing.assert_allclose(network.hessian_product(w, direction), product, atol=1e-6)


def test_loss_is_half_the_mean_squared_distance():
    network, w, _ = small(1)
    first, second = w[:16].reshape(4, 4), w[16:].reshape(2, 5)
    outputs = [second @ [*np.tanh(first @ x), 1] for x in network.inputs]
    assert network.value(w) == pytest.approx(np.mean([np.sum((o - y) ** 2) / 2 for o, y in zip(outputs, network.targets)]))  # noqa: B905


@given(st.integers(0, 1000))
def test_largest_curvature_against_a_dense_solver(seed):
    network, w, rng = small(seed)
    dense = hessian(network, w)
    np.testing.assert_allclose(dense, dense.T, atol=1e-12)
    largest, vector = largest_curvature(network, w, rng.standard_normal(network.dimension))
    exact = np.linalg.eigvalsh(dense)[-1]
    assert largest == pytest.approx(exact, rel=2e-3)
    assert largest <= exact * (1 + 1e-9)  # never above: a lower estimate
    assert np.linalg.norm(dense @ vector - largest * vector) < 0.05 * abs(largest)


def test_claims_hold_and_controls_fail(found):
    assert_claims_hold_and_controls_fail(found)


def test_the_bound_is_not_vacuous(found):
    curves = table(found, "curves")
    best = curves[curves["quantity"] == "best_gradient"]
    assert (best["tight_bound"] <= best["bound"]).all()
    assert (best["value"] / best["tight_bound"]).max() > 0.3  # at the start, where the slack is least


def test_descent_steps_along_the_gradient():
    network, start = images_network(digit_settings())
    run = descend(network, start, 0.01, 3)
    np.testing.assert_allclose(run.points[2] - run.points[1], -0.01 * network.gradient(run.points[1]), atol=1e-15)
    assert run.losses[3] == network.value(run.points[3])
    assert run.gradients[3] == pytest.approx(np.linalg.norm(network.gradient(run.points[3])))


def test_slack_on_a_parabola_is_exactly_one():
    eta, beta, w = 0.3, 2.0, [1.0]
    for _ in range(5):
        w.append((1 - eta * beta) * w[-1])
    w = np.array(w)
    run = Run(eta, w[:, None], beta * w**2 / 2, np.abs(beta * w))
    np.testing.assert_allclose(run.slack(beta), 1)
    assert (run.slack(0.9 * beta) < 1).all()
