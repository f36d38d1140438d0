"""From settings to a summary on the command line, and one line for what cannot be."""

import json

import pytest
import torch
from batch_settings import rows_of, section
from typer.testing import CliRunner

from optprimer.batch import cost
from optprimer.batch.job import Job
from optprimer.batch.tables import Cost, Plan, Runs, Search, Summary
from optprimer.cli import app
from optprimer.errors import UserError
from optprimer.runtime import Runtime
from optprimer.tables import read

BATCH = section(ladders={"mlp": ["sgd", "gd", "adam"]}, seeds=2, claim_seeds=2, searches=1)


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


def succeed(*arguments):
    result = call(*arguments)
    assert result.exit_code == 0, result.output


SIZES = ("--images", 60, "--test-images", 40, "--folds", 5)


@pytest.fixture
def plan(tmp_path):
    succeed("batch-plan", "--settings", json.dumps(BATCH), "--output", tmp_path / "plan.csv")
    return tmp_path / "plan.csv"


def test_the_commands_lead_from_settings_to_a_summary(digits, plan, tmp_path, untouched_process):
    assert read(Plan, plan)["stage"].value_counts().to_dict() == {"search": 3, "train": 6}
    places = ["--data", digits, "--plan", plan, "--state", tmp_path / "state", *SIZES, "--device", "cpu", "--threads", 2]
    search = tmp_path / "search.csv"
    succeed("batch-search", *places, "--rows", *rows_of(BATCH, "search"), "--output", search, "--validation-images", 30)
    assert len(read(Search, search)) == 3
    out = tmp_path / "out"
    succeed("batch-train", *places, "--rows", *rows_of(BATCH, "train"), "--output", out, "--search", search,
            "--sharpness-images", 20)  # fmt: skip
    assert len(read(Runs, out / "runs.csv")) == 6
    succeed("batch-summary", out / "runs.csv", "--output", tmp_path / "summary.csv")
    assert read(Summary, tmp_path / "summary.csv")["recipe"].tolist() == ["adam", "gd", "sgd"]
    assert untouched_process == 2 * [("cpu", "fp32", 2)]  # whatever the machine would take


def test_defaults_are_all_images_of_the_datas_own_split(digits, plan, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(Job, "train", lambda self, *arguments: seen.append((self, arguments)))
    places = ["--data", digits, "--plan", plan, "--state", tmp_path / "state"]
    succeed("batch-train", *places, "--rows", 3, 4, "--output", tmp_path / "out")
    runtime = Runtime(torch.device("cpu"), "fp32")
    job = Job(digits, plan, range(3, 5), 0, 0, 0, 0, runtime, tmp_path / "state")
    assert seen == [(job, (None, 128, tmp_path / "out"))]


def test_costs_are_written(digits, tmp_path, monkeypatch):
    monkeypatch.setattr(cost, "ROUNDS", 1)
    flags = ["--network", "small", "--architecture", "conv", "--widths", "4,3", "--batch-size", 2]
    succeed("batch-cost", "--data", digits, *flags, "--output", tmp_path / "cost.csv")
    table = read(Cost, tmp_path / "cost.csv")
    assert set(table["network"]) == {"small"}
    assert set(table["data"]) == {"digits-8"}


def test_settings_that_are_not_json_are_one_line(tmp_path):
    result = call("batch-plan", "--settings", "{", "--output", tmp_path / "plan.csv")
    assert isinstance(result.exception, UserError)
    assert "--settings" in str(result.exception)


def test_missing_tables_are_named(digits, plan, tmp_path):
    places = ["--data", digits, "--state", tmp_path / "state", "--rows", 0, 0, "--output", tmp_path / "out"]
    missing = tmp_path / "nothing.csv"
    for arguments in (
        ["batch-search", *places, "--plan", missing],
        ["batch-train", *places, "--plan", plan, "--search", missing],
        ["batch-summary", missing, "--output", tmp_path / "summary.csv"],
    ):
        assert str(call(*arguments).exception) == f"{missing}: no such table"
