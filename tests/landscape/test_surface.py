"""Grids and their rows: which point is where, whoever computes it and in whatever order."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optprimer.landscape import surface
from optprimer.landscape.directions import Plane
from optprimer.landscape.surface import Grid, RowEvaluator, line_rows, surface_rows
from optprimer.progress import Progress

EXTENT = ((-1.0, 0.5), (-0.2, 0.8))


def swapped(plane):
    return Plane(plane.d2, plane.d1, plane.extent)


@pytest.fixture
def tilted(plane):
    return Plane(plane.d1, plane.d2, EXTENT)


@pytest.fixture
def evaluator(skip_network, runtime, few):
    def make(planes, grid, samples=None):
        return RowEvaluator(skip_network, planes, grid, samples or [few], runtime, 12)

    return make


@pytest.fixture
def bar():
    return Progress("test", 1e9, "images", interval=1e9)


@given(st.integers(1, 60), st.floats(1e-3, 1e3))
def test_the_trained_network_is_the_centre_of_an_odd_grid(half, reach):
    plane = Plane({}, {}, ((-reach, reach), (-3 * reach, 3 * reach)))
    alphas, betas = Grid(2 * half + 1, 2 * half + 3).coordinates(plane)
    assert alphas[half] == betas[half + 1] == 0.0
    assert (alphas[0], alphas[-1], betas[0], betas[-1]) == (-reach, reach, -3 * reach, 3 * reach)


@given(st.integers(2, 60))
def test_coordinates_are_equally_spaced_and_hold_both_ends(n):
    alphas, betas = Grid(n, n + 1).coordinates(Plane({}, {}, EXTENT))
    np.testing.assert_allclose(alphas, [-1.0 + 1.5 * i / (n - 1) for i in range(n)], atol=1e-12)
    np.testing.assert_allclose(betas, [-0.2 + 1.0 * j / n for j in range(n + 1)], atol=1e-12)


def test_one_value_is_zero():
    alphas, betas = Grid(1, 1).coordinates(Plane({}, {}, EXTENT))
    assert (alphas.tolist(), betas.tolist()) == ([0.0], [0.0])


def test_rows_are_beta_and_alpha_multiplies_the_first_direction(evaluator, skip_network, tilted, few, by_hand, bar):
    rows, exchanged = evaluator({4: tilted}, Grid(4, 3)), []
    for j, beta in enumerate((-0.2, 0.3, 0.8)):
        points = rows.row(j, bar)
        assert [p[:3] for p in points] == [(4, pytest.approx(a), pytest.approx(beta)) for a in (-1.0, -0.5, 0.0, 0.5)]
        for _, alpha, _, (found,) in points:
            assert found.loss == pytest.approx(by_hand(skip_network, few, tilted, alpha, beta).loss, rel=2e-6)
            exchanged.append(by_hand(skip_network, few, swapped(tilted), alpha, beta).loss / found.loss)
    assert np.mean(np.abs(np.log(exchanged)) > 0.01) > 0.5  # so the comparison can tell the two directions apart


def test_rows_are_numbered_through_the_seeds(evaluator, tilted, bar):
    planes = {7: tilted, 3: swapped(tilted)}
    grid = Grid(2, 3)
    both = evaluator(planes, grid)
    rows = [both.row(r, bar) for r in range(6)]
    assert [{p[0] for p in row} for row in rows] == [{7}, {7}, {7}, {3}, {3}, {3}]
    assert rows[:3] == [evaluator({7: tilted}, grid).row(r, bar) for r in range(3)]
    assert rows[3:] == [evaluator({3: swapped(tilted)}, grid).row(r, bar) for r in range(3)]
    assert rows[0][0][3] != rows[3][0][3]


def test_rows_do_not_depend_on_who_computes_them(evaluator, tilted, bar):
    planes, grid = {0: tilted, 1: swapped(tilted)}, Grid(3, 3)
    whole = evaluator(planes, grid)
    expected = [whole.row(r, bar) for r in range(6)]
    for chunks in ([[0, 1], [2, 3, 4], [5]], [[5, 3, 1], [4, 2, 0]]):
        found = {}
        for chunk in chunks:
            worker = evaluator(planes, grid)
            found |= {r: worker.row(r, bar) for r in chunk}
        assert [found[r] for r in range(6)] == expected


def test_a_line_is_the_surface_at_beta_zero(evaluator, plane, bar):
    line = evaluator({0: plane, 1: swapped(plane)}, Grid(5, 1))
    square = evaluator({0: plane, 1: swapped(plane)}, Grid(5, 3))
    for k in (0, 1):
        assert line.row(k, bar) == square.row(3 * k + 1, bar)
        assert {p[2] for p in line.row(k, bar)} == {0.0}


def test_a_network_is_folded_once_per_plane(evaluator, tilted, bar, monkeypatch):
    made, original = [], surface.PlaneEvaluator
    monkeypatch.setattr(surface, "PlaneEvaluator", lambda *a: made.append(1) or original(*a))
    rows = evaluator({0: tilted, 1: tilted}, Grid(2, 3))
    assert rows.note == ""
    for r in range(6):
        rows.row(r, bar)
    assert len(made) == 2
    assert rows.note == "9 of 9 batch norms folded"


def test_the_bar_counts_every_image(evaluator, tilted, few, images):
    counted = []

    class Bar:
        add = staticmethod(counted.append)

    evaluator({0: tilted}, Grid(4, 2), [few, images]).row(1, Bar)
    assert sum(counted) == 4 * (12 + 48)


def test_rows_of_the_tables(evaluator, tilted, few, images, bar):
    points = evaluator({6: tilted}, Grid(2, 2)).row(1, bar)
    (row, _), p = surface_rows(points), points[0][3][0]
    assert row == {
        "direction_seed": 6, "alpha": -1.0, "beta": 0.8, "loss": p.loss, "loss_se": p.loss_se,
        "accuracy": p.accuracy, "n": 12, "n_nonfinite": 0,
    }  # fmt: skip

    points = evaluator({6: tilted}, Grid(2, 1), [few, images]).row(0, bar)
    (row, _), (p, t) = line_rows(points), points[0][3]
    assert row == {
        "direction_seed": 6, "alpha": -1.0, "loss": p.loss, "loss_se": p.loss_se, "accuracy": p.accuracy, "n": 12,
        "test_loss": t.loss, "test_loss_se": t.loss_se, "test_accuracy": t.accuracy, "n_test": 48,
    }  # fmt: skip
    assert p != t


def test_a_line_without_test_images_says_so(evaluator, tilted, bar):
    row, _ = line_rows(evaluator({6: tilted}, Grid(2, 1)).row(0, bar))
    assert row["n_test"] == 0
    assert all(math.isnan(row[key]) for key in ("test_loss", "test_loss_se", "test_accuracy"))


@pytest.mark.parametrize("reach", [1e-30, 1e-12, 1.0, 1e30])
def test_coordinates_are_distinct_and_hold_the_centre_whatever_the_range(reach):
    for n in (3, 9, 25, 49, 99):
        alphas, _ = Grid(n, n).coordinates(Plane({}, {}, ((-reach, reach), (-reach, reach))))
        assert alphas[n // 2] == 0
        assert len(np.unique(alphas)) == n
