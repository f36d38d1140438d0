import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.colors import Normalize
from synthetic import square

from optprimer.figures.grids import grid, height, height_limits
from optprimer.figures.relief import relief


def surface(loss, points=3):
    rows = square("resnet56", "fine", "filter", 0, points)
    rows["loss"] = loss(rows["alpha"], rows["beta"])
    return grid(rows)


def facets_at(made, alpha, beta):
    middles = made.corners.mean(axis=1)
    return np.hypot(middles[:, 0] - alpha, middles[:, 1] - beta).argmin()


def test_facets_lie_on_the_surface_alpha_as_x_and_beta_as_y():
    # ln(loss + 0.1) = 1 + 2 alpha - 3 beta is its own bilinear interpolation, so every facet's corner is on it.
    sloped = surface(lambda a, b: np.exp(1 + 2 * a - 3 * b) - 0.1)
    x, y, z = relief(sloped, height_limits([sloped.loss]), np.inf).corners.reshape(-1, 3).T
    np.testing.assert_allclose(z, 1 + 2 * x - 3 * y, atol=1e-9)
    assert (x.min(), x.max(), y.min(), y.max()) == (-1, 1, -1, 1)


def test_facets_pass_through_the_measured_points():
    rough = surface(lambda a, b: 1 + (7 * a + 3 * b) ** 2, points=5)
    made = relief(rough, height_limits([rough.loss]), np.inf).corners.reshape(-1, 3)
    for j, beta in enumerate(rough.beta):
        for i, alpha in enumerate(rough.alpha):
            here = np.isclose(made[:, 0], alpha) & np.isclose(made[:, 1], beta)
            np.testing.assert_allclose(made[here, 2], height(rough.loss[j, i]))


def test_cells_around_a_missing_point_are_open_and_all_others_closed():
    rows = square("resnet56", "fine", "filter", 0, 5)
    rows.loc[(rows["alpha"] == 0) & (rows["beta"] == -1), "loss"] = np.nan  # on an edge: two cells of 16 touch it
    holed = grid(rows)
    made = relief(holed, height_limits([holed.loss]), np.inf)
    assert np.isfinite(made.corners).all()
    whole = relief(grid(square("resnet56", "fine", "filter", 0, 5)), height_limits([holed.loss]), np.inf)
    assert len(made.corners) == len(whole.corners) * 14 // 16
    middles = made.corners.mean(axis=1)
    assert not ((abs(middles[:, 0]) < 0.5) & (middles[:, 1] < -0.5)).any()


def test_heights_end_at_the_cap_in_a_see_through_lid():
    steep = surface(lambda a, b: np.exp(5 * (a + 1)), points=9)
    made = relief(steep, height_limits([steep.loss], 100), 100.0)
    assert made.corners[:, :, 2].max() == pytest.approx(np.log(100.1))
    assert made.colours[facets_at(made, 0.9, 0), 3] < 1
    assert made.colours[facets_at(made, -0.9, 0), 3] == 1


def test_equal_heights_and_slopes_look_equal_whatever_the_panel():
    scale = Normalize(height(0.1), height(100))
    low, high = surface(lambda a, b: 0 * a + 1.0), surface(lambda a, b: np.where(a < 0.5, 1.0, 50.0), points=9)
    flat, stepped = relief(low, scale, 100), relief(high, scale, 100)
    np.testing.assert_allclose(flat.colours[facets_at(flat, -0.9, 0)], stepped.colours[facets_at(stepped, -0.9, 0)])


def test_light_falls_from_the_left_and_colours_follow_the_map():
    scale = Normalize(-2, 5)
    rising, falling = surface(lambda a, b: np.exp(1 + a) - 0.1), surface(lambda a, b: np.exp(1 - a) - 0.1)
    bright, dark = (relief(each, scale, np.inf).colours[:, :3].sum() for each in (falling, rising))
    assert dark != pytest.approx(bright)
    flat = relief(surface(lambda a, b: 0 * a + 1.0), scale, np.inf).colours[0, :3]
    hue = np.array(colormaps["viridis"](scale(height(1.0)))[:3])
    assert np.corrcoef(flat, hue)[0, 1] > 0.99
