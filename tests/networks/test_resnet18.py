"""ResNet-18: the printed number of parameters, the shortcut of option C, and the start."""

import pytest
import torch
from torch import nn

from optprimer.networks.build import build
from optprimer.networks.resnet18 import ResNet18, resnet18
from optprimer.networks.weights import parameter_count


def built(seed=0):
    return resnet18(channels=3, classes=10, generator=torch.Generator().manual_seed(seed))


def test_parameters_are_those_of_its_layers():
    network = built()
    # Filters and batch norms (2 per channel): the stem, four stages of two blocks, three projections, the linear layer.
    expected = 3 * 64 * 9 + 2 * 64
    for inputs, outputs in ((64, 64), (64, 128), (128, 256), (256, 512)):
        expected += 9 * (inputs * outputs + 3 * outputs * outputs) + 4 * 2 * outputs
        expected += (inputs * outputs + 2 * outputs) if inputs != outputs else 0
    expected += 512 * 10 + 10
    assert parameter_count(network) == expected == 11_173_962


@pytest.mark.parametrize("side", [8, 32])
def test_sides_fall_by_a_factor_of_eight_before_pooling(side):
    network, shapes = built().eval(), []
    network.blocks.register_forward_hook(lambda module, inputs, output: shapes.append(tuple(output.shape)))
    assert network(torch.randn(2, 3, side, side)).shape == (2, 10)
    assert shapes == [(2, 512, side // 8, side // 8)]


def test_the_shortcut_averages_pixels_before_it_projects_them():
    block = built().eval().blocks[2]
    x = torch.randn(1, 64, 4, 4)
    pool, projection, norm = block.shortcut
    means = x.view(1, 64, 2, 2, 2, 2).mean((3, 5))
    torch.testing.assert_close(pool(x), means)
    torch.testing.assert_close(block.shortcut(x), norm(torch.einsum("oi,nihw->nohw", projection.weight[:, :, 0, 0], means)))
    assert isinstance(built().blocks[1].shortcut, nn.Identity)


def test_filters_start_with_the_variance_of_fan_out_and_norms_as_identities():
    network = built()
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module.weight.numel() > 30_000:
            fan_out = module.out_channels * module.kernel_size[0] ** 2
            # The sample variance of m normals has a relative deviation of sqrt(2/m): below 1 %.
            assert module.weight.var().item() == pytest.approx(2 / fan_out, rel=0.04)
        elif isinstance(module, nn.BatchNorm2d):
            assert (module.weight == 1).all()
            assert not module.bias.any()


def test_the_generator_decides():
    first, again, other = built(0).state_dict(), built(0).state_dict(), built(1).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["linear.weight"], other["linear.weight"])
    assert not torch.equal(first["linear.bias"], other["linear.bias"])


def test_it_is_built_by_its_name():
    size = {"channels": 3, "side": 32, "classes": 10}
    network = build("resnet18", [], **size, generator=torch.Generator().manual_seed(0))
    assert isinstance(network, ResNet18)
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), built().parameters(), strict=True))
