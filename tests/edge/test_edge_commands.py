"""The edge commands, as the workflow calls them; interrupted jobs; and what holds on digits even for small settings."""

import json

import numpy as np
import pytest
import torch
from edge_settings import CONVEXITY, DIRECTION, section
from typer.testing import CliRunner

from optprimer.claims.checks import checked
from optprimer.claims.judge import judge
from optprimer.claims.results import tables_in
from optprimer.cli import app
from optprimer.data.prepare import prepare
from optprimer.edge import convexity_study, direction_study, job
from optprimer.edge.plan import QUADRATIC, runs
from optprimer.edge.tables import Convexity, Curves, Direction, Limits, Spectra, Summary
from optprimer.errors import UserError
from optprimer.runtime import Runtime
from optprimer.tables import read

COUNT = len(runs(section()))


class Killed(BaseException):
    """Stands for SIGKILL where the instant is chosen."""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("digits")
    prepare("digits", None, 8, folder)
    return folder


@pytest.fixture(autouse=True)
def untouched_process(monkeypatch):
    """The commands make their process deterministic, which is not for this one."""
    monkeypatch.setattr("optprimer.runtime.set_up", lambda *_: Runtime(torch.device("cpu"), "fp32"))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def call(*arguments):
    result = CliRunner().invoke(app, [*map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output


def descent(data, folder, first=0, last=COUNT - 1, settings=None):
    flags = ["--settings", json.dumps(settings or section()), "--rows", first, last, "--state", folder / "state"]
    call("edge-descent", "--data", data, *flags, "--output", folder / "curves.csv")
    return read(Curves, folder / "curves.csv")


def convexity(data, folder):
    call("edge-convexity", "--data", data, "--settings", json.dumps(CONVEXITY), "--state", folder / "state", "--output", folder)
    return read(Convexity, folder / "convexity.csv"), read(Spectra, folder / "spectra.csv")


def direction(data, folder):
    path = folder / "direction.csv"
    call("edge-direction", "--data", data, "--settings", json.dumps(DIRECTION), "--state", folder / "state", "--output", path)
    return read(Direction, path)


@pytest.fixture(scope="module")
def made(data, tmp_path_factory):
    """The folder of one finished run of every command."""
    folder = tmp_path_factory.mktemp("made")
    descent(data, folder)
    convexity(data, folder)
    direction(data, folder)
    call("edge-summary", folder / "curves.csv", "--output", folder / "summary.csv")
    call("edge-limits", folder / "direction.csv", "--output", folder / "limits.csv")
    return folder


def test_curves_hold_every_step_of_every_run(made):
    curves = read(Curves, made / "curves.csv")
    groups = curves.groupby(["network", "learning_rate", "seed", "role"])["step"]
    expected = {(run.network, run.learning_rate, run.seed, run.role): run.steps for run in runs(section())}
    assert groups.max().to_dict() == expected
    assert (groups.count() == groups.max() + 1).all()
    assert (curves["sharpness"].notna() == (curves["step"] % 10 == 0)).all()
    assert set(curves.loc[curves["network"] == "tanh", "n"]) == {40}


def test_rates_of_one_seed_start_at_one_point_and_seeds_at_others(made):
    curves = read(Curves, made / "curves.csv")
    starts = curves[(curves["step"] == 0) & (curves["network"] == "tanh")].groupby("seed")
    assert (starts["loss"].nunique() == 1).all()
    assert (starts["sharpness"].nunique() == 1).all()
    assert starts["loss"].first().nunique() == 2


def test_the_summary_has_a_row_for_every_rate(made):
    summary = read(Summary, made / "summary.csv")
    assert len(summary) == 5
    assert set(summary.loc[summary["network"] == QUADRATIC, "role"]) == {"below", "above"}
    falls = summary.set_index("role")["fall"]
    assert falls["below"] > 1e6
    assert falls["above"] < 1e-6


def test_jobs_make_the_bytes_of_one_run(data, made, tmp_path):
    whole = read(Curves, made / "curves.csv")
    parts = [descent(data, tmp_path / str(first), first, last) for first, last in ((0, 2), (3, 5), (6, 7))]
    assert len(parts[0]) + len(parts[1]) + len(parts[2]) == len(whole)
    key = Curves._key
    joined = np.concatenate([part[["loss", "sharpness"]].to_numpy() for part in parts])
    rows = {tuple(row): index for index, row in enumerate(whole[key].itertuples(index=False, name=None))}
    order = [rows[row] for part in parts for row in part[key].itertuples(index=False, name=None)]
    np.testing.assert_array_equal(joined, whole[["loss", "sharpness"]].to_numpy()[order])


def killed_after(count, function):
    calls = []

    def wrapped(*arguments, **settings):
        calls.append(1)
        if len(calls) > count:
            raise Killed
        return function(*arguments, **settings)

    return wrapped, calls


def test_a_killed_descent_continues_to_the_same_bytes(data, made, tmp_path, monkeypatch):
    whole = job.tracked
    monkeypatch.setattr(job, "tracked", killed_after(3, whole)[0])
    with pytest.raises(Killed):
        descent(data, tmp_path)
    wrapped, calls = killed_after(COUNT, whole)
    monkeypatch.setattr(job, "tracked", wrapped)
    descent(data, tmp_path)
    assert len(calls) == COUNT - 3
    assert (tmp_path / "curves.csv").read_bytes() == (made / "curves.csv").read_bytes()


@pytest.mark.parametrize(
    ("module", "function", "command", "names"),
    [
        (convexity_study, "_rows", convexity, ["convexity.csv", "spectra.csv"]),
        (direction_study, "_run", direction, ["direction.csv"]),
    ],
)
def test_killed_studies_continue_to_the_same_bytes(data, made, tmp_path, monkeypatch, module, function, command, names):
    whole = getattr(module, function)
    monkeypatch.setattr(module, function, killed_after(1, whole)[0])
    with pytest.raises(Killed):
        command(data, tmp_path)
    wrapped, calls = killed_after(9, whole)
    monkeypatch.setattr(module, function, wrapped)
    command(data, tmp_path)
    assert len(calls) == (2 if module is convexity_study else 1)
    for name in names:
        assert (tmp_path / name).read_bytes() == (made / name).read_bytes()


def test_softmax_regression_is_convex_and_networks_are_not(made):
    segments, spectra = read(Convexity, made / "convexity.csv"), read(Spectra, made / "spectra.csv")
    control = segments["network"] == "linear"
    assert (segments.loc[control, "violations"] == 0).all()
    trained = ~control & (segments["step"] == 20) & segments["segment"].isin(["between", "permuted"])
    assert (segments.loc[trained, "share"] == 1).all()
    assert trained.sum() == 4
    linear = spectra["network"] == "linear"
    assert (spectra.loc[linear, "lambda_min"] > -spectra.loc[linear, "residual_min"] - 1e-12).all()
    assert (spectra.loc[~linear, "lambda_min"] < 0).all()
    assert set(segments.loc[control, "segment"]) == {"between", "around"}


def test_segments_are_counted_by_their_kind(made):
    segments = read(Convexity, made / "convexity.csv")
    assert segments.groupby("segment")["segments"].unique().map(list).to_dict() == {
        "around": [4], "between": [2], "permuted": [4]
    }  # fmt: skip
    assert sorted(segments.loc[segments["segment"] == "around", "radius"].unique()) == [0.1, 1.0]
    assert segments.loc[segments["segment"] != "around", "radius"].isna().all()


def test_norm_and_margin_grow_without_decay_and_not_with_it(made):
    rows = read(Direction, made / "direction.csv").sort_values("doubling")
    for _, run in rows[(rows["role"] == "claim") & (rows["log_loss"] <= -1)].groupby("seed"):
        assert (-run["log_loss"] >= 2.0 ** run["doubling"]).all()
        assert run["norm"].is_monotonic_increasing
        assert run["margin"].is_monotonic_increasing
    ends = rows.groupby(["role", "seed"])["norm"].last()
    assert (ends["control"] < ends["claim"][ends["control"].index]).all()


def test_every_run_has_its_limits(made):
    rows, runs = read(Limits, made / "limits.csv"), read(Direction, made / "direction.csv").groupby(["role", "seed"])
    assert rows.set_index(["role", "seed"])["doublings"].to_dict() == (runs.size() - 1).to_dict()
    assert (rows.loc[(rows["role"] == "claim") & (rows["doublings"] > 0), "norm_grows"] == 1).all()
    assert rows["doublings"].max() > 1


def test_runs_whose_loss_stays_above_one_over_e_leave_the_claim_undecided_and_say_why(data, tmp_path, monkeypatch):
    monkeypatch.setattr("optprimer.edge.direction.SMALLEST_MOVE", 1.0)  # steps come to nothing at once
    rows = direction(data, tmp_path / "edge")
    assert rows["doubling"].to_list() == [0] * 4
    assert (rows["log_loss"] > -1).all()
    call("edge-limits", tmp_path / "edge/direction.csv", "--output", tmp_path / "edge/limits.csv")
    (claim,) = (claim for claim in checked() if claim.id == "I9")
    (ruling,) = judge([claim], tables_in(tmp_path), "digits")
    assert ruling.verdict == "inconclusive"
    assert "2 of 2 values are missing: the loss of a run has not fallen to e⁻²" in ruling.reason


def test_the_control_is_looked_at_after_the_steps_of_the_claim(made):
    steps = read(Direction, made / "direction.csv").pivot(index=["seed", "doubling"], columns="role", values="step")
    assert (steps["claim"] == steps["control"])[steps["control"].notna()].all()


@pytest.mark.parametrize(("settings", "rows", "message"), [("{", (0, 1), "not JSON"), (None, (0, 99), "runs 0 to 7")])
def test_wrong_requests_are_refused_in_one_line(data, tmp_path, settings, rows, message):
    text = json.dumps(section()) if settings is None else settings
    flags = ["--settings", text, "--rows", *rows, "--state", tmp_path / "state", "--output", tmp_path / "curves.csv"]
    with pytest.raises(UserError, match=message) as refused:
        call("edge-descent", "--data", data, *flags)
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "curves.csv").exists()
