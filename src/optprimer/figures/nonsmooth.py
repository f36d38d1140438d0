"""Without smoothness: the exact 1/sqrt(N + 1), steps that hop over a kink, and the loss on which Adam goes wrong."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from optprimer.figures import style
from optprimer.figures.palette import BLUE, GREEN
from optprimer.figures.provenance import Provenance
from optprimer.figures.rateplot import WRONG, chosen, minus


@style.house()
def nonsmooth(curves: pd.DataFrame, exponents: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw the subgradient method on its worst loss and on |w|, and SGD, AMSGrad and Adam on Adam's counterexample."""
    curves, exponents = (chosen(table, study="nonsmooth") for table in (curves, exponents))
    figure = style.page(2.9)
    worst, kink, adam = figure.subplots(1, 3)
    _worst(worst, chosen(curves, problem="maximum"), exponents)
    _kink(kink, chosen(curves, problem="absolute", quantity="largest gap from t to 2t"), exponents)
    _adam(adam, chosen(curves, problem="adam_counterexample"))
    for axes in (worst, kink, adam):
        axes.set(xscale="log", yscale="log")
        axes.yaxis.set_minor_formatter(NullFormatter())
    style.footer(
        figure,
        provenance,
        "left: max(maxᵢ wᵢ, ‖w‖ − 1 − 1/√(N + 1)), on which N steps reach GR/√(N + 1), the bound of the class, and no less",
        "right: gradients on [−1, 1] are 4 once in three times, else −1 (Reddi, Kale & Kumar 2018); steps c/√t",
        "dashed: bounds of Zinkevich 2003, the upper one for AMSGrad; Adam's step sizes can grow, and none holds",
    )
    return figure


def _worst(axes: Axes, rows: pd.DataFrame, exponents: pd.DataFrame) -> None:
    style.panel_title(axes, "subgradients: 1/√N, exactly")
    axes.plot(rows["t"], rows["bound"], color=style.GREY, linewidth=1.2, label="GR/√(N + 1)")
    axes.plot(rows["t"], rows["value"], "o", color=BLUE, markersize=4, label="best of N steps")
    row = chosen(exponents, problem="maximum").iloc[0]
    axes.text(0.98, 0.9, minus(f"slope {row['estimate']:.3f} in N + 1"), transform=axes.transAxes, ha="right", fontsize=7,
              color=BLUE)  # fmt: skip
    axes.legend(loc="lower left", fontsize=7)
    axes.set_ylim(rows["value"].min() / 1.5, 1)
    axes.set(xlabel="steps N", ylabel="L − L*")


def _kink(axes: Axes, rows: pd.DataFrame, exponents: pd.DataFrame) -> None:
    style.panel_title(axes, "|w|: as far as the steps")
    for method, name, colour, height in (
        ("subgradient_decreasing", "steps c/√t", BLUE, 0.06),
        ("subgradient_constant", "constant steps", WRONG, 0.93),
    ):
        curve, slope = chosen(rows, method=method), chosen(exponents, method=method).iloc[0]["estimate"]
        axes.plot(curve["t"], curve["value"], "o-", color=colour, markersize=3.5, linewidth=1)
        told = minus(f"{name}: slope {round(slope, 2) + 0:.2f}")  # + 0 turns -0 into 0
        axes.text(0.04, height, told, transform=axes.transAxes, fontsize=7, color=colour)
    axes.set(xlabel="step t", ylabel="largest L − L* from t to 2t")
    axes.margins(y=0.15)


def _adam(axes: Axes, rows: pd.DataFrame) -> None:
    style.panel_title(axes, "Adam can go wrong")
    for method, name, colour in (("sgd", "SGD", BLUE), ("amsgrad", "AMSGrad", GREEN), ("adam", "Adam", WRONG)):
        curve = chosen(rows, method=method)
        axes.plot(curve["t"], curve["value"], color=colour)
        axes.fill_between(curve["t"], curve["ci_low"], curve["ci_high"], color=colour, alpha=0.2, linewidth=0)
        if method != "adam":
            axes.plot(curve["t"], curve["bound"], color=colour, linestyle="--", linewidth=1)
        last = curve.iloc[-1]
        axes.annotate(name, (last["t"], last["value"]), xytext=(3, 0), textcoords="offset points", va="center", fontsize=7,
                      color=colour)  # fmt: skip
    axes.set(xlabel="step t", ylabel="mean of L − L* up to t")
    axes.margins(x=0.3)
