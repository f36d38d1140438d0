"""A network's loss over flat weights against a dense Hessian and against the plain module."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from optprimer.hessian.lanczos import extreme_eigenvalues, largest_eigenvalue
from optprimer.hessian.loss import NetworkLoss, flat


@pytest.fixture
def problem():
    """A small tanh network in float64 (123 weights), 30 images and its loss."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(9, 8), nn.Tanh(), nn.Linear(8, 4), nn.Tanh(), nn.Linear(4, 1 + 2)).double()
    x, y = torch.randn(30, 1, 3, 3, dtype=torch.float64), torch.arange(30) % 3
    return network, x, y


def loss_of(problem, block=None):
    network, x, y = problem
    return NetworkLoss(network, functional.cross_entropy, x, y, block=block)


def dense(problem):
    _, x, y = problem
    loss = loss_of(problem)
    return torch.autograd.functional.hessian(lambda w: functional.cross_entropy(loss.outputs(w, x), y), loss.weights)


@pytest.mark.parametrize("block", [None, 7])
def test_value_gradient_and_products_are_those_of_the_whole_sample(problem, block):
    network, x, y = problem
    loss = loss_of(problem, block)
    assert torch.equal(loss.weights, flat(network))
    expected = functional.cross_entropy(network(x), y)
    gradient = nn.utils.parameters_to_vector(torch.autograd.grad(expected, list(network.parameters())))
    value, found = loss.value_and_gradient(loss.weights)
    assert value == pytest.approx(expected.item(), rel=1e-12)
    assert loss.value(loss.weights) == pytest.approx(value, rel=1e-12)
    torch.testing.assert_close(found, gradient, rtol=1e-10, atol=1e-14)
    product = loss.hessian(loss.weights)
    vectors = torch.randn(2, len(found), dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    for vector in vectors:
        torch.testing.assert_close(product(vector), dense(problem) @ vector, rtol=1e-9, atol=1e-12)


def test_lanczos_finds_both_ends_of_the_dense_spectrum(problem):
    loss, exact = loss_of(problem), torch.linalg.eigvalsh(dense(problem))
    operator = loss.hessian(loss.weights)
    generator = torch.Generator().manual_seed(3)
    found = extreme_eigenvalues(operator, len(loss.weights), 40, generator, "cpu", torch.float64)
    assert found.lambda_max == pytest.approx(exact[-1].item(), rel=1e-6)
    assert found.lambda_min == pytest.approx(exact[0].item(), rel=1e-6)


@pytest.mark.parametrize("tolerance", [1e-1, 1e-2, 1e-4])
def test_the_largest_eigenvalue_is_within_its_residual_and_a_good_start_is_cheap(problem, tolerance):
    loss, exact = loss_of(problem), torch.linalg.eigvalsh(dense(problem))[-1].item()
    operator = loss.hessian(loss.weights)
    start = torch.randn(len(loss.weights), dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    found = largest_eigenvalue(operator, start, tolerance, 60)
    assert found.residual <= tolerance * found.value
    assert exact - found.residual <= found.value <= exact * (1 + 1e-12)
    residual = operator(found.vector) - found.value * found.vector
    assert residual.norm().item() == pytest.approx(found.residual, rel=1e-6, abs=1e-12)
    assert found.vector.norm().item() == pytest.approx(1)
    again = largest_eigenvalue(loss.hessian(loss.weights + 1e-6), found.vector, tolerance, 60)
    assert again.iterations <= 2 < found.iterations


def test_what_is_not_finite_is_nan():
    found = largest_eigenvalue(lambda v: v * float("inf"), torch.ones(3), 1e-3, 3)
    assert found.value != found.value
    assert found.iterations == 1


def test_parameters_and_mode_of_the_network_are_left_alone(problem):
    network, x, _ = problem
    before = flat(network)
    loss = loss_of(problem)
    loss.value_and_gradient(loss.weights + 1)
    assert torch.equal(flat(network), before)
    assert not any(parameter.grad is not None for parameter in network.parameters())
    torch.testing.assert_close(loss.outputs(before, x), network(x))


def test_flat_weights_are_those_of_any_layout():
    network = nn.Conv2d(3, 4, 3)
    before = flat(network)
    network.to(memory_format=torch.channels_last)
    assert torch.equal(flat(network), before)
    flat(network).zero_()  # a copy
    assert torch.equal(flat(network), before)
