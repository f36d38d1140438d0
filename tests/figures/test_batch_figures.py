"""What the figures of the batch stage show is what the tables say."""

import numpy as np
import pytest
from batch_tables import NETWORKS, RECIPES, N, cost_table, curves_table, summary_table
from matplotlib.colors import same_color

from optprimer.figures.batch import SHOWN, batch, verdict
from optprimer.figures.batch_cost import batch_cost
from optprimer.figures.batch_curves import SHOWN as CURVES
from optprimer.figures.batch_curves import batch_curves
from optprimer.figures.palette import GREEN, VERMILION
from optprimer.figures.recipes import ordered, recipe_colour, recipe_name


@pytest.fixture(scope="module")
def ladder(provenance):
    return batch(summary_table(), provenance=provenance)


@pytest.fixture(scope="module")
def curves(provenance):
    return batch_curves(curves_table(), summary_table(), provenance=provenance)


def rows():
    return summary_table().set_index(["network", "recipe"])


def places():
    """Networks and recipes from the top, as the axis of the ladder names them."""
    return [(network, name) for network in sorted(NETWORKS) for name in ordered(NETWORKS[network])]


def dots(axes, marker):
    return {
        line.get_ydata()[0]: (line.get_xdata()[0], line.get_color()) for line in axes.get_lines() if line.get_marker() == marker
    }


def test_every_line_is_named_in_the_order_of_the_ladder(ladder):
    labels = [text.get_text() for text in ladder.axes[0].get_yticklabels()]
    assert labels == [recipe_name(name) for _, name in places()]


def test_both_accuracies_stand_on_the_line_of_their_recipe(ladder):
    axes = ladder.axes[0]
    test, train = dots(axes, "o"), dots(axes, "D")
    for y, key in zip(axes.get_yticks(), places(), strict=True):
        assert test[y][0] == pytest.approx(rows().loc[key, "test_accuracy"])
        assert train[y][0] == pytest.approx(rows().loc[key, "train_accuracy"])
    steps = [text.get_text() for text in axes.texts if text.get_text().isdigit()]
    assert steps == [str(RECIPES[row.recipe][4]) for row in summary_table().itertuples()]


def test_differences_are_in_points_and_coloured_by_their_verdict(ladder):
    found = dots(ladder.axes[1], "o")
    for y, key in zip(ladder.axes[1].get_yticks(), places(), strict=True):
        row = rows().loc[key]
        if key[1] == "sgd" or abs(100 * row["difference"]) > SHOWN:
            assert y not in found
        else:
            x, colour = found[y]
            assert x == pytest.approx(100 * row["difference"])
            assert same_color(colour, GREEN) == row["equivalent"]
            assert same_color(colour, VERMILION) == (row["worse"] and not row["equivalent"])


def test_what_is_beyond_the_axis_is_told(ladder):
    texts = [text.get_text() for text in ladder.axes[1].texts]
    assert texts.count("−10.0") == 2  # GD, on both networks
    assert "−0.1  equivalent" in texts


def test_intervals_that_are_cut_off_are_told_and_only_then(ladder, provenance):
    cut = "where intervals are cut off too"
    assert cut in ladder.get_supxlabel()
    within = summary_table()
    within[["difference_low", "difference_high"]] /= 100
    assert cut not in batch(within, provenance=provenance).get_supxlabel()


def test_the_margin_is_shaded(ladder):
    (span,) = [patch for patch in ladder.axes[1].patches if patch.get_width() > 0]
    assert (span.get_x(), span.get_x() + span.get_width()) == (-1, 1)


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        ("sgd_other_shuffle", "undecided"), ("gd", "worse"), ("gd_longer", "equivalent, slightly worse"), ("adam", "better"),
        ("gd_penalty", "equivalent"),
    ],
)  # fmt: skip
def test_verdicts_in_words(recipe, said):
    assert verdict(rows().loc["mlp", recipe]) == said


def test_one_seed_is_drawn_without_intervals(provenance):
    one = summary_table()
    columns = [name for name in one if name.endswith(("_low", "_high")) and not name.startswith("learning")]
    one = one.assign(seeds=1, equivalent=False, worse=False, better=False, **dict.fromkeys(columns, np.nan))
    figure = batch(one, provenance=provenance)
    assert len(dots(figure.axes[0], "o")) == len(one)


def test_curves_are_means_by_steps_and_by_sweeps(curves):
    (loss, loss_by_sweeps), (accuracy, _) = np.reshape(curves.axes, (2, 2))
    table = curves_table().query("network == 'conv' and epoch > 0")
    for name in CURVES:
        own = table[table["recipe"] == name]
        if own.empty:
            continue
        means = own.groupby("epoch")[["step", "train_loss", "test_accuracy", "gradient_evaluations"]].mean()
        for axes, x, y in (
            (loss, means["step"], "train_loss"),
            (loss_by_sweeps, means["gradient_evaluations"] / N, "train_loss"),
            (accuracy, means["step"], "test_accuracy"),
        ):
            (line,) = [line for line in axes.get_lines() if line.get_label() == recipe_name(name)]
            np.testing.assert_allclose(line.get_xydata(), np.column_stack([x, means[y]]))
            assert same_color(line.get_color(), recipe_colour(name))
    sweeps = {line.get_label(): line.get_xdata()[-1] for line in loss_by_sweeps.get_lines()}
    assert sweeps[recipe_name("gd_penalty")] == 200  # 100 epochs of two gradients


def test_the_legend_names_every_curve_once(curves):
    names = [text.get_text() for text in curves.legends[0].get_texts()]
    assert names == [recipe_name(name) for name in ordered(set(CURVES) & set(NETWORKS["conv"]))]


def test_costs_are_milliseconds_and_prices(provenance):
    seconds, relative = batch_cost(cost_table(), provenance=provenance).axes
    lines = {line.get_label(): line.get_xydata() for line in seconds.get_lines()}
    np.testing.assert_allclose(lines["full batch: all n images"][:, 1], [2.56, 5.12, 10.24, 20.48, 40.96])
    np.testing.assert_allclose(lines["SGD: batch of 32"][:, 1], 1)
    (prices,) = [line.get_ydata() for line in relative.get_lines() if line.get_marker() == "o"]
    np.testing.assert_allclose(prices, 0.64)


def test_foreign_names_are_drawn(provenance):
    table = summary_table().replace({"recipe": {"gd_longer": "own"}, "network": {"mlp": "mine"}})
    figure = batch(table, provenance=provenance)
    assert "own" in [text.get_text() for text in figure.axes[0].get_yticklabels()]
