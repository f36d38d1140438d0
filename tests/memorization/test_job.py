"""Jobs: the files they write, and that a killed one goes on where it was."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from memorization_settings import made_run, write_plan

from optprimer import seeds
from optprimer.data.dataset import load
from optprimer.data.prepare import prepare
from optprimer.data.sampling import drawn
from optprimer.errors import UserError
from optprimer.memorization import job as module
from optprimer.memorization.job import Job
from optprimer.memorization.tables import RUN, Curves, Runs
from optprimer.memorization.variants import corrupt, labels_digest
from optprimer.runtime import Runtime
from optprimer.tables import read
from optprimer.tensors import load_tensors
from optprimer.training import loop

FP32 = Runtime(torch.device("cpu"), "fp32")
LINEAR = {"network": "linear", "architecture": "linear", "widths": (), "epochs": 1}
RUNS = [
    made_run("partial_labels", corruption=0.4, epochs=2),
    made_run("random_labels", epochs=2),
    made_run("random_labels", seed=1, epochs=2, widths=(9, 5), decay=0.5, dropout=0.25, crop_padding=1, flip=True),
    made_run("redrawn_labels", epochs=2),
    made_run("true_labels", **LINEAR),
]
FILES = ("runs.csv", "curves.csv", "labels.safetensors")


class Killed(BaseException):
    """Stands for SIGKILL where the instant is chosen."""


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("digits")
    prepare("digits", None, 8, folder)
    return folder


@pytest.fixture
def job(data, tmp_path):
    write_plan(tmp_path / "plan.csv", RUNS)
    sizes = {"images": 60, "test_images": 40, "folds": 5, "seed": 0}
    return Job(data, tmp_path / "plan.csv", range(len(RUNS)), **sizes, runtime=FP32, state=tmp_path / "state")


@pytest.fixture
def called(monkeypatch):
    """The runs whose experiment was begun."""
    names = []
    experiment = module.experiment

    def spy(run, *arguments):
        names.append(run.name)
        return experiment(run, *arguments)

    monkeypatch.setattr(module, "experiment", spy)
    return names


def written(folder):
    return {name: (folder / name).read_bytes() for name in FILES}


def test_a_job_writes_its_tables_and_labels(job, tmp_path):
    job.write(tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(FILES)
    runs, curves = read(Runs, tmp_path / "out" / "runs.csv"), read(Curves, tmp_path / "out" / "curves.csv")
    expected = sorted(tuple(getattr(run, name) for name in RUN) for run in RUNS)
    assert list(runs[RUN].itertuples(index=False, name=None)) == expected
    assert set(runs["data"]) == set(curves["data"]) == {"digits-8"}
    assert set(runs["n"]) == {60}
    assert set(runs["n_test"]) == {40}
    assert set(runs["shared_images"]) == {0}
    epochs = curves.groupby(RUN)["epoch"].agg(list)
    for row in runs.to_dict("records"):
        key = tuple(row[name] for name in RUN)
        assert epochs[key] == list(range(row["epochs"] + 1))
    assert len(curves) == (runs["epochs"] + 1).sum()


def test_the_labels_on_disk_are_those_that_were_trained_on(job, tmp_path):
    job.write(tmp_path / "out")
    labels, _ = load_tensors(tmp_path / "out" / "labels.safetensors")
    ends = {(f"{run.corruption:g}", run.seed) for run in RUNS}
    assert set(labels) == {f"corruption {c}, seed {s}/{which}" for c, s in ends for which in ("given", "true")}
    for row in read(Runs, tmp_path / "out" / "runs.csv").to_dict("records"):
        name = f"corruption {row['corruption']:g}, seed {row['seed']}"
        given, true = (labels[f"{name}/{which}"].numpy() for which in ("given", "true"))
        assert given.dtype == true.dtype == np.uint8
        images = drawn(load(job.folder), images=60, test_images=40, folds=5, seed=0, index=row["seed"])
        assert np.array_equal(true, images.train_labels)
        # Those of redrawn_labels changed after they were given.
        assert (labels_digest(given) == row["labels_digest"]) == (row["labels"] != "redrawn_labels")
        assert (given == true).mean() == row["agreement"]
        own = seeds.derive(seeds.derive(0, "memorization", row["seed"]), "labels")
        assert np.array_equal(given, corrupt(true, 10, row["corruption"], own)[0])


@pytest.mark.parametrize("instant", ["before", "within", "after"])
def test_a_killed_job_goes_on_with_the_run_at_hand_and_ends_in_the_same_bytes(job, tmp_path, monkeypatch, called, instant):
    whole = dataclasses.replace(job, state=tmp_path / "whole")
    whole.write(tmp_path / "whole-out")
    names = [run.name for run in RUNS]
    assert called == names
    called.clear()

    spy, take, steps = module.experiment, loop.Trainer._step, iter(range(1000))

    def interrupted(run, *arguments):
        if run.name == names[1] and instant == "before":
            raise Killed
        result = spy(run, *arguments)
        if run.name == names[1] and instant == "after":
            raise Killed
        return result

    def step(self, *arguments):
        if instant == "within" and next(steps) == 13:  # of 8 in the first run, so in the second epoch of the second
            raise Killed
        return take(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(module, "experiment", interrupted)
        patch.setattr(loop.Trainer, "_step", step)
        patch.setattr(loop, "SAVE_EVERY", 0.0)
        with pytest.raises(Killed):
            job.write(tmp_path / "out")
    assert not (tmp_path / "out").exists()
    left = {path.name for path in job.state.iterdir()}
    assert left == {"runs.jsonl", "runs.jsonl.lock"} | ({names[1]} if instant != "before" else set())
    called.clear()
    taken = []

    def counted(self, *arguments):
        taken.append(arguments[:2])
        return take(self, *arguments)

    monkeypatch.setattr(loop.Trainer, "_step", counted)
    job.write(tmp_path / "out")
    assert called == names[1:]
    assert written(tmp_path / "out") == written(tmp_path / "whole-out")
    # Of the 8 steps of each of the three runs that train: what was left.
    assert len(taken) == 16 + {"before": 8, "within": 3, "after": 0}[instant]


def test_a_finished_job_leaves_its_log_and_no_states_and_is_not_repeated(job, tmp_path, called):
    job.write(tmp_path / "out")
    assert {path.name for path in job.state.iterdir()} == {"runs.jsonl", "runs.jsonl.lock"}
    before = written(tmp_path / "out")
    called.clear()
    job.write(tmp_path / "again")
    assert called == []
    assert written(tmp_path / "again") == before


@pytest.mark.parametrize(
    "change",
    [{"seed": 1}, {"images": 50}, {"test_images": 30}, {"folds": 0}, {"runtime": Runtime(torch.device("cpu"), "bf16")}],
)
def test_the_log_of_another_computation_does_not_count(job, tmp_path, called, change):
    few = dataclasses.replace(job, rows=range(3, 5))
    few.write(tmp_path / "out")
    called.clear()
    other = dataclasses.replace(few, **change)
    other.write(tmp_path / "other")
    assert called == [RUNS[3].name, RUNS[4].name]
    assert (tmp_path / "other" / "runs.csv").read_bytes() != (tmp_path / "out" / "runs.csv").read_bytes()


def test_the_log_of_another_recipe_does_not_count(job, tmp_path, called):
    few = dataclasses.replace(job, rows=range(4))
    few.write(tmp_path / "out")
    called.clear()
    write_plan(job.plan, [dataclasses.replace(run, learning_rate=0.01) for run in RUNS])
    few.write(tmp_path / "out")
    assert called == [run.name for run in RUNS[:4]]


def test_jobs_are_parts_of_one_table(job, tmp_path):
    job.write(tmp_path / "all")
    whole = read(Runs, tmp_path / "all" / "runs.csv")
    parts = []
    for first, last in ((0, 1), (2, 4)):
        part = dataclasses.replace(job, rows=range(first, last + 1), state=tmp_path / f"state{first}")
        part.write(tmp_path / str(first))
        parts.append(tmp_path / str(first) / "runs.csv")
    together = read(Runs, *parts).sort_values(RUN, ignore_index=True)
    assert together.equals(whole)


def test_sizes_of_zero_are_all_images(data, job, tmp_path):
    every = dataclasses.replace(job, rows=range(4, 5), images=0, test_images=0, folds=0)
    every.write(tmp_path / "out")
    (row,) = read(Runs, tmp_path / "out" / "runs.csv").to_dict("records")
    counts = json.loads((data / "provenance.json").read_text())["counts"]
    assert (row["n"], row["n_test"]) == tuple(sum(counts[split].values()) for split in ("train", "test"))


@pytest.mark.parametrize("rows", [range(3, 6), range(5, 6), range(-1, 2), range(3, 3), range(3, 1)])
def test_rows_that_the_plan_lacks_are_refused(job, tmp_path, rows):
    with pytest.raises(UserError) as caught:
        dataclasses.replace(job, rows=rows).write(tmp_path / "out")
    assert str(caught.value) == f"{job.plan}: has no rows {rows.start} to {rows.stop - 1}"
    assert not (tmp_path / "out").exists()
