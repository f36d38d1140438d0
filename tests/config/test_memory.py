"""What a job holds at least, against what PyTorch builds; and that too much is refused by its key."""

import pytest
import torch

from optprimer.config.load import load, merge
from optprimer.config.memory import RESNET, Need, memory_here, needs, parameters, too_large
from optprimer.config.schema import SCALES
from optprimer.networks.build import build
from optprimer.networks.resnet import resnet
from optprimer.networks.weights import parameter_count

CONFIG = load()
GIGABYTE = 10**9


@pytest.mark.parametrize("depth", RESNET)
def test_a_resnet_has_at_least_the_parameters_that_are_counted(depth):
    network = resnet(depth, skips=True, channels=1, classes=10, generator=torch.Generator())
    assert 0.97 * parameter_count(network) <= RESNET[depth] <= parameter_count(network)


@pytest.mark.parametrize(("architecture", "widths"), [("mlp", [512, 300]), ("mlp_tanh", [64]), ("conv", [16, 32])])
def test_weights_are_counted_without_what_is_small(architecture, widths):
    kind = "mlp" if architecture == "mlp_tanh" else architecture
    network = build(kind, widths, channels=1, side=8, classes=10, generator=torch.Generator())
    counted = parameters(CONFIG, architecture, widths)
    assert 0.9 * parameter_count(network) <= counted <= parameter_count(network)


@pytest.mark.parametrize("scale", ["config", *(path.stem for path in SCALES.glob("*.yaml"))])
def test_every_scale_needs_less_than_its_jobs_ask_for(scale):
    config = CONFIG if scale == "config" else load(SCALES / f"{scale}.yaml")
    assert max(need.size for need in needs(config)) < 3 * GIGABYTE


@pytest.mark.parametrize(
    ("overrides", "key"),
    [
        ({"sharpness": {"networks": {"deep": {"widths": [100_000, 100_000]}}}}, "sharpness.networks.deep.widths"),
        ({"memorization": {"networks": {"mlp_1x8": {"widths": [90_000] * 3}}}}, "memorization.networks.mlp_1x8.widths"),
        ({"batch": {"networks": {"conv": {"widths": [50_000, 50_000]}}}}, "batch.networks.conv.widths"),
        ({"edge": {"networks": {"tanh": {"widths": [90_000, 90_000]}}}}, "edge.networks.tanh.widths"),
        ({"edge": {"convexity": {"width": 100_000}}}, "edge.convexity.width"),
        ({"train": {"networks": {"resnet56": {"epochs": 100_000}}}}, "train.networks.resnet56.epochs"),
        ({"landscape": {"surfaces": {"layer": {"seeds": list(range(5_000))}}}}, "landscape.surfaces.layer.seeds"),
    ],
)
def test_absurd_sizes_are_refused_by_their_key(overrides, key):
    assert key in [problem.key for problem in too_large(merge(CONFIG, overrides), 3 * GIGABYTE)]
    assert list(too_large(CONFIG, 3 * GIGABYTE)) == []


def test_the_limit_is_exact():
    largest = max(needs(CONFIG), key=lambda need: need.size)
    assert isinstance(largest, Need)
    assert list(too_large(CONFIG, largest.size)) == []
    (problem, *_) = too_large(CONFIG, largest.size - 1)
    assert problem.key == largest.key
    assert "and this machine has" in problem.allowed


def test_this_machine_has_some_memory():
    assert 2**28 < memory_here() < 2**50
