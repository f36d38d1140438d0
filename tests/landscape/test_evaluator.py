"""The evaluator against the plain module in float64, and a small network against NumPy alone.

Tolerance in fp32: rounding 2**-24 = 6e-8 a layer, about ten layers in the depth-8 networks, errors of either sign in the
images of a mean: a few 1e-7 of the logits, and of the loss, which is as large as they are in an untrained network.
"""

import copy
import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from optprimer.landscape.directions import Plane, random_plane
from optprimer.landscape.evaluator import PlaneEvaluator, _stays_small, image_losses, moving_parameters
from optprimer.landscape.images import Images
from optprimer.runtime import Runtime

POINTS = [(0.0, 0.0), (0.5, -0.3), (-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)]
coefficients = st.floats(-1, 1, allow_subnormal=False)


def close(found, expected):
    assert found.loss == pytest.approx(expected.loss, rel=1e-6)
    assert found.loss_se == pytest.approx(expected.loss_se, rel=1e-5)
    assert found.accuracy == pytest.approx(expected.accuracy, abs=1e-12)
    assert (found.n, found.n_nonfinite) == (expected.n, 0)


@pytest.fixture(scope="module")
def evaluators(runtime, images):
    kept = {}

    def get(network, plane):
        if network not in kept:
            kept[network] = PlaneEvaluator(network, plane.d1, plane.d2, runtime, images.inputs[:2])
        return kept[network]

    return get


def unit_plane(d1, d2):
    return Plane(d1, d2, ((-1.0, 1.0), (-1.0, 1.0)))


@pytest.fixture
def evaluate(evaluators, network, plane):
    return evaluators(network, plane)


@pytest.mark.parametrize(("alpha", "beta"), POINTS)
def test_the_loss_is_that_of_the_displaced_module(evaluate, network, plane, images, by_hand, alpha, beta):
    close(evaluate(alpha, beta, images, 48), by_hand(network, images, plane, alpha, beta))


@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_at_any_point(data, evaluators, skip_network, plane, images, by_hand):
    alpha, beta = data.draw(coefficients), data.draw(coefficients)
    close(evaluators(skip_network, plane)(alpha, beta, images, 48), by_hand(skip_network, images, plane, alpha, beta))


def test_the_second_opinion_can_tell(skip_network, plane, images, by_hand, evaluators):
    # What the comparison above would have to notice: exchanged coefficients, batch statistics, other directions.
    expected = by_hand(skip_network, images, plane, 0.5, -0.3).loss
    evaluate = evaluators(skip_network, plane)
    assert evaluate(-0.3, 0.5, images, 48).loss != pytest.approx(expected, rel=1e-2)
    in_training = evaluate.move_to(0.5, -0.3)
    unfolded = copy.deepcopy(skip_network)
    with torch.no_grad():
        for name, parameter in unfolded.named_parameters():
            if name in plane.d1:
                parameter += 0.5 * plane.d1[name] - 0.3 * plane.d2[name]
    assert image_losses(unfolded.train(), images, 48).loss != pytest.approx(expected, rel=1e-2)
    assert image_losses(in_training.train(), images, 48).loss == pytest.approx(expected, rel=1e-6)  # no mode is left


def test_the_loss_changes_along_both_directions(evaluate, images):
    centre, along, across = (evaluate(*p, images, 48).loss for p in ((0, 0), (0.2, 0), (0, 0.2)))
    assert abs(along / centre - 1) > 1e-3
    assert abs(across / centre - 1) > 1e-3
    assert abs(across / along - 1) > 1e-3


def test_points_do_not_depend_on_one_another(evaluate, images):
    first = {p: evaluate(*p, images, 16) for p in POINTS}
    evaluate(1e30, -1e30, images, 16)
    assert {p: evaluate(*p, images, 16) for p in reversed(POINTS)} == first


def test_a_thousand_moves_leave_no_trace(evaluate, images):
    before = evaluate(0, 0, images, 48)
    for alpha, beta in itertools.islice(itertools.cycle([(0.1, -0.7), (0.3, 1e4), (-1e-3, 0.2)]), 1000):
        evaluate.move_to(alpha, beta)
    assert evaluate(0, 0, images, 48) == before


def test_two_evaluators_give_the_same_bits(skip_network, plane, images, runtime):
    one, other = (PlaneEvaluator(skip_network, plane.d1, plane.d2, runtime, images.inputs[:2]) for _ in range(2))
    assert one(0.3, 0.4, images, 16) == other(0.3, 0.4, images, 16)


@pytest.mark.parametrize("batch", [1, 7, 20, 47, 48, 1000])
def test_batches_are_weighted_by_their_size(evaluate, images, batch):
    close(evaluate(0.2, 0.1, images, batch), evaluate(0.2, 0.1, images, 48))


@pytest.mark.parametrize(("alpha", "beta"), [(0.0, 0.0), (0.3, -0.2), (0.5, 0.5)])
def test_bf16_is_within_a_few_percent(network, plane, images, bf16, by_hand, alpha, beta):
    evaluate = PlaneEvaluator(network, plane.d1, plane.d2, bf16, images.inputs[:2])
    rounded = Images(images.inputs.bfloat16(), images.labels, images.population)
    found, expected = evaluate(alpha, beta, rounded, 48), by_hand(network, images, plane, alpha, beta)
    # 2**-9 a rounding of weights and activations, in ten layers: below 2 % of the logits.
    assert found.loss == pytest.approx(expected.loss, rel=0.03)
    assert found.loss != pytest.approx(expected.loss, rel=1e-7)
    assert evaluate(alpha, beta, rounded, 48) == found
    assert {p.dtype for p in evaluate.move_to(0, 0).parameters() if p.dim() > 1} == {torch.bfloat16}


def test_batch_norms_that_stay_keep_fp32(images, bf16):
    norm = nn.BatchNorm2d(3)  # first, so there is no convolution to fold it into
    norm.running_var.fill_(1.001)  # bfloat16 has no such number
    network = nn.Sequential(norm, nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(10)).eval()
    network(images.inputs[:2])
    plane = random_plane(network, 0, 0, "filter", 1.0)
    moved = PlaneEvaluator(network, plane.d1, plane.d2, bf16, images.inputs[:2]).move_to(0, 0)
    (kept,) = (m for m in moved.modules() if isinstance(m, nn.BatchNorm2d))
    assert kept.running_var.dtype == torch.float32
    assert torch.equal(kept.running_var, norm.running_var)


def test_a_network_with_volumes(images, runtime):
    network = nn.Sequential(nn.Unflatten(1, (1, 3)), nn.Conv3d(1, 2, 3), nn.Flatten(), nn.LazyLinear(10)).eval()
    network(images.inputs[:2])
    plane = random_plane(network, 0, 0, "filter", 1.0)
    evaluate = PlaneEvaluator(network, plane.d1, plane.d2, runtime, images.inputs[:2])
    expected = image_losses(network, images, 48)
    assert evaluate(0, 0, images, 48).loss == pytest.approx(expected.loss, rel=1e-6)
    assert evaluate(0.5, 0, images, 48).loss != pytest.approx(expected.loss, rel=1e-3)


# Standard errors and overflow.


class Table(nn.Module):
    """Looks logits up: the 'image' is its own number."""

    def __init__(self, logits):
        super().__init__()
        self.logits = torch.as_tensor(logits)

    def forward(self, x):
        return self.logits[x[:, 0, 0, 0].long()]


def numbered(n, labels, population):
    return Images(torch.arange(n, dtype=torch.float32).view(n, 1, 1, 1), torch.as_tensor(labels), population)


@pytest.mark.parametrize("population", [6, 7, 60, 10**9])
def test_standard_error_with_the_finite_population(population):
    logits = np.random.default_rng(0).normal(size=(6, 3)) * 3
    labels = np.array([0, 1, 2, 0, 1, 2])
    losses = -np.log(np.exp(logits) / np.exp(logits).sum(1, keepdims=True))[np.arange(6), labels]
    found = image_losses(Table(logits), numbered(6, labels, population), 4)
    assert found.loss == pytest.approx(losses.mean(), rel=1e-6)
    variance = ((losses - losses.mean()) ** 2).sum() / 5
    assert found.loss_se == pytest.approx(math.sqrt(variance / 6 * (1 - 6 / population)), rel=1e-6, abs=1e-12)
    assert found.accuracy == (logits.argmax(1) == labels).mean()


def test_the_standard_error_is_the_scatter_of_samples():
    # 2,000 samples of 20 from 50: their means scatter as each says of itself. Relative error of that scatter: 1 / sqrt(4,000).
    rng = np.random.default_rng(1)
    logits, labels = rng.normal(size=(50, 3)) * 2, rng.integers(0, 3, 50)
    whole = numbered(50, labels, 50)
    found = []
    for _ in range(2000):
        chosen = torch.from_numpy(rng.permutation(50)[:20])
        found.append(image_losses(Table(logits), Images(whole.inputs[chosen], whole.labels[chosen], 50), 20))
    scatter = np.std([p.loss for p in found])
    assert np.sqrt(np.mean([p.loss_se**2 for p in found])) == pytest.approx(scatter, rel=0.08)
    assert np.mean([p.loss for p in found]) == pytest.approx(image_losses(Table(logits), whole, 50).loss, rel=0.01)


def test_one_image_has_no_standard_error():
    found = image_losses(Table([[0.0, 0.0]]), numbered(1, [1], 10), 1)
    assert found.loss == pytest.approx(math.log(2))
    assert math.isnan(found.loss_se)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_non_finite_losses_are_counted_and_not_averaged(bad):
    logits = [[1.0, 2.0], [bad, 0.0], [3.0, 1.0], [0.0, bad]]
    found = image_losses(Table(logits), numbered(4, [1, 0, 0, 0], 10), 3)
    assert math.isnan(found.loss)
    assert math.isnan(found.loss_se)
    assert (found.n, found.n_nonfinite) == (4, 2)
    assert found.accuracy >= 0.5


def test_an_overflowing_network_is_nan(evaluate, images):
    found = evaluate(1e30, 0, images, 48)
    assert math.isnan(found.loss)
    assert math.isnan(found.loss_se)
    assert (found.n, found.n_nonfinite) == (48, 48)
    assert 0 <= found.accuracy <= 1


def test_a_large_loss_is_a_result(evaluate, network, plane, images, by_hand):
    found = evaluate(30.0, 20.0, images, 48)
    assert found.n_nonfinite == 0
    assert found.loss > 1e6
    assert found.loss == pytest.approx(by_hand(network, images, plane, 30.0, 20.0).loss, rel=1e-5)


# What moves, and where it lies in memory.


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_layers_hold_views_of_one_buffer_in_channels_last(skip_network, plane, images, runtime, bf16, precision):
    where = runtime if precision == "fp32" else bf16
    evaluate = PlaneEvaluator(skip_network, plane.d1, plane.d2, where, images.inputs[:2])
    moved = evaluate.move_to(0.5, -0.3)
    buffers = set()
    modules = dict(skip_network.named_modules())
    for name, parameter in moved.named_parameters():
        if name not in plane.d1:
            continue
        buffers.add(parameter.untyped_storage().data_ptr())
        expected = skip_network.get_parameter(name).detach() + 0.5 * plane.d1[name] - 0.3 * plane.d2[name]
        norm = modules.get(name.replace("conv", "bn").removesuffix(".weight"))
        if "shortcut" in name:
            norm = modules[name.replace("shortcut.0.weight", "shortcut.1")]
        if isinstance(norm, nn.BatchNorm2d):
            expected = expected * (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach().view(-1, 1, 1, 1)
        tolerance = {"rtol": 2**-8, "atol": 0.0} if precision == "bf16" else {"rtol": 1e-5, "atol": 1e-6}
        torch.testing.assert_close(parameter.detach().float(), expected, **tolerance)
        if parameter.dim() == 4:
            assert parameter.is_contiguous(memory_format=torch.channels_last)
    assert len(buffers) == 1
    evaluate.move_to(-1, 1)
    assert {p.untyped_storage().data_ptr() for n, p in moved.named_parameters() if n in plane.d1} == buffers


class PreActivation(nn.Module):
    """Norms that cannot be folded, a bias in a convolution, a layer of biases."""

    def __init__(self):
        super().__init__()
        self.bn, self.conv, self.linear = nn.BatchNorm2d(3), nn.Conv2d(3, 5, 3), nn.Linear(5, 10)

    def forward(self, x):
        return self.linear(functional.relu(self.conv(functional.relu(self.bn(x)))).mean((2, 3)))


def randomised(network, seed=0):
    generator = torch.Generator().manual_seed(seed)
    for parameter in network.parameters():
        parameter.data = 0.5 * torch.randn(parameter.shape, generator=generator)
    return network.eval()


def test_biases_and_batch_norms_stay(images, runtime, bf16, normalise_norms):
    network = normalise_norms(randomised(PreActivation()))
    plane = random_plane(network, 0, 0, "filter", 1.0)
    assert set(moving_parameters(network)) == set(plane.d1) == {"conv.weight", "linear.weight"}
    for where in (runtime, bf16):
        evaluate = PlaneEvaluator(network, plane.d1, plane.d2, where, images.inputs[:2])
        still = [p for n, p in evaluate.move_to(0, 0).named_parameters() if n not in plane.d1]
        still += list(evaluate.move_to(0, 0).buffers())
        before = [tensor.clone() for tensor in still]
        evaluate(0.7, -0.9, Images(images.inputs.to(where.dtype), images.labels, images.population), 48)
        assert all(torch.equal(a, b) for a, b in zip(still, before, strict=True))
    assert dict(evaluate.move_to(0, 0).named_buffers())["bn.running_var"].dtype == torch.float32


@pytest.mark.parametrize("folded", [True, False], ids=["constant of folded layers", "of ours"])
def test_the_constants_of_folded_layers_stay(skip_network, plane, images, runtime, folded):
    evaluate = PlaneEvaluator(skip_network, plane.d1, plane.d2, runtime, images.inputs[:2])
    moved = evaluate.move_to(0, 0)
    names = [n for n, p in moved.named_parameters() if p.dim() == 1 and ("bias" in n) == folded]
    before = {name: moved.get_parameter(name).clone() for name in names}
    evaluate.move_to(0.8, -0.8)
    assert before
    assert all(torch.equal(moved.get_parameter(name), value) for name, value in before.items())


def test_parameters_that_a_direction_does_not_name_stay(skip_network, plane, images, runtime, by_hand):
    one = {"conv.weight": plane.d1["conv.weight"]}
    other = {"linear.weight": plane.d2["linear.weight"]}
    evaluate = PlaneEvaluator(skip_network, one, other, runtime, images.inputs[:2])
    zeros = {name: torch.zeros_like(d) for name, d in plane.d1.items()}
    expected = by_hand(skip_network, images, unit_plane(zeros | one, zeros | other), 0.6, -0.5)
    close(evaluate(0.6, -0.5, images, 48), expected)


def test_no_direction_at_all(skip_network, images, runtime, by_hand):
    evaluate = PlaneEvaluator(skip_network, {}, {}, runtime, images.inputs[:2])
    close(evaluate(0.6, -0.5, images, 48), by_hand(skip_network, images))


class Spare(PreActivation):
    """Has a layer that its output does not depend on, such as an auxiliary head."""

    def __init__(self):
        super().__init__()
        self.auxiliary = nn.Linear(5, 10)


class TiedBackwards(nn.Module):
    """Two convolutions with one weight, used in the other order than they are defined."""

    def __init__(self):
        super().__init__()
        self.second, self.first = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)
        self.first.weight = self.second.weight
        self.bn, self.linear = nn.BatchNorm2d(3), nn.Linear(3, 10)

    def forward(self, x):
        return self.linear(self.bn(self.second(functional.relu(self.first(x)))).mean((2, 3)))


@pytest.mark.parametrize("kind", [PreActivation, Spare, TiedBackwards])
def test_networks_of_other_makes(kind, images, runtime, by_hand, normalise_norms):
    network = normalise_norms(randomised(kind()))
    plane = random_plane(network, 0, 0, "filter", 1.0)
    evaluate = PlaneEvaluator(network, plane.d1, plane.d2, runtime, images.inputs[:2])
    for alpha, beta in POINTS:
        close(evaluate(alpha, beta, images, 48), by_hand(network, images, plane, alpha, beta))


def test_a_network_in_training_is_measured_in_evaluation_mode(images, runtime, by_hand, normalise_norms):
    network = normalise_norms(randomised(PreActivation()))
    plane = random_plane(network, 0, 0, "filter", 1.0)
    expected = by_hand(network, images, plane, 0.4, 0.1)
    network.train()
    buffers = [b.clone() for b in network.buffers()]
    close(PlaneEvaluator(network, plane.d1, plane.d2, runtime, images.inputs[:2])(0.4, 0.1, images, 48), expected)
    assert network.training
    assert all(torch.equal(a, b) for a, b in zip(network.buffers(), buffers, strict=True))


# A third opinion, without PyTorch.


class OneLayer(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.bn, self.linear = nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.BatchNorm2d(4, eps=1e-3), nn.Linear(4, 10)

    def forward(self, x):
        return self.linear(functional.relu(self.bn(self.conv(x))).mean((2, 3)))


def one_layer_in_numpy(state, x):
    w, padded = state["conv.weight"], np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    out = np.zeros((len(x), 4, 4, 4))
    for i, j in np.ndindex(4, 4):
        out[:, :, i, j] = np.einsum("ncij,ocij->no", padded[:, :, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3], w)
    out += state["conv.bias"][:, None, None]
    mean, variance, g, b = (state[f"bn.{k}"][:, None, None] for k in ("running_mean", "running_var", "weight", "bias"))
    out = np.maximum(g * (out - mean) / np.sqrt(variance + 1e-3) + b, 0).mean((2, 3))
    return out @ state["linear.weight"].T + state["linear.bias"]


@pytest.mark.parametrize(("alpha", "beta"), POINTS)
def test_one_layer_in_numpy(images, runtime, normalise_norms, alpha, beta):
    network = normalise_norms(randomised(OneLayer()))
    plane = random_plane(network, 0, 0, "filter", 1.0)
    found = PlaneEvaluator(network, plane.d1, plane.d2, runtime, images.inputs[:2])(alpha, beta, images, 20)
    state = {name: value.double().numpy() for name, value in network.state_dict().items()}
    for name in plane.d1:
        state[name] = state[name] + alpha * plane.d1[name].double().numpy() + beta * plane.d2[name].double().numpy()
    logits, labels = one_layer_in_numpy(state, images.inputs.double().numpy()), images.labels.numpy()
    losses = np.log(np.exp(logits).sum(1)) - logits[np.arange(48), labels]
    assert found.loss == pytest.approx(losses.mean(), rel=1e-6)
    assert found.loss_se == pytest.approx(losses.std(ddof=1) / np.sqrt(48) * np.sqrt(1 - 48 / 120), rel=1e-5)
    assert found.accuracy == (logits.argmax(1) == labels).mean()


class Overwrites(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.linear = nn.Conv2d(3, 8, 3, padding=1), nn.Linear(8, 10)

    def forward(self, x):
        x -= 0.5
        return self.linear(torch.relu(self.conv(x)).mean((2, 3)))


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_network_that_overwrites_its_input_sees_the_same_images_every_time(precision, images):
    network, runtime = Overwrites().eval(), Runtime(torch.device("cpu"), precision)
    plane = random_plane(network, 0, 0, "filter", 1.0)
    inputs = images.inputs.to(runtime.dtype, copy=True)
    same = Images(inputs, images.labels, images.population)
    evaluate = PlaneEvaluator(network, plane.d1, plane.d2, runtime, inputs[:2])
    assert evaluate(0.5, 0, same, 48) == evaluate(0.5, 0, same, 48)
    assert torch.equal(inputs, images.inputs.to(runtime.dtype))


class PerImage(Overwrites):
    """Scales every image by its own size, so that an image of one colour gives 0 / 0."""

    def forward(self, x):
        x = x - x.mean((1, 2, 3), keepdim=True)
        return self.linear(torch.relu(self.conv(x / x.square().mean((1, 2, 3), keepdim=True).sqrt())).mean((2, 3)))


def test_one_image_without_a_loss_is_not_rectified_away(images, bf16):
    network, inputs = PerImage().eval(), images.inputs.bfloat16()
    inputs[20] = 0
    evaluate = PlaneEvaluator(network, {}, {}, bf16, inputs[:2])
    assert evaluate(0, 0, Images(inputs, images.labels, images.population), 48).n_nonfinite == 1


class Grouped(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.last, self.linear = nn.Conv2d(3, 9, 1), nn.Conv2d(9, 9, 1, groups=9), nn.Linear(9, 10)

    def forward(self, x):
        h = torch.relu(self.conv(x))
        return self.linear(torch.relu(self.last(h) + h).mean((2, 3)))


def refuse(_inputs):
    raise RuntimeError("no such kernel in bfloat16")


@pytest.mark.parametrize("refused", [False, True])
def test_what_fused_kernels_refuse_is_computed_layer_by_layer(refused, images, bf16, by_hand, monkeypatch):
    network, refusing = Grouped().eval(), nn.Identity()
    refusing.forward = refuse
    if refused:
        monkeypatch.setattr("optprimer.landscape.evaluator.can_fuse", lambda: True)
        monkeypatch.setattr("optprimer.landscape.evaluator.fuse", lambda *arguments: refusing)
    evaluate = PlaneEvaluator(network, {}, {}, bf16, images.inputs[:2])
    found = evaluate(0, 0, Images(images.inputs.bfloat16(), images.labels, images.population), 48)
    assert found.loss == pytest.approx(by_hand(network, images).loss, rel=0.01)


def test_a_buffer_may_have_five_dimensions(images, runtime):
    network = Overwrites().eval()
    network.register_buffer("scale", torch.ones(1, 1, 1, 1, 1))
    found = PlaneEvaluator(network, {}, {}, runtime, images.inputs[:2])(0, 0, images, 48)
    assert found.n_nonfinite == 0


@pytest.mark.parametrize(("largest", "small"), [(9e17, True), (-9e17, True), (2e18, False), (-2e18, False), (math.nan, False)])
def test_fused_kernels_are_kept_far_from_overflow(largest, small):
    assert _stays_small(Table([[0.0, 1.0], [largest, 0.0]]), numbered(2, [0, 0], 2).inputs) is small
