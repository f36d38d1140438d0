"""The networks against the numbers and formulas of their papers, written out by hand."""

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from optprimer.errors import UserError
from optprimer.networks.resnet import Block, ResNet, resnet


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def small(*, skips: bool, seed: int = 0, depth: int = 8) -> ResNet:
    return resnet(depth, skips=skips, channels=3, classes=10, generator=seeded(seed))


def shaken_block(inputs: int, outputs: int, *, stride: int, skips: bool) -> Block:
    """A block in evaluation mode whose batch norms are no identities."""
    block = Block(inputs, outputs, stride=stride, skips=skips)
    for index, (name, value) in enumerate(block.state_dict().items()):
        if ("bn" in name or "shortcut.1" in name) and value.is_floating_point():
            value.copy_(torch.rand(value.shape, generator=seeded(index)) + 0.5)
    return block.eval()


def batch_norm(x: Tensor, bn: nn.BatchNorm2d) -> Tensor:
    """g (x - m) / sqrt(v + eps) + b for each channel."""
    g, b, m, v = (t[:, None, None] for t in (bn.weight, bn.bias, bn.running_mean, bn.running_var))
    return g * (x - m) / torch.sqrt(v + bn.eps) + b


@pytest.mark.parametrize(
    ("depth", "with_skips", "without"),
    [(20, 272_474, 269_722), (56, 855_770, 853_018), (110, 1_730_714, 1_727_962)],
)
def test_parameter_counts_of_the_source(depth, with_skips, without):
    with torch.device("meta"):
        counts = [sum(p.numel() for p in ResNet(depth, skips=skips).parameters()) for skips in (True, False)]
    assert counts == [with_skips, without]
    # Two 1x1 projections, 16 to 32 and 32 to 64 channels, and their batch norms.
    assert counts[0] - counts[1] == 16 * 32 + 2 * 32 + 32 * 64 + 2 * 64


@pytest.mark.parametrize("depth", [-4, 0, 2, 7, 9, 57])
def test_other_depths_are_refused(depth):
    with pytest.raises(UserError, match=f"depth {depth}: .*6n \\+ 2"):
        ResNet(depth, skips=True)


def test_initialisation_of_the_source():
    network = small(skips=True, depth=20)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            weight = module.weight.detach()
            expected = math.sqrt(2 / weight[0].numel())  # He et al. 2015: fan in
            # The standard deviation of n normal numbers errs by 1 / sqrt(2n) of itself, their mean by 1 / sqrt(n) of it.
            assert float(weight.std()) == pytest.approx(expected, rel=5 / math.sqrt(2 * weight.numel()))
            assert abs(float(weight.mean())) < 5 * expected / math.sqrt(weight.numel())
            assert module.bias is None
        elif isinstance(module, nn.BatchNorm2d):
            assert bool((module.weight == 1).all())
            assert bool((module.bias == 0).all())
    assert float(network.linear.weight.detach().std()) == pytest.approx(1e-3, rel=5 / math.sqrt(2 * 640))
    assert bool((network.linear.bias == 0).all())


@pytest.mark.parametrize("skips", [True, False])
def test_only_the_given_generator_decides_the_weights(skips):
    torch.manual_seed(1)
    first = small(skips=skips).state_dict()
    torch.manual_seed(2)
    again, other = small(skips=skips).state_dict(), small(skips=skips, seed=1).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["conv.weight"], other["conv.weight"])
    assert not torch.equal(first["linear.weight"], other["linear.weight"])


def test_without_skips_there_is_no_shortcut_and_nothing_else_differs():
    with_skips, without = small(skips=True, depth=14), small(skips=False, depth=14)
    names = set(with_skips.state_dict())
    assert {name for name in names if "shortcut" not in name} == set(without.state_dict())
    projections = [m for name, m in with_skips.named_modules() if "shortcut" in name and isinstance(m, nn.Conv2d)]
    assert [(p.in_channels, p.out_channels, p.kernel_size, p.stride) for p in projections] == [
        (16, 32, (1, 1), (2, 2)),
        (32, 64, (1, 1), (2, 2)),
    ]
    assert not any("shortcut" in name for name, _ in without.named_modules())


def test_the_two_networks_start_with_the_same_stem_from_the_same_seed():
    with_skips, without = small(skips=True).state_dict(), small(skips=False).state_dict()
    # Also the first stage: draws part only at the first projection, whose filters come before those of later blocks.
    shared = [name for name in without if name.startswith(("conv.", "stages.0."))]
    assert "conv.weight" in shared
    assert all(torch.equal(with_skips[name], without[name]) for name in shared)


@pytest.mark.parametrize("skips", [True, False])
@pytest.mark.parametrize(("inputs", "outputs", "stride"), [(16, 16, 1), (16, 32, 2)])
def test_a_block_is_its_formula(skips, inputs, outputs, stride):
    block = shaken_block(inputs, outputs, stride=stride, skips=skips)
    x = torch.randn(3, inputs, 8, 8, generator=seeded(9))
    inner = batch_norm(functional.conv2d(x, block.conv1.weight, stride=stride, padding=1), block.bn1).clamp(min=0)
    expected = batch_norm(functional.conv2d(inner, block.conv2.weight, padding=1), block.bn2)
    if skips:
        projects = stride != 1
        expected = expected + (
            batch_norm(functional.conv2d(x, block.shortcut[0].weight, stride=stride), block.shortcut[1]) if projects else x
        )
    # fp32, sums of at most 288 products of order 1: some 1e-6 of rounding.
    torch.testing.assert_close(block(x), expected.clamp(min=0), rtol=1e-5, atol=1e-5)


def test_a_block_with_a_dead_branch_passes_its_input_on_only_with_skips():
    x = torch.randn(2, 16, 8, 8, generator=seeded())
    for skips, expected in ((True, x.clamp(min=0)), (False, torch.zeros_like(x))):
        block = Block(16, 16, stride=1, skips=skips).eval()
        nn.init.zeros_(block.bn2.weight)
        assert torch.equal(block(x), expected)


@pytest.mark.parametrize("skips", [True, False])
@pytest.mark.parametrize("side", [8, 16, 32])
def test_maps_and_logits_of_every_image_size(skips, side):
    network = resnet(8, skips=skips, channels=1, classes=7, generator=seeded())
    shapes = []
    for stage in network.stages:
        stage.register_forward_hook(lambda *call: shapes.append(tuple(call[2].shape)))
    images = torch.randn(2, 1, side, side, generator=seeded(1))
    before = images.clone()
    logits = network(images)
    assert shapes == [(2, 16, side, side), (2, 32, side // 2, side // 2), (2, 64, side // 4, side // 4)]
    assert logits.shape == (2, 7)
    assert torch.equal(images, before)  # the network works in place on its own maps only


@pytest.mark.parametrize("skips", [True, False])
def test_logits_are_the_linear_layer_of_the_mean_map(skips):
    network = small(skips=skips).eval()
    nn.init.normal_(network.linear.bias, generator=seeded(5))
    maps = []
    network.stages.register_forward_hook(lambda *call: maps.append(call[2]))
    logits = network(torch.randn(4, 3, 16, 16, generator=seeded(2)))
    mean = maps[0].reshape(4, 64, -1).sum(-1) / 16
    torch.testing.assert_close(logits, mean @ network.linear.weight.T + network.linear.bias, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("skips", [True, False])
def test_every_parameter_has_a_gradient(skips):
    network = small(skips=skips)
    labels = torch.arange(8)
    functional.cross_entropy(network(torch.randn(8, 3, 8, 8, generator=seeded(3))), labels).backward()
    assert all(float(p.grad.abs().max()) > 0 for p in network.parameters())
