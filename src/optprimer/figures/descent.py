"""How far a step of gradient descent may go: 2/β is always safe, not always needed, and 1/β is not the best."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from optprimer.figures import style
from optprimer.figures.palette import COLOURBLIND
from optprimer.figures.provenance import Provenance
from optprimer.figures.rateplot import COLOURS, chosen

LOSSES = {
    "quadratic_1d": "w²/2",
    "cosine": "1 − cos w",
    "pseudo_huber": "√(1 + w²)",
    "power_4": "w⁴/4, straight beyond ±1",
    "sigmoid_neuron": "sigmoid neuron",
}
_COLOURS = dict(zip(LOSSES, COLOURBLIND[:5], strict=True))
_CEILING = 100.0  # where runs that diverge are drawn


@style.house()
def descent(curves: pd.DataFrame, checks: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw what is left of the gradient, the decrease over its guarantee, and the exact worst case, all against ηβ."""
    curves, checks = chosen(curves, study="descent"), chosen(checks, study="descent")
    figure = style.page(3.3)
    sweep, ratio, best = figure.subplots(1, 3, width_ratios=[1.25, 1, 1])
    _sweep(sweep, curves)
    _ratio(ratio, chosen(curves, quantity="decrease / guaranteed decrease"))
    _best(best, chosen(curves, quantity="gap after 5 steps"), checks)
    handles = [sweep.plot([], [], "o-", markersize=3, color=_COLOURS[p], label=name)[0] for p, name in LOSSES.items()]
    figure.legend(handles=handles, loc="outside upper center", ncols=5, columnspacing=1.2, handlelength=1.4)
    sweep.set_xlabel("step size η times smoothness β")
    ratio.set_xlabel("ηβ")
    best.set_xlabel("ηβ")
    style.footer(
        figure,
        provenance,
        "if L is β-smooth, a step of gradient descent lowers it by η(1 − βη/2)‖∇L‖² at least",
        "left: worst of 200 random starts, × diverged; middle: least of all steps of 50 runs",
        "right: line, worst case of all convex losses; dots, the worse of two runs, on the slowest Huber function and on w²/2",
    )
    return figure


def _sweep(axes: Axes, curves: pd.DataFrame) -> None:
    rows = curves[curves["quantity"].str.startswith("largest gradient norm")]
    axes.axvspan(0, 2, color="0.93", linewidth=0)
    for problem in LOSSES:
        curve = chosen(rows, problem=problem)
        axes.plot(curve["t"], curve["value"].clip(lower=1e-12), color=_COLOURS[problem])
        gone = curve[curve["value"].isna()]
        axes.plot(gone["t"][::4], np.full(len(gone["t"][::4]), _CEILING), "x", color=_COLOURS[problem], markersize=4)
    for threshold in (2, 6):
        axes.axvline(threshold, color="0.4", linewidth=0.8, linestyle=":")
        axes.annotate(f"{threshold}", (threshold, 1e-12), xytext=(3, 2), textcoords="offset points", fontsize=7.5, color="0.3")
    axes.annotate("guaranteed", (0.9, 1e-8), ha="center", va="center", rotation=90, fontsize=7.5, color="0.35")
    axes.set(yscale="log", xlim=(0, 8), ylim=(1e-12, 3 * _CEILING), ylabel="‖∇L‖ after 1000 steps")
    style.panel_title(axes, "2/β suffices everywhere")


def _ratio(axes: Axes, rows: pd.DataFrame) -> None:
    for problem in LOSSES:
        curve = chosen(rows, problem=problem)
        axes.plot(curve["t"], curve["value"], "o-", color=_COLOURS[problem], markersize=3, linewidth=1)
    axes.axhspan(0.3, 1, color="0.93", linewidth=0)
    axes.annotate("excluded by the theorem", (1, 0.5), ha="center", va="center", fontsize=7.5, color="0.35")
    axes.annotate("w²/2, 1 − cos w and\n√(1 + w²) meet it", (0.1, 15), fontsize=7)
    axes.set(yscale="log", ylim=(0.3, None), xlim=(0, 2.05), ylabel="decrease / guarantee")
    style.panel_title(axes, "every step keeps it")


def _best(axes: Axes, curve: pd.DataFrame, checks: pd.DataFrame) -> None:
    axes.plot(curve["t"], curve["tight_bound"], color=style.GREY, linewidth=1.2)
    axes.plot(curve["t"], curve["value"], "o", color=COLOURS["gd"], markersize=3.2)
    optimum = chosen(checks, check="eta beta with the least worst gap, 5 steps")["measured"].iloc[0]
    for step, name, offset in ((1.0, "1/β", (-6, -9)), (optimum, f"{optimum:.3f}/β", (-8, -6))):
        worst = float(np.interp(step, curve["t"], curve["tight_bound"]))
        axes.plot(step, worst, "o", color="white", markeredgecolor="black", markersize=6, zorder=5)
        axes.annotate(name, (step, worst), xytext=offset, textcoords="offset points", ha="right", fontsize=7.5)
    axes.set(yscale="log", xlim=(0, 2.05), ylim=(0.02, 0.4), ylabel="worst (L − L*) / βR², t = 5")
    style.panel_title(axes, "1/β is not the best")
