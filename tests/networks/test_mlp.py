"""MLPs, their starts and their dropout, against formulas, the paper's counts and torch itself."""

import copy
import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from optprimer.networks.dropout import Dropout, seed_dropout
from optprimer.networks.mlp import MLP, mlp
from optprimer.networks.weights import parameter_count, torch_default


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def small(widths=(8, 6), *, dropout: float = 0.0, seed: int = 0) -> MLP:
    return mlp(widths, channels=3, side=4, classes=5, dropout=dropout, generator=seeded(seed))


@pytest.mark.parametrize(
    ("widths", "side", "channels", "count"),
    [
        ((512,), 28, 3, 1_209_866),
        ((512, 512, 512), 28, 3, 1_735_178),
        ((512,), 8, 1, 38_410),
        ((512, 512, 512), 8, 1, 563_722),
    ],
)
def test_parameter_counts_of_the_source(widths, side, channels, count):
    assert parameter_count(mlp(widths, channels=channels, side=side, classes=10, generator=seeded())) == count


@settings(deadline=None)
@given(st.lists(st.integers(1, 9), max_size=4), st.integers(1, 3), st.integers(1, 5), st.integers(2, 7))
def test_an_mlp_is_its_formula(widths, channels, side, classes):
    network = mlp(widths, channels=channels, side=side, classes=classes, generator=seeded())
    torch_default(network, seeded(1))  # so that biases count
    images = torch.randn(3, channels, side, side, generator=seeded(2))
    before = images.clone()
    expected = images.reshape(3, -1)
    *hidden, last = [module for module in network.modules() if isinstance(module, nn.Linear)]
    assert [layer.out_features for layer in hidden] == widths
    for layer in hidden:
        expected = (expected @ layer.weight.T + layer.bias).clamp(min=0)
    torch.testing.assert_close(network(images), expected @ last.weight.T + last.bias)
    assert torch.equal(images, before)


def test_the_activation_is_the_one_asked_for():
    network = mlp((7, 6), channels=1, side=3, classes=4, activation="tanh", generator=seeded())
    torch_default(network, seeded(1))
    images = torch.randn(5, 1, 3, 3, generator=seeded(2))
    first, second, last = [module for module in network.modules() if isinstance(module, nn.Linear)]
    hidden = torch.tanh(second(torch.tanh(first(images.flatten(1)))))
    torch.testing.assert_close(network(images), last(hidden))


@pytest.mark.parametrize("widths", [(), (6,), (6, 5)])
def test_without_biases_logits_are_homogeneous_in_the_weights(widths):
    network = mlp(widths, channels=1, side=3, classes=4, bias=False, generator=seeded())
    torch_default(network, seeded(1))
    assert parameter_count(network) == sum(a * b for a, b in pairwise((9, *widths, 4)))
    images = torch.randn(5, 1, 3, 3, generator=seeded(2))
    before = network(images)
    with torch.no_grad():
        for weight in network.parameters():
            weight *= 2
    torch.testing.assert_close(network(images), 2 ** (len(widths) + 1) * before)


def test_the_start_is_he_normal_without_biases():
    network = mlp((512, 512), channels=3, side=28, classes=10, generator=seeded())
    for layer in network.modules():
        if isinstance(layer, nn.Linear):
            weight = layer.weight.detach()
            expected = math.sqrt(2 / layer.in_features)
            assert float(weight.std()) == pytest.approx(expected, rel=5 / math.sqrt(2 * weight.numel()))
            assert abs(float(weight.mean())) < 5 * expected / math.sqrt(weight.numel())
            assert float((weight.abs() > 3 * expected).double().mean()) == pytest.approx(
                0.0027, abs=0.002
            )  # normal, not uniform
            assert bool((layer.bias == 0).all())


def test_he_weights_keep_the_second_moment_of_the_signal_through_relu_layers():
    network = mlp((2048,) * 6, channels=1, side=16, classes=10, generator=seeded())
    x = torch.randn(16, 1, 16, 16, generator=seeded(1))
    hidden = network.layers[:-1](x).detach()
    # E[relu(z)^2] = var(z) / 2 = E[x^2]; each of six layers of 2048 units adds a relative deviation of sqrt(5 / 2048).
    assert float(hidden.square().mean() / x.square().mean()) == pytest.approx(1, abs=4 * math.sqrt(6 * 5 / 2048))


def test_the_default_start_is_that_of_torch():
    network = small()
    torch_default(network, seeded(7))
    torch.manual_seed(7)
    reference = MLP((8, 6), channels=3, side=4, classes=5, dropout=0.0)
    for ours, theirs in zip(network.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_only_the_given_generator_decides_the_weights():
    torch.manual_seed(1)
    first = small().state_dict()
    torch.manual_seed(2)
    again, other = small().state_dict(), small(seed=1).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["layers.1.weight"], other["layers.1.weight"])


def test_dropout_changes_neither_weights_nor_evaluation():
    x = torch.randn(4, 3, 4, 4, generator=seeded(3))
    plain, dropping = small().eval(), small(dropout=0.5).eval()
    assert plain.state_dict().keys() == dropping.state_dict().keys()
    assert torch.equal(plain(x), dropping(x))
    assert not torch.equal(plain.train()(x), dropping.train()(x))
    assert "0.5" in repr(dropping)  # runs are told apart by it


@pytest.mark.parametrize("probability", [0.2, 0.5])
def test_dropout_drops_the_asked_share_and_keeps_the_mean(probability):
    dropped = Dropout(probability)(torch.ones(100, 1000))
    values = dropped.unique().tolist()
    assert values == pytest.approx([0, 1 / (1 - probability)])
    error = math.sqrt(probability * (1 - probability) / dropped.numel())
    assert float((dropped == 0).double().mean()) == pytest.approx(probability, abs=4 * error)


def test_dropout_masks_follow_from_their_seed_alone():
    network = small((32, 32), dropout=0.5)
    x = torch.randn(4, 3, 4, 4, generator=seeded(3))

    def outputs(seed: int) -> torch.Tensor:
        seed_dropout(network, seed)
        return torch.stack([network(x), network(x)])

    torch.manual_seed(1)
    first = outputs(5)
    torch.manual_seed(2)
    assert torch.equal(first, outputs(5))
    assert not torch.equal(first, outputs(6))
    assert not torch.equal(first[0], first[1])  # masks change from step to step


def test_each_dropout_layer_has_its_own_masks_and_a_copy_of_the_network_the_same():
    network = small((32, 32), dropout=0.5)
    seed_dropout(network, 0)
    twin = copy.deepcopy(network)
    masks = [[d(torch.ones(64)) for d in n.modules() if isinstance(d, Dropout)] for n in (network, twin)]
    assert not torch.equal(masks[0][0], masks[0][1])
    assert all(torch.equal(a, b) for a, b in zip(*masks, strict=True))
