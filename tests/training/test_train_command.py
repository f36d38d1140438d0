"""``optprimer train``: what it writes, and that bad settings are refused in a line that names them."""

import math
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from optprimer.cli import app
from optprimer.data.prepare import prepare
from optprimer.errors import UserError
from optprimer.networks.store import load_network, load_trajectory
from optprimer.runtime import Runtime
from optprimer.tables import read
from optprimer.training.tables import History


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("digits")
    prepare("digits", None, 8, folder)
    return folder


@pytest.fixture(autouse=True)
def untouched_process(monkeypatch):
    """The command makes its process deterministic, which is not for this one."""
    monkeypatch.setattr("optprimer.runtime.set_up", lambda *_: Runtime(torch.device("cpu"), "fp32"))


def train(data: Path, folder: Path, **settings: object):
    flags = {"data": data, "net": "tiny", "output": folder / "out", "state": folder / "state", "depth": 8, "epochs": 2}
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in (flags | settings).items() if name != "skips"]
    return CliRunner().invoke(app, ["train", *arguments, settings.get("skips", "--skips")])


@pytest.mark.parametrize("skips", ["--skips", "--no-skips"])
def test_tables_weights_and_trajectory_agree(data, tmp_path, skips):
    result = train(data, tmp_path, skips=skips, seed=3, learning_rate=0.05, milestones="0.5", epochs=3, checkpoint_every=2)
    assert result.exit_code == 0, result.output
    history = read(History, tmp_path / "out" / "history.csv")
    assert history["epoch"].tolist() == [0, 1, 2, 3]
    assert history["step"].tolist() == [0, 12, 24, 36]
    assert history["lr"].tolist() == pytest.approx([0, 0.05, 0.005, 0.005])
    assert set(history["data"]) == {"digits-8"}
    assert set(history["net"]) == {"tiny"}
    assert set(history["seed"]) == {3}
    assert math.isnan(history["train_loss"][0])
    trajectory = load_trajectory(tmp_path / "out" / "trajectory.safetensors")
    assert list(trajectory) == [0, 2, 3]
    network = load_network(tmp_path / "out" / "weights.safetensors")
    assert all(torch.equal(value, trajectory[3][name]) for name, value in network.state_dict().items())
    assert any("shortcut" in name for name in network.state_dict()) == (skips == "--skips")


def test_the_arms_of_a_comparison_are_paired(data, tmp_path):
    for skips in ("--skips", "--no-skips"):
        assert train(data, tmp_path / skips, skips=skips, epochs=1).exit_code == 0
    starts = [load_trajectory(tmp_path / skips / "out" / "trajectory.safetensors")[0] for skips in ("--skips", "--no-skips")]
    assert torch.equal(starts[0]["conv.weight"], starts[1]["conv.weight"])


def test_a_full_batch_is_one_step_an_epoch(data, tmp_path):
    assert train(data, tmp_path, batch_size="full").exit_code == 0
    assert read(History, tmp_path / "out" / "history.csv")["step"].tolist() == [0, 1, 2]


def test_divergence_is_a_table_and_not_a_crash(data, tmp_path):
    result = train(data, tmp_path, learning_rate=1e6, schedule="constant", epochs=20)
    assert result.exit_code == 0, result.output
    history = read(History, tmp_path / "out" / "history.csv")
    assert history["diverged"].tolist() == [False] * (len(history) - 1) + [True]
    assert math.isnan(history["train_loss"].iloc[-1])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("depth", "9"),
        ("depth", "deep"),
        ("epochs", "0"),
        ("batch_size", "some"),
        ("batch_size", "0"),
        ("batch_size", "-3"),
        ("optimizer", "sgdd"),
        ("learning_rate", "-0.1"),
        ("learning_rate", "nan"),
        ("momentum", "1.5"),
        ("weight_decay", "-1"),
        ("schedule", "linear"),
        ("warmup", "2"),
        ("milestones", "half"),
        ("milestones", "0.5,1.5"),
        ("decay", "-1"),
        ("crop_padding", "-1"),
        ("checkpoint_every", "0"),
    ],
)
def test_a_bad_setting_is_refused_by_name_before_anything_is_written(data, tmp_path, name, value):
    result = train(data, tmp_path, **{name: value})
    assert result.exit_code != 0
    if isinstance(result.exception, UserError):
        message = str(result.exception)
        assert "\n" not in message
    else:
        assert isinstance(result.exception, SystemExit)  # typer's own message
        message = result.output
    assert name.replace("_", "-") in message.replace("_", "-").replace(" ", "-") or value in message
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_data_is_named(tmp_path):
    result = train(tmp_path / "nowhere", tmp_path)
    assert isinstance(result.exception, UserError)
    assert "nowhere" in str(result.exception)
