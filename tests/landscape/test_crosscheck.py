"""The comparison with loss-landscapes, its map of points, and the spot checks of surfaces."""

import copy
import math

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from optprimer.landscape.crosscheck import against_loss_landscapes, displaced, relative_difference, spot_check, spot_points
from optprimer.landscape.directions import Plane
from optprimer.landscape.evaluator import PlaneEvaluator
from optprimer.landscape.measure import surface_table

EXTENT = ((-0.4, 0.2), (-0.1, 0.3))
SIDE = 4


@pytest.fixture(scope="module")
def tilted(plane):
    return Plane(plane.d1, plane.d2, EXTENT)


@pytest.fixture(scope="module")
def compared(skip_network, tilted, images, runtime):
    return against_loss_landscapes(skip_network, tilted, SIDE, images, runtime)


def test_agreement_with_loss_landscapes(compared):
    assert [row["point"] for row in compared] == list(range(SIDE * SIDE))
    # It adds a step in place at every point: 32 roundings, well below 1e-5.
    assert max(row["relative_difference"] for row in compared) < 1e-5
    assert len({row["loss_landscapes"] for row in compared}) == SIDE * SIDE
    assert {row["n"] for row in compared} == {48}


def test_agreement_without_shortcuts(network, tilted, images, runtime):
    rows = against_loss_landscapes(network, tilted, SIDE, images, runtime)
    assert max(row["relative_difference"] for row in rows) < 1e-5


def test_points_lie_on_the_grid_of_the_plane(compared):
    alphas, betas = (np.array([row[key] for row in compared]) for key in ("alpha", "beta"))
    assert (alphas.min(), alphas.max()) == pytest.approx((-0.4, 0.2 - 0.15))
    assert (betas.min(), betas.max()) == pytest.approx((-0.1, 0.3))
    np.testing.assert_allclose(np.sort(np.unique(alphas.round(9))), [-0.4, -0.25, -0.1, 0.05])


def other_maps(i, j):
    (left, right), (low, high) = EXTENT
    return {
        "as documented": (left + (right - left) * i / SIDE, low + (high - low) * j / SIDE),
        "always a step ahead": (left + (right - left) * i / SIDE, low + (high - low) * (j + 1) / SIDE),
        "transposed": (left + (right - left) * j / SIDE, low + (high - low) * (i + 1 if j % 2 == 0 else i) / SIDE),
        "back to front": (left + (right - left) * i / SIDE, low + (high - low) * (SIDE - j if i % 2 else j + 1) / SIDE),
    }


@pytest.mark.parametrize("name", other_maps(0, 0))
def test_any_other_map_of_its_points_disagrees(compared, skip_network, tilted, images, runtime, name):
    evaluate = PlaneEvaluator(skip_network, tilted.d1, tilted.d2, runtime, images.inputs[:2])
    wrong = []
    for row in compared:
        alpha, beta = other_maps(*divmod(row["point"], SIDE))[name]
        wrong.append(relative_difference(evaluate(alpha, beta, images, 48).loss, row["loss_landscapes"]))
    assert max(wrong) > 1e-2
    assert np.mean(np.array(wrong) > 1e-3) >= 0.25


def test_the_second_opinion_does_not_repeat_our_errors(compared, skip_network, tilted, images, runtime):
    exchanged = PlaneEvaluator(skip_network, tilted.d2, tilted.d1, runtime, images.inputs[:2])
    wrong = [
        relative_difference(exchanged(row["alpha"], row["beta"], images, 48).loss, row["loss_landscapes"]) for row in compared
    ]
    assert max(wrong) > 1e-2


def test_displaced_moves_a_copy(skip_network, tilted):
    moved = displaced(skip_network, tilted, 0.5, -0.25)
    for (name, after), (_, before) in zip(moved.named_parameters(), skip_network.named_parameters(), strict=True):
        if name in tilted.d1:
            torch.testing.assert_close(after, before + 0.5 * tilted.d1[name] - 0.25 * tilted.d2[name], rtol=1e-6, atol=1e-7)
        else:
            assert torch.equal(after, before)
    assert all(torch.equal(a, b) for a, b in zip(moved.buffers(), skip_network.buffers(), strict=True))
    assert not displaced(copy.deepcopy(skip_network).train(), tilted, 0, 0).training


@given(st.integers(2, 9), st.integers(2, 9), st.integers(0, 2**32))
def test_spot_points_hold_centre_and_corners_and_are_deterministic(nx, ny, seed):
    grid = [(float(a), float(b)) for a in np.linspace(-1, 1, nx) for b in np.linspace(-2, 3, ny)]
    chosen = spot_points(grid, seed)
    assert chosen == spot_points(reversed(grid), seed)
    assert set(chosen) <= set(grid)
    assert len(chosen) == len(set(chosen)) <= 9
    assert {(-1.0, -2.0), (-1.0, 3.0), (1.0, -2.0), (1.0, 3.0)} <= set(chosen)
    assert min(math.hypot(*p) for p in grid) == min(math.hypot(*p) for p in chosen)
    if nx * ny >= 9:
        assert len(chosen) >= 8


def test_spot_points_differ_by_seed():
    grid = [(float(a), float(b)) for a in range(20) for b in range(20)]
    assert spot_points(grid, 0) != spot_points(grid, 1)


@pytest.fixture(scope="module")
def surfaces(skip_network, tilted, few, runtime):
    frames = []
    planes = {"fine": Plane(tilted.d1, tilted.d2, EXTENT), "other": Plane(tilted.d2, tilted.d1, EXTENT)}
    for name, plane in planes.items():
        frame = surface_table(skip_network, {3: plane}, 5, few, runtime, 12)
        frames.append(frame.assign(data="d", net="n", surface=name, directions="filter" if name == "fine" else "layer"))
    return pd.concat(frames, ignore_index=True), {"filter": {3: planes["fine"]}, "layer": {3: planes["other"]}}


def test_spot_checks_agree_in_fp32(surfaces, skip_network, few):
    table, planes = surfaces
    found = spot_check(skip_network, planes, table, few, 12, 0)
    assert list(found.groupby("surface").size()) == [9, 9]
    assert found["relative_difference"].max() < 2e-6
    same = found.merge(table, on=["surface", "alpha", "beta"], suffixes=("", "_surface"))
    assert len(same) == len(found)
    assert (same["loss"] == same["loss_surface"]).all()


def test_spot_checks_notice_another_plane(surfaces, skip_network, few):
    table, planes = surfaces
    found = spot_check(skip_network, {"filter": planes["layer"], "layer": planes["filter"]}, table, few, 12, 0)
    assert found.groupby("surface")["relative_difference"].max().min() > 1e-2


@pytest.mark.parametrize("pair", [(math.nan, 1.0), (1.0, math.nan), (math.inf, 1.0), (1.0, math.inf), (0.0, 0.0)])
def test_no_relative_difference_without_numbers(pair):
    assert math.isnan(relative_difference(*pair))


def test_relative_difference():
    assert relative_difference(1.5, -2.0) == pytest.approx(1.75)
    assert relative_difference(2.0, 2.0) == 0.0
