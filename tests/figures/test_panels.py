"""The flat figures: what is drawn is what the tables say."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.colors import Normalize
from matplotlib.contour import QuadContourSet
from scipy import stats
from synthetic import square

from optprimer.errors import UserError
from optprimer.figures import style
from optprimer.figures.contours import contours
from optprimer.figures.crosscheck import crosscheck
from optprimer.figures.curvature import curvature, relative_residual
from optprimer.figures.geometry import at_common_points, geometry, paired_difference
from optprimer.figures.grids import OFFSET, Grid
from optprimer.figures.lines import lines
from optprimer.figures.normalisation import normalisation
from optprimer.figures.planes import add_contours
from optprimer.figures.training import training
from optprimer.figures.trajectory import trajectory


def contour_sets(figure):
    return [artist for axes in figure.axes for artist in axes.collections if isinstance(artist, QuadContourSet)]


def caption(figure):
    return figure.get_supxlabel().replace("\n", " · ")


def test_contours_share_one_scale_and_levels(tables, provenance):
    sets = contour_sets(contours(tables["surface"], provenance=provenance))
    filled = [each for each in sets if each.filled]
    assert len(filled) == 10
    assert {each.get_clim() for each in filled} == {filled[0].get_clim()}
    assert all(np.array_equal(each.levels, filled[0].levels) for each in filled)
    assert filled[0].get_clim()[1] == pytest.approx(np.log(100.1))


def test_contours_are_closed_where_the_loss_is_low_alpha_across_beta_up(provenance):
    rows = square("resnet56", "fine", "filter", 0, 41)
    rows["loss"] = 0.05 + 50 * ((rows["alpha"] - 0.5) ** 2 + (rows["beta"] + 0.25) ** 2)
    (filled, _) = contour_sets(contours(rows, provenance=provenance))
    inner = filled.get_paths()[0].vertices
    assert inner.mean(axis=0) == pytest.approx([0.5, -0.25], abs=0.05)


def test_contours_leave_gaps_open(provenance):
    rows = square("resnet56", "fine", "filter", 0, 9)
    rows.loc[rows["alpha"] > 0.5, "loss"] = np.nan
    (filled, _) = contour_sets(contours(rows, provenance=provenance))
    reached = max(path.vertices[:, 0].max() for path in filled.get_paths() if len(path.vertices))
    assert reached == pytest.approx(0.5)


def test_lines_are_means_of_logs_within_bands(tables, provenance):
    figure = lines(tables["line"], provenance=provenance)
    without, with_skips = figure.axes
    rows = tables["line"].query("net == 'resnet56'")
    expected = np.log(rows["loss"] + 0.1).groupby(rows["alpha"]).mean()
    _, train = with_skips.get_lines()
    np.testing.assert_allclose(train.get_xydata(), np.column_stack([expected.index, expected]))
    assert without.get_ylim() == with_skips.get_ylim()
    band = with_skips.collections[1].get_paths()[0].vertices
    assert band[:, 1].max() == pytest.approx(np.log(rows["loss"] + 0.1).max())


def test_lines_have_a_gap_where_one_direction_overflowed(tables, provenance):
    line = tables["line"].copy()
    line.loc[(line["net"] == "resnet56") & (line["direction_seed"] == 2) & (line["alpha"] == 1), "loss"] = np.nan
    _, train = lines(line, provenance=provenance).axes[1].get_lines()
    assert np.isnan(train.get_ydata()[-1])
    assert np.isfinite(train.get_ydata()[:-1]).all()


def test_curvature_maps_share_the_published_scale_and_orientation(tables, provenance):
    figure = curvature(tables["curvature"], provenance=provenance)
    meshes = [artist for axes in figure.axes[:2] for artist in axes.collections if isinstance(artist, QuadMesh)]
    assert {mesh.get_clim() for mesh in meshes} == {(0, 0.5)}
    rows = tables["curvature"].query("net == 'resnet56_noskip'").sort_values(["beta", "alpha"])
    np.testing.assert_allclose(meshes[0].get_array().ravel(), rows["ratio"])
    strong = (rows["lambda_min"] < -0.1 * rows["lambda_max"]).sum()
    assert len(figure.axes[0].get_lines()) == strong
    assert "4.0e-03" in caption(figure)


def test_curvature_leaves_overflowed_points_open(tables, provenance):
    rows = tables["curvature"].copy()
    rows.loc[0, ["lambda_min", "lambda_max", "ratio", "residual"]] = np.nan
    mesh = curvature(rows, provenance=provenance).axes[1].collections[0]
    assert mesh.get_array().mask.sum() == 1
    assert relative_residual(rows).max() == pytest.approx(0.004)


def test_trajectory_marks_the_true_losses_on_the_scale_of_the_plane(tables, provenance):
    figure = trajectory(tables["trajectory"], tables["surface"], provenance=provenance)
    panel = figure.axes[1]
    (filled,) = [each for each in panel.collections if isinstance(each, QuadContourSet) and each.filled]
    (markers,) = [each for each in panel.collections if each.get_offsets().shape[0] == 41]
    rows = tables["trajectory"].query("net == 'resnet56'")
    np.testing.assert_allclose(markers.get_offsets(), rows[["alpha", "beta"]])
    np.testing.assert_allclose(markers.get_array(), np.log(rows["loss"] + 0.1))
    assert markers.get_clim() == filled.get_clim()
    assert panel.get_xlabel() == "1st PC: 85.3 % of variance"
    assert panel.get_ylabel() == "2nd PC: 10.2 % of variance"
    distance, off_plane = figure.axes[3].get_lines()
    np.testing.assert_allclose(off_plane.get_ydata(), rows["off_plane"])
    np.testing.assert_allclose(distance.get_ydata(), rows["displacement"])


def test_trajectory_shows_all_distances_of_both_networks_on_one_scale(tables, provenance):
    # The second panel once took over the limits of the first, which cut off the longer path.
    table = tables["trajectory"].copy()
    table.loc[table["net"] == "resnet56", ["displacement", "off_plane"]] *= 3
    figure = trajectory(table, tables["surface"], provenance=provenance)
    panels = [axes for axes in figure.axes if axes.get_xlabel() == "epoch"]
    assert len(panels) == 2
    assert {axes.get_ylim() for axes in panels} == {panels[0].get_ylim()}
    low, high = panels[0].get_ylim()
    assert low == 0
    assert high > table["displacement"].max()


def test_trajectory_needs_the_plane_of_every_network(tables, provenance):
    surface = tables["surface"].query("directions != 'pca' or net == 'resnet56'")
    with pytest.raises(UserError, match="resnet56_noskip"):
        trajectory(tables["trajectory"], surface, provenance=provenance)


def test_training_draws_both_measures_and_marks_divergence(tables, provenance):
    history = tables["history"].query("net == 'resnet56' or epoch <= 7").copy()
    last = (history["net"] == "resnet56_noskip") & (history["epoch"] == 7)
    history.loc[last, ["train_loss", "test_loss", "test_accuracy"]] = np.nan
    history.loc[last, "diverged"] = True
    losses, accuracies = training(history, provenance=provenance).axes
    crosses = [line for line in losses.get_lines() if line.get_marker() == "x"]
    assert [cross.get_xdata() for cross in crosses] == [[6]]
    rows = history.query("net == 'resnet56'")
    drawn = [line.get_ydata() for line in accuracies.get_lines()]
    assert any(np.array_equal(each, rows["test_accuracy"]) for each in drawn)
    assert any(np.array_equal(each, rows["train_accuracy"], equal_nan=True) for each in drawn)


def test_geometry_compares_seeds_on_the_common_grid(tables):
    rows = at_common_points(tables["geometry"])
    assert set(rows["points"]) == {13}
    assert len(rows) == 10
    two_grids = tables["geometry"].assign(common=True)
    for incomplete in (tables["geometry"].query("points == 25 or direction_seed > 0"), two_grids):
        with pytest.raises(UserError, match="grid size"):
            at_common_points(incomplete)


def test_geometry_draws_every_measure_paired(tables, provenance):
    figure = geometry(tables["geometry"], provenance=provenance)
    assert len(figure.axes) == 5
    rows = tables["geometry"].query("points == 13").pivot(index="direction_seed", columns="net", values="roughness")
    pairs = [line.get_ydata() for line in figure.axes[0].get_lines()[:5]]
    np.testing.assert_allclose(pairs, rows[["resnet56_noskip", "resnet56"]])
    mean = (rows["resnet56"] - rows["resnet56_noskip"]).mean()
    assert float(figure.axes[0].get_xlabel().partition("\n")[0].replace("−", "-")) == pytest.approx(mean, abs=0.005)


def test_geometry_draws_a_control_beside_the_networks_with_hollow_points(tables, provenance):
    rows = tables["geometry"]
    again = rows.query("net == 'resnet56' and common").assign(net="resnet56_again", surface="control", roughness=0.123)
    figure = geometry(pd.concat([rows, again]), provenance=provenance)
    dots = [line for line in figure.axes[0].get_lines() if line.get_marker() == "o" and len(line.get_xdata())]
    assert [line.get_markerfacecolor() == "w" for line in dots] == [False, False, True]
    assert set(dots[-1].get_ydata()) == {0.123}
    alone = geometry(rows, provenance=provenance)
    assert [axes.get_xlabel() for axes in figure.axes] == [axes.get_xlabel() for axes in alone.axes]
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["without skip connections", "with skip connections", "control: ResNet-56, with skip connections, again"]


def test_the_interval_is_that_of_a_paired_t_test():
    first, second = pd.Series([1.0, 2.0, 4.0, 3.0]), pd.Series([2.0, 2.5, 4.5, 5.0])
    expected = stats.ttest_rel(second, first).confidence_interval(0.95)
    interval = paired_difference(first, second)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high))
    assert interval.mean == pytest.approx(1.0)


def test_one_pair_has_no_interval():
    interval = paired_difference(pd.Series([1.0, np.nan]), pd.Series([3.0, 1.0]))
    assert interval.mean == 2
    assert np.isnan(interval.low)


def test_normalisations_stand_side_by_side_on_one_scale(tables, provenance):
    figure = normalisation(tables["surface"], provenance=provenance)
    filled = [each for each in contour_sets(figure) if each.filled]
    assert len(filled) == 6
    assert {each.get_clim() for each in filled} == {filled[0].get_clim()}
    section = figure.axes[6].get_lines()[1]
    rows = tables["surface"].query("net == 'resnet56' and surface == 'fine' and beta == 0")
    np.testing.assert_allclose(section.get_ydata(), np.log(np.minimum(rows["loss"], 100) + 0.1))
    with pytest.raises(UserError, match="normalisation"):
        normalisation(tables["surface"].query("directions == 'filter'"), provenance=provenance)


def test_crosscheck_draws_every_difference_and_counts_those_above_tolerance(tables, provenance):
    differences = tables["crosscheck"].copy()
    differences.loc[3, "relative_difference"] = -2e-4
    figure = crosscheck(differences, tables["precision"], provenance=provenance)
    drawn = np.concatenate([line.get_ydata() for line in figure.axes[0].get_lines() if line.get_marker() == "o"])
    expected = differences["relative_difference"].abs()
    np.testing.assert_allclose(np.sort(drawn), np.sort(expected[expected > 0]))
    assert "largest 2.0e-04, 1 above tolerance, 2 equal" in caption(figure)


def test_the_one_percent_line_is_a_guide_and_counted_by_its_name(tables, provenance):
    figure = crosscheck(tables["crosscheck"], tables["precision"], provenance=provenance)
    left, right = figure.axes
    assert [text.get_text() for axes in (left, right) for text in axes.texts] == ["tolerance 1e-05", "1 %"]
    above = (tables["precision"]["relative_difference"] > 0.01).sum()
    assert f"{above} above 1 %" in caption(figure)
    assert right.get_title(loc="left") == "bf16 surface against plain fp32"


def test_no_small_negative_ratio_is_written_as_minus_zero(tables, provenance):
    rows = tables["curvature"].copy()
    rows["lambda_min"] = -0.001 * rows["lambda_max"]
    numbers = {text.get_text() for axes in curvature(rows, provenance=provenance).axes for text in axes.texts}
    assert numbers == {"0.00"}


def test_contours_say_which_directions_have_which_grid(tables, provenance):
    assert "25 × 25 along directions 0, 13 × 13 along directions 1, 2, 3, 4" in caption(
        contours(tables["surface"], provenance=provenance)
    )
    alike = tables["surface"].query("surface == 'coarse'")
    assert " · 13 × 13 points · " in caption(contours(alike, provenance=provenance))


def test_trajectory_counts_checkpoints_above_the_cap(tables, provenance):
    table = tables["trajectory"].copy()
    table.loc[(table["net"] == "resnet56") & (table["epoch"] < 3), "loss"] = 1e4
    assert "0 of 41 and 3 of 41 checkpoints" in caption(trajectory(table, tables["surface"], provenance=provenance))


def test_no_contour_has_its_number_under_the_path(tables, provenance):
    figure = trajectory(tables["trajectory"], tables["surface"], provenance=provenance)
    for axes, net in zip(figure.axes, ("resnet56_noskip", "resnet56"), strict=False):
        path = tables["trajectory"].query(f"net == '{net}'")[["alpha", "beta"]].to_numpy()
        sides = np.array([np.ptp(axes.get_xlim()), np.ptp(axes.get_ylim())])
        for number in axes.texts:
            if number.get_text() not in ("start", "end"):
                assert np.hypot(*((path - number.get_position()) / sides).T).min() >= 0.1


@pytest.mark.parametrize("turned", [False, True])
def test_no_contour_has_its_number_across_an_edge(turned):
    # Level lines are straight and parallel to an edge; those with a number are at each of ten distances from it in turn.
    side = np.linspace(-1, 1, 25)
    rise = np.tile(side, (25, 1)).T if turned else np.tile(side, (25, 1))
    places = []
    for low in np.linspace(0, 1, 10):
        axes = style.page(3).subplots()
        surface = Grid("resnet56", 0, side, side, np.exp(rise) - OFFSET, rise)
        add_contours(axes, surface, Normalize(-1 - low, 2 - low), cap=100)
        places += [np.abs(number.get_position()).max() for number in axes.texts]
    assert len(places) > 10
    assert max(places) <= 0.9


def test_normalisation_gives_grids_clipped_shares_and_a_legend(tables, provenance):
    figure = normalisation(tables["surface"], provenance=provenance)
    assert "points: 25 × 25, 13 × 13, 13 × 13 by column" in caption(figure)
    shares = []
    for name in ("fine", "layer", "unnormalised"):
        losses = tables["surface"].query(f"surface == '{name}' and net == 'resnet56_noskip'")["loss"]
        shares.append(f"{100 * (losses > 100).mean():.0f} %")
    assert f"without skip connections {', '.join(shares)};" in caption(figure)
    names = [text.get_text().replace("\n", " ") for text in figure.axes[8].get_legend().get_texts()]
    assert names == ["without skip connections", "with skip connections"]
    for panel in figure.axes[6:9]:  # one colour a network, and the same in each
        assert [line.get_color() for line in panel.lines] == [*style.colours(["resnet56_noskip", "resnet56"]).values()]


def test_equal_values_of_two_seeds_stand_apart(tables, provenance):
    rows = tables["geometry"].assign(local_minima=1)
    dots = [line for line in geometry(rows, provenance=provenance).axes[1].get_lines() if line.get_marker() == "o"]
    assert all(len(np.unique(line.get_xdata())) == len(line.get_xdata()) for line in dots if len(line.get_xdata()))


def test_a_difference_and_its_interval_have_equally_many_digits(tables, provenance):
    for axes in geometry(tables["geometry"], provenance=provenance).axes:
        numbers = axes.get_xlabel().replace("\n[", ", ").rstrip("]").split(", ")
        assert len(numbers) == 3
        assert len({len(number.partition(".")[2]) for number in numbers}) == 1
