"""``landscape`` on networks that were not made for it: measured the safe way, or refused beforehand in one line."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from optprimer.errors import UserError
from optprimer.landscape import LabelledImages, Settings, landscape
from optprimer.landscape.directions import load_planes
from optprimer.landscape.tables import Curvature, Geometry, Line, Surface
from optprimer.tables import read

SETTINGS = Settings(
    points=3, direction_seeds=(0,), images=40, curvature_points=3, curvature_images=6, lanczos_steps=2, batch_size=16
)
TABLES = (Surface, Geometry, Line, Curvature)


class Net(nn.Module):
    """A convolution, a linear layer, and whatever ``forward`` a test gives it."""

    def __init__(self, forward=None):
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.linear = nn.Conv2d(3, 8, 3, padding=1), nn.Linear(8, 10)
        self.run = forward
        self.eval()

    def logits(self, x):
        return self.linear(torch.relu(self.conv(x)).mean((2, 3)))

    def forward(self, x):
        return self.run(self, x) if self.run else self.logits(x)


@pytest.fixture
def data(pictures):
    return LabelledImages(*pictures, (0.5, 0.4, 0.6), (0.3, 0.2, 0.25))


@pytest.fixture
def measure(data, tmp_path, runtime):
    def measured(network, runtime=runtime, **settings):
        return landscape(network, data, tmp_path / "out", runtime, replace(SETTINGS, **settings))

    return measured


def refusal(measure, network, **settings):
    with pytest.raises(UserError) as error:
        measure(network, **settings)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_what_is_returned_is_what_is_stored(measure, tmp_path):
    found = measure(Net())
    for model in TABLES:
        name = model.__name__.lower()
        stored, table = read(model, tmp_path / "out" / f"{name}.csv"), getattr(found, name)
        key = list(model._key)
        columns = list(stored.columns)
        table = model.validate(table[columns]).sort_values(key, ignore_index=True)
        pd.testing.assert_frame_equal(stored, table)
    assert (len(found.surface), len(found.line), len(found.curvature)) == (9, 5, 9)
    assert load_planes(tmp_path / "out" / "directions.safetensors", [0])[0] == "filter"


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_network_may_overwrite_its_input(measure, runtime, precision):
    def overwritten(net, x):
        x.sub_(0.5).mul_(1.5)
        return net.logits(x)

    runtime = replace(runtime, precision=precision)
    found, copied = measure(Net(overwritten), runtime), measure(Net(lambda net, x: overwritten(net, x.clone())), runtime)
    for table in ("surface", "line", "curvature"):
        pd.testing.assert_frame_equal(getattr(found, table), getattr(copied, table))


def test_tables_are_on_disk_before_what_fails_later(measure, tmp_path, monkeypatch):
    monkeypatch.setattr("optprimer.landscape.network.line_table", lambda *arguments: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        measure(Net())
    assert len(read(Surface, tmp_path / "out" / "surface.csv")) == 9
    assert len(read(Geometry, tmp_path / "out" / "geometry.csv")) == 1


def chosen(net, x):
    return nn.functional.one_hot(net.logits(x).argmax(1), 10).float()


def spoilt(net, x):
    h = torch.tanh(net.conv(x))
    out = h.square()
    h.mul_(2)
    return net.linear((out + h).mean((2, 3)))


@pytest.mark.parametrize("forward", [chosen, spoilt])
def test_without_second_derivative_the_other_tables_stay(measure, tmp_path, forward):
    found = measure(Net(forward))
    assert "no curvature: RuntimeError" in found.note
    assert len(found.surface) == 9
    assert read(Curvature, tmp_path / "out" / "curvature.csv").empty


def fails_in_bf16(net, x):
    return net.logits(x) @ torch.eye(10)


def is_nonsense_in_bf16(net, x):
    return net.logits(x) * (-1 if x.dtype == torch.bfloat16 else 1)


@pytest.mark.parametrize(("forward", "reason"), [(fails_in_bf16, "it fails"), (is_nonsense_in_bf16, "changes its logits")])
def test_a_network_that_bf16_breaks_is_evaluated_in_fp32(measure, bf16, forward, reason):
    found, expected = measure(Net(forward), bf16), measure(Net(forward))
    assert "evaluated in fp32" in found.note
    assert reason in found.note
    assert set(found.surface["precision"]) == {"fp32"}
    pd.testing.assert_frame_equal(found.surface, expected.surface)


def test_a_network_that_bf16_suits_is_evaluated_in_it(measure, bf16):
    found = measure(Net(), bf16)
    assert set(found.surface["precision"]) == set(found.line["precision"]) == {"bf16"}


def compiled():
    return torch.jit.script(nn.Sequential(nn.Flatten(), nn.Linear(192, 10)))


def undefined():
    network = Net()
    network.conv.weight.data[0, 0, 0, 0] = math.inf
    return network


def unfinished():
    network = Net()
    network.linear.bias.data[3] = math.nan
    return network


def forgotten():
    network = Net()
    for parameter in network.parameters():
        parameter.data.zero_()
    return network


class OfComplexNumbers(Net):
    def __init__(self):
        super().__init__(lambda net, x: net.logits(torch.fft.ifft2(torch.fft.fft2(x) * net.filter).real))
        self.filter = nn.Parameter(torch.ones(3, 8, 8, dtype=torch.cfloat))


NETWORKS = {
    "a dict": (lambda: Net(lambda net, x: {"logits": net.logits(x)}), "gives a dict"),
    "a tuple": (lambda: Net(lambda net, x: (net.logits(x), x)), "gives a tuple"),
    "images": (lambda: Net(lambda net, x: net.conv(x)), "(16, 8, 8, 8) for 16 images"),
    "one row": (lambda: Net(lambda net, x: net.logits(x).mean(0, keepdim=True)), "(1, 10) for 16 images"),
    "too few classes": (lambda: Net(lambda net, x: net.logits(x)[:, :9]), "labels reach 9, but"),
    "a bug": (lambda: Net(lambda net, x: net.nothing), "AttributeError"),
    "other channels": (lambda: nn.Sequential(nn.Conv2d(1, 10, 8), nn.Flatten()), "does not take images of shape (3, 8, 8)"),
    "nothing to move": (lambda: nn.Sequential(nn.Flatten(), nn.BatchNorm1d(192)), "nothing to move"),
    "all weights 0": (forgotten, "nothing to move"),
    "an infinite weight": (undefined, "conv.weight is not finite"),
    "a bias that is not a number": (unfinished, "not finite"),
    "complex weights": (OfComplexNumbers, "filter is complex"),
    "TorchScript": (compiled, "TorchScript"),
    "old weight norm": (lambda: nn.utils.weight_norm(nn.Conv2d(3, 10, 8)), "cannot be copied"),
}


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_networks_that_cannot_be_measured_are_refused_in_one_line(measure, tmp_path, kind):
    build, reason = NETWORKS[kind]
    assert reason in refusal(measure, build())
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("key", "value"),
    [("points", 4), ("points", 1), ("curvature_points", 2)]
    + [(key, 0) for key in ("images", "curvature_images", "lanczos_steps", "batch_size")]
    + [("reach", value) for value in (0.0, -1.0, math.nan, math.inf, 1e-300, 1e300)]
    + [("direction_seeds", value) for value in ((), (1, 1), (2**63,), (-(2**70),))],
)
def test_impossible_settings_are_refused_by_name(measure, tmp_path, key, value):
    named = refusal(measure, Net(), **{key: value})
    assert {"reach": "--range"}.get(key, f"--{key.replace('_', '-')}") in named
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("settings", [{"reach": 1e-12}, {"direction_seeds": (2**63 - 1, -5)}, {"seed": 2**70}, {"images": 1}])
def test_settings_at_the_edge_are_measured(measure, settings):
    found = measure(Net(), **settings)
    assert len(found.surface) == 9 * len(settings.get("direction_seeds", (0,)))
    assert found.surface["loss"].notna().all()


@pytest.mark.parametrize("output", ["file", "file/below"])
def test_an_output_that_is_a_file_is_refused(data, runtime, tmp_path, output):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be written") as error:
        landscape(Net(), data, tmp_path / output, runtime, SETTINGS)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("label", [-1, 10, 2**64 - 1])
def test_a_label_without_class_is_found_though_it_is_not_drawn(data, runtime, tmp_path, label):
    labels = data.labels.astype(np.uint64 if label > 0 else np.int64)
    labels[-1] = label
    with pytest.raises(UserError, match=f"labels.* {label}"):
        landscape(Net(), replace(data, labels=labels), tmp_path, runtime, replace(SETTINGS, images=10))
