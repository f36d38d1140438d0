"""Exact worst cases: the theorem's formula, a semidefinite programme over all losses, and a run on the worst one."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from optprimer.figures import style
from optprimer.figures.palette import BLUE, BROWN, GREEN, ORANGE, PINK, PURPLE, SILVER, SKY, VERMILION
from optprimer.figures.provenance import Provenance

CASES = {
    ("gd", "smooth", "best_gradient from gap 1"): "gradient descent: best gradient, L₀ − L* = 1",
    ("gd", "smooth", "best_gradient from decrease 1"): "gradient descent: best gradient, L₀ − L(wₜ) = 1",
    ("subgradient", "lipschitz", "best_gap from distance 1"): "subgradient method: best gap, Lipschitz",
    ("gd", "convex", "gradient_norm from distance 1"): "gradient descent: last gradient, convex",
    ("gd", "convex", "gap from distance 1"): "gradient descent: gap, convex",
    ("nesterov_simplified", "convex", "gap from distance 1"): "Nesterov, momentum t/(t + 3): gap, convex",
    ("nesterov", "convex", "gap from distance 1"): "Nesterov, weights of FISTA: gap, convex",
    ("ogm", "convex", "gap from distance 1"): "optimized gradient method: gap, convex",
    ("gd", "strongly_convex", "gap from gap 1"): "gradient descent: gap, strongly convex (κ = 10)",
    ("gd", "pl", "gap from gap 1"): "gradient descent: gap, PL (κ = 5), no run known",
}
OPEN = {
    ("nesterov_strongly_convex", "strongly_convex", "gap from energy 1"): "Nesterov: gap\n(κ = 10)",
    ("heavy_ball", "strongly_convex", "distance from distance 1"): "heavy ball:\ndistance\n(κ = 100)",
}
COLOURS = (ORANGE, BROWN, GREEN, PURPLE, VERMILION, SKY, BLUE, "black", SILVER, PINK)
TOLERANCE = 1e-4
_FLOOR = 1e-13  # where equal numbers are drawn


@style.house()
def worst_case(worst_case: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw formula, programme and run on top of each other, how far apart they are, and the cases without a formula."""
    colours = dict(zip(CASES, COLOURS, strict=True))
    rows = {case: of.sort_values("t") for case, of in worst_case.groupby(["method", "class", "quantity"])}
    figure = style.page(4.6)
    left, middle, right = figure.subplots(1, 3, width_ratios=[1.25, 1, 0.8])
    for case, colour in colours.items():
        of = rows[case]
        left.plot(of["t"], of["closed_form"], color=colour, linewidth=1)
        left.plot(of["t"], of["pepit"], "o", color=colour, markersize=6, markerfacecolor="none", markeredgewidth=0.9)
        left.plot(of["t"], of["measured"], "x", color=colour, markersize=3.5, markeredgewidth=0.9)
        middle.plot(of["t"], of["relative_difference"].clip(_FLOOR), "o", color=colour, markersize=5, markerfacecolor="none")
        middle.plot(of["t"], of["measured_difference"].clip(_FLOOR), "x", color=colour, markersize=3)
    middle.axhline(TOLERANCE, color="0.3", linestyle="--", linewidth=1)
    middle.annotate(f"tolerance {TOLERANCE:g}", (1, TOLERANCE), xycoords=("axes fraction", "data"), xytext=(0, 3),
                    textcoords="offset points", ha="right", fontsize=7, color="0.3")  # fmt: skip
    _open(right, rows)
    for axes in (left, middle, right):
        axes.set(xscale="log", yscale="log", xlabel="steps t")
        ticks = [t for t in (1, 2, 5, 10, 20, 50) if t <= worst_case["t"].max()]
        axes.set_xticks(ticks, ticks)
        axes.set_xticks([], minor=True)
    middle.set_ylim(top=1e-2)
    style.panel_title(left, "largest possible after t steps")
    style.panel_title(middle, "relative difference")
    style.panel_title(right, "no formula known")
    names = [left.plot([], [], color=colour, label=CASES[case])[0] for case, colour in colours.items()]
    marks = [
        left.plot([], [], color=style.GREY, linewidth=1, label="formula")[0],
        left.plot([], [], "o", color=style.GREY, markersize=6, markerfacecolor="none", label="semidefinite programme")[0],
        left.plot([], [], "x", color=style.GREY, markersize=3.5, label="run on the worst loss")[0],
    ]
    left.legend(handles=marks, loc="lower left", fontsize=6.5, handlelength=1)
    figure.legend(handles=names, loc="outside upper center", ncols=2, fontsize=7, columnspacing=1.5)
    largest = worst_case[["relative_difference", "measured_difference"]].max()
    style.footer(
        figure,
        provenance,
        "β = 1, and distance, gap or decrease at the start is 1; worst over all losses of the class, in any dimension (PEPit)",
        f"o: programme against formula, at most {largest.iloc[0]:.0e}; ×: run against programme, at most {largest.iloc[1]:.0e}",
        "right: strongly convex losses; heavy ball with the parameters that are best for quadratics can move away",
    )
    return figure


def _open(axes: Axes, rows: dict[tuple[str, str, str], pd.DataFrame]) -> None:
    for (case, name), colour, side in zip(OPEN.items(), ("0.2", VERMILION), ("top", "bottom"), strict=True):
        of = rows[case]
        axes.plot(of["t"], of["pepit"], "o-", color=colour, markersize=5, markerfacecolor="none", linewidth=0.8)
        middle = of.iloc[len(of) // 3]
        axes.annotate(name, (middle["t"], middle["pepit"]), xytext=(-4, 0), textcoords="offset points", ha="right",
                      va=side, fontsize=7, color=colour)  # fmt: skip
    axes.axhline(1, color="0.6", linewidth=0.8, linestyle=":")
