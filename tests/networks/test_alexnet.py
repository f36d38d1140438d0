"""The small AlexNet against its count, its formula and torch's local response norm."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from optprimer.networks.alexnet import AlexNet, LocalResponseNorm, alexnet
from optprimer.networks.dropout import Dropout
from optprimer.networks.weights import parameter_count, torch_default


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def build(side: int, channels: int, *, dropout: float = 0.0, seed: int = 0) -> AlexNet:
    return alexnet(channels=channels, side=side, classes=10, dropout=dropout, generator=seeded(seed))


@pytest.mark.parametrize(("side", "channels", "count"), [(28, 3, 1_387_786), (8, 1, 102_458)])
def test_parameter_counts_of_the_source(side, channels, count):
    assert parameter_count(build(side, channels)) == count


@settings(deadline=None)
@given(st.integers(1, 24), st.floats(0.01, 300), st.integers(0, 2**31))
def test_the_norm_is_that_of_torch(channels, scale, seed):
    x = scale * torch.randn(2, channels, 3, 3, generator=seeded(seed), dtype=torch.float64)
    ours, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    out = LocalResponseNorm(channels).double()(ours)
    expected = functional.local_response_norm(theirs, size=9, alpha=0.001, beta=0.75, k=1.0)
    torch.testing.assert_close(out, expected, rtol=1e-6, atol=0)  # alpha / 9 was rounded to fp32
    weights = torch.randn(x.shape, generator=seeded(1), dtype=torch.float64)
    (out * weights).sum().backward()
    (expected * weights).sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-6, atol=1e-6)


def test_the_norm_in_fp32_is_that_of_torch_as_built():
    x = 50 * torch.randn(2, 64, 5, 5, generator=seeded())
    expected = functional.local_response_norm(x, size=9, alpha=0.001, beta=0.75, k=1.0)
    assert float((expected / x).min()) < 0.7  # here it does something
    torch.testing.assert_close(LocalResponseNorm(64)(x), expected, rtol=1e-5, atol=1e-5)
    assert not LocalResponseNorm(64).state_dict()


def reference(network: AlexNet, x: torch.Tensor, pools: tuple[bool, bool]) -> torch.Tensor:
    """The layers in the order of the paper, written out with torch's functions."""
    first, second = (m for m in network.modules() if isinstance(m, nn.Conv2d))
    for layer, pool in zip((first, second), pools, strict=True):
        x = functional.conv2d(x, layer.weight, layer.bias, padding=layer.weight.shape[-1] // 2).clamp(min=0)
        if pool:
            x = functional.max_pool2d(x, 3, 2, padding=1)
        x = functional.local_response_norm(x, size=9, alpha=0.001, beta=0.75, k=1.0)
    one, two, last = (m for m in network.modules() if isinstance(m, nn.Linear))
    x = functional.linear(x.flatten(1), one.weight, one.bias).clamp(min=0)
    x = functional.linear(x, two.weight, two.bias).clamp(min=0)
    return functional.linear(x, last.weight, last.bias)


@pytest.mark.parametrize(
    ("side", "channels", "pools", "kernel", "units"),
    [(28, 3, (True, True), 5, (384, 192)), (16, 3, (True, True), 5, (384, 192)), (8, 1, (True, False), 3, (256, 128))],
)
def test_the_network_is_its_formula(side, channels, pools, kernel, units):
    network = build(side, channels)
    torch_default(network, seeded(1))  # so that biases count
    assert [m.kernel_size for m in network.modules() if isinstance(m, nn.Conv2d)] == [(kernel, kernel)] * 2
    assert [m.out_features for m in network.modules() if isinstance(m, nn.Linear)] == [*units, 10]
    images = 3 * torch.randn(2, channels, side, side, generator=seeded(2))
    before = images.clone()
    torch.testing.assert_close(network(images), reference(network, images, pools), rtol=1e-4, atol=1e-5)
    assert torch.equal(images, before)


@pytest.mark.parametrize(("side", "pixels"), [(28, 7), (16, 4), (8, 4)])
def test_maps_before_the_fully_connected_layers(side, pixels):
    network = build(side, 1)
    assert network.features(torch.zeros(1, 1, side, side)).shape[2:] == (pixels, pixels)


def test_the_start_is_uniform_over_one_over_the_root_of_the_fan_in():
    network = build(28, 3)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            weight = layer.weight.detach()
            bound = weight[0].numel() ** -0.5
            assert float(weight.std()) == pytest.approx(bound / 3**0.5, rel=5 / (2 * weight.numel()) ** 0.5)
            assert float(weight.abs().max()) <= bound
            assert 0 < float(layer.bias.detach().abs().max()) <= bound


def test_only_the_given_generator_decides_the_weights():
    torch.manual_seed(1)
    first = build(8, 1).state_dict()
    torch.manual_seed(2)
    again, other = build(8, 1).state_dict(), build(8, 1, seed=1).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["features.0.weight"], other["features.0.weight"])


def test_dropout_follows_the_two_hidden_layers():
    layers = list(build(8, 1, dropout=0.5).classifier)
    places = [index for index, layer in enumerate(layers) if isinstance(layer, Dropout)]
    assert [layers[index].probability for index in places] == [0.5, 0.5]
    assert [type(layers[index - 1]) for index in places] == [nn.ReLU, nn.ReLU]


def test_every_parameter_has_a_gradient():
    network = build(8, 1)
    functional.cross_entropy(network(torch.randn(32, 1, 8, 8, generator=seeded(3))), torch.arange(32) % 10).backward()
    assert all(float(p.grad.abs().max()) > 0 for p in network.parameters())
