"""Jobs: the files they write, whose choice a run takes, and that a killed job goes on where it was."""

import dataclasses

import pytest
import torch
from batch_settings import rows_of, section, write_plan

from optprimer.batch import job as module
from optprimer.batch.job import Job
from optprimer.batch.plan import runs
from optprimer.batch.tables import Curves, Runs, Search
from optprimer.data.dataset import load
from optprimer.data.sampling import drawn
from optprimer.errors import UserError
from optprimer.runtime import Runtime
from optprimer.tables import read
from optprimer.training import loop

FP32 = Runtime(torch.device("cpu"), "fp32")
BATCH = section(ladders={"mlp": ["sgd", "gd", "gd_penalty"]}, seeds=3, claim_seeds=3, searches=2)


class Killed(BaseException):
    """Stands for SIGKILL where the instant is chosen."""


@pytest.fixture
def job(digits, tmp_path):
    write_plan(BATCH, tmp_path / "plan.csv")
    first, last = rows_of(BATCH, "search")
    return Job(digits, tmp_path / "plan.csv", range(first, last + 1), 60, 40, 5, 0, FP32, tmp_path / "state")


@pytest.fixture
def training(job):
    first, last = rows_of(BATCH, "train")
    return dataclasses.replace(job, rows=range(first, last + 1))


@pytest.fixture
def search(job, tmp_path):
    job.search(30, tmp_path / "search.csv")
    return read(Search, tmp_path / "search.csv")


def test_a_search_writes_a_row_for_every_trial(search):
    trials = [run for run in runs(BATCH) if run.stage == "search"]
    expected = sorted((run.network, run.recipe, run.seed, run.learning_rate) for run in trials)
    assert list(search[Search._key].itertuples(index=False, name=None)) == expected
    assert set(zip(search["n"], search["n_validation"], strict=True)) == {(60, 30)}


def test_a_search_has_no_image_that_its_runs_are_tested_on(job, tmp_path, monkeypatch):
    seen = {}

    def spy(run, data, *arguments):
        seen.setdefault(run.seed, set()).update(pictures(data.train_images), pictures(data.test_images))
        return trial(run, data, *arguments)

    trial = module.trial
    monkeypatch.setattr(module, "trial", spy)
    job.search(30, tmp_path / "search.csv")
    for run in (run for run in runs(BATCH) if run.stage == "train"):
        tested = drawn(load(job.folder), images=60, test_images=None, folds=5, seed=0, index=run.seed).test_images
        assert not seen[run.search] & pictures(tested)
    assert set(seen) == {0, 1}


def pictures(images):
    return {image.tobytes() for image in images}  # no two digits are equal


def test_runs_take_the_rate_that_their_search_chose(training, search, tmp_path):
    best = {("sgd", 0): 0.02, ("sgd", 1): 0.08, ("gd_longer", 0): 0.4, ("gd_longer", 1): 1.6}
    chosen = [best[row.recipe, row.seed] == row.learning_rate for row in search.itertuples()]
    training.train(search.assign(validation_accuracy=[float(good) for good in chosen], diverged=False), 20, tmp_path / "out")
    rows = read(Runs, tmp_path / "out" / "runs.csv").set_index(["recipe", "seed"])
    assert rows["learning_rate"].to_dict() == {
        ("gd", 0): 0.02, ("gd", 1): 0.08, ("gd", 2): 0.02, ("gd_penalty", 0): 0.4, ("gd_penalty", 1): 1.6,
        ("gd_penalty", 2): 0.4, ("sgd", 0): 0.02, ("sgd", 1): 0.08, ("sgd", 2): 0.02,
    }  # fmt: skip
    assert rows["at_edge"].to_dict() == {key: rate in (0.02, 1.6) for key, rate in rows["learning_rate"].items()}


def test_a_job_writes_runs_and_curves(training, search, tmp_path):
    training.train(search, 20, tmp_path / "out")
    table, curves = read(Runs, tmp_path / "out" / "runs.csv"), read(Curves, tmp_path / "out" / "curves.csv")
    assert len(table) == 9
    assert set(zip(table["n"], table["n_test"], strict=True)) == {(60, 40)}
    epochs = curves.groupby(["recipe", "seed"])["epoch"].agg(list)
    assert all(epochs[row.recipe, row.seed] == list(range(row.epochs + 1)) for row in table.itertuples())
    last = curves.groupby(["recipe", "seed"]).last()["test_accuracy"]
    assert all(last[row.recipe, row.seed] == row.test_accuracy for row in table.itertuples())


@pytest.mark.parametrize("instant", ["before", "within", "after"])
def test_a_killed_job_goes_on_with_the_run_at_hand_and_ends_in_the_same_bytes(training, search, tmp_path, monkeypatch, instant):
    dataclasses.replace(training, state=tmp_path / "whole").train(search, 20, tmp_path / "whole-out")
    names = [run.name for run in runs(BATCH) if run.stage == "train"]
    begun, original, take, steps = [], module.experiment, loop.Trainer._step, iter(range(1000))

    def interrupted(run, *arguments):
        begun.append(run.name)
        if run.name == names[1] and instant == "before":
            raise Killed
        result = original(run, *arguments)
        if run.name == names[1] and instant == "after":
            raise Killed
        return result

    def step(self, *arguments):
        if instant == "within" and next(steps) == 17:  # of 12 in the first run
            raise Killed
        return take(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(module, "experiment", interrupted)
        patch.setattr(loop.Trainer, "_step", step)
        patch.setattr(loop, "SAVE_EVERY", 0.0)
        with pytest.raises(Killed):
            training.train(search, 20, tmp_path / "out")
    assert begun == names[:2]
    assert not (tmp_path / "out").exists()
    monkeypatch.setattr(module, "experiment", lambda run, *arguments: begun.append(run.name) or original(run, *arguments))
    training.train(search, 20, tmp_path / "out")
    assert begun[2:] == names[1:]
    for name in ("runs.csv", "curves.csv"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole-out" / name).read_bytes()
    assert {path.name for path in training.state.iterdir()} == {"runs.jsonl", "runs.jsonl.lock"}


@pytest.mark.parametrize("change", [{"seed": 1}, {"images": 50}, {"test_images": 30}, {"folds": 0}])
def test_the_log_of_another_computation_does_not_count(training, search, tmp_path, change):
    few = dataclasses.replace(training, rows=training.rows[:1])
    few.train(search, 20, tmp_path / "out")
    dataclasses.replace(few, **change).train(search, 20, tmp_path / "other")
    assert (tmp_path / "out" / "runs.csv").read_bytes() != (tmp_path / "other" / "runs.csv").read_bytes()


def test_the_log_of_another_choice_does_not_count(training, search, tmp_path):
    few = dataclasses.replace(training, rows=training.rows[:1])
    for name, rate in (("a", 0.02), ("b", 0.32)):
        chosen = search.assign(validation_accuracy=(search["learning_rate"] == rate).astype(float), diverged=False)
        few.train(chosen, 20, tmp_path / name)
        assert read(Runs, tmp_path / name / "runs.csv")["learning_rate"].tolist() == [rate]


def test_what_cannot_be_is_refused_in_one_line(job, training, search, tmp_path):
    last = rows_of(BATCH, "train")[1]
    for rows in (range(last + 1, last + 2), range(3, 3), job.rows):
        with pytest.raises(UserError, match=r"has no rows \d+ to \d+ of stage train"):
            dataclasses.replace(training, rows=rows).train(search, 20, tmp_path / "out")
    with pytest.raises(UserError, match="of stage search"):
        training.search(30, tmp_path / "out.csv")
    with pytest.raises(UserError, match="needs --search"):
        training.train(None, 20, tmp_path / "out")
    with pytest.raises(UserError, match="no rows of network mlp, recipe sgd, seed 1"):
        training.train(search[search["seed"] == 0], 20, tmp_path / "out")
