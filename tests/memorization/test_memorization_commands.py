"""``optprimer memorization-plan``, ``memorize`` and ``memorization-summary``, as the workflow calls them."""

import json
from dataclasses import asdict

import pytest
import torch
from memorization_settings import network, section, study
from typer.testing import CliRunner

from optprimer.cli import app
from optprimer.data.prepare import prepare
from optprimer.errors import UserError
from optprimer.memorization.job import Job
from optprimer.memorization.plan import Run, runs
from optprimer.memorization.tables import Curves, Plan, Runs, Summary
from optprimer.runtime import Runtime
from optprimer.tables import read

SETTINGS = section(
    {"mlp": network(widths=[16, 8], epochs=2), "alexnet": network(architecture="alexnet", widths=[])},
    one=study(networks=["mlp", "linear"], labels=["true_labels", "random_labels"], seeds=2),
    two=study(networks=["alexnet"], labels=["partial_labels"], corruption=[0.3]),
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("digits")
    prepare("digits", None, 8, folder)
    return folder


@pytest.fixture(autouse=True)
def untouched_process(monkeypatch):
    """The commands make their process deterministic, which is not for this one."""
    asked = []

    def set_up(*arguments):
        asked.append(arguments)
        return Runtime(torch.device("cpu"), "fp32")

    monkeypatch.setattr("optprimer.runtime.set_up", set_up)
    return asked


def call(*arguments):
    return CliRunner().invoke(app, [*map(str, arguments)])


@pytest.fixture
def plan(tmp_path):
    path = tmp_path / "plan.csv"
    result = call("memorization-plan", "--settings", json.dumps(SETTINGS), "--output", path)
    assert result.exit_code == 0, result.output
    return path


def memorize(data, plan, output, *rows, **flags):
    sizes = {"images": 50, "test_images": 30, "folds": 5} | flags
    more = [text for name, value in sizes.items() for text in (f"--{name.replace('_', '-')}", value)]
    places = ["--data", data, "--plan", plan, "--output", output, "--state", output.parent / "state"]
    return call("memorize", *places, "--rows", *rows, *more)


def test_the_plan_on_disk_is_the_plan(plan):
    table = read(Plan, plan)
    assert table.pop("row").tolist() == list(range(len(table)))
    rows = [row | {"widths": tuple(map(int, row["widths"].split()))} for row in table.to_dict("records")]
    assert [Run(**row) for row in rows] == runs(SETTINGS)
    assert [list(row) for row in rows[:1]] == [list(asdict(runs(SETTINGS)[0]))]


def test_the_commands_lead_from_settings_to_a_summary(data, plan, tmp_path, untouched_process):
    last = len(runs(SETTINGS)) - 1
    result = memorize(data, plan, tmp_path / "out", 1, last, precision="fp32", device="cpu", threads=2)
    assert result.exit_code == 0, result.output
    assert untouched_process == [("cpu", "fp32", 2)]
    table = read(Runs, tmp_path / "out" / "runs.csv")
    expected = [(run.network, run.labels, run.seed) for run in runs(SETTINGS)[1:]]  # without alexnet in row 0
    assert list(table[["network", "labels", "seed"]].itertuples(index=False, name=None)) == expected
    assert set(zip(table["n"], table["n_test"], strict=True)) == {(50, 30)}
    assert set(read(Curves, tmp_path / "out" / "curves.csv")["network"]) == {"mlp", "linear"}
    result = call("memorization-summary", tmp_path / "out" / "runs.csv", "--output", tmp_path / "summary.csv")
    assert result.exit_code == 0, result.output
    summary = read(Summary, tmp_path / "summary.csv")
    assert list(summary[["network", "labels"]].itertuples(index=False, name=None)) == [
        (name, labels) for name in ("linear", "mlp") for labels in ("random_labels", "true_labels")
    ]
    assert set(summary["seeds"]) == {2}
    means = table.groupby(["network", "labels"])["test_accuracy"].mean()
    assert summary["test_accuracy"].tolist() == pytest.approx(means.tolist())


def test_one_row_is_a_job_and_defaults_are_all_images_of_the_datas_own_split(data, plan, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(Job, "write", lambda self, folder: seen.append((self, folder)))
    places = ["--data", data, "--plan", plan, "--output", tmp_path / "out", "--state", tmp_path / "state"]
    assert call("memorize", *places, "--rows", 3, 3).exit_code == 0
    runtime = Runtime(torch.device("cpu"), "fp32")
    assert seen == [(Job(data, plan, range(3, 4), 0, 0, 0, 0, runtime, tmp_path / "state"), tmp_path / "out")]


def test_the_global_seed_decides(data, plan, tmp_path):
    digests = {}
    for name, seed in (("first", 0), ("again", 0), ("other", 1)):
        assert memorize(data, plan, tmp_path / name / "out", 1, 1, seed=seed).exit_code == 0
        (digests[name],) = read(Runs, tmp_path / name / "out" / "runs.csv")["labels_digest"]
    assert digests["first"] == digests["again"] != digests["other"]


def test_what_cannot_be_is_refused_in_one_line(data, plan, tmp_path):
    result = memorize(data, plan, tmp_path / "out", 5, 99)
    assert isinstance(result.exception, UserError)
    assert str(result.exception) == f"{plan}: has no rows 5 to 99"
    for missing in (memorize(tmp_path / "nothing", plan, tmp_path / "out", 0, 0), call("memorization-summary", plan)):
        assert missing.exit_code != 0
    result = memorize(data, tmp_path / "nothing.csv", tmp_path / "out", 0, 0)
    assert str(result.exception) == f"{tmp_path / 'nothing.csv'}: no such table"
    result = call("memorization-summary", plan, "--output", tmp_path / "summary.csv")
    assert isinstance(result.exception, UserError)
    assert str(result.exception).startswith(f"{plan}: not a table of runs rows")
    assert not (tmp_path / "summary.csv").exists()
    assert memorize(data, plan, tmp_path / "out", 0, 0, images=-1).exit_code == 2


def test_settings_that_are_not_json_are_one_line(tmp_path):
    result = CliRunner().invoke(app, ["memorization-plan", "--settings", "{", "--output", str(tmp_path / "plan.csv")])
    assert isinstance(result.exception, UserError)
    assert "--settings" in str(result.exception)
