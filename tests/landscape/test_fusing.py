"""Fused kernels against the separate layers, in fp32 where both are exact to rounding, and in bfloat16 against float64."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import prune

from optprimer.landscape.directions import random_plane
from optprimer.landscape.evaluator import PlaneEvaluator
from optprimer.landscape.folding import fold
from optprimer.landscape.fusing import can_fuse, fuse
from optprimer.landscape.images import Images

pytestmark = pytest.mark.skipif(not can_fuse(), reason="this processor or PyTorch has no fused bfloat16 kernels")

CLOSE = {"rtol": 1e-5, "atol": 1e-5}
KERNELS = ("_convolution_pointwise.default", "_convolution_pointwise.binary", "_convolution_pointwise_.binary")


def kernels(network):
    names = [str(node.target).removeprefix("mkldnn.") for node in network.graph.nodes if node.op == "call_function"]
    return [names.count(kernel) for kernel in KERNELS]


def inputs(n=3, channels=8, side=6):
    return torch.randn(n, channels, side, side, generator=torch.Generator().manual_seed(1))


class Net(nn.Module):
    """Two convolutions, one rectifier, and whatever ``forward`` a test gives it."""

    def __init__(self, forward, **settings):
        super().__init__()
        torch.manual_seed(0)
        self.a = nn.Conv2d(8, 8, 3, padding=1, **settings)
        self.b = nn.Conv2d(8, 8, 3, padding=1, **settings)
        self.rectifier = nn.ReLU()
        self.add = nn.MaxPool2d(1)  # a layer with the name of a sum
        self.same = nn.Identity()
        self.run = forward
        self.eval().requires_grad_(requires_grad=False)

    def forward(self, x):
        return self.run(self, x)


def in_place(net, x):
    h = net.rectifier(net.a(x))
    out = net.b(torch.relu(net.b(h)))
    out += h
    return functional.relu(out, inplace=True).mean((2, 3))


FORMS = {
    "module": (lambda net, x: net.b(net.rectifier(net.a(x))), [2, 0, 0]),
    "function": (lambda net, x: net.b(torch.relu(net.a(x))), [2, 0, 0]),
    "method": (lambda net, x: net.b(net.a(x).relu()), [2, 0, 0]),
    "in place": (in_place, [2, 0, 1]),
    "the input is the addend": (lambda net, x: torch.relu(net.b(h := torch.relu(net.a(x))) + h), [1, 1, 0]),
    "sum of two convolutions": (lambda net, x: torch.relu(net.a(x) + net.b(x)), [1, 1, 0]),
    "addend first": (lambda net, x: torch.relu(torch.add(x, net.a(x))), [0, 1, 0]),
    "the image is the addend": (lambda net, x: torch.relu(net.a(x) + x), [0, 1, 0]),
    "addend used later": (lambda net, x: torch.cat([h := torch.relu(net.a(x)), torch.relu(net.b(h) + h)]), [1, 1, 0]),
    "addend seen as a view": (lambda net, x: torch.relu(net.b(h := torch.relu(net.a(x))) + h) + h[:, :, :1, :1], [1, 1, 0]),
    "broadcast": (lambda net, x: torch.relu(net.a(x) + x.mean((2, 3), keepdim=True)), [1, 0, 0]),
    "a number": (lambda net, x: torch.relu(net.a(x) + 1.5), [1, 0, 0]),
    "scaled": (lambda net, x: torch.relu(torch.add(net.a(x), x, alpha=2)), [1, 0, 0]),
    "twice itself": (lambda net, x: torch.relu((y := net.a(x)) + y), [1, 0, 0]),
    "sum without rectifier": (lambda net, x: net.a(x) + x, [1, 0, 0]),
    "used besides": (lambda net, x: torch.relu(y := net.a(x)) + y, [1, 0, 0]),
    "called twice": (lambda net, x: torch.relu(net.a(torch.relu(net.a(x)))), [2, 0, 0]),
    "a module named add": (lambda net, x: torch.relu(net.add(net.a(x))), [1, 0, 0]),
    "by keyword": (lambda net, x: torch.relu(net.a(input=net.same(input=x))), [1, 0, 0]),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_fused_network_computes_the_same(form):
    forward, expected = FORMS[form]
    net = Net(forward)
    fused = fuse(net, inputs())
    assert kernels(fused) == expected
    x = inputs(5)
    torch.testing.assert_close(fused(x), net(x.clone()), **CLOSE)


@pytest.mark.parametrize("settings", [{"groups": 4}, {"stride": 2}, {"dilation": 2}, {"bias": False}])
def test_settings_of_the_convolution_are_kept(settings):
    net = Net(lambda net, x: torch.relu(net.a(x)), **settings)
    fused = fuse(net, inputs())
    assert kernels(fused) == [1, 0, 0]
    torch.testing.assert_close(fused(inputs(5)), net(inputs(5)), **CLOSE)


def test_padding_that_is_not_zero_stays_a_layer():
    net = Net(lambda net, x: torch.relu(net.a(x)), padding_mode="reflect")
    assert fuse(net, inputs()) is None


def test_where_the_order_of_events_matters_nothing_is_fused():
    def overwritten(net, x):
        h = x * 1
        out = net.a(h)
        h.mul_(3)
        return torch.relu(out) + h

    net = Net(overwritten)
    fused = fuse(net, inputs())
    assert fused is None or torch.allclose(fused(inputs(5)), net(inputs(5)), **CLOSE)
    late = Net(lambda net, x: torch.relu(net.a(h := x * 1) + torch.relu_(h)))  # a kernel would read h after the change
    assert fuse(late, inputs()) is None


def of_own_input(net, x):
    h = net.a(x)
    out = net.b(h)
    return torch.relu(out + torch.relu_(h))  # where h is positive on the example, nothing shows


REFUSED = {
    "a pole": lambda net, x: torch.relu(net.a(x / x.square().mean((1, 2, 3), keepdim=True).sqrt())),
    "saturation": lambda net, x: torch.tanh(torch.relu(net.a(x))),
    "another rectifier": lambda net, x: functional.leaky_relu(net.a(x)),
    "a cut in place": lambda net, x: torch.relu(net.b(h := torch.relu(net.a(x)))) + h.clamp_(max=1e6),
    "overwritten while read": of_own_input,
    "overwritten as a view": lambda net, x: torch.relu(net.a(x)) + functional.relu(x.reshape(x.shape), inplace=True),
    "written elsewhere": lambda net, x: torch.relu(net.a(x)) + torch.add(x, x, out=x),
}


@pytest.mark.parametrize("form", REFUSED)
def test_operations_that_other_images_could_betray_are_not_fused(form):
    net = Net(REFUSED[form])
    net.a.bias.data += 100  # all is positive on the example
    assert fuse(net, inputs()) is None


def test_batch_statistics_hide_overflow():
    net = nn.Sequential(nn.Conv2d(8, 8, 3), nn.BatchNorm2d(8, track_running_stats=False), nn.Conv2d(8, 8, 3), nn.ReLU())
    assert fuse(net.eval(), inputs()) is None


def cut(_layer, _inputs, output):
    return output.clamp(max=1e6)  # nothing on the example


CHANGED = {
    "hook of a convolution": lambda net: net.a.register_forward_hook(cut),
    "hook of a rectifier": lambda net: net.rectifier.register_forward_hook(cut),
    "hook before": lambda net: net.b.register_forward_pre_hook(lambda layer, inputs: None),
    "hook of the network": lambda net: net.register_forward_hook(cut),
    "a forward of its own": lambda net: setattr(net.a, "forward", lambda x: x),
    "spectral norm": lambda net: nn.utils.spectral_norm(net.a),
    "spectral norm, parametrized": lambda net: nn.utils.parametrizations.spectral_norm(net.a),
    "weight norm": lambda net: nn.utils.parametrizations.weight_norm(net.a),
    "pruning": lambda net: prune.l1_unstructured(net.a, "weight", 0.5),
}


@pytest.mark.parametrize("change", CHANGED)
def test_layers_that_do_not_do_what_their_class_says_are_not_fused(change):
    net = Net(FORMS["module"][0])
    CHANGED[change](net.requires_grad_(requires_grad=True))
    assert fuse(net.eval().requires_grad_(requires_grad=False), inputs()) is None


def test_grouped_convolutions_are_fused_without_their_sums():
    net = Net(lambda net, x: torch.relu(net.a(x) + x), groups=8)
    fused = fuse(net, inputs())
    assert kernels(fused) == [1, 0, 0]
    rounded = inputs(5).bfloat16().contiguous(memory_format=torch.channels_last)
    found = copy.deepcopy(fused).to(torch.bfloat16, memory_format=torch.channels_last)(rounded)
    torch.testing.assert_close(found.float(), net(rounded.float()), rtol=0.02, atol=0.05)


def test_a_parameter_with_a_default_keeps_it():
    class Masked(Net):
        def forward(self, x, mask=None, *, times=1):
            return torch.relu(self.a(x if mask is None else x * mask)) + times

    fused = fuse(net := Masked(None), inputs())
    assert kernels(fused) == [1, 0, 0]
    torch.testing.assert_close(fused(inputs(5)), net(inputs(5)), **CLOSE)


def test_what_fails_when_run_is_not_fused():
    net = Net(lambda net, x: torch.relu(net.a(x)).reshape(7, -1))
    assert fuse(net, inputs()) is None


def test_the_example_is_left_as_it_was():
    net = Net(lambda net, x: torch.relu(net.a(torch.relu_(x))))
    fused = fuse(net, x := inputs())
    assert torch.equal(x, inputs())
    assert kernels(fused) == [1, 0, 0]


def test_an_untraceable_network_is_not_fused():
    assert fuse(Net(lambda net, x: net.a(x) if x.sum() > 0 else net.b(x)), inputs()) is None


def test_the_layers_are_shared_with_the_network(network, images):
    folded = fold(network, images.inputs[:2]).network
    fused = fuse(folded, images.inputs[:2])
    theirs = dict(folded.named_parameters())
    assert all(p is theirs[name] for name, p in fused.named_parameters())
    assert "stages.1.0.conv2.bias" in dict(fused.named_parameters())
    with torch.inference_mode():
        before = fused(images.inputs[:4])
        next(p for p in theirs.values() if p.dim() == 4).data.mul_(2)
        assert not torch.allclose(fused(images.inputs[:4]), before)


def test_every_layer_of_a_resnet_is_fused(skip_network, images):
    fused = fuse(fold(skip_network, images.inputs[:2]).network, images.inputs[:2])
    # Depth 8: a stem, three blocks of two, two projections; the sums with a projection cannot overwrite what comes later.
    assert sum(kernels(fused)) == 9
    assert kernels(fused)[1:] == [2, 1]
    assert not any(node.target in (torch.relu, functional.relu) for node in fused.graph.nodes)


def test_fused_rounding_is_not_larger(skip_network, plane, images, bf16, by_hand, monkeypatch):
    rounded = Images(images.inputs.bfloat16(), images.labels, images.population)
    errors = {}
    for name in ("fused", "separate"):
        if name == "separate":
            monkeypatch.setattr("optprimer.landscape.evaluator.can_fuse", lambda: False)
        evaluate = PlaneEvaluator(skip_network, plane.d1, plane.d2, bf16, images.inputs[:2])
        points = [(a / 4, b / 4) for a in range(-2, 3) for b in range(-2, 3)]
        pairs = [(evaluate(*p, rounded, 48).loss, by_hand(skip_network, images, plane, *p).loss) for p in points]
        errors[name] = math.sqrt(sum((found / right - 1) ** 2 for found, right in pairs) / len(pairs))
    assert errors["fused"] != errors["separate"]
    assert errors["fused"] < 1.5 * errors["separate"]


@pytest.mark.parametrize("factor", [math.nan, math.inf, 1e30])
def test_overflow_is_not_rectified_away(skip_network, plane, images, bf16, factor):
    # The fused rectifier takes NaN to 0: without a probe this would be the loss of a constant network.
    evaluate = PlaneEvaluator(skip_network, plane.d1, plane.d2, bf16, images.inputs[:2])
    found = evaluate(factor, 0, Images(images.inputs.bfloat16(), images.labels, images.population), 48)
    assert math.isnan(found.loss)
    assert found.n_nonfinite > 0


def test_random_directions_of_any_size_give_finite_losses_or_nan(skip_network, images, bf16):
    plane = random_plane(skip_network, 0, 0, "none", 1.0)
    evaluate = PlaneEvaluator(skip_network, plane.d1, plane.d2, bf16, images.inputs[:2])
    separate = copy.copy(evaluate)
    separate._fused = None
    rounded = Images(images.inputs.bfloat16(), images.labels, images.population)
    for exponent in range(0, 16):
        found, expected = (e(10.0**exponent, 0, rounded, 16) for e in (evaluate, separate))
        if found.n_nonfinite or expected.n_nonfinite:
            assert found.n_nonfinite == expected.n_nonfinite
        else:
            assert found.loss == pytest.approx(expected.loss, rel=0.1)
