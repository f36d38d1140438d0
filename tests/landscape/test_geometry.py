"""Geometry measures against closed forms on constructed surfaces, and against the symmetries of the square."""

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from optprimer.errors import UserError
from optprimer.landscape.geometry import OFFSET, geometry_table, measure, thin
from optprimer.landscape.tables import Geometry

losses = npst.arrays(float, (5, 5), elements=st.floats(0, 50, width=32) | st.just(np.nan))


def frame(loss: np.ndarray, extent: float = 1.0) -> pd.DataFrame:
    """Rows of a grid over [-extent, extent]² whose losses are ``loss`` at [beta, alpha]."""
    axis = np.linspace(-extent, extent, len(loss))
    beta, alpha = np.meshgrid(axis, axis, indexing="ij")
    return pd.DataFrame({"alpha": alpha.ravel(), "beta": beta.ravel(), "loss": loss.ravel()})


def bowl(points: int, centre: float = 0.1, a: float = 3.0, b: float = 1.0) -> np.ndarray:
    axis = np.linspace(-1, 1, points)
    return centre + a * axis[:, None] ** 2 + b * axis[None, :] ** 2


def surface(loss: np.ndarray, **columns) -> pd.DataFrame:
    identity = {"data": "digits", "net": "n", "surface": "fine", "directions": "filter", "direction_seed": 0}
    return frame(loss).assign(**identity | columns)


@pytest.mark.parametrize("points", [3, 9, 25])
def test_roughness_of_a_quadratic_height_is_its_second_difference(points):
    # z = a x² + b y² has second differences 2 a h² along x and 2 b h² along y, as many of one kind as of the other.
    height = bowl(points, centre=-2.0, a=1.5, b=-0.5)
    step = 2 / (points - 1)
    measures = measure(frame(np.exp(height) - OFFSET))
    assert measures.roughness == pytest.approx((1.5 + 0.5) * step**2, rel=1e-9)
    assert measures.loss_range == pytest.approx(np.ptp(height), rel=1e-12)


def test_the_height_is_the_logarithm_of_loss_plus_a_tenth():
    loss = np.zeros((3, 3))
    loss[0, 0] = 1.0
    assert measure(frame(loss)).loss_range == pytest.approx(np.log(1.1 / 0.1), rel=1e-12)
    assert measure(frame(loss)).roughness == pytest.approx(2 * np.log(11) / 6, rel=1e-12)  # 2 of 6 triples bend


def test_roughness_of_a_wrinkle_as_fine_as_the_grid_is_four_times_its_amplitude():
    checks = (-1.0) ** np.add.outer(np.arange(9), np.arange(9))
    assert measure(frame(np.exp(0.3 * checks) - OFFSET)).roughness == pytest.approx(1.2, rel=1e-9)


@given(st.floats(0.01, 1.0), st.integers(0, 2**32 - 1))
def test_wrinkles_add_roughness(amplitude, seed):
    # Along a line where z is linear any wrinkle adds; a smooth bowl has far less than a wrinkle of 0.01 on every point.
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], (25, 25))
    smooth = np.add.outer(np.arange(25), np.arange(25)) / 10
    rough = measure(frame(np.exp(smooth + amplitude * signs) - OFFSET))
    assert rough.roughness > measure(frame(np.exp(smooth) - OFFSET)).roughness + amplitude / 2


@given(losses, st.integers(0, 3), st.booleans())
def test_turning_or_mirroring_the_square_changes_nothing(loss, turns, mirrored):
    turned = np.rot90(loss, turns)
    turned = turned[::-1] if mirrored else turned
    expected, found = asdict(measure(frame(loss))), asdict(measure(frame(turned)))
    assert found == pytest.approx(expected, rel=1e-12, nan_ok=True)


@given(losses, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(loss, random):
    rows = frame(loss)
    order = list(rows.index)
    random.shuffle(order)
    assert asdict(measure(rows.loc[order])) == pytest.approx(asdict(measure(rows)), rel=0, nan_ok=True)


@given(losses)
def test_counts_agree_with_a_reading_of_their_definitions(loss):
    # A second implementation, point by point.
    measures = measure(frame(loss))
    side = range(5)
    near = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]

    def is_minimum(i: int, j: int) -> bool:
        around = [loss[i + di, j + dj] for di, dj in near if i + di in side and j + dj in side]
        return not np.isnan(loss[i, j]) and all(loss[i, j] < other for other in around if not np.isnan(other))

    assert measures.local_minima == sum(is_minimum(i, j) for i in side for j in side)
    triples = [line[i : i + 3] for line in (*loss, *loss.T) for i in range(3)]
    bends = [first - 2 * middle + last for first, middle, last in triples]
    bends = [bend for bend in bends if not np.isnan(bend)]
    share = sum(bend < 0 for bend in bends) / len(bends) if bends else np.nan
    assert measures.negative_share == pytest.approx(share, nan_ok=True)
    assert measures.missing == np.isnan(loss).sum()


@given(losses)
def test_the_basin_agrees_with_a_walk_from_the_centre(loss):
    reached, waiting = set(), [(2, 2)] if not np.isnan(loss[2, 2]) else []
    while waiting:
        i, j = waiting.pop()
        if (i, j) in reached or i not in range(5) or j not in range(5) or not loss[i, j] <= loss[2, 2] + 1:
            continue
        reached.add((i, j))
        waiting += [(i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)]
    expected = 0.5 * len(reached) ** 0.5 if reached else np.nan
    assert measure(frame(loss)).sublevel_width == pytest.approx(expected, nan_ok=True)


@given(st.floats(0.5, 50), st.floats(0.5, 50), st.floats(0, 3))
def test_a_bowl_has_one_minimum_and_no_negative_curvature(a, b, centre):
    measures = measure(frame(bowl(13, centre, a, b)))
    assert (measures.local_minima, measures.negative_share, measures.missing) == (1, 0.0, 0)
    assert measures.centre_loss == pytest.approx(centre)
    assert measures.largest_loss == pytest.approx(centre + a + b)


def test_a_dome_has_only_negative_curvature_and_four_minima():
    measures = measure(frame(5 - bowl(9, 0.0, 1.0, 1.0)))
    assert measures.negative_share == 1.0
    assert measures.local_minima == 4  # its corners: points of the border count


def test_a_flat_surface_has_no_strict_minimum_and_is_all_basin():
    measures = measure(frame(np.full((5, 5), 2.3)))
    assert (measures.local_minima, measures.roughness, measures.loss_range, measures.negative_share) == (0, 0, 0, 0)
    assert measures.sublevel_width == pytest.approx(2 + 0.5)  # five points of half a unit each


@pytest.mark.parametrize("centre", [0.0, 0.05, 0.9])
def test_the_basin_of_a_bowl_has_the_area_of_its_ellipse_whatever_the_loss_at_the_centre(centre):
    # a x² + b y² <= 1 has area pi / sqrt(a b); counting points errs by at most about the perimeter times a step.
    points, a, b = 201, 9.0, 4.0
    width = measure(frame(bowl(points, centre, a, b))).sublevel_width
    perimeter = np.pi * (1 / np.sqrt(a) + 1 / np.sqrt(b))
    assert width**2 == pytest.approx(np.pi / np.sqrt(a * b), abs=perimeter * 2 / (points - 1))


def test_the_basin_stops_at_walls_and_does_not_slip_through_their_corners():
    loss = np.zeros((7, 7))
    loss[[0, 1, 2, 3], [3, 4, 5, 6]] = 9  # a diagonal wall that cuts off the six points of one corner
    assert measure(frame(loss)).sublevel_width == pytest.approx(np.sqrt(49 - 4 - 6) / 3)


def test_diverged_points_are_above_all_others_and_leave_no_differences():
    loss = bowl(5)
    loss[0, 0] = np.nan
    loss[4, 2] = np.inf
    measures = measure(frame(loss))
    assert measures.missing == 2
    assert measures.local_minima == 1
    assert measures.largest_loss == np.nanmax(np.where(np.isinf(loss), np.nan, loss))
    assert np.isfinite(list(asdict(measures).values())).all()


def test_a_diverged_surface_is_not_a_number():
    measures = measure(frame(np.full((3, 3), np.nan)))
    assert (measures.missing, measures.local_minima) == (9, 0)
    unknown = ("roughness", "sublevel_width", "loss_range", "negative_share", "centre_loss", "largest_loss")
    assert all(np.isnan(getattr(measures, name)) for name in unknown)


def test_thinning_keeps_every_kth_line():
    loss = np.arange(81.0).reshape(9, 9)
    pd.testing.assert_frame_equal(thin(frame(loss), 3).reset_index(drop=True), frame(loss[::4, ::4]))
    pd.testing.assert_frame_equal(thin(frame(loss), 9), frame(loss))


@pytest.mark.parametrize("points", [4, 6, 7, 11, 17])
def test_a_grid_that_does_not_divide_is_refused(points):
    with pytest.raises(UserError, match=f"a grid of 9 points a side cannot be thinned to {points}"):
        thin(frame(bowl(9)), points)


def test_absent_points_are_named():
    rows = frame(bowl(5))
    with pytest.raises(UserError, match=r"^1 of 25 grid points are absent, the first at alpha 0.5, beta -1.0$"):
        measure(rows[(rows["alpha"] != 0.5) | (rows["beta"] != -1)])
    with pytest.raises(UserError, match=r"^5 of 25 grid points are absent, the first at alpha -1.0, beta 0.5$"):
        measure(rows[rows["beta"] != 0.5])


@pytest.mark.parametrize(
    "rows",
    [
        frame(bowl(4)),  # no point at the centre
        frame(bowl(5)).assign(alpha=lambda rows: rows["alpha"] + 1, beta=lambda rows: rows["beta"] + 1),
        frame(bowl(5))[lambda rows: (rows["alpha"] != 0.5) & (rows["beta"] != 0.5)],
        frame(bowl(1)),
    ],
)
def test_what_is_no_grid_around_the_centre_is_refused(rows):
    with pytest.raises(UserError, match="not an evenly spaced grid around 0"):
        measure(rows)


def test_the_table_holds_every_random_surface_at_its_own_and_at_the_common_resolution():
    fine, coarse = bowl(9), bowl(5, a=2.0)
    rows = pd.concat(
        [
            surface(fine),
            surface(fine, net="m"),
            surface(coarse, surface="coarse", direction_seed=1),
            surface(coarse, surface="plain", directions="none"),
            surface(coarse, surface="trajectory", directions="pca"),
        ]
    )
    table = geometry_table(rows, points=5)
    Geometry.validate(table)
    columns = ["net", "surface", "direction_seed", "points", "common"]
    assert table[columns].sort_values(["net", "surface", "points"]).to_numpy().tolist() == [
        ["m", "fine", 0, 5, True],
        ["m", "fine", 0, 9, False],
        ["n", "coarse", 1, 5, True],
        ["n", "fine", 0, 5, True],
        ["n", "fine", 0, 9, False],
        ["n", "plain", 0, 5, True],
    ]
    thinned = table[(table["net"] == "n") & (table["surface"] == "fine") & (table["points"] == 5)].iloc[0]
    assert thinned["roughness"] == measure(frame(fine[::2, ::2])).roughness
    assert geometry_table(rows[:0], points=5).empty


def test_the_table_names_the_surface_that_lacks_points():
    rows = pd.concat([surface(bowl(5)), surface(bowl(5), net="m", direction_seed=3)[1:]])
    with pytest.raises(UserError, match=r"^m, surface fine, direction seed 3: 1 of 25 grid points are absent"):
        geometry_table(rows, points=5)
    with pytest.raises(UserError, match=r"^n, surface fine, direction seed 0: a grid of 9 points"):
        geometry_table(surface(bowl(9)), points=4)
