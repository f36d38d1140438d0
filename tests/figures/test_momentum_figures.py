"""The figures about momentum, strong convexity, exact worst cases and the hierarchy draw what their tables say."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba

from optprimer.errors import UserError
from optprimer.figures.acceleration import acceleration
from optprimer.figures.hierarchy import RUNGS, hierarchy
from optprimer.figures.rateplot import COLOURS
from optprimer.figures.strongly_convex import strongly_convex
from optprimer.figures.worst_case import CASES, worst_case
from optprimer.rates import fits
from optprimer.rates.findings import Findings
from optprimer.rates.registry import load
from optprimer.rates.settings import Settings

SETTINGS = Settings(
    steps=1000, horizon=256, seeds=10, stochastic_horizon=100, worst_case_steps=2, dimensions=3, width=50, images=100, seed=0,
    folder=Path("nowhere"),
)  # fmt: skip


def nonconvex() -> Findings:
    """What the study of the sawtooth finds."""
    findings, t = Findings("nonconvex"), 2.0 ** np.arange(9)
    value = np.sqrt(4 / (3 * t + 2))
    of = ("sawtooth_envelope", "gd", "best_gradient / sqrt(beta D)", "horizon")
    findings.curve(*of, t, value, bound=np.sqrt(2 / (t + 1)), tight_bound=value)
    findings.exponent(*of, fits.power(t[3:], value[3:], shift=2 / 3), -1 / 2, neighbour=-1)
    return findings


@pytest.fixture(scope="module")
def found():
    all_found = [load(name)(SETTINGS) for name in ("acceleration", "strongly_convex", "worst_case")] + [nonconvex()]
    return {
        table: pd.concat([rows for each in all_found for rows in each.rows.get(table, [])], ignore_index=True)
        for table in ("curves", "exponents", "worst_case")
    }


def dots(axes, colour):
    """The points drawn as markers in ``colour``."""
    lines = [line for line in axes.get_lines() if line.get_marker() == "o" and to_rgba(line.get_color()) == to_rgba(colour)]
    return np.vstack([line.get_xydata() for line in lines if len(line.get_xdata())])


def words(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_acceleration_shows_runs_on_the_exact_worst_case_and_exponents(found, provenance):
    figure = acceleration(found["curves"], found["exponents"], provenance=provenance)
    left, right = figure.axes
    rows = found["curves"].query("problem == 'huber_envelope' and method == 'nesterov'")
    np.testing.assert_allclose(dots(left, COLOURS["nesterov"]), rows[["t", "value"]])
    chain = found["curves"].query("problem == 'nesterov_worst' and method == 'gd'")
    np.testing.assert_allclose(dots(right, COLOURS["gd"])[:, 1], chain["value"] * (chain["t"] + 1) ** 2)
    fit = found["exponents"].query("problem == 'nesterov_worst' and method == 'ogm'").iloc[0]
    assert f"{fit['estimate']:.3f}".replace("-", "−") in " ".join(words(figure))
    assert "no first-order method" in words(figure)


def test_strongly_convex_has_a_panel_for_each_message(found, provenance):
    figure = strongly_convex(found["curves"], found["exponents"], provenance=provenance)
    factor, quadratic, logistic, cycle = figure.axes
    assert {axes.get_yscale() for axes in figure.axes} == {"log"}
    np.testing.assert_allclose(dots(factor, COLOURS["gd"])[:, 1], 0.81 ** dots(factor, COLOURS["gd"])[:, 0])
    theory = found["exponents"].query("problem == 'quadratic_two_decades'")["theory"]
    shown = " ".join(text.get_text() for text in quadratic.texts)
    assert all(f"({value:.4f})".replace("-", "−") in shown for value in theory)
    assert len(logistic.get_lines()) == 8
    ends = [line.get_ydata()[-1] for line in cycle.get_lines() if line.get_linestyle() == "-"]
    assert sorted(end > 0.01 for end in ends) == [False, True, True, True]


def test_worst_case_draws_formula_programme_and_run(found, provenance):
    figure = worst_case(found["worst_case"], provenance=provenance)
    left, middle, right = figure.axes
    drawn = [line for line in left.get_lines() if len(line.get_xdata()) == SETTINGS.worst_case_steps]
    assert len(drawn) == 3 * len(CASES)
    for formula, programme, run in zip(drawn[::3], drawn[1::3], drawn[2::3], strict=True):
        np.testing.assert_allclose(formula.get_ydata(), programme.get_ydata(), rtol=1e-4)
        assert np.isnan(run.get_ydata()).all() or run.get_ydata() == pytest.approx(programme.get_ydata(), rel=1e-4)
    assert middle.get_ylim()[1] > 1e-4
    assert {len(line.get_xdata()) for line in right.get_lines()} == {2}


def test_hierarchy_orders_the_rates(found, provenance):
    figure = hierarchy(found["curves"], found["exponents"], provenance=provenance)
    (legend,) = figure.legends
    names = [text.get_text() for text in legend.get_texts()]
    assert [name.split(":")[0] for name in names] == [rate for _, rate, _ in RUNGS]
    left = figure.axes[0]
    at_end = [line.get_ydata()[-1] for line in left.get_lines() if line.get_marker() == "o" and len(line.get_xdata())]
    assert at_end == sorted(at_end, reverse=True)
    assert all(min(line.get_xdata()) > 0 for line in left.get_lines() if len(line.get_xdata()))
    assert "gradient norm" in figure.get_supxlabel()


def test_hierarchy_names_what_is_missing(found, provenance):
    curves = found["curves"].query("study != 'nonconvex'")
    with pytest.raises(UserError, match="sawtooth"):
        hierarchy(curves, found["exponents"], provenance=provenance)
