"""The gradient of a ReLU network jumps at its kinks; that of smooth networks does not."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from optprimer.figures import style
from optprimer.figures.provenance import Provenance
from optprimer.figures.rateplot import COLOURS, chosen, told

_BOUND = "0.2"
_RELU, _TANH, _SOFTPLUS, _ALONG = COLOURS["gd"], COLOURS["nesterov"], COLOURS["ogm"], "0.45"
_FLOOR = 1e-3  # of the gradients shown
_QUOTIENTS = {
    ("relu", "across"): ("ReLU, across a kink", _RELU, "-"),
    ("relu", "along"): ("ReLU, along it", _ALONG, "-"),
    ("tanh", "across"): ("tanh", _TANH, "-"),
    ("softplus", "across"): ("softplus", _SOFTPLUS, (0, (1.5, 1.5))),
}


@style.house()
def kinks(curves: pd.DataFrame, exponents: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw the difference quotient against the distance, the jump against the residual, and descent on a kinked loss."""
    curves, exponents = (table[table["study"] == "kinks"] for table in (curves, exponents))
    figure = style.page(2.9)
    quotient, jump, descent = figure.subplots(1, 3, width_ratios=[1.25, 1, 1])
    _quotients(quotient, curves)
    _jump(jump, curves)
    _descent(descent, curves)
    row = chosen(curves, quantity="gradient_jump").iloc[0]
    style.footer(
        figure,
        provenance,
        f"left, middle: mean over {row['seeds']} kinks of a network of one hidden layer on real images ({row['data']})",
        "β-smoothness means: quotient at most β at every distance",
        "dashed: lower bound jump/(2h) − β (left), |a r| |x|/n (middle), √(D/(η(1 − βη/2)(t+1))) (right)",
        f"exponent across the kink {told(exponents[exponents['quantity'] == 'difference_quotient'], 'relu', 'across')}",
    )
    return figure


def _quotients(axes: Axes, curves: pd.DataFrame) -> None:
    rows = curves[curves["quantity"] == "difference_quotient"]
    for (problem, method), (name, colour, line) in _QUOTIENTS.items():
        curve = chosen(rows, problem=problem, method=method)
        if method == "along":  # farther out it crosses other kinks
            curve = curve.dropna(subset="bound")
        axes.plot(curve["t"], curve["value"], linestyle=line, color=colour, linewidth=1.4, label=name)
    across = chosen(rows, problem="relu", method="across")
    axes.plot(across["t"], across["bound"].where(across["bound"] > 0), "--", color=_BOUND, linewidth=0.9)
    middle = across.iloc[len(across) // 4]
    axes.annotate("∝ 1/h", (middle["t"], middle["value"]), xytext=(-6, -14), textcoords="offset points",
                  ha="right", fontsize=8, color=_RELU)  # fmt: skip
    axes.set(xscale="log", yscale="log", xlabel="half distance h of two weights", ylabel="gradient difference / distance")
    axes.set_ylim(None, 20 * axes.get_ylim()[1])  # the legend is above the curve
    axes.legend(fontsize=7, loc="upper right", handlelength=1.4)
    style.panel_title(axes, "Difference quotient")


def _jump(axes: Axes, curves: pd.DataFrame) -> None:
    curve = chosen(curves, quantity="gradient_jump")
    axes.plot(curve["t"], curve["bound"], "--", color=_BOUND, linewidth=0.9)
    axes.plot(curve["t"], curve["value"], "o", color=_RELU, markersize=3.2)
    axes.set(xscale="log", yscale="log", xlabel="residual of the image", ylabel="jump of the gradient")
    style.panel_title(axes, "No residual, no jump")


def _descent(axes: Axes, curves: pd.DataFrame) -> None:
    rows = curves[curves["quantity"] == "best_gradient"]
    method = sorted(rows["method"].unique())[-1]
    for problem, name, colour in (("kinked", "(|w| + 1)²/2", _RELU), ("rounded", "|w| rounded off", _TANH)):
        curve = chosen(rows, problem=problem, method=method)
        axes.plot(curve["t"], curve["value"].clip(lower=_FLOOR / 10), color=colour, label=name)
        axes.plot(curve["t"], curve["bound"], "--", color=colour, linewidth=0.8)
    axes.set(xscale="log", yscale="log", xlabel="step", ylabel="least |L′| so far", ylim=(_FLOOR, 30))
    axes.legend(fontsize=7, loc="upper right")
    style.panel_title(axes, f"Descent, η = {method.split('_')[1]}")
