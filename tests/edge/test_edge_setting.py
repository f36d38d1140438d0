"""Pixels, losses and networks of the edge stage, against formulas."""

import numpy as np
import pytest
import torch
from torch import nn

from optprimer.data.dataset import Dataset
from optprimer.edge.setting import accuracy, half_squared_error, network_of, sample, standardised
from optprimer.networks.weights import parameter_count

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def data():
    """Sixty random 4x4 pictures of three classes."""
    generator = np.random.default_rng(0)
    images, labels = generator.integers(0, 256, (60, 4, 4, 1), dtype=np.uint8), np.arange(60) % 3
    return Dataset("noise", images, labels, images[:6], labels[:6], (0.5,), (0.3,), ("a", "b", "c"))


def test_every_pixel_has_mean_zero_and_deviation_one_and_constant_ones_are_zero():
    images = np.random.default_rng(1).integers(0, 256, (40, 3, 3, 2), dtype=np.uint8)
    images[:, 1, 2, 0] = 7
    found = standardised(images, torch.float64)
    assert found.shape == (40, 2, 3, 3)
    constant = torch.zeros(2, 3, 3, dtype=torch.bool)
    constant[0, 1, 2] = True
    torch.testing.assert_close(found.mean(0), torch.zeros(2, 3, 3, dtype=torch.float64))
    torch.testing.assert_close(found.square().mean(0), (~constant).double())
    pixel = images[:, 2, 0, 1].astype(float)
    np.testing.assert_allclose(found[:, 1, 2, 0], (pixel - pixel.mean()) / pixel.std(), rtol=1e-12)


def test_the_squared_error_is_halved_summed_over_outputs_and_averaged_over_images():
    outputs = torch.tensor([[1.0, 0.0, 0.0], [0.5, 0.5, 2.0]])
    # 1/2 (0 + 0 + 0) and 1/2 (0.25 + 0.25 + 4): torch's mean over all six would be 0.75.
    assert half_squared_error(outputs, torch.tensor([0, 1])).item() == pytest.approx(2.25 / 2)
    assert accuracy(outputs, torch.tensor([0, 1])) == 0.5


def test_zero_outputs_have_the_loss_one_half():
    assert half_squared_error(torch.zeros(7, 10), torch.arange(7)).item() == 0.5


def test_samples_of_one_repetition_are_the_same_and_of_another_not(data):
    first, again, other = (sample(data, 30, 0, index, torch.float32, CPU) for index in (0, 0, 1))
    assert torch.equal(first.inputs, again.inputs)
    assert not torch.equal(first.inputs, other.inputs)
    assert first.labels.bincount().tolist() == [10, 10, 10]


@pytest.mark.parametrize(
    ("architecture", "widths", "count"),
    [
        ("mlp_tanh", (5, 4), 17 * 5 + 6 * 4 + 5 * 3),
        ("mlp", (5,), 17 * 5 + 6 * 3),
        ("linear", (), 17 * 3),
        ("conv", (2,), 10 * 2 + 9 * 3),
    ],
)
def test_networks_have_torchs_default_start(data, architecture, widths, count):
    network = network_of(architecture, widths, data, torch.Generator().manual_seed(3))
    assert parameter_count(network) == count
    for layer in network.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            bound = layer.weight[0].numel() ** -0.5
            assert 0 < float(layer.bias.detach().abs().max()) <= bound
            assert 0.5 * bound < float(layer.weight.detach().abs().max()) <= bound
    assert any(isinstance(layer, nn.Tanh) for layer in network.modules()) == (architecture == "mlp_tanh")
