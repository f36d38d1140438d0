"""Whole tables: complete, the same however they are shared out, and continued after a death."""

import math

import pandas as pd
import pytest

from optprimer.landscape import measure
from optprimer.landscape.directions import Plane
from optprimer.landscape.evaluator import PlaneEvaluator
from optprimer.landscape.measure import curvature_table, line_table, surface_table
from optprimer.landscape.tables import Curvature, Line, Surface
from optprimer.progress import Progress
from optprimer.rowlog import RowLog
from optprimer.tables import read, write

SURFACE = {"data": "d", "net": "n", "surface": "fine", "directions": "filter"}


@pytest.fixture
def planes(plane):
    return {5: plane, 2: Plane(plane.d2, plane.d1, ((-1.0, 0.5), (-0.2, 0.8)))}


@pytest.fixture
def count(monkeypatch):
    """Count evaluated points; set ``count.limit`` to die there."""

    class Count:
        points, limit = 0, math.inf

    original = PlaneEvaluator.__call__

    def counted(self, *arguments):
        if Count.points >= Count.limit:
            raise KeyboardInterrupt
        Count.points += 1
        return original(self, *arguments)

    monkeypatch.setattr(PlaneEvaluator, "__call__", counted)
    return Count


def test_a_surface_is_a_table(skip_network, planes, few, runtime, by_hand, tmp_path):
    frame = surface_table(skip_network, planes, 3, few, runtime, 12)
    write(frame.assign(**SURFACE), Surface, tmp_path / "surface.csv")
    found = read(Surface, tmp_path / "surface.csv")
    assert len(found) == 2 * 9
    assert set(found["precision"]) == {"fp32"}
    for row in found.itertuples():
        expected = by_hand(skip_network, few, planes[row.direction_seed], row.alpha, row.beta)
        assert row.loss == pytest.approx(expected.loss, rel=2e-6)
        assert row.loss_se == pytest.approx(expected.loss_se, rel=1e-5)
        assert row.accuracy == pytest.approx(expected.accuracy)
    other = found[found["direction_seed"] == 2]
    assert sorted(set(other["alpha"])) == pytest.approx([-1.0, -0.25, 0.5])
    assert sorted(set(other["beta"])) == pytest.approx([-0.2, 0.3, 0.8])


@pytest.mark.parametrize("chunks", [[range(4), range(4, 6)], [[5], [0, 1, 2], [3, 4]]])
def test_jobs_add_up_to_the_surface(skip_network, planes, few, runtime, tmp_path, chunks):
    parts = [surface_table(skip_network, planes, 3, few, runtime, 12, rows=chunk) for chunk in chunks]
    whole = surface_table(skip_network, planes, 3, few, runtime, 12)
    for name, frame in (("parts", pd.concat(parts)), ("whole", whole)):
        write(frame.assign(**SURFACE), Surface, tmp_path / name)
    assert (tmp_path / "parts").read_bytes() == (tmp_path / "whole").read_bytes()


def test_a_killed_surface_continues(skip_network, planes, few, runtime, tmp_path, count):
    log = RowLog(tmp_path / "rows.jsonl", "name")
    expected = surface_table(skip_network, planes, 3, few, runtime, 12)
    assert count.points == 18
    count.points, count.limit = 0, 8
    with pytest.raises(KeyboardInterrupt):
        surface_table(skip_network, planes, 3, few, runtime, 12, log=log)
    count.points, count.limit = 0, math.inf
    found = surface_table(skip_network, planes, 3, few, runtime, 12, log=log)
    assert count.points == 18 - 6  # two whole rows were there
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    count.points = 0
    again = surface_table(skip_network, planes, 3, few, runtime, 12, log=log)
    assert count.points == 0
    pd.testing.assert_frame_equal(again, expected, check_exact=True)


def test_a_surface_that_overflows_is_kept(skip_network, plane, few, runtime, tmp_path):
    far = {0: Plane(plane.d1, plane.d2, ((-1e30, 1e30), (-1.0, 1.0)))}
    log = RowLog(tmp_path / "rows.jsonl", "name")
    for _ in range(2):  # the second time from the log
        frame = surface_table(skip_network, far, 3, few, runtime, 12, log=log)
        write(frame.assign(**SURFACE), Surface, tmp_path / "surface.csv")
        found = read(Surface, tmp_path / "surface.csv").set_index(["alpha", "beta"])
        assert found["loss"].isna().sum() == 6
        assert math.isfinite(found.loc[(0.0, 0.0), "loss"])
        assert found.loc[(1e30, 0.0), "n_nonfinite"] == 12


def test_a_line_is_a_table(skip_network, planes, few, images, runtime, by_hand, tmp_path):
    frame = line_table(skip_network, planes, 4, few, images, runtime, 12)
    write(frame.assign(data="d", net="n"), Line, tmp_path / "line.csv")
    found = read(Line, tmp_path / "line.csv")
    assert list(found.groupby("direction_seed").size()) == [4, 4]
    for row in found.itertuples():
        plane = planes[row.direction_seed]
        assert row.loss == pytest.approx(by_hand(skip_network, few, plane, row.alpha, 0.0).loss, rel=2e-6)
        test = by_hand(skip_network, images, plane, row.alpha, 0.0)
        assert (row.test_loss, row.test_accuracy) == pytest.approx((test.loss, test.accuracy), rel=2e-6)
        assert (row.n, row.n_test) == (12, 48)
    second = line_table(skip_network, planes, 4, few, images, runtime, 12, rows=[1])
    assert set(second["direction_seed"]) == {2}
    assert list(second["loss"]) == list(frame.loc[frame["direction_seed"] == 2, "loss"])


def test_a_line_without_test_images(skip_network, planes, few, runtime, tmp_path):
    frame = line_table(skip_network, planes, 3, few, None, runtime, 12)
    write(frame.assign(data="d", net="n"), Line, tmp_path / "line.csv")
    assert set(frame["n_test"]) == {0}
    assert frame["test_loss"].isna().all()


def test_a_curvature_map_is_a_table(skip_network, plane, few, tmp_path, monkeypatch):
    log = RowLog(tmp_path / "rows.jsonl", "name")
    whole = curvature_table(skip_network, plane, 3, few, 3, 0, log=log)
    write(whole.assign(data="d", net="n", direction_seed=0), Curvature, tmp_path / "curvature.csv")
    found = read(Curvature, tmp_path / "curvature.csv")
    assert len(found) == 9
    assert set(found["n"]) == {12}
    assert set(found["iterations"]) == {3}
    assert (found["lambda_min"] <= found["lambda_max"]).all()
    monkeypatch.setattr(measure, "curvature_row", None)  # all comes from the log
    rest = curvature_table(skip_network, plane, 3, few, 3, 0, rows=[2], log=log)
    pd.testing.assert_frame_equal(rest, whole[6:].reset_index(drop=True), check_exact=True)


def test_bf16_is_said(skip_network, plane, few, bf16):
    rounded = type(few)(few.inputs.bfloat16(), few.labels, few.population)
    assert set(surface_table(skip_network, {0: plane}, 3, rounded, bf16, 12, rows=[1])["precision"]) == {"bf16"}


@pytest.mark.parametrize("logged", [True, False])
def test_the_bar_ends_full(skip_network, planes, few, runtime, tmp_path, monkeypatch, logged):
    bars = []

    class Bar(Progress):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            bars.append(self)

    monkeypatch.setattr(measure, "Progress", Bar)
    log = RowLog(tmp_path / "rows.jsonl", "name") if logged else None
    for _ in range(2):
        surface_table(skip_network, planes, 3, few, runtime, 12, log=log)
        assert bars[-1]._done + bars[-1]._skipped == bars[-1].total == 18 * 12
