"""The gradient penalty against the gradient of the function that it descends."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from optprimer.training.penalty import penalised

RATE, STRENGTH = 0.4, 0.5


@pytest.fixture
def problem():
    """A small tanh network in float64, its block loss and the block's gradient."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 3)).double()
    x, y = torch.randn(20, 5, dtype=torch.float64), torch.arange(20) % 3
    parameters = list(network.parameters())

    def loss():
        return functional.cross_entropy(network(x), y)

    def gradient():
        return list(torch.autograd.grad(loss(), parameters))

    return parameters, loss, gradient


def flat(tensors):
    return torch.cat([tensor.detach().flatten() for tensor in tensors])


def exact(parameters, loss, rate, strength):
    """The gradient of L + (rate strength / 8) |grad L|^2."""
    gradients = torch.autograd.grad(loss(), parameters, create_graph=True)
    penalty = rate * strength / 8 * sum((g**2).sum() for g in gradients)
    return flat(gradients) + flat(torch.autograd.grad(penalty, parameters))


def test_it_is_the_gradient_of_the_penalised_loss_to_first_order_in_the_reach(problem, monkeypatch):
    parameters, loss, gradient = problem
    plain, expected = flat(gradient()), exact(parameters, loss, RATE, STRENGTH)
    errors = []
    for reach in (1e-2, 1e-3, 1e-4):
        monkeypatch.setattr("optprimer.training.penalty.REACH", reach)
        found = flat(penalised(gradient(), gradient, parameters, RATE, STRENGTH))
        errors.append(((found - expected).norm() / (expected - plain).norm()).item())
    assert errors[0] < 0.01
    assert errors[:2] == pytest.approx([10 * e for e in errors[1:]], rel=0.05)


def test_the_parameters_stay_where_they_are(problem):
    parameters, _, gradient = problem
    before = flat(parameters)
    penalised(gradient(), gradient, parameters, RATE, STRENGTH)
    assert torch.equal(flat(parameters), before)


@pytest.mark.parametrize(("rate", "strength"), [(0.0, STRENGTH), (RATE, 0.0)])
def test_without_rate_or_strength_it_is_the_plain_gradient(problem, rate, strength):
    parameters, _, gradient = problem
    assert torch.equal(flat(penalised(gradient(), gradient, parameters, rate, strength)), flat(gradient()))


def test_a_gradient_of_zero_stays_zero():
    parameter = torch.zeros(3, requires_grad=True)
    assert torch.equal(penalised([torch.zeros(3)], lambda: [torch.zeros(3)], [parameter], RATE, STRENGTH)[0], torch.zeros(3))
