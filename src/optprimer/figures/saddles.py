"""Gradient descent waits at saddles, each time longer; perturbed gradient descent does not."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from optprimer.figures import style
from optprimer.figures.provenance import Provenance
from optprimer.figures.rateplot import COLOURS, chosen, minus

NAMES = {"gd": "gradient descent", "pgd": "perturbed"}
_COLOURS = {"gd": COLOURS["gd"], "pgd": COLOURS["nesterov"]}
_CONVEX = "0.45"
_FLOOR = 1e-13  # below it gradients are rounding error


@style.house()
def saddles(curves: pd.DataFrame, exponents: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw the gradient norm and the loss of one run of each method, and the escape time against the dimension."""
    curves, exponents = (table[table["study"] == "saddles"] for table in (curves, exponents))
    figure = style.page(3.7)
    axes = figure.subplot_mosaic([["gradient", "escape"], ["gap", "escape"]], width_ratios=[1.15, 1])
    runs = curves[curves["variable"] == "step"]
    shown = next(problem for problem in runs["problem"].unique() if problem.startswith("octopus"))
    _run(axes["gradient"], runs, shown, "gradient_norm")
    _run(axes["gap"], runs, shown, "gap")
    axes["gradient"].set(yscale="log", ylim=(_FLOOR, None), ylabel="gradient norm")
    axes["gradient"].set_xticklabels([])
    axes["gap"].set(ylabel="loss above its minimum", xlabel="step")
    axes["gradient"].legend(fontsize=7, loc="lower left", handlelength=1.4)
    dimension = shown.rpartition("_d")[2]
    style.panel_title(axes["gradient"], f"One run past {dimension} saddles")
    _escapes(axes["escape"], curves, exponents)
    style.panel_title(axes["escape"], "Steps until the last saddle is left")
    seeds = chosen(curves, quantity="escape_time")["seeds"].max()
    style.footer(
        figure,
        provenance,
        "octopus function of Du et al. (2017), η = 1/(4Λ), starts uniform in [−1, 1]ᵈ",
        f"right: mean of {seeds} starts, dashed: proved for every start (largest Λ)",
        f"left: Λ = {shown.split('_')[1]}, gradients below 1e−13 are rounding",
        "waiting coordinates carried as logarithms, so that underflow decides nothing",
    )
    return figure


def _run(axes: Axes, runs: pd.DataFrame, shown: str, quantity: str) -> None:
    convex = chosen(runs, problem="strictly_convex", quantity=quantity)
    for method, name in NAMES.items():
        curve = chosen(runs, problem=shown, method=method, quantity=quantity)
        axes.plot(curve["t"], curve["value"], color=_COLOURS[method], linewidth=1.2, label=name)
    axes.plot(convex["t"], convex["value"], color=_CONVEX, linewidth=1, linestyle=":", label="strictly convex loss")
    axes.set_xscale("log")


def _escapes(axes: Axes, curves: pd.DataFrame, exponents: pd.DataFrame) -> None:
    rows = chosen(curves, quantity="escape_time")
    attractions = sorted(rows["problem"].unique(), key=lambda problem: float(problem.split("_")[1]))
    shades = np.linspace(0.4, 1, len(attractions))
    for problem, alpha in zip(attractions, shades, strict=True):
        for method in NAMES:
            curve = chosen(rows, problem=problem, method=method)
            axes.plot(curve["t"], curve["value"], "o-", color=_COLOURS[method], alpha=alpha, markersize=3.2, linewidth=1)
        _label(axes, chosen(rows, problem=problem, method="gd"), exponents, problem)
    steepest = chosen(rows, problem=attractions[-1], method="gd")
    axes.plot(steepest["t"], steepest["bound"], "--", color=style.GREY, linewidth=0.9, zorder=1)
    quickest = chosen(rows, problem=attractions[0], method="pgd").iloc[-1]
    axes.annotate("perturbed:\nlinear in d", (quickest["t"], quickest["value"]), xytext=(0, -5), textcoords="offset points",
                  ha="right", va="top", fontsize=7.5, color=_COLOURS["pgd"])  # fmt: skip
    first, last = rows["t"].min(), rows["t"].max()
    axes.set(yscale="log", xlabel="saddles in a row, d", xlim=(first - 0.04 * (last - first), last + 0.42 * (last - first)))
    axes.set_xticks(range(int(first), int(last) + 1))


def _label(axes: Axes, curve: pd.DataFrame, exponents: pd.DataFrame, problem: str) -> None:
    """Name the curve at its end, with the growth factor as fitted and as theory has it."""
    fit = chosen(exponents, problem=problem, method="gd", quantity="wait").iloc[0]
    text = f"Λ = {problem.split('_')[1]}: ×{math.exp(fit['estimate']):.2f}\n(theory {math.exp(fit['theory']):.2f})"
    axes.annotate(minus(text), (curve["t"].iloc[-1], curve["value"].iloc[-1]), xytext=(5, 0), textcoords="offset points",
                  va="center", fontsize=6.5, color=_COLOURS["gd"])  # fmt: skip
