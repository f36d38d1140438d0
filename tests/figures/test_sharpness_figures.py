"""What the figures of the sharpness stage show is what the tables say."""

import numpy as np
import pytest
from matplotlib.colors import same_color
from sharpness_tables import ALPHAS, NETWORKS, SEEDS, TABLES

from optprimer.errors import UserError
from optprimer.figures.palette import VERMILION
from optprimer.figures.reparameterization import relative, reparameterization
from optprimer.figures.sharpness import ARMS, WARNING, lines, sharpness
from optprimer.figures.sharpness_lines import SPLITS, sharpness_lines
from optprimer.sharpness.published import PUBLISHED


def markers(axes, marker, colour=None):
    """Points of one marker, and of one colour."""
    found = [line for line in axes.get_lines() if line.get_marker() == marker]
    found = [line for line in found if colour is None or same_color(line.get_color(), colour)]
    return [tuple(point) for line in found for point in line.get_xydata()]


def test_ratios_of_arms_stand_on_the_lines_of_their_measures(provenance):
    summary = TABLES["summary"]()
    figure = sharpness(TABLES["minima"](), summary, provenance=provenance)
    places = lines(summary["measure"])
    for axes, network in zip(figure.axes, NETWORKS, strict=True):
        for arm, (_, colour, marker, offset) in ARMS.items():
            rows = summary[(summary["network"] == network) & (summary["arm"] == arm)].set_index("measure")["estimate"]
            expected = [(rows[measure], y + offset) for (measure, warning), y in places.items() if not warning]
            np.testing.assert_allclose(sorted(markers(axes, marker, colour)), sorted(expected))


def test_the_arm_of_equal_epochs_is_apart(provenance):
    summary = TABLES["summary"]()
    axes = sharpness(TABLES["minima"](), summary, provenance=provenance).axes[0]
    places = lines(summary["measure"])
    shaded = [y for (_, warning), y in places.items() if warning]
    assert {y for _, y in markers(axes, "X")} == set(shaded)
    assert min(shaded) > max(y for (_, warning), y in places.items() if not warning) + 1
    own = summary[(summary["arm"] == WARNING) & (summary["network"] == "deep")].set_index("measure")["estimate"]
    assert markers(axes, "X")[1][0] == own["lambda_max"]


def test_published_ratios_are_those_of_the_paper(provenance):
    summary = TABLES["summary"]()
    axes = sharpness(TABLES["minima"](), summary, provenance=provenance).axes[1]
    y = lines(summary["measure"])["keskar_full_0.001", False]
    drawn = sorted(x for x, place in markers(axes, "D") if place == y)
    # Table 3: F1 205.14 / 1.23, F2 310.64 / 1.39, C1 707.23 / 28.58, C2 925.32 / 8.68, C3 258.75 / 29.85, C4 421.84 / 12.83.
    np.testing.assert_allclose(drawn, [8.668, 24.75, 32.88, 106.6, 166.8, 223.5], rtol=1e-3)


def test_published_batches_of_a_tenth_are_sharper_and_test_worse():
    for each in PUBLISHED:
        assert (each.large < each.small) == (each.measure == "test_accuracy")
    assert len(PUBLISHED) == 24


def test_intervals_and_test_accuracies_are_told(provenance):
    figure = sharpness(TABLES["minima"](), TABLES["summary"](), provenance=provenance)
    assert "large batch: −0.2 [" in figure.axes[0].get_xlabel()
    assert "large batch: +0.0 [" in figure.axes[1].get_xlabel()
    assert "all but the shaded runs ended at the target loss" in figure.get_supxlabel()


def test_runs_that_missed_the_target_are_told(provenance):
    summary = TABLES["summary"]()
    summary.loc[(summary["arm"] == "full") & (summary["network"] == "deep"), "reached"] = 0.5
    figure = sharpness(TABLES["minima"](), summary, provenance=provenance)
    assert "not all runs reached the target loss: deep" in figure.get_supxlabel()


def test_nothing_to_compare_is_refused(provenance):
    with pytest.raises(UserError, match=r"summary\.csv: no arm"):
        sharpness(TABLES["minima"](), TABLES["summary"]().iloc[:0], provenance=provenance)


def test_every_pair_and_the_mean_of_logarithms_are_drawn(provenance):
    table = TABLES["line"]()
    figure = sharpness_lines(table, provenance=provenance)
    losses = figure.axes[0]
    for split, (label, colour, _) in SPLITS.items():
        own = [line for line in losses.get_lines() if same_color(line.get_color(), colour)]
        assert len(own) == len(SEEDS) + 1
        (mean,) = [line for line in own if line.get_label() == label]
        runs = table[table["network"] == "deep"].pivot(index="alpha", columns="seed", values=f"{split}_loss")
        np.testing.assert_allclose(mean.get_ydata(), np.exp(np.log(runs).mean(axis=1)))
    assert {text.get_text() for text in losses.texts} == {"small\nbatch", "large\nbatch"}


def test_curvature_is_relative_to_that_of_the_network_as_trained():
    table = TABLES["reparameterization"]().query("variant == 'relu'")
    values = relative(table, "lambda_max")
    assert (values.loc[1.0] == 1).all()
    np.testing.assert_allclose(values[2], (ALPHAS**2 + ALPHAS**-2) / 2)


def test_dots_are_filled_where_gradient_descent_goes_up(provenance):
    table = TABLES["reparameterization"]()
    figure = reparameterization(table, TABLES["profile"](), provenance=provenance)
    dots = [line for line in figure.axes[0].get_lines() if line.get_marker() == "o"]
    filled = {alpha for line in dots if same_color(line.get_markerfacecolor(), VERMILION) for alpha in line.get_xdata()}
    hollow = {alpha for line in dots if same_color(line.get_markerfacecolor(), "white") for alpha in line.get_xdata()}
    assert hollow == {1.0}
    assert filled == set(ALPHAS.tolist()) - {1.0}
    assert "(100 % agree)" in figure.get_supxlabel()


def test_normalised_profiles_coincide_and_others_do_not(provenance):
    figure = reparameterization(TABLES["reparameterization"](), TABLES["profile"](), provenance=provenance)
    filters, none = (next(a for a in figure.axes if a.get_title(loc="left").startswith(letter)) for letter in ("(e)", "(f)"))
    first, *others = (line.get_ydata() for line in filters.get_lines())
    assert len(others) == 2
    assert all(np.array_equal(first, other) for other in others)
    assert len({float(line.get_ydata()[0]) for line in none.get_lines()}) > 1
