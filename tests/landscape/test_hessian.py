"""Hessian-vector products against a dense Hessian of the plain module in float64, and against differences of gradients.

The dense Hessian shares automatic differentiation with ours, but neither folding nor its scales; differences of gradients
share no second derivative. fp32: two backward passes of few layers leave about 1e-5 of the largest entries.
"""

import copy

import pytest
import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional

from optprimer.hessian import loss as module
from optprimer.landscape.directions import random_plane
from optprimer.landscape.evaluator import moving_parameters
from optprimer.landscape.hessian import HessianOperator
from optprimer.landscape.images import Images


class Smooth(nn.Module):
    """Conv, norm, conv, norm, linear with softplus between; 211 weights that move."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 3, 3, 2, bias=False), nn.BatchNorm2d(3)
        self.conv2, self.bn2 = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)
        self.linear = nn.Linear(4, 10)
        self.dropout = nn.Dropout(0.5)
        self.spare = nn.Linear(3, 3)

    def forward(self, x):
        x = functional.softplus(self.bn1(self.conv1(x)))
        x = functional.softplus(self.bn2(self.conv2(x)))
        return self.linear(self.dropout(x.mean((2, 3))))


@pytest.fixture(scope="module")
def smooth(normalise_norms):
    network = Smooth()
    generator = torch.Generator().manual_seed(4)
    for parameter in network.parameters():
        parameter.data = 0.5 * torch.randn(parameter.shape, generator=generator)
    return normalise_norms(network)


def plain_loss(network, images):
    """Return the mean loss as a function of the flat weights, by the plain module in float64; and those weights."""
    double = copy.deepcopy(network).double().eval()
    weights = {name: w for name, w in moving_parameters(double).items() if "spare" not in name}
    x, y = images.inputs.double().contiguous(), images.labels

    def loss(flat):
        parts = flat.split([w.numel() for w in weights.values()])
        named = {name: part.view(w.shape) for (name, w), part in zip(weights.items(), parts, strict=True)}
        return functional.cross_entropy(functional_call(double, named, (x,)), y)

    return loss, torch.cat([w.reshape(-1) for w in weights.values()])


def displacement(dimension, seed=5):
    return 0.2 * torch.randn(dimension, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("scale", [0, 1], ids=["centre", "elsewhere"])
def test_products_are_those_of_the_dense_hessian(smooth, few, scale):
    hessian = HessianOperator(smooth, few)
    loss, weights = plain_loss(smooth, few)
    assert torch.equal(hessian.weights.double(), weights)
    assert hessian.dimension == len(weights) == 3 * 27 + 4 * 27 + 40
    step = scale * displacement(len(weights))
    dense = torch.autograd.functional.hessian(loss, weights + step.double())
    product = hessian.at(hessian.weights + step)
    found = torch.stack([product(column) for column in torch.eye(len(weights))]).double()
    assert dense.abs().max() > 0.05
    torch.testing.assert_close(found, dense, rtol=0, atol=1e-5 * float(dense.abs().max()))


def test_the_gradient_is_that_of_the_plain_module(smooth, few):
    hessian = HessianOperator(smooth, few)
    loss, weights = plain_loss(smooth, few)
    step = displacement(len(weights))
    point = (weights + step.double()).requires_grad_()
    (expected,) = torch.autograd.grad(loss(point), point)
    found = hessian.loss.gradient(hessian.weights + step).double()
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5 * float(expected.abs().max()))


def test_products_are_differences_of_gradients(smooth, few):
    hessian = HessianOperator(smooth, few)
    vector = displacement(hessian.dimension, seed=6)
    vector = vector / vector.norm()
    # Truncation h**2 / 6 of the third derivative; rounding 1e-7 |g| / h: both about 1e-4 at h = 0.02.
    h = 0.02
    difference = (hessian.loss.gradient(hessian.weights + h * vector) - hessian.loss.gradient(hessian.weights - h * vector)) / (
        2 * h
    )
    product = hessian.at(hessian.weights)(vector)
    torch.testing.assert_close(product, difference, rtol=0, atol=5e-3 * float(product.abs().max()))


def test_products_through_folded_residual_blocks(network, few):
    hessian = HessianOperator(network, few)
    loss, weights = plain_loss(network, few)
    vector = torch.randn(hessian.dimension, generator=torch.Generator().manual_seed(1))
    _, expected = torch.autograd.functional.hvp(loss, weights, vector.double())
    found = hessian.at(hessian.weights)(vector).double()
    assert (found - expected).norm() < 1e-4 * expected.norm()


def test_symmetric_and_linear(skip_network, few):
    hessian = HessianOperator(skip_network, few)
    product = hessian.at(hessian.weights)
    u, v = (torch.randn(hessian.dimension, generator=torch.Generator().manual_seed(k)) for k in (1, 2))
    hu, hv = product(u).double(), product(v).double()
    scale = float(hu.norm() * v.norm())
    assert float(hu @ v.double()) == pytest.approx(float(hv @ u.double()), abs=1e-5 * scale)
    torch.testing.assert_close(product(2 * u - v).double(), 2 * hu - hv, rtol=0, atol=1e-5 * float(hu.abs().max()))
    assert torch.equal(product(u).double(), hu)  # the graph serves again, to the bit


@pytest.mark.parametrize("batch", [1, 5, 11, 12])
def test_batches_are_weighted_by_their_size(smooth, few, monkeypatch, batch):
    whole = HessianOperator(smooth, few)
    point, vector = whole.weights + displacement(whole.dimension), displacement(whole.dimension, seed=6)
    expected = whole.at(point)(vector), whole.loss.gradient(point)
    monkeypatch.setattr(module, "GRAPH_IMAGES", batch)
    found = whole.at(point)(vector), whole.loss.gradient(point)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-5 * float(other.abs().max()))


def test_the_mean_does_not_grow_with_the_images(smooth, few):
    twice = Images(few.inputs.repeat(2, 1, 1, 1), few.labels.repeat(2), few.population)
    one, two = HessianOperator(smooth, few), HessianOperator(smooth, twice)
    vector = displacement(one.dimension)
    torch.testing.assert_close(one.at(one.weights)(vector), two.at(two.weights)(vector), rtol=1e-3, atol=1e-5)


def test_directions_are_flattened_in_the_order_of_the_weights(smooth, few):
    hessian = HessianOperator(smooth, few)
    direction = random_plane(smooth, 0, 0, "filter", 1.0).d1
    flat = hessian.flat(dict(reversed(direction.items())))
    offset = 0
    for name in hessian.names:
        size = direction[name].numel()
        assert torch.equal(flat[offset : offset + size], direction[name].reshape(-1))
        offset += size
    assert offset == hessian.dimension


def test_the_network_is_left_alone(smooth, few):
    before = copy.deepcopy(smooth.state_dict())
    smooth.train()
    try:
        hessian = HessianOperator(smooth, few)
        product = hessian.at(hessian.weights)
        assert torch.equal(product(hessian.weights), product(hessian.weights))
        assert smooth.training
    finally:
        smooth.eval()
    assert all(p.requires_grad and p.grad is None for p in smooth.parameters())
    assert all(torch.equal(value, before[name]) for name, value in smooth.state_dict().items())


class Attention(nn.Module):
    """One layer of attention over the pixels, by the kernel of PyTorch or, with ``weights``, written out."""

    def __init__(self, *, weights):
        super().__init__()
        torch.manual_seed(0)
        self.attention, self.linear = nn.MultiheadAttention(3, 1, batch_first=True), nn.Linear(3, 10)
        self.weights = weights

    def forward(self, x):
        tokens = x.flatten(2).transpose(1, 2)
        return self.linear(self.attention(tokens, tokens, tokens, need_weights=self.weights)[0].square().mean(1))


def test_attention_is_differentiated_twice(few):
    products = []
    for weights in (False, True):
        hessian = HessianOperator(Attention(weights=weights).eval(), few)
        vector = torch.ones(hessian.dimension)
        products.append(hessian.at(hessian.weights)(vector))
    assert products[0].abs().max() > 0
    torch.testing.assert_close(*products, rtol=1e-4, atol=1e-6)


class Volumes(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.linear = nn.Conv3d(1, 2, 3, padding=1), nn.Linear(2, 10)

    def forward(self, x):
        x -= 0.5  # in place: the images must survive it
        return self.linear(functional.softplus(self.conv(x.unsqueeze(1))).mean((2, 3, 4)))


def test_weights_of_five_dimensions_and_networks_that_overwrite_their_input(few):
    network, before = Volumes().eval(), few.inputs.clone()
    hessian = HessianOperator(network, few)
    loss, weights = plain_loss(network, few)
    vector = torch.randn(hessian.dimension, generator=torch.Generator().manual_seed(0))
    found = hessian.at(hessian.weights)(vector)
    assert torch.equal(few.inputs, before)
    dense = torch.autograd.functional.hessian(lambda flat: loss(flat), weights.detach())
    assert dense.shape == (hessian.dimension, hessian.dimension)
    torch.testing.assert_close(found.double(), dense @ vector.double(), rtol=1e-3, atol=1e-5)
