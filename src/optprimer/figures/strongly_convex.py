"""Strong convexity gives straight lines on a semilogarithmic page; momentum makes them steeper, where it is safe."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from optprimer.figures import style
from optprimer.figures.provenance import Provenance
from optprimer.figures.rateplot import COLOURS, chosen, minus

METHODS = {
    "gd": "gradient descent, 1/β",
    "gd_best_step": "gradient descent, 2/(α + β)",
    "nesterov_strongly_convex": "Nesterov",
    "heavy_ball": "heavy ball",
}


@style.house()
def strongly_convex(curves: pd.DataFrame, exponents: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw the exact factor, four methods on two problems of condition number 100, and the cycle of heavy ball."""
    curves = chosen(curves, study="strongly_convex", variable="step")
    exponents = chosen(exponents, study="strongly_convex", problem="quadratic_two_decades")
    figure = style.page(5.0)
    (factor, quadratic), (logistic, cycle) = figure.subplots(2, 2)
    _factor(factor, curves)
    _methods(quadratic, chosen(curves, problem="quadratic_two_decades"), last=400)
    _methods(logistic, chosen(curves, problem="logistic_kappa_100"), last=400)
    _cycle(cycle, curves[curves["problem"].str.startswith("lessard")])
    style.panel_title(factor, "the slowest strongly convex loss")
    style.panel_title(quadratic, "quadratic, κ = 100: slopes as in theory")
    style.panel_title(logistic, "regularised logistic loss, κ = 100")
    style.panel_title(cycle, "heavy ball can cycle (κ = 25)")
    _slopes(quadratic, exponents)
    for axes in (factor, quadratic, logistic, cycle):
        axes.set(yscale="log", xlabel="step t")
    for axes in (factor, logistic):
        axes.set_ylabel("(L − L*) / (L₀ − L*)")
    names = [factor.plot([], [], color=COLOURS[m], label=name)[0] for m, name in METHODS.items()]
    names += [factor.plot([], [], color=style.GREY, linestyle="--", linewidth=0.9, label="bound")[0]]
    figure.legend(handles=names, loc="outside upper center", ncols=5, columnspacing=1.2, handlelength=1.4)
    style.footer(
        figure,
        provenance,
        "gradient descent: L − L* falls at least by (1 − α/β)² per step, exactly so on α w²/2; PL alone gives 1 − α/β",
        "numbers: slope of ln(L − L*) and limit, twice ln(1 − 1/κ), ln((κ − 1)/(κ + 1)), ln(1 − 1/√κ), ln((√κ − 1)/(√κ + 1))",
        "heavy ball's bound is for quadratics: on the function of Lessard, Recht and Packard three starts cycle",
    )
    return figure


def _factor(axes: Axes, curves: pd.DataFrame) -> None:
    rows = chosen(curves, problem="half_alpha").query("t <= 60")
    first = rows["value"].iloc[0]
    axes.plot(rows["t"], rows["bound"] / first, color=style.GREY, linestyle="--", linewidth=0.9)
    axes.plot(rows["t"], rows["tight_bound"] / first, color=COLOURS["gd"], linewidth=1)
    axes.plot(rows["t"][::4], rows["value"][::4] / first, "o", color=COLOURS["gd"], markersize=3.2)
    convex = chosen(curves, problem="power_4").query("t <= 60")
    axes.plot(convex["t"], convex["value"] / convex["value"].iloc[0], color="0.55", linewidth=1)
    end = convex.iloc[-1]
    _note(axes, "w⁴: merely convex", end["t"], end["value"] / convex["value"].iloc[0], (0, -9))
    middle = rows[rows["t"] == rows["t"].max() // 2].iloc[0]
    _note(axes, "(1 − q)ᵗ, of PL", middle["t"], middle["bound"] / first, (2, 5), ha="left")
    _note(axes, "(1 − q)²ᵗ, exact", middle["t"], middle["tight_bound"] / first, (-4, -9))


def _methods(axes: Axes, rows: pd.DataFrame, last: int) -> None:
    for method in METHODS:
        curve = chosen(rows, method=method).query("t <= @last")
        first = curve["value"].iloc[0]
        bound = curve["tight_bound"].fillna(curve["bound"])
        axes.plot(curve["t"], bound / first, color=COLOURS[method], linestyle="--", linewidth=0.9)
        axes.plot(curve["t"], curve["value"] / first, color=COLOURS[method])
    axes.set_ylim(1e-13, 30)


def _slopes(axes: Axes, exponents: pd.DataFrame) -> None:
    axes.set_ylim(1e-13, 1e8)
    place = {"transform": axes.transAxes, "fontsize": 7, "ha": "right", "va": "top"}
    axes.text(0.99, 1.0, "slope (theory)", color=style.GREY, **place)
    for line, method in enumerate(METHODS, 1):
        fit = chosen(exponents, method=method).iloc[0]
        text = minus(f"{fit['estimate']:.4f} ({fit['theory']:.4f})")
        axes.text(0.99, 1.0 - 0.08 * line, text, color=COLOURS[method], **place)


def _cycle(axes: Axes, rows: pd.DataFrame) -> None:
    colour = COLOURS["heavy_ball"]
    for _, curve in chosen(rows, method="heavy_ball").groupby("problem"):
        first = curve["value"].iloc[0]
        axes.plot(curve["t"], curve["value"] / first, color=colour, linewidth=1)
        axes.plot(curve["t"], curve["bound"] / first, color=colour, linestyle="--", linewidth=0.9)
    axes.set_ylim(1e-13, 30)
    _note(axes, "from three starts: for ever", 60, 0.01, (0, -4))
    _note(axes, "from a fourth", 33, 1e-9, (-4, 0))


def _note(axes: Axes, text: str, t: float, value: float, shift: tuple[float, float], ha: str = "right") -> None:
    axes.annotate(text, (t, value), xytext=shift, textcoords="offset points", ha=ha, fontsize=7, color="0.25")
