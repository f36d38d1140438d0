"""Curvature of a small network against dense linear algebra, and what scaling a ReLU network leaves alone."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from optprimer.hessian.loss import NetworkLoss
from optprimer.networks.mlp import mlp
from optprimer.sharpness.curvature import curvature, filter_lengths
from optprimer.sharpness.reparameterization import scaling


@pytest.fixture(scope="module")
def network():
    return mlp([6], channels=1, side=2, classes=3, generator=torch.Generator().manual_seed(1)).double()


@pytest.fixture(scope="module")
def loss(network):
    generator = torch.Generator().manual_seed(2)
    inputs = torch.randn(40, 1, 2, 2, generator=generator, dtype=torch.float64)
    return NetworkLoss(network, cross_entropy, inputs, torch.randint(0, 3, (40,), generator=generator))


def dense(loss, point):
    product = loss.hessian(point)
    return torch.stack([product(unit) for unit in torch.eye(len(point), dtype=point.dtype)])


def test_the_largest_eigenvalues_and_the_trace_are_those_of_the_dense_matrices(network, loss):
    point, lengths = loss.weights, filter_lengths(network, loss.weights)
    hessian = dense(loss, point)
    found = curvature(loss, point, lengths, draws=400, seed=0)
    largest = torch.linalg.eigvalsh(hessian)[-1].item()
    normalised = torch.linalg.eigvalsh(lengths[:, None] * hessian * lengths)[-1].item()
    # A Ritz value is off by at most its residual, which is at most 1 %.
    assert found.largest.value == pytest.approx(largest, rel=0.01)
    assert found.normalised.value == pytest.approx(normalised, rel=0.01)
    assert abs(found.trace.value - hessian.trace().item()) < 4 * found.trace.standard_error


def test_lengths_are_norms_of_rows_and_biases_have_none(network, loss):
    lengths = filter_lengths(network, loss.weights)
    w1, b1, w2, b2 = lengths.split([24, 6, 18, 3])
    first, _, second, _ = network.parameters()
    assert torch.allclose(w1.view(6, 4), first.detach().norm(dim=1, keepdim=True).expand(6, 4))
    assert torch.allclose(w2.view(3, 6), second.detach().norm(dim=1, keepdim=True).expand(3, 6))
    assert not torch.cat([b1, b2]).any()


@pytest.mark.parametrize("alpha", [0.1, 3.0])
def test_relative_curvature_does_not_depend_on_how_layers_are_scaled(network, loss, alpha):
    before = curvature(loss, loss.weights, filter_lengths(network, loss.weights), 2, 0)
    point = scaling(network, alpha) * loss.weights
    after = curvature(loss, point, filter_lengths(network, point), 2, 0)
    assert after.normalised.value == pytest.approx(before.normalised.value, rel=1e-9)
    assert after.largest.value != pytest.approx(before.largest.value, rel=0.1)
