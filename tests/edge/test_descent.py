"""Gradient descent and its sharpness, against steps by hand, dense Hessians and a quadratic whose line is known."""

import math
from itertools import islice, pairwise

import pytest
import torch
from torch import nn

from optprimer.edge import descent as module
from optprimer.edge.descent import RESIDUAL, descend, tracked
from optprimer.edge.quadratic import quadratic
from optprimer.edge.setting import half_squared_error
from optprimer.hessian.loss import FlatLoss, NetworkLoss
from optprimer.networks.mlp import mlp
from optprimer.networks.weights import torch_default


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def problem():
    """A tanh network with 121 weights, 40 images of noise, and its loss."""
    network = mlp((6, 5), channels=1, side=3, classes=4, activation="tanh", generator=seeded())
    torch_default(network, seeded(1))
    inputs, labels = torch.randn(40, 1, 3, 3, generator=seeded(2), dtype=torch.float64), torch.arange(40) % 4
    return network.double(), inputs, labels


def loss_of(problem):
    network, inputs, labels = problem
    return NetworkLoss(network, half_squared_error, inputs, labels, block=len(labels))


def follow(loss, learning_rate, *, steps=20, every=5, weights=None):
    weights = loss.weights if weights is None else weights
    settings = {"steps": steps, "sharpness_every": every, "generator": seeded(3)}
    return tracked(loss, weights, learning_rate, accuracy=lambda w: 0.25, **settings)


def test_steps_are_those_of_plain_sgd_on_the_whole_sample(problem):
    network, inputs, labels = problem
    ours = [value for value, _ in islice(descend(loss_of(problem), loss_of(problem).weights, 0.3), 6)]
    optimizer = torch.optim.SGD(network.parameters(), lr=0.3)
    theirs = []
    for _ in range(6):
        optimizer.zero_grad()
        outputs = network(inputs)
        loss = 0.5 * (outputs - nn.functional.one_hot(labels, 4)).square().sum() / 40
        loss.backward()
        theirs.append(loss.item())
        optimizer.step()
    assert ours == pytest.approx(theirs, rel=1e-12)
    assert ours[-1] < ours[0]


def test_steps_by_hand():
    loss = FlatLoss(lambda w, x, y: (w[0] - 1).square() + 3 * w[1], torch.zeros(1), torch.zeros(1))
    points = [point.tolist() for _, point in islice(descend(loss, torch.tensor([3.0, 0.0]), 0.25), 3)]
    assert points == [[3.0, 0.0], [2.0, -0.75], [1.5, -1.5]]


def test_sharpness_is_the_largest_eigenvalue_of_the_dense_hessian_within_a_percent(problem):
    loss = loss_of(problem)
    _, inputs, labels = problem
    points = [point for _, point in islice(descend(loss, loss.weights, 0.3), 41)]
    rows = follow(loss, 0.3, steps=40, every=10)
    for step in range(0, 41, 10):
        dense = torch.autograd.functional.hessian(lambda w: half_squared_error(loss.outputs(w, inputs), labels), points[step])
        assert rows[step]["sharpness"] == pytest.approx(torch.linalg.eigvalsh(dense)[-1].item(), rel=0.01)
        assert rows[step]["residual"] <= RESIDUAL
    assert sum(math.isfinite(row["sharpness"]) for row in rows) == 5


def test_an_eigenvalue_that_overtakes_is_found():
    """Curvature 2 + w_2 along w_1 and 5 - w_2 elsewhere: the eigenvectors are the axes all the way, and change places."""
    loss = FlatLoss(
        lambda w, x, y: 0.5 * ((2 + w[2]) * w[0] ** 2 + (5 - w[2]) * w[1] ** 2) - w[2], torch.zeros(1), torch.zeros(1)
    )
    rows = follow(loss, 0.5, steps=8, every=1, weights=torch.zeros(3, dtype=torch.float64))
    heights = [0.5 * step for step in range(9)]
    assert [row["sharpness"] for row in rows] == pytest.approx([max(2 + h, 5 - h) for h in heights], rel=1e-3)


def test_a_measurement_that_does_not_converge_is_refused_and_says_so(problem, monkeypatch):
    monkeypatch.setattr(module, "PRODUCTS", 2)
    (row,) = follow(loss_of(problem), 0.3, steps=0)
    assert math.isnan(row["sharpness"])
    assert row["residual"] > RESIDUAL
    assert row["products"] == 2


@pytest.mark.parametrize("spectrum", [[8.0, 3.0, 0.5, 0.0], [0.01, 8.0]])
@pytest.mark.parametrize(("margin", "converges"), [(1.0, True), (1.99, True), (2.01, False), (2.5, False)])
def test_the_line_of_a_quadratic_is_exact(spectrum, margin, converges):
    rows = follow(quadratic(torch.tensor(spectrum)), margin / 8, steps=600, every=50, weights=torch.ones(len(spectrum)))
    losses = [row["loss"] for row in rows if math.isfinite(row["loss"])]
    falls = [later <= earlier for earlier, later in pairwise(losses)]
    assert all(falls) == converges
    assert (losses[-1] < losses[0]) == converges
    measured = [row["sharpness"] for row in rows if row["products"]]
    assert measured == pytest.approx([8.0] * len(measured), rel=RESIDUAL**2 * 10)


@pytest.mark.parametrize("rate", [0.1, 0.25, 0.6])
def test_the_quadratic_is_its_formula(rate):
    eigenvalues = torch.tensor([4.0, 1.0, 0.25], dtype=torch.float64)
    start = torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64)
    for step, (value, point) in enumerate(islice(descend(quadratic(eigenvalues), start, rate), 5)):
        expected = start * (1 - rate * eigenvalues) ** step
        torch.testing.assert_close(point, expected)
        assert value == pytest.approx(0.5 * float(eigenvalues @ expected**2))


def test_a_run_that_explodes_ends_with_nan():
    rows = follow(quadratic(torch.tensor([8.0, 1.0])), 10.0, steps=600, weights=torch.ones(2))
    assert math.isnan(rows[-1]["loss"])
    assert len(rows) < 100
    assert all(math.isfinite(row["loss"]) for row in rows[:-1])


def test_equal_seeds_equal_bits(problem):
    assert repr(follow(loss_of(problem), 0.3)) == repr(follow(loss_of(problem), 0.3))
