"""The small convolutional network: sizes, start, and images that do not see each other."""

import pytest
import torch

from optprimer.errors import UserError
from optprimer.networks.conv import conv_net
from optprimer.networks.weights import parameter_count


def build(widths=(16, 32), side=8, channels=1):
    return conv_net(widths, channels=channels, side=side, classes=10, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("side", "left"), [(8, 2), (16, 4), (15, 4), (1, 1)])
def test_parameters_are_those_of_its_layers(side, left):
    network = build(side=side, channels=3)
    assert parameter_count(network) == (27 * 16 + 16) + (9 * 16 * 32 + 32) + (32 * left**2 * 10 + 10)
    assert network(torch.randn(2, 3, side, side)).shape == (2, 10)


def test_images_do_not_see_each_other_in_training_either():
    network, x = build().train(), torch.randn(6, 1, 8, 8)
    torch.testing.assert_close(network(x)[:1], network(x[:1]))


def test_the_start_keeps_the_size_of_the_signal_and_is_the_generators():
    deep = build(widths=(256,) * 3, side=16)
    features = deep.layers[:-2](torch.randn(8, 1, 16, 16))
    assert 0.2 < features.pow(2).mean().item() < 5
    assert torch.equal(build().layers[0].weight, build().layers[0].weight)
    assert not any(layer.bias.any() for layer in deep.layers if hasattr(layer, "bias"))


def test_no_layer_is_refused():
    with pytest.raises(UserError, match="widths"):
        build(widths=())
