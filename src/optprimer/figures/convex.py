"""Convexity buys 1/t in the loss: exact on a Huber function for each horizon, and beaten in the end by every fixed loss."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from optprimer.figures import style
from optprimer.figures.palette import shades
from optprimer.figures.provenance import Provenance
from optprimer.figures.rateplot import COLOURS, WRONG, chosen, guide, key, minus, spread, told

_ENVELOPES = {"huber_envelope": COLOURS["gd"], "quadratic_envelope": COLOURS["nesterov"]}
_FIXED = {"power_": "OrRd", "spectrum_": "YlGnBu"}  # families of fixed losses, and their colours
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@style.house()
def convex(curves: pd.DataFrame, exponents: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw the worst losses of each horizon, and all losses in units of the exact worst case."""
    curves, exponents = chosen(curves, study="convex"), chosen(exponents, study="convex")
    figure = style.page(3.9)
    left, right = figure.subplots(1, 2)
    _envelopes(left, curves, exponents)
    _shares(right, curves, exponents)
    style.footer(
        figure,
        provenance,
        "if L is β-smooth and convex, gradient descent with η = 1/β has Lₜ − L* ≤ βR²/(2t), R = ‖w₀ − w*‖",
        "the worst case is βR²/(4t + 2) (Drori & Teboulle 2014), on the Huber function of threshold R/(2t + 1)",
        "s: quadratics whose spectrum has the density cˢ⁻¹ near 0",
        "numbers: exponents of t; in square brackets the range of local slopes, prolonged by their drift; in round ones theory",
    )
    return figure


def _envelopes(axes: Axes, curves: pd.DataFrame, exponents: pd.DataFrame) -> None:
    for problem, colour in _ENVELOPES.items():
        curve = chosen(curves, problem=problem, role="claim")
        axes.plot(curve["t"], curve["value"], "o", color=colour, markersize=3.2)
    curve = chosen(curves, problem="huber_envelope", role="claim")
    axes.plot(curve["t"], curve["bound"], "--", color=style.GREY, linewidth=1)
    axes.plot(curve["t"], curve["tight_bound"], color=style.GREY, linewidth=1.2)
    names = ("Huber functions", "quadratics")
    for line, ((problem, colour), name) in enumerate(zip(_ENVELOPES.items(), names, strict=True)):
        text = f"{name}: {told(exponents, problem, 'gd')}"
        axes.text(0.03, 0.09 - 0.065 * line, text, transform=axes.transAxes, color=colour, fontsize=7)
    first = curve["t"].max() / 60
    guide(axes, first, 1.2 / first, -1, "t⁻¹")
    axes.set(xscale="log", yscale="log", xlabel="steps t (the loss is chosen for each t)", ylabel="(L − L*) / βR²")
    axes.set_ylim(curve["tight_bound"].min() / 100, None)
    key(axes, "upper right")
    style.panel_title(axes, "worst losses")


def _shares(axes: Axes, curves: pd.DataFrame, exponents: pd.DataFrame) -> None:
    axes.axhspan(1, 30, color="0.93", linewidth=0)
    axes.annotate("excluded by the theorem", (curves["t"].max(), 1.4), ha="right", fontsize=7, color="0.35")
    for problem, colour in _ENVELOPES.items():
        curve = chosen(curves, problem=problem, role="claim")
        axes.plot(curve["t"], curve["value"] / curve["tight_bound"], "o", color=colour, markersize=3.2)
    axes.axhline(np.exp(-1), color=_ENVELOPES["quadratic_envelope"], linewidth=0.8)
    axes.annotate("1/e", (curves["t"].max(), np.exp(-1)), xytext=(0, -9), textcoords="offset points", ha="right", fontsize=7.5,
                  color=_ENVELOPES["quadratic_envelope"])  # fmt: skip
    _fixed(axes, curves, exponents)
    control = chosen(curves, problem="cosine", role="control")
    control = control[control["value"] > 0]
    axes.plot(control["t"], control["value"] / control["tight_bound"], "--", color=WRONG, linewidth=1.2)
    axes.annotate("control: 1 − cos w\nfrom near its maximum", (control["t"].iloc[-3], 8), xytext=(10, 0), va="center",
                  textcoords="offset points", fontsize=7, color=WRONG)  # fmt: skip
    axes.set(xscale="log", yscale="log", ylim=(1e-5, 30), xlabel="steps t")
    axes.set_ylabel("(L − L*) (4t + 2) / βR²")
    style.panel_title(axes, "share of the exact worst case")


def _fixed(axes: Axes, curves: pd.DataFrame, exponents: pd.DataFrame) -> None:
    families = {prefix: _members(curves, prefix) for prefix in _FIXED}
    names = [name for family in families.values() for name in family]
    colours = [colour for prefix, family in families.items() for colour in shades(_FIXED[prefix], len(family), lightest=0.3)]
    runs = [chosen(curves, problem=name) for name in names]
    shares = [run["value"] / run["tight_bound"] for run in runs]
    heights = spread((share.iloc[-1] for share in shares), 1.75)
    for name, colour, run, share, height in zip(names, colours, runs, shares, heights, strict=True):
        axes.plot(run["t"], share, color=colour, linewidth=1)
        row = chosen(exponents, problem=name).iloc[0]
        text = minus(f"{_named(name)}: {row['estimate']:.3f} ({row['theory']:.3f})")
        axes.annotate(text, (run["t"].iloc[-1], height), xytext=(4, 0), textcoords="offset points", va="center", fontsize=6.5,
                      color=colour)  # fmt: skip


def _members(curves: pd.DataFrame, prefix: str) -> list[str]:
    names = {problem for problem in curves["problem"] if problem.startswith(prefix)}
    return sorted(names, key=lambda name: float(name.removeprefix(prefix)))


def _named(problem: str) -> str:
    prefix, parameter = problem.split("_")
    return f"|w|{parameter.translate(_RAISED)}" if prefix == "power" else f"s = {parameter}"
