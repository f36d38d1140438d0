"""The figures about gradient descent draw what their tables say."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from optprimer.figures import rateplot
from optprimer.figures.convex import convex
from optprimer.figures.descent import descent
from optprimer.figures.nonconvex import nonconvex
from optprimer.rates.registry import load
from optprimer.rates.settings import Settings

SETTINGS = Settings(
    steps=500, horizon=128, seeds=10, stochastic_horizon=100, worst_case_steps=2, dimensions=3, width=50, images=100, seed=0,
    folder=Path("nowhere"),
)  # fmt: skip


@pytest.fixture(scope="module")
def found():
    """The tables of all three studies together, as the workflow joins them."""
    all_found = [load(name)(SETTINGS) for name in ("descent", "nonconvex", "convex")]
    return {
        table: pd.concat([rows for each in all_found for rows in each.rows.get(table, [])], ignore_index=True)
        for table in ("curves", "exponents", "checks")
    }


def lines(axes, colour, marker="o"):
    same = [line for line in axes.get_lines() if to_rgba(line.get_color()) == to_rgba(colour) and len(line.get_xdata())]
    return [line for line in same if line.get_marker() == marker]


def words(axes):
    return " ".join(text.get_text() for text in axes.texts)


def test_descent_draws_the_sweep_the_ratio_and_the_best_step(found, provenance):
    figure = descent(found["curves"], found["checks"], provenance=provenance)
    sweep, ratio, best = figure.axes
    crosses = [line for line in sweep.get_lines() if line.get_marker() == "x" and len(line.get_xdata())]
    assert len(crosses) == 1  # of these losses only the quadratic lets runs diverge
    assert min(crosses[0].get_xdata()) > 2
    thresholds = [line.get_xdata()[0] for line in sweep.get_lines() if line.get_linestyle() == ":"]
    assert thresholds == [2, 6]
    assert min(min(line.get_ydata()) for line in ratio.get_lines()) > 1 - 1e-9
    rows = found["curves"].query("quantity == 'gap after 5 steps'")
    np.testing.assert_allclose(lines(best, rateplot.COLOURS["gd"])[0].get_ydata(), rows["value"])
    assert "1.747/β" in words(best)
    assert {axes.get_yscale() for axes in figure.axes} == {"log"}


def test_nonconvex_draws_the_worst_losses_at_two_thirds_and_the_control_beyond(found, provenance):
    share, tails, chain = nonconvex(found["curves"], found["exponents"], provenance=provenance).axes
    dots = lines(share, rateplot.COLOURS["gd"])[0]
    np.testing.assert_allclose(dots.get_ydata(), 2 * (dots.get_xdata() + 1) / (3 * dots.get_xdata() + 2))
    control = lines(share, rateplot.WRONG, "None")[0]
    assert min(control.get_ydata()) > 1
    names = [text.get_text() for text in share.texts if text.get_text().startswith("p =")]
    assert names == ["p = 0.1", "p = 0.25", "p = 0.5", "p = 1", "p = 2"]
    points = tails.containers[0].lines[0]
    rows = found["exponents"][found["exponents"]["problem"].str.startswith("tail")]
    np.testing.assert_allclose(points.get_ydata(orig=False), rows["estimate"])
    steps = found["curves"].query("problem == 'chain' and quantity == 'steps to a unit gradient'")
    np.testing.assert_allclose(lines(chain, rateplot.COLOURS["gd"])[0].get_ydata(), steps["value"])


def test_convex_draws_envelopes_fixed_losses_and_the_control(found, provenance):
    left, right = convex(found["curves"], found["exponents"], provenance=provenance).axes
    huber = lines(left, rateplot.COLOURS["gd"])[0]
    np.testing.assert_allclose(huber.get_ydata(), 1 / (4 * huber.get_xdata() + 2))
    np.testing.assert_allclose(lines(right, rateplot.COLOURS["gd"])[0].get_ydata(), 1)
    quadratics = lines(right, rateplot.COLOURS["nesterov"])[0]
    assert quadratics.get_ydata()[-1] == pytest.approx(np.exp(-1), rel=0.01)
    assert max(lines(right, rateplot.WRONG, "None")[0].get_ydata()) > 1
    for name in ("|w|⁴: ", "|w|³²: ", "s = 0.05: ", "s = 1: "):
        assert name in words(right)
    row = found["exponents"].query("problem == 'power_8'").iloc[0]
    assert f"|w|⁸: {row['estimate']:.3f} (−1.333)".replace("-", "−") in words(right)


@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=10), st.floats(1.1, 3))
def test_labels_are_spread_and_keep_their_order(values, ratio):
    moved = rateplot.spread(values, ratio)
    assert all(new >= old for new, old in zip(moved, values, strict=True))
    order = np.argsort(values, kind="stable")
    assert (np.diff(np.log(np.array(moved)[order])) >= np.log(ratio) * (1 - 1e-9)).all()


def test_a_guide_has_the_slope_it_names():
    axes = Figure().subplots()
    rateplot.guide(axes, 10.0, 3.0, -2, "t⁻²", decades=0.5)
    (t, u), (first, last) = axes.get_lines()[0].get_data()
    assert (t, first) == (10, 3)
    assert np.log(last / first) / np.log(u / t) == pytest.approx(-2)
    assert words(axes) == "t⁻²"


def test_bounds_are_dashed_exact_cases_solid_and_runs_dots():
    axes = Figure().subplots()
    curve = pd.DataFrame({"t": [1.0, 2.0], "value": [1.0, 0.5], "bound": [4.0, 2.0], "tight_bound": [2.0, 1.0]})
    rateplot.bounds(axes, curve)
    rateplot.measured(axes, curve, "red")
    rateplot.key(axes, "upper right")
    drawn = {(line.get_linestyle(), line.get_marker()): list(line.get_ydata()) for line in axes.get_lines()[:3]}
    assert drawn == {("--", "None"): [4, 2], ("-", "None"): [2, 1], ("-", "o"): [1, 0.5]}
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["bound of the chapter", "exact worst case", "run"]


def test_rows_are_chosen_in_order_and_exponents_told_with_minus_signs():
    rows = pd.DataFrame({"problem": ["a", "b", "a"], "t": [2, 1, 1], "value": [1, 2, 3]})
    assert rateplot.chosen(rows, problem="a")["value"].tolist() == [3, 1]
    exponents = pd.DataFrame(
        {"problem": ["a", "a"], "method": ["gd", "gd"], "role": ["control", "claim"], "estimate": [9, -1], "ci_low": [9, -1.1],
         "ci_high": [9, -0.9]}
    )  # fmt: skip
    assert rateplot.told(exponents, "a", "gd") == "−1.000 [−1.100, −0.900]"
