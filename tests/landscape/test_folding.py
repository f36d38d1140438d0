"""Folding against the module itself, and against PyTorch's own formula.

Tolerance: a layer rounds at 2**-24 = 6e-8 relative, fewer than 20 layers add up to about 1e-6 of the largest value.
"""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_weights

from optprimer.landscape.folding import fold

CLOSE = {"rtol": 1e-5, "atol": 1e-5}


def head(channels):
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 4))


class OptionA(nn.Module):
    """A residual block whose shortcut takes every other pixel and pads channels with zeros (He et al. 2016, option A)."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 8, 3, 2, padding=1, bias=False), nn.BatchNorm2d(8)
        self.conv2, self.bn2 = nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
        self.head = head(8)

    def forward(self, x):
        out = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x)))))
        return self.head(functional.relu(out + functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 2, 3))))


class PreActivation(nn.Module):
    """Batch norms before convolutions: the first follows a sum, the second a convolution of its own."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3, padding=1, bias=False)
        self.bn1, self.conv1 = nn.BatchNorm2d(6), nn.Conv2d(6, 6, 3, padding=1, bias=False)
        self.bn2, self.conv2 = nn.BatchNorm2d(6), nn.Conv2d(6, 6, 3, padding=1, bias=False)
        self.bn3, self.head = nn.BatchNorm2d(6), head(6)

    def forward(self, x):
        x = self.stem(x)
        out = self.conv1(functional.relu(self.bn1(x)))
        x = x + self.conv2(functional.relu(self.bn2(out)))
        return self.head(functional.relu(self.bn3(x)))


class CalledTwice(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.bn1, self.bn2, self.head = nn.BatchNorm2d(3), nn.BatchNorm2d(3), head(3)

    def forward(self, x):
        return self.head(functional.relu(self.bn2(self.conv(functional.relu(self.bn1(self.conv(x)))))))


class Tied(nn.Module):
    """Two convolutions with one weight, used in the other order than they are defined."""

    def __init__(self):
        super().__init__()
        self.second, self.bn2 = nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3)
        self.first, self.bn1 = nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3)
        self.first.weight = self.second.weight
        self.head = head(3)

    def forward(self, x):
        return self.head(self.bn2(self.second(functional.relu(self.bn1(self.first(x))))))


class UsedBesides(nn.Module):
    """The convolution's output goes elsewhere too, so its batch norm cannot disappear into it."""

    def __init__(self):
        super().__init__()
        self.conv, self.bn, self.head = nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), head(5)

    def forward(self, x):
        out = self.conv(x)
        return self.head(out + self.bn(out))


class ByKeyword(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.bn, self.head = nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), head(5)

    def forward(self, x):
        return self.head(self.bn(input=self.conv(x)))


class DependsOnData(UsedBesides):
    def forward(self, x):
        out = self.bn(self.conv(x))
        return self.head(out if out.sum() > 0 else -2 * out)


class DependsOnType(UsedBesides):
    """Traces without complaint, and wrongly: a traced value is not a Tensor."""

    def forward(self, x):
        return self.head(self.bn(self.conv(x * 2 if isinstance(x, torch.Tensor) else x)))


class OneNormForTwo(nn.Module):
    """One batch norm after two convolutions of their own."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.bn, self.head = nn.Conv2d(3, 5, 3), nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), head(5)

    def forward(self, x):
        return self.head(functional.relu(self.bn(self.a(x))) - self.bn(self.b(x)))


def sequential(*layers, channels=6):
    return nn.Sequential(*layers, nn.ReLU(), head(channels))


NETWORKS = {
    "conv with bias": (lambda: sequential(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6)), 1),
    "conv without bias": (lambda: sequential(nn.Conv2d(3, 6, 3, bias=False), nn.BatchNorm2d(6)), 1),
    "grouped": (lambda: sequential(nn.Conv2d(3, 6, 3, groups=3), nn.BatchNorm2d(6)), 1),
    "reflecting": (lambda: sequential(nn.Conv2d(3, 6, 3, padding=1, padding_mode="reflect"), nn.BatchNorm2d(6)), 1),
    "without affine": (lambda: sequential(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6, affine=False)), 1),
    "batch statistics": (lambda: sequential(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6, track_running_stats=False)), 0),
    "norm first": (lambda: sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 6, 3)), 0),
    "transposed": (lambda: sequential(nn.ConvTranspose2d(3, 6, 3), nn.BatchNorm2d(6)), 0),
    "dropout": (lambda: sequential(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.Dropout(0.5)), 1),
    "option A": (OptionA, 2),
    "pre-activation": (PreActivation, 1),
    "called twice": (CalledTwice, 0),
    "tied": (Tied, 0),
    "used besides": (UsedBesides, 0),
    "by keyword": (ByKeyword, 1),
    "one norm for two": (OneNormForTwo, 2),
}


@pytest.fixture
def x():
    return torch.randn(5, 3, 8, 8, generator=torch.Generator().manual_seed(3))


def build(kind, normalise_norms):
    torch.manual_seed(0)  # layers draw their initial weights from the global generator
    return normalise_norms(kind())


@pytest.mark.parametrize(("kind", "pairs"), NETWORKS.values(), ids=NETWORKS)
def test_computes_what_the_network_computes(kind, pairs, x, normalise_norms):
    network = build(kind, normalise_norms)
    folded = fold(network, x)
    assert not folded.plain
    assert len(folded.scales) == pairs
    total = sum(isinstance(m, nn.BatchNorm2d) for m in network.modules())
    assert folded.note == f"{min(pairs, total)} of {total} batch norms folded"
    with torch.no_grad():
        torch.testing.assert_close(folded.network(x), network(x), **CLOSE)


def test_folds_every_batch_norm_of_ours(network, images):
    folded = fold(network, images.inputs[:4])
    convolutions = {f"{name}.weight" for name, m in network.named_modules() if isinstance(m, nn.Conv2d)}
    assert set(folded.scales) == convolutions
    called = [folded.network.get_submodule(node.target) for node in folded.network.graph.nodes if node.op == "call_module"]
    assert not any(isinstance(module, nn.BatchNorm2d) for module in called)
    with torch.no_grad():
        torch.testing.assert_close(folded.network(images.inputs), network(images.inputs), **CLOSE)


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("bias", [True, False])
def test_weights_are_those_of_pytorchs_own_fusion(bias, affine, x, normalise_norms):
    network = build(
        lambda: sequential(nn.Conv2d(3, 6, 3, bias=bias), nn.BatchNorm2d(6, eps=0.01, affine=affine)), normalise_norms
    )
    convolution, norm = network[0], network[1]
    weight, constant = fuse_conv_bn_weights(
        convolution.weight, convolution.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
    )
    folded = fold(network, x)
    found = folded.network.get_submodule("0")
    torch.testing.assert_close(found.weight, weight.detach(), rtol=1e-6, atol=1e-7)
    torch.testing.assert_close(found.bias, constant.detach(), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(folded.scales["0.weight"] * convolution.weight.detach(), weight.detach(), rtol=1e-6, atol=1e-7)


def test_scales_carry_a_displacement(x, normalise_norms):
    # Folding w + d is folding w and adding s d, the identity on which surfaces rest.
    network = build(OptionA, normalise_norms)
    folded, moved = fold(network, x), copy.deepcopy(network)
    step = torch.randn(moved.conv1.weight.shape, generator=torch.Generator().manual_seed(1))
    moved.conv1.weight.data += step
    direct = fold(moved, x).network.conv1
    shifted = folded.network.conv1.weight + folded.scales["conv1.weight"] * step
    torch.testing.assert_close(direct.weight, shifted, rtol=1e-5, atol=1e-6)
    assert torch.equal(direct.bias, folded.network.conv1.bias)


@pytest.mark.parametrize(("kind", "reason"), [(DependsOnData, "cannot be traced"), (DependsOnType, "computes something else")])
def test_what_cannot_be_traced_is_left_alone_and_said(kind, reason, x, normalise_norms):
    network = build(kind, normalise_norms)
    folded = fold(network, x)
    assert folded.plain
    assert folded.scales == {}
    assert "unfolded" in folded.note
    assert reason in folded.note
    assert "\n" not in folded.note
    for batch in (x, -x, x[:1]):  # both branches
        with torch.no_grad():
            assert torch.equal(folded.network(batch), network(batch))


class Optional(UsedBesides):
    def forward(self, x, mask=None, *, times=1):
        out = self.bn(self.conv(x))
        return self.head(out if mask is None else out * mask) * times


def test_a_parameter_with_a_default_keeps_it(x, normalise_norms):
    network = build(Optional, normalise_norms)
    folded = fold(network, x)
    assert folded.note == "1 of 1 batch norms folded"
    with torch.no_grad():
        torch.testing.assert_close(folded.network(x), network(x), **CLOSE)


class FailsWhenTraced(UsedBesides):
    """Traces without complaint; the copy then raises, for it reshapes with what a traced value is not."""

    def forward(self, x):
        return self.head(self.bn(self.conv(x)).reshape(5 if isinstance(x, torch.Tensor) else 7, 5, 6, 6))


def test_a_traced_copy_that_fails_is_not_used(x, normalise_norms):
    folded = fold(build(FailsWhenTraced, normalise_norms), x)
    assert folded.plain
    assert "unfolded" in folded.note


def cut(_layer, _inputs, output):
    return output.clamp(max=1e6)  # nothing on the example


@pytest.mark.parametrize("place", ["0", "1"])
def test_layers_with_hooks_are_not_folded(place, x, normalise_norms):
    network = build(lambda: sequential(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6)), normalise_norms)
    network.get_submodule(place).register_forward_hook(cut)
    assert fold(network, x).note == "0 of 1 batch norms folded"


def test_a_hook_of_the_network_itself_is_not_lost(x, normalise_norms):
    network = build(lambda: sequential(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6)), normalise_norms)
    network.register_forward_hook(lambda *arguments: arguments[-1].clamp(max=1e6))
    folded = fold(network, x)
    assert folded.plain
    assert "hooks" in folded.note


@pytest.mark.parametrize("norm", [nn.utils.spectral_norm, nn.utils.parametrizations.weight_norm])
def test_weights_that_are_computed_are_not_scaled(norm, x, normalise_norms):
    network = build(lambda: sequential(norm(nn.Conv2d(3, 6, 3)), nn.BatchNorm2d(6)), normalise_norms)
    with torch.no_grad():
        network.eval()(x)
    folded = fold(network, x)
    assert folded.note == "0 of 1 batch norms folded"
    with torch.no_grad():
        torch.testing.assert_close(folded.network(x), network(x), **CLOSE)


def test_the_example_is_left_as_it_was(x, normalise_norms):
    class Centring(UsedBesides):
        def forward(self, x):
            x -= 0.5
            return super().forward(x)

    network, before = build(Centring, normalise_norms), x.clone()
    folded = fold(network, x)
    assert not folded.plain
    assert torch.equal(x, before)


@pytest.mark.parametrize(("layer", "name"), [("0", "weight"), ("1", "running_var"), ("1", "running_mean")])
def test_a_network_that_gives_nothing_finite_is_left_alone(layer, name, x, normalise_norms):
    network = build(lambda: sequential(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6)), normalise_norms)
    getattr(network.get_submodule(layer), name).data.fill_(-1 if name == "running_var" else torch.nan)
    folded = fold(network, x)
    assert folded.plain
    assert "nothing finite" in folded.note


def test_without_batch_norms_there_is_nothing_to_do(x):
    network = sequential(nn.Conv2d(3, 6, 3))
    folded = fold(network, x)
    assert (folded.plain, folded.scales, folded.note) == (False, {}, "no batch norm to fold")
    with torch.no_grad():
        assert torch.equal(folded.network(x), network(x))


@pytest.mark.parametrize("kind", [OptionA, DependsOnData, lambda: sequential(nn.Conv2d(3, 6, 3), nn.Dropout(0.5))])
def test_a_network_in_training_is_evaluated_in_evaluation_mode_and_stays_in_training(kind, x, normalise_norms):
    network = build(kind, normalise_norms).train()
    next(iter(network.parameters())).requires_grad_(requires_grad=False)
    state = copy.deepcopy(network.state_dict())
    flags = [p.requires_grad for p in network.parameters()]
    folded = fold(network, x)

    assert all(module.training for module in network.modules())
    assert [p.requires_grad for p in network.parameters()] == flags
    assert all(torch.equal(value, state[key]) for key, value in network.state_dict().items())
    assert {id(p) for p in network.parameters()}.isdisjoint(map(id, folded.network.parameters()))
    assert not any(p.requires_grad for p in folded.network.parameters())
    with torch.no_grad():
        torch.testing.assert_close(folded.network(x), copy.deepcopy(network).eval()(x), **CLOSE)


@pytest.mark.parametrize("kind", [OptionA, PreActivation, CalledTwice, UsedBesides])
def test_parameters_keep_their_names_and_shapes(kind, x, normalise_norms):
    network = build(kind, normalise_norms)
    shapes = {name: p.shape for name, p in fold(network, x).network.named_parameters()}
    assert all(shapes[name] == p.shape for name, p in network.named_parameters() if p.dim() > 1)
