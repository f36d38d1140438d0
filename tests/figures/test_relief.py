import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.colors import Normalize
from synthetic import square

from optprimer.figures.grids import grid, height, height_limits
from optprimer.figures.relief import Mesh, mesh, relief


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
    area = np.ptp(made.corners[:, :, 0], axis=1) * np.ptp(made.corners[:, :, 1], axis=1)
    assert area.sum() == pytest.approx(4 * 14 / 16)
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


def test_facets_of_steep_cells_rise_by_no_more_than_a_hundredth_of_the_scale():
    # Larger steps of colour from facet to facet showed as terraces on the walls.
    walled = surface(lambda a, b: np.where(a < 0.5, 1.0, 50.0), points=9)
    scale = height_limits([walled.loss])
    made = relief(walled, scale, np.inf)
    rise = np.ptp(made.corners[:, :, 2], axis=1)
    assert rise.max() < 0.0125 * (scale.vmax - scale.vmin)


def heights_on(net: Mesh, facets):
    z = net.at[2]
    return np.stack([z[:-1, :-1], z[:-1, 1:], z[1:, :-1], z[1:, 1:]])[:, facets]


def test_the_rim_of_the_mesh_is_where_the_surface_crosses_the_cap():
    # ln(loss + 0.1) = 2 alpha + 4: the surface crosses ln(100.1) at one alpha, whatever beta, between two grid lines.
    steep = surface(lambda a, b: np.exp(2 * a + 4) - 0.1, points=5)
    net = mesh(steep, height_limits([steep.loss], 100), 100.0)
    rim = (height(100) - 4) / 2
    x, _, z = net.at
    reached = x[:-1, 1:][net.surface]
    assert reached.max() == pytest.approx(rim)
    assert x[:-1, :-1][net.lid].min() == pytest.approx(rim)
    np.testing.assert_allclose(heights_on(net, net.lid), height(100))
    np.testing.assert_allclose(z, np.minimum(2 * x + 4, height(100)), atol=1e-9)
    assert (net.surface ^ net.lid).all()


def test_the_mesh_has_the_height_loss_and_colour_of_the_facets():
    rough = surface(lambda a, b: 1 + (7 * a + 3 * b) ** 2, points=5)
    scale = height_limits([rough.loss])
    net, facets = mesh(rough, scale, np.inf), relief(rough, scale, np.inf)
    x, y, z = net.at
    np.testing.assert_allclose(net.loss, np.exp(z) - 0.1)
    for vertex in np.ndindex(net.loss.shape):
        if vertex[0] % 17 == vertex[1] % 13 == 5:
            near = facets_at(facets, x[vertex], y[vertex])
            assert facets.corners[near, :, 2].mean() == pytest.approx(z[vertex], abs=0.05)
            np.testing.assert_allclose(facets.colours[near, :3], net.colours[vertex], atol=0.05)


def test_the_mesh_has_no_rim_towards_a_gap():
    rows = square("resnet56", "fine", "filter", 0, 5).assign(loss=1000.0)
    rows.loc[(rows["alpha"] == 0) & (rows["beta"] == 0), "loss"] = np.nan
    net = mesh(grid(rows), Normalize(-2, 5), 100.0)
    assert not net.surface.any()
    x, y, _ = net.at
    np.testing.assert_allclose(x, np.broadcast_to(x[0], x.shape))
    np.testing.assert_allclose(y, np.broadcast_to(y[:, :1], y.shape))


def test_the_mesh_is_open_around_a_missing_point():
    rows = square("resnet56", "fine", "filter", 0, 5)
    rows.loc[(rows["alpha"] == 0) & (rows["beta"] == -1), "loss"] = np.nan
    net = mesh(grid(rows), Normalize(-2, 5), np.inf)
    assert net.surface.mean() == 14 / 16
    assert not net.lid.any()


@pytest.mark.parametrize("loss", [1.0, np.nan])
def test_a_flat_surface_and_one_without_a_finite_point_are_drawn(loss):
    plain = surface(lambda a, b: 0 * a + loss)
    scale = height_limits([plain.loss], 100)
    drawn = np.isfinite(loss)
    assert (len(relief(plain, scale, 100).corners) > 0) == drawn
    assert mesh(plain, scale, 100).surface.any() == drawn
