"""The figures of networks that memorize draw what their tables say, and leave out what these do not have."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from memorization_tables import CORRUPTION, SEEDS, curves_table, runs_table, summary_table

from optprimer.errors import UserError
from optprimer.figures import memorized
from optprimer.figures.memorization import HEADROOM, memorization
from optprimer.figures.memorization_kinds import memorization_kinds
from optprimer.memorization.summary import summarise
from optprimer.memorization.tables import Curves, Summary
from optprimer.tables import read, write

T_2 = 4.302653  # Student's 97.5 % quantile with 2 degrees of freedom, from a printed table
DEGREES = [0, *CORRUPTION, 1]


@pytest.fixture(scope="module")
def curves():
    return curves_table()


@pytest.fixture(scope="module")
def summary():
    return summary_table()


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def labelled(axes):
    return {line.get_label(): line for line in axes.get_lines() if not line.get_label().startswith("_")}


def of_colour(axes, name, places=memorized.KINDS):
    """Lines in the colour of a kind (or network), in the order of drawing, without the empty ones."""
    colour = to_hex(places[name][1])
    return [line for line in axes.get_lines() if to_hex(line.get_color()) == colour and len(line.get_xdata())]


def chosen(table, network, labels, regularizer="none"):
    names = (table["network"] == network) & table["labels"].isin(np.atleast_1d(labels))
    return table[names & (table["regularizer"] == regularizer)]


def carried(rows, column, last):
    """A second implementation of memorized.by_epoch, for runs that fit: (last + 1, seeds)."""
    runs = [rows[rows["seed"] == seed].sort_values("epoch")[column].tolist() for seed in sorted(rows["seed"].unique())]
    return np.array([run + [run[-1]] * (last + 1 - len(run)) for run in runs]).T


def by_degree(summary, network, column):
    return chosen(summary, network, ["true_labels", "partial_labels", "random_labels"]).sort_values("corruption")[column]


def pixels(figure):
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())


def test_the_tables_are_of_their_kind(tmp_path, curves, summary):
    for table, model in ((curves, Curves), (summary, Summary)):
        path = tmp_path / f"{model.__name__}.csv"
        write(table, model, path)
        assert len(read(model, path)) == len(table)


def test_loss_is_the_mean_of_all_seeds_up_to_the_fit_of_the_slowest(curves, summary, provenance):
    axes = memorization(curves, summary, provenance=provenance).axes[0]
    assert axes.get_title(loc="left") == "(a) loss, Inception"
    assert legend(axes) == ["true labels", "random labels", "shuffled pixels", "random pixels", "Gaussian"]
    rows = chosen(curves, "inception", memorized.WHOLE)
    last = rows["epoch"].max()
    for kind in memorized.WHOLE:
        expected = carried(rows[rows["labels"] == kind], "train_loss", last)
        line = labelled(axes)[memorized.KINDS[kind][0]]
        np.testing.assert_allclose(line.get_ydata(), expected.mean(1), rtol=1e-12)
        np.testing.assert_allclose(line.get_xdata(), 12 * np.arange(last + 1))
    assert axes.get_xlim() == (0, rows["step"].max())


def test_bands_of_the_loss_are_t_intervals(curves, summary, provenance):
    axes = memorization(curves, summary, provenance=provenance).axes[0]
    rows = chosen(curves, "inception", "random_labels")
    last, middle = rows["epoch"].max(), 12 * 20
    runs = carried(rows, "train_loss", last)[20]
    half = T_2 * runs.std(ddof=1) / np.sqrt(len(SEEDS))
    band = axes.collections[1].get_paths()[0].vertices
    np.testing.assert_allclose(sorted(set(band[band[:, 0] == middle, 1])), runs.mean() + half * np.array([-1, 1]), rtol=1e-6)


def test_a_curve_that_leaves_the_papers_axis_is_shown_whole(curves, summary, provenance):
    assert memorization(curves, summary, provenance=provenance).axes[0].get_ylim() == (0, HEADROOM * 2.5)
    curves = curves.assign(train_loss=2 * curves["train_loss"])
    axes = memorization(curves, summary, provenance=provenance).axes[0]
    assert axes.get_ylim()[1] > max(line.get_ydata().max() for line in axes.get_lines()) > 4


def test_bands_that_leave_the_axis_are_told(curves, summary, provenance):
    assert "cut off" not in memorization(curves, summary, provenance=provenance).get_supxlabel()
    scattered = curves.assign(train_loss=curves["train_loss"] * curves["seed"])
    assert "(a): bands are cut off at " in memorization(scattered, summary, provenance=provenance).get_supxlabel()


def test_a_run_that_did_not_fit_is_not_carried_on(curves):
    rows = chosen(curves, "mlp_1x8", "random_labels")
    short = rows[(rows["seed"] != 1) | (rows["epoch"] < 100)]
    values = memorized.by_epoch(short, "train_loss", 160)
    assert values[1].last_valid_index() == 99
    assert values[0].last_valid_index() == rows["epoch"].max() < 160


def test_the_loss_is_of_the_network_with_most_kinds(curves, summary, provenance):
    fewer = curves[(curves["network"] != "inception") | (curves["labels"] != "gaussian")]
    axes = memorization(fewer, summary, provenance=provenance).axes[0]
    assert axes.get_title(loc="left") == "(a) loss, AlexNet"
    without = curves[curves["network"].isin(["inception_no_bn", "linear"])]
    axes = memorization(without, summary, provenance=provenance).axes[0]
    assert legend(axes) == ["true labels", "random labels"]


def test_relative_times_have_a_gap_and_a_cross_where_a_run_did_not_fit(curves, summary, provenance):
    figure = memorization(curves, summary, provenance=provenance)
    axes = figure.axes[1]
    for network in ("inception", "mlp_1x512"):
        (line,) = of_colour(axes, network, memorized.NETWORKS)
        np.testing.assert_allclose(line.get_xdata(), DEGREES)
        np.testing.assert_allclose(line.get_ydata(), by_degree(summary, network, "relative_time"))
    line, cross = of_colour(axes, "alexnet", memorized.NETWORKS)
    assert np.flatnonzero(np.isnan(line.get_ydata())).tolist() == [4]
    assert (cross.get_marker(), list(cross.get_xdata())) == ("x", [0.8])
    assert "cross: not all runs fitted" in figure.get_supxlabel()
    fitted = summary[summary["network"] != "alexnet"]
    assert "cross" not in memorization(curves, fitted, provenance=provenance).get_supxlabel()


def test_test_errors_and_their_intervals(curves, summary, provenance):
    axes = memorization(curves, summary, provenance=provenance).axes[2]
    assert legend(axes) == ["Inception", "AlexNet", "MLP 1×512"]
    for band, (network, name) in zip(
        axes.collections, (("inception", "Inception"), ("alexnet", "AlexNet"), ("mlp_1x512", "MLP 1×512")), strict=True
    ):
        line = labelled(axes)[name]
        np.testing.assert_allclose(line.get_xdata(), DEGREES)
        np.testing.assert_allclose(line.get_ydata(), 1 - by_degree(summary, network, "test_accuracy"))
        shape = band.get_paths()[0].vertices
        assert shape[:, 1].max() == pytest.approx(1 - by_degree(summary, network, "test_accuracy_low").min())
        assert shape[:, 1].min() == pytest.approx(1 - by_degree(summary, network, "test_accuracy_high").max())
    assert 0.9 in {line.get_ydata()[0] for line in axes.get_lines()}  # chance


def test_without_partly_random_labels_the_loss_remains_and_the_other_way_round(curves, summary, provenance):
    whole = summary[summary["labels"] != "partial_labels"]
    losses, times, errors = memorization(curves, whole, provenance=provenance).axes
    assert len(losses.get_lines()) == 5
    assert not times.get_lines()
    assert errors.get_legend() is None
    true = curves[curves["labels"] == "true_labels"]
    losses, times, _ = memorization(true, summary, provenance=provenance).axes
    assert not losses.get_lines()
    assert times.get_lines()


def test_nothing_to_draw_is_said(curves, summary, provenance):
    curves, summary = (table[table["labels"] == "true_labels"] for table in (curves, summary))
    for figure in (memorization, memorization_kinds):
        with pytest.raises(UserError, match="random labels or other pixels"):
            figure(curves, summary, provenance=provenance)


def test_training_accuracies_of_every_kind_end_at_all_images(curves, summary, provenance):
    figure = memorization_kinds(curves, summary, provenance=provenance)
    above = figure.axes[:4]
    titles = [axes.get_title(loc="left").replace("\n", " ") for axes in above]
    assert titles == ["Inception", "Inception without batch norm", "AlexNet", "MLP 1×512"]
    for axes, network in zip(above, ("inception", "inception_no_bn", "alexnet", "mlp_1x512"), strict=True):
        for kind in memorized.WHOLE:
            rows = chosen(curves, network, kind)
            if rows.empty:
                assert not of_colour(axes, kind)
                continue
            last = rows["epoch"].max()
            line, dot = of_colour(axes, kind)
            np.testing.assert_allclose(line.get_ydata(), carried(rows, "train_accuracy", last).mean(1)[1:])
            assert list(line.get_xdata()) == list(range(1, last + 1))
            assert (list(dot.get_xdata()), list(dot.get_ydata())) == ([last], [1])
            assert to_hex(dot.get_markerfacecolor()) == to_hex(memorized.KINDS[kind][1])


def test_test_accuracies_stand_over_the_chance_band_beside_published_ones(curves, summary, provenance):
    figure = memorization_kinds(curves, summary, provenance=provenance)
    for axes, network in zip(figure.axes[4:], ("inception", "inception_no_bn", "alexnet", "mlp_1x512"), strict=True):
        rows = chosen(summary, network, memorized.WHOLE).set_index("labels")
        (band,) = axes.patches
        corners = band.get_extents().transformed(axes.transData.inverted())
        assert [corners.x0, corners.x1] == pytest.approx([rows["chance_low"].min(), rows["chance_high"].max()])
        for y, kind in enumerate(memorized.WHOLE):
            drawn = of_colour(axes, kind)
            if kind not in rows.index:
                assert not drawn
                continue
            bar, dot = drawn
            assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (rows.loc[kind, "test_accuracy"], y)
            assert list(bar.get_xdata()) == pytest.approx(rows.loc[kind, ["test_accuracy_low", "test_accuracy_high"]].tolist())
        hollow = {
            line.get_ydata()[0]: line.get_xdata()[0]
            for line in axes.get_lines()
            if line.get_marker() == "D" and np.isfinite(line.get_xdata()[0])
        }
        published = rows["published_test"].dropna()
        assert hollow == {memorized.WHOLE.index(kind): value for kind, value in published.items()}
        assert list(hollow) == [0, 1]  # true and random labels


def test_a_kind_that_did_not_fit_ends_in_a_crossed_dot(curves, provenance):
    runs = runs_table()
    rows = (runs["network"] == "alexnet") & (runs["labels"] == "gaussian") & (runs["seed"] == 0)
    runs.loc[rows, ["fitted", "epochs_to_fit", "steps_to_fit"]] = [False, np.nan, np.nan]
    figure = memorization_kinds(curves, summarise(runs), provenance=provenance)
    markers = [line.get_marker() for line in of_colour(figure.axes[2], "gaussian")]
    assert markers == ["None", "o", "x"]
    assert "not all did" in [text.get_text() for text in figure.legends[0].get_texts()]


def test_a_diverged_loss_leaves_a_gap(curves, summary, provenance):
    curves = curves.copy()
    rows = (curves["network"] == "inception") & (curves["labels"] == "gaussian") & (curves["seed"] == 1)
    curves.loc[rows & (curves["epoch"] > 5), ["train_loss", "train_accuracy"]] = [np.nan, 0.1]
    line = labelled(memorization(curves, summary, provenance=provenance).axes[0])["Gaussian"]
    assert np.isfinite(line.get_ydata()[:6]).all()
    assert np.isnan(line.get_ydata()[6:]).all()
    memorization_kinds(curves, summary, provenance=provenance)


def test_missing_networks_and_kinds_are_left_out(curves, summary, provenance):
    def part(table):
        kept = table["network"].isin(["mlp_1x512", "linear"]) & ~table["labels"].isin(["shuffled_pixels", "redrawn_labels"])
        return table[kept].replace({"network": {"mlp_1x512": "mlp_2x64"}})

    figure = memorization_kinds(part(curves), part(summary), provenance=provenance)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["mlp_2x64", ""]
    names = [text.get_text() for text in figure.axes[1].get_yticklabels()]
    assert names == ["true labels", "random labels", "random pixels", "Gaussian"]
    figure = memorization(part(curves), part(summary), provenance=provenance)
    assert legend(figure.axes[2]) == ["mlp_2x64"]


def test_one_seed_has_no_bands(curves, provenance):
    one = summarise(runs_table().query("seed == 0"))
    for draw in (memorization, memorization_kinds):
        figure = draw(curves[curves["seed"] == 0], one, provenance=provenance)
        assert not figure.axes[0].collections


@pytest.mark.parametrize("draw", [memorization, memorization_kinds])
def test_the_order_of_rows_is_irrelevant(draw, curves, summary, provenance):
    shuffled = [table.sample(frac=1, random_state=7) for table in (curves, summary)]
    first, second = draw(curves, summary, provenance=provenance), draw(*shuffled, provenance=provenance)
    assert np.array_equal(pixels(first), pixels(second))
