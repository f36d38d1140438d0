"""Jobs: arms end at one loss from one start, tables agree with each other, and a killed job goes on where it was."""

import pandas as pd
import pytest
import torch
from sharpness_settings import SECTION, section

from optprimer.errors import UserError
from optprimer.runtime import Runtime
from optprimer.sharpness.arms import ARMS
from optprimer.sharpness.job import TABLES, Job
from optprimer.sharpness.settings import Network, Settings, jobs
from optprimer.tables import read

FP32 = Runtime(torch.device("cpu"), "fp32")


class Killed(BaseException):
    """Stands for SIGKILL where the instant is chosen."""


def made(digits, state, seeds=range(2), **changes):
    return Job(digits, Settings.parse(section(**changes)), seeds, 0, FP32, state)


@pytest.fixture(scope="module")
def whole(digits, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    torch.set_num_threads(1)
    made(digits, folder / "state").write(folder / "out")
    return folder / "out"


@pytest.fixture(scope="module")
def tables(whole):
    return {name: read(model, whole / f"{name}.csv") for name, model in TABLES.items()}


def test_every_arm_of_every_network_and_seed_has_its_rows(tables):
    names = {(network, arm, seed) for network in SECTION["networks"] for arm in ARMS for seed in range(2)}
    assert set(tables["minima"][["network", "arm", "seed"]].itertuples(index=False, name=None)) == names
    assert len(tables["keskar"]) == len(names) * 5  # two epsilons in two spaces, and the adaptive box
    assert len(tables["line"]) == 2 * 2 * SECTION["line_points"]
    assert len(tables["reparameterization"]) == 2 * 3 * SECTION["scales"]


def test_arms_end_at_the_target_or_say_that_they_did_not(tables):
    minima = tables["minima"]
    assert (minima["reached"] == (minima["train_loss"] <= SECTION["target_loss"])).all()
    same = minima["arm"] == "large_same_epochs"
    assert minima.loc[~same, "reached"].all()
    assert not minima.loc[same, "reached"].all()
    assert minima.loc[~same, "train_loss"].min() > 0.3 * SECTION["target_loss"]  # not far below it either
    small = minima[minima["arm"] == "small"].set_index(["network", "seed"])["epochs"]
    assert (minima[same].set_index(["network", "seed"])["epochs"] == small).all()


def test_batches_are_what_they_are_called(tables):
    sizes = tables["minima"].groupby("arm")["batch_size"].unique().str[0].to_dict()
    assert sizes == {"small": 5, "small_reshuffled": 5, "large": 12, "large_same_epochs": 12, "full": 60}


def test_a_run_that_runs_out_of_epochs_stays_in(digits, tmp_path):
    made(digits, tmp_path / "state", seeds=range(1), epochs=1).write(tmp_path / "out")
    minima = read(TABLES["minima"], tmp_path / "out" / "minima.csv")
    assert len(minima) == 2 * len(ARMS)
    assert not minima["reached"].any()
    assert set(minima["epochs"]) == {1}


def test_the_line_goes_through_both_minima(tables):
    minima = tables["minima"].set_index(["network", "seed"])
    for alpha, arm in ((0.0, "small"), (1.0, "large")):
        ends = tables["line"][tables["line"]["alpha"] == alpha].set_index(["network", "seed"])
        stored = minima[minima["arm"] == arm]
        for column in ("train_loss", "train_accuracy", "test_loss", "test_accuracy"):
            assert (ends[column] - stored[column]).abs().max() < 1e-6


def test_arms_of_a_seed_begin_alike_and_orders_differ(digits, tmp_path):
    settings = Settings.parse(section())
    trials = made(digits, tmp_path)._trials(0)
    network = settings.networks["shallow"]
    found = {arm: trials.minimum(network, arm) for arm in ("small", "small_reshuffled", "full")}
    assert torch.equal(found["small"].start, found["full"].start)
    assert not torch.equal(found["small"].weights, found["small_reshuffled"].weights)
    assert not torch.equal(found["small"].start, made(digits, tmp_path)._trials(1).minimum(network, "small").start)


def test_the_scaled_network_is_the_one_of_the_small_batch(tables):
    scaled = tables["reparameterization"].query("variant == 'relu' and alpha == 1").set_index("seed")
    stored = tables["minima"].query("network == 'shallow' and arm == 'small'").set_index("seed")
    assert (scaled["lambda_max"] / stored["lambda_max"] - 1).abs().max() < 0.02  # fp64 and fp32, residuals of 1 %
    assert (scaled["train_loss"] - stored["train_loss"]).abs().max() < 1e-5


def test_a_network_that_is_also_trained_as_an_arm_is_trained_once(digits, tmp_path):
    trials = made(digits, tmp_path)._trials(0)
    trials.minimum(trials.settings.networks["shallow"], "small")
    before = sorted(tmp_path.rglob("*.safetensors"))
    trials.minimum(Network("mlp", (8,)), "small")
    assert sorted(tmp_path.rglob("*.safetensors")) == before


@pytest.mark.parametrize("instant", [0, 5, 11])
def test_a_killed_job_goes_on_and_ends_in_the_same_bytes(digits, whole, tmp_path, monkeypatch, instant):
    job, done = made(digits, tmp_path / "state"), []
    original = Job._rows

    def killed(self, *task):
        if len(done) == instant:
            raise Killed
        done.append(task)
        return original(self, *task)

    monkeypatch.setattr(Job, "_rows", killed)
    with pytest.raises(Killed):
        job.write(tmp_path / "out")
    assert not (tmp_path / "out").exists()
    again = []
    monkeypatch.setattr(Job, "_rows", lambda self, *task: again.append(task) or original(self, *task))
    job.write(tmp_path / "out")
    assert not set(done) & set(again)
    for name in TABLES:
        assert (tmp_path / "out" / f"{name}.csv").read_bytes() == (whole / f"{name}.csv").read_bytes()
    assert not (tmp_path / "state" / "training").exists()


def test_seeds_do_not_depend_on_the_job_that_they_are_in(digits, tables, tmp_path):
    made(digits, tmp_path / "state", seeds=range(1, 2)).write(tmp_path / "out")
    alone = read(TABLES["minima"], tmp_path / "out" / "minima.csv")
    pd.testing.assert_frame_equal(alone, tables["minima"].query("seed == 1").reset_index(drop=True))


def test_jobs_share_out_all_seeds():
    assert jobs({"seeds": 5, "seeds_per_job": 3}) == [(0, 2), (3, 4)]
    assert jobs({"seeds": 2, "seeds_per_job": 5}) == [(0, 1)]


def test_settings_that_are_no_json_are_refused_in_one_line():
    with pytest.raises(UserError, match="--settings: not JSON") as refused:
        Settings.parse("{")
    assert "\n" not in str(refused.value)


def test_all_images_are_none():
    settings = Settings.parse(section(images="all"))
    assert settings.images is None
    assert settings.networks["deep"] == Network("mlp", (8, 8))
