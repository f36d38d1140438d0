"""Momentum turns 1/t into 1/t², and nothing does better: upper and lower bounds, and runs on the losses that attain them."""

from collections.abc import Iterable

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from optprimer.figures import style
from optprimer.figures.provenance import Provenance
from optprimer.figures.rateplot import COLOURS, bounds, chosen, guide, key, measured, minus

METHODS = {
    "gd": "gradient descent",
    "nesterov": "Nesterov",
    "ogm": "optimized gradient method",
    "conjugate_gradient": "best point of the span (conjugate gradients)",
}


@style.house()
def acceleration(curves: pd.DataFrame, exponents: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw the worst Huber function per horizon, and Nesterov's worst function in units of the lower bound."""
    curves, exponents = (chosen(table, study="acceleration") for table in (curves, exponents))
    figure = style.page(3.7)
    left, right = figure.subplots(1, 2)
    _huber(left, chosen(curves, problem="huber_envelope"), exponents)
    _chain(right, chosen(curves, problem="nesterov_worst"), exponents)
    names = [left.plot([], [], "o-", ms=4, color=COLOURS[m], label=name)[0] for m, name in METHODS.items()]
    figure.legend(handles=names, loc="outside upper center", ncols=4, columnspacing=1.2, handlelength=1.4)
    style.footer(
        figure,
        provenance,
        "left: the Huber function that is worst for the method and t steps, against β R²/(4t + 2), 2β R²/(t + 1)², β R²/2θ²",
        "right: dimension 2t + 1; no method within the span of its gradients gets below 3β R²/(32 (t + 1)²) (Nesterov)",
        "numbers: fitted exponent and the range of local slopes, prolonged by their drift",
    )
    return figure


def _huber(axes: Axes, rows: pd.DataFrame, exponents: pd.DataFrame) -> None:
    for method in ("gd", "nesterov", "ogm"):
        curve = chosen(rows, method=method)
        bounds(axes, curve, COLOURS[method])
        measured(axes, curve, COLOURS[method])
    first = rows["t"].max() / 100
    guide(axes, first, 3 * first**-2.0, -2, "t⁻²")
    guide(axes, first, 0.6 / first, -1, "t⁻¹")
    axes.set(xscale="log", yscale="log", xlabel="steps t (the loss is chosen for each t)", ylabel="(L − L*) / β R²")
    style.panel_title(axes, "worst convex losses")
    key(axes, "upper right")
    _exponents(axes, 0.27, chosen(exponents, problem="huber_envelope"), ["gd", "nesterov", "ogm"])


def _chain(axes: Axes, rows: pd.DataFrame, exponents: pd.DataFrame) -> None:
    scale = (rows["t"] + 1) ** 2
    rows = rows.assign(value=rows["value"] * scale, bound=rows["bound"] * scale)
    for method in METHODS:
        measured(axes, chosen(rows, method=method), COLOURS[method])
    curve = chosen(rows, method="gd")
    axes.plot(curve["t"], curve["bound"], color="0.2", linewidth=1.2)
    floor = curve["bound"].iloc[0]
    axes.fill_between(curve["t"], curve["bound"], floor / 3, color="0.9", linewidth=0)
    axes.annotate("no first-order method", (curve["t"].median(), floor / 1.7), ha="center", va="center", fontsize=7.5)
    axes.set(xscale="log", yscale="log", xlabel="steps t (dimension 2t + 1)", ylabel="(L − L*) (t + 1)² / β R²")
    axes.set_ylim(floor / 3, None)
    style.panel_title(axes, "Nesterov's worst function")
    _exponents(axes, 0.95, chosen(exponents, problem="nesterov_worst"), METHODS)


def _exponents(axes: Axes, top: float, exponents: pd.DataFrame, methods: Iterable[str]) -> None:
    """Write the exponents of L − L* from ``top`` downwards."""
    axes.text(0.03, top, "exponent of t", transform=axes.transAxes, color=style.GREY, fontsize=7)
    for line, method in enumerate(methods, 1):
        fit = chosen(exponents, method=method).iloc[0]
        text = minus(f"{fit['estimate']:.3f} [{fit['ci_low']:.3f}, {fit['ci_high']:.3f}]")
        axes.text(0.03, top - 0.068 * line, text, transform=axes.transAxes, color=COLOURS[method], fontsize=7)
