"""Midpoints on functions whose convexity is known, and permuted networks."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

from optprimer.edge.convexity import Gap, around, between, counted, gap, permuted
from optprimer.hessian.loss import FlatLoss, NetworkLoss, flat
from optprimer.networks.mlp import mlp
from optprimer.networks.weights import torch_default


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def function(f):
    return FlatLoss(lambda w, x, y: f(w), torch.zeros(1), torch.zeros(1))


def points(count, dimension=4, seed=0):
    return list(torch.randn(count, dimension, generator=seeded(seed), dtype=torch.float64))


CONVEX = {"square": lambda w: w.square().sum(), "softmax": lambda w: w.logsumexp(0), "linear": lambda w: 3 * w[0] - w[1]}
CONCAVE = {"square": lambda w: 20 - w.square().sum(), "softmin": lambda w: -w.logsumexp(0)}


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(sorted(CONVEX)), st.integers(0, 2**32), st.floats(1e-3, 1e3))
def test_a_convex_function_has_no_violations(name, seed, radius):
    loss = function(CONVEX[name])
    found = [*between(loss, points(10, seed=seed)), *around(loss, points(10, seed=seed), radius, seeded(seed))]
    assert len(found) == 15
    assert counted(found)["violations"] == 0


@pytest.mark.parametrize("name", sorted(CONCAVE))
def test_a_concave_function_has_nothing_else(name):
    loss = function(CONCAVE[name])
    found = [*between(loss, points(10)), *around(loss, points(10), 0.5, seeded())]
    assert counted(found)["violations"] == 15
    assert counted(found)["share_low"] > 0.7


def test_the_gap_of_a_cube_by_hand():
    found = gap(function(lambda w: w[0] ** 3), torch.tensor([-4.0]), torch.tensor([2.0]))
    assert found == Gap(height=-1 - (-64 + 8) / 2, mean=-28.0)
    assert found.violates


def test_rounding_is_no_violation():
    assert not Gap(1e-12, 1.0).violates
    assert Gap(1e-9, 1.0).violates


def test_ends_around_a_point_are_at_their_distance():
    seen = []
    loss = function(lambda w: (seen.append(w.detach().clone()), w.sum())[1])
    point = torch.tensor([3.0, 4.0], dtype=torch.float64)
    list(around(loss, [point], 0.1, seeded()))
    first, second, middle = seen
    assert float((first - point).norm()) == pytest.approx(0.5)
    assert float((second - point).norm()) == pytest.approx(0.5)
    assert not torch.equal(first, second)
    torch.testing.assert_close(middle, (first + second) / 2)


def test_a_permuted_network_is_the_same_function_with_other_weights():
    network = mlp((6,), channels=1, side=3, classes=4, activation="tanh", generator=seeded()).double()
    torch_default(network, seeded(1))
    inputs, labels = torch.randn(20, 1, 3, 3, generator=seeded(2), dtype=torch.float64), torch.arange(20) % 4
    loss = NetworkLoss(network, cross_entropy, inputs, labels)
    other = permuted(network, seeded(3))
    assert not torch.equal(other, flat(network))
    assert sorted(other.tolist()) == sorted(flat(network).tolist())
    torch.testing.assert_close(loss.outputs(other, inputs), loss.outputs(loss.weights, inputs))
