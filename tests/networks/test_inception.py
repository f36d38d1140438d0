"""The small Inception against its count and its figure, written out by hand."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from optprimer.networks.dropout import Dropout, seed_dropout
from optprimer.networks.inception import Inception, inception
from optprimer.networks.weights import parameter_count, torch_default


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def build(side: int, channels: int, *, batch_norm: bool, dropout: float = 0.0, seed: int = 0) -> Inception:
    return inception(channels=channels, side=side, classes=10, batch_norm=batch_norm, dropout=dropout, generator=seeded(seed))


@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize(("side", "channels", "count"), [(28, 3, 1_649_402), (8, 1, 32_338)])
def test_parameter_counts_of_the_source(side, channels, count, batch_norm):
    assert parameter_count(build(side, channels, batch_norm=batch_norm)) == count


def test_modules_and_maps_of_the_papers_figure():
    network = build(28, 3, batch_norm=True)
    shapes = []
    for module in network.features:
        module.register_forward_hook(lambda *call: shapes.append(tuple(call[2].shape[1:])))
    network(torch.zeros(2, 3, 28, 28))
    channels = [96, 64, 80, 160, 160, 160, 160, 144, 240, 336, 336]
    sides = [28] * 3 + [14] * 5 + [7] * 3
    assert shapes == [(c, s, s) for c, s in zip(channels, sides, strict=True)]


class ByHand:
    """The network for 8x8 images, with the layers of another taken in order."""

    def __init__(self, network: Inception) -> None:
        self.layers: Iterator[nn.Module] = (m for m in network.modules() if isinstance(m, nn.Conv2d | nn.BatchNorm2d))
        self.network = network
        self.batch_norm = any(isinstance(m, nn.BatchNorm2d) for m in network.modules())

    def convolution(self, x: Tensor, stride: int = 1) -> Tensor:
        layer = next(self.layers)
        x = functional.conv2d(x, layer.weight, layer.bias, stride, padding=layer.weight.shape[-1] // 2)
        if self.batch_norm:
            norm = next(self.layers)
            mean, variance = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), unbiased=False, keepdim=True)
            x = (x - mean) / torch.sqrt(variance + norm.eps)
        return x.clamp(min=0)

    def inc(self, x: Tensor) -> Tensor:
        return torch.cat((self.convolution(x), self.convolution(x)), 1)

    def down(self, x: Tensor) -> Tensor:
        return torch.cat((self.convolution(x, 2), functional.max_pool2d(x, 3, 2, padding=1)), 1)

    def __call__(self, x: Tensor) -> Tensor:
        for module in (self.convolution, self.inc, self.down, self.inc, self.inc, self.down, self.inc):
            x = module(x)
        return x.sum((2, 3)) / 4 @ self.network.linear.weight.T + self.network.linear.bias


@pytest.mark.parametrize("batch_norm", [True, False])
def test_the_network_is_its_formula(batch_norm):
    network = build(8, 1, batch_norm=batch_norm)
    kernels = [m.kernel_size[0] for m in network.modules() if isinstance(m, nn.Conv2d)]
    assert kernels == [3, 1, 3, 3, 1, 3, 1, 3, 3, 1, 3]
    images = torch.randn(5, 1, 8, 8, generator=seeded(2))
    before = images.clone()
    torch.testing.assert_close(network(images), ByHand(network)(images), rtol=1e-4, atol=1e-5)
    assert torch.equal(images, before)


def test_batch_norm_has_nothing_to_train():
    norms = [m for m in build(28, 3, batch_norm=True).modules() if isinstance(m, nn.BatchNorm2d)]
    # A stem, two convolutions in each of eight Inception modules and one in each of two downsampling ones.
    assert len(norms) == 1 + 2 * 8 + 2
    assert all(not list(norm.parameters()) for norm in norms)
    assert not any(isinstance(m, nn.BatchNorm2d) for m in build(28, 3, batch_norm=False).modules())


def test_starts_are_torchs_with_batch_norm_and_hes_without():
    ours = build(8, 1, batch_norm=True, seed=7)
    torch.manual_seed(7)
    theirs = Inception(channels=1, side=8, classes=10, batch_norm=True, dropout=0.0)
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one, other)
    for layer in build(28, 3, batch_norm=False).modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            weight = layer.weight.detach()
            assert float(weight.std()) == pytest.approx((2 / weight[0].numel()) ** 0.5, rel=5 / (2 * weight.numel()) ** 0.5)
            assert bool((layer.bias == 0).all())


def test_without_batch_norm_the_signal_reaches_the_logits_from_hes_start_only():
    images = torch.randn(64, 1, 8, 8, generator=seeded(2))
    network = build(8, 1, batch_norm=False)
    he = network(images).detach().std(0).mean()
    torch_default(network, seeded())
    assert float(he) > 0.1
    assert float(network(images).detach().std(0).mean()) < 0.01 * float(he)


@pytest.mark.parametrize("batch_norm", [True, False])
def test_only_the_given_generator_decides_the_weights(batch_norm):
    torch.manual_seed(1)
    first = build(8, 1, batch_norm=batch_norm).state_dict()
    torch.manual_seed(2)
    again, other = (build(8, 1, batch_norm=batch_norm, seed=s).state_dict() for s in (0, 1))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["linear.weight"], other["linear.weight"])


def test_dropout_is_on_the_mean_maps():
    network = build(8, 1, batch_norm=False, dropout=0.5)
    assert len([m for m in network.modules() if isinstance(m, Dropout)]) == 1
    x = torch.randn(4, 1, 8, 8, generator=seeded(1))
    seed_dropout(network, 3)
    logits = network(x)
    seed_dropout(network, 3)
    expected = network.linear(network.dropout(network.features(x).mean((2, 3))))
    assert torch.equal(logits, expected)
    assert not torch.equal(logits, network.eval()(x))


@pytest.mark.parametrize("batch_norm", [True, False])
def test_every_weight_has_a_gradient(batch_norm):
    network = build(8, 1, batch_norm=batch_norm)
    functional.cross_entropy(network(torch.randn(32, 1, 8, 8, generator=seeded(3))), torch.arange(32) % 10).backward()
    # A bias before batch norm has none: the norm subtracts it again.
    weights = [p for name, p in network.named_parameters() if name.endswith("weight")]
    assert all(float(p.grad.abs().max()) > 1e-6 for p in weights)
