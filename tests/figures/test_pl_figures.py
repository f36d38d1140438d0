"""Figure 3 and the figure of the PL inequality: what is drawn is what the tables of the studies say."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from optprimer.errors import UserError
from optprimer.figures.figure3 import figure3
from optprimer.figures.pl import NETWORKS, pl
from optprimer.rates.settings import Settings
from optprimer.rates.studies import pl_function, pl_networks, pl_wide

SETTINGS = Settings(
    steps=500, horizon=64, seeds=10, stochastic_horizon=100, worst_case_steps=3, dimensions=3, width=200, images=100, seed=0,
    folder=Path("nowhere"),
)  # fmt: skip


@pytest.fixture(scope="module")
def found():
    studies = [module.study(SETTINGS) for module in (pl_function, pl_networks, pl_wide)]
    names = ("curves", "exponents", "pl")
    return {name: pd.concat([row for each in studies for row in each.rows.get(name, [])], ignore_index=True) for name in names}


def texts(axes):
    return " ".join(text.get_text() for text in axes.texts)


def test_figure3_marks_where_the_loss_is_concave(found, provenance):
    loss, *_ = figure3(found["curves"], found["pl"], provenance=provenance).axes
    thick = [line for line in loss.get_lines() if line.get_linewidth() > 3]
    assert len(thick) == 4
    zero = np.arccos(-1 / 3) / 2  # of L'' = 2 + 6 cos 2x
    ends = np.sort([line.get_xdata()[[0, -1]] for line in thick], axis=0)
    np.testing.assert_allclose(ends[2], [zero, np.pi - zero], atol=1e-3)
    for line in thick:
        x, y = line.get_xdata(), line.get_ydata()
        np.testing.assert_allclose(y, x**2 + 3 * np.sin(x) ** 2, atol=1e-3)


def test_figure3_draws_the_ratio_above_the_constants_and_the_proof(found, provenance):
    figure = figure3(found["curves"], found["pl"], provenance=provenance)
    ratio = next(axes for axes in figure.axes if "ratio" in axes.get_ylabel())
    (curve,) = [line for line in ratio.get_lines() if line.get_linewidth() == 2]
    levels = [line.get_ydata()[0] for line in ratio.get_lines() if len(set(line.get_ydata())) == 1]
    assert sorted(levels) == pytest.approx([1 / 32, 0.1755309], abs=1e-6)
    assert min(curve.get_ydata()) > max(levels)
    proved, edges, _ = ratio.patches[-1].get_data()
    at = np.searchsorted(edges, curve.get_xdata(), side="right") - 1
    inside = at < len(proved)
    assert (np.asarray(curve.get_ydata())[inside] >= proved[at[inside]] * (1 - 1e-9)).all()
    assert proved.min() > 1 / 32
    assert "0.17553" in texts(ratio)
    assert "0.1755309" in figure.get_supxlabel()


def test_figure3_parts_the_family_at_the_threshold(found, provenance):
    figure = figure3(found["curves"], found["pl"], provenance=provenance)
    family = next(axes for axes in figure.axes if "largest" in axes.get_ylabel())
    proved, refuted, *_ = family.get_lines()
    assert proved.get_xdata().max() < 4.6033 < refuted.get_xdata().min()
    assert (np.diff(proved.get_ydata()) < 0).all()


def test_figure3_names_what_is_missing(found, provenance):
    with pytest.raises(UserError, match="pl_function"):
        figure3(found["curves"].query("study == 'pl_wide'"), found["pl"], provenance=provenance)


def test_pl_draws_runs_below_bounds(found, provenance):
    runs = pl(found["curves"], found["exponents"], provenance=provenance).axes[0]
    *starts, chapter, exact = [line for line in runs.get_lines() if len(line.get_xdata()) > 1]
    assert len(starts) == 5
    assert (chapter.get_ydata() >= exact.get_ydata()).all()
    for line in starts:
        y = np.asarray(line.get_ydata())
        assert y[0] == 1
        assert (y <= np.asarray(exact.get_ydata())[: len(y)] * (1 + 1e-9)).all()


def test_pl_draws_every_network_above_what_theory_excludes_and_the_dead_one_below(found, provenance):
    figure = pl(found["curves"], found["exponents"], provenance=provenance)
    shares, paths = figure.axes[3:5]
    lines = {line.get_label(): line for line in shares.get_lines()}
    for name, _ in NETWORKS.values():
        assert min(lines[name].get_ydata()) >= 1
    (dead,) = [line for line in shares.get_lines() if line.get_marker() == "v"]
    assert max(dead.get_ydata()) < 1e-3
    solid, dashed = paths.get_lines()[::2], paths.get_lines()[1::2]
    for ratio, bound in zip(solid, dashed, strict=True):
        assert (np.asarray(ratio.get_ydata()) >= np.asarray(bound.get_ydata()) * (1 - 1e-9)).all()


def test_pl_draws_the_sweep_with_its_exponents(found, provenance):
    width = pl(found["curves"], found["exponents"], provenance=provenance).axes[5]
    labels = [text.get_text() for text in width.get_legend().get_texts()]
    estimate = found["exponents"].query("quantity == 'movement'")["estimate"].item()
    assert any(f"{abs(estimate):.2f}" in label and "−0.5" in label for label in labels)
    assert "two units" in texts(width)
