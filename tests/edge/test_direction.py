"""Losses down to e^-2000, steps that only fall, and a separable problem whose direction of the largest margin is known."""

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.functional import cross_entropy

from optprimer.edge.direction import Point, at_steps, decayed, doublings, follow, log_loss, margin, plain, turn
from optprimer.hessian.loss import NetworkLoss
from optprimer.networks.mlp import mlp


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def outputs(seed, scale):
    return scale * torch.randn(12, 5, generator=seeded(seed), dtype=torch.float64), torch.arange(12) % 5


@settings(deadline=None)
@given(st.integers(0, 2**32), st.floats(0.01, 30))
def test_the_log_loss_is_that_of_cross_entropy(seed, scale):
    z, labels = outputs(seed, scale)
    assert float(log_loss(z, labels)) == pytest.approx(math.log(cross_entropy(z, labels)), abs=1e-9)


@pytest.mark.parametrize("far", [10.0, 29.9, 30.1, 500.0, 2000.0])
def test_the_log_loss_is_exact_where_the_loss_underflows(far):
    z = torch.tensor([[far, 0.0, -math.inf], [-math.inf, far + 3, 0.0]], dtype=torch.float64, requires_grad=True)
    value = log_loss(z, torch.tensor([0, 1]))
    # log of the mean of log(1 + e^-far) and log(1 + e^-(far + 3)), by the series log(1 + x) = x - x^2 / 2.
    series = [-far + math.log1p(-math.exp(-far) / 2), -far - 3 + math.log1p(-math.exp(-far - 3) / 2)]
    expected = series[0] + math.log1p(math.exp(series[1] - series[0])) - math.log(2)
    assert value.item() == pytest.approx(expected, rel=1e-10)
    (gradient,) = torch.autograd.grad(value, z)
    first = 1 / (1 + math.exp(-3))  # the first image's share of the loss
    assert gradient[0].tolist() == pytest.approx([-first, first, 0], abs=1e-4)
    assert bool(torch.isfinite(gradient).all())


def test_the_margin_is_the_smallest_lead():
    z = torch.tensor([[3.0, 1.0, 0.0], [0.0, 2.0, 1.5]])
    assert margin(z, torch.tensor([0, 1])) == 0.5
    assert margin(z, torch.tensor([1, 1])) == -2.0


@settings(deadline=None)
@given(st.floats(1e-6, 3.1), st.floats(0.1, 100))
def test_the_turn_is_one_minus_the_cosine(angle, length):
    later = length * torch.tensor([math.cos(angle), math.sin(angle), 0.0], dtype=torch.float64)
    assert turn(torch.tensor([2.0, 0, 0], dtype=torch.float64), later) == pytest.approx(2 * math.sin(angle / 2) ** 2, rel=1e-6)


@pytest.fixture(scope="module")
def separable():
    """A linear model without biases, two classes, and points that (0, 1) and only (0, 1) separates with the largest margin."""
    inputs = torch.tensor([[1.0, 1.0], [-1.0, 1.0], [0.5, 4.0], [1.0, -1.0], [-1.0, -1.0]], dtype=torch.float64)
    network = nn.Sequential(nn.Linear(2, 2, bias=False)).double()
    with torch.no_grad():
        network[0].weight.copy_(torch.tensor([[0.6, 0.1], [-0.2, 0.3]]))
    labels = torch.tensor([0, 0, 0, 1, 1])
    return NetworkLoss(network, log_loss, inputs, labels, block=5), inputs, labels


def test_gradient_descent_finds_the_direction_of_the_largest_margin(separable):
    loss, _, _ = separable
    found = doublings(follow(plain(loss), loss.weights), 10, lambda points: False)
    weights = found[-1].weights.view(2, 2)
    direction = (weights[0] - weights[1]) / (weights[0] - weights[1]).norm()
    assert direction.tolist() == pytest.approx([0, 1], abs=3e-3)
    turns = [turn(a.weights, b.weights) for a, b in pairwise(found)]
    assert turns[-1] < 1e-5 < turns[0]
    norms = [float(point.weights.norm()) for point in found]
    assert norms == sorted(norms)
    assert float(log_loss(loss.outputs(found[-1].weights, separable[1]), separable[2])) <= -1024


def test_every_step_lowers_the_objective_as_the_descent_lemma_says_or_is_taken_back(separable):
    loss, _, _ = separable
    values, weights = [], []
    for point, value in follow(plain(loss), loss.weights):
        assert value == pytest.approx(loss.value(point.weights))
        values.append(value)
        weights.append(point.weights)
        if point.step == 300:
            break
    changes = [later - earlier for earlier, later in pairwise(values)]
    assert max(changes) <= 0
    for change, before, after in zip(changes, weights, weights[1:], strict=False):
        assert (change == 0) == torch.equal(before, after)
        _, gradient = loss.value_and_gradient(before)
        # with rate r, (after - before) = -r g, so r/2 |g|^2 is half the product of both lengths
        assert -change >= (after - before).norm() * gradient.norm() / 2 * (1 - 1e-9)


def test_weight_decay_ends_at_its_minimiser(separable):
    loss, inputs, labels = separable
    *_, (last, value) = follow(decayed(loss, 0.1), loss.weights)
    weights = last.weights.clone().requires_grad_()
    total = cross_entropy(loss.outputs(weights, inputs), labels) + 0.05 * weights @ weights
    assert value == pytest.approx(math.log(total.item()))
    (gradient,) = torch.autograd.grad(total, weights)
    assert float(gradient.norm()) < 1e-6
    assert float(last.weights.norm()) > 0.1


def test_doublings_are_the_first_points_beyond_each_power_of_two(separable):
    loss, _, _ = separable
    found = doublings(follow(plain(loss), loss.weights), 5, lambda points: False)
    path = dict.fromkeys(point.step for point in found)
    values = [(point.step, -value) for point, value in islice_to(follow(plain(loss), loss.weights), found[-1].step)]
    expected = [next(step for step, value in values if value >= 2**k) for k in range(6)]
    assert list(path) == expected


def islice_to(points, last):
    for point, value in points:
        yield point, value
        if point.step == last:
            return


def test_a_run_ends_when_it_is_told_enough(separable):
    loss, _, _ = separable
    assert len(doublings(follow(plain(loss), loss.weights), 5, lambda points: len(points) == 2)) == 2


def test_a_run_whose_loss_stays_above_one_over_e_is_its_last_point():
    path = [(Point(step, torch.tensor([float(step)])), -0.1 * step) for step in range(5)]
    assert [point.step for point in doublings(iter(path), 5, lambda points: True)] == [4]


def test_rows_that_a_run_does_not_reach_are_absent():
    path = [(Point(step, torch.tensor([float(step)])), 0.0) for step in range(5)]
    assert [point.step for point in at_steps(iter(path), [0, 3, 4, 7])] == [0, 3, 4]


@settings(deadline=None)
@given(st.floats(0.1, 10))
def test_the_network_is_homogeneous_of_degree_two(scale):
    network = mlp((6,), channels=1, side=3, classes=4, bias=False, generator=seeded()).double()
    images = torch.randn(5, 1, 3, 3, generator=seeded(1), dtype=torch.float64)
    loss = NetworkLoss(network, log_loss, images, torch.arange(5) % 4)
    torch.testing.assert_close(loss.outputs(scale * loss.weights, images), scale**2 * loss.outputs(loss.weights, images))
