"""Manners that plots of rates share: dots are runs, solid lines exact worst cases, dashed lines the chapter's bounds."""

from collections.abc import Iterable

import pandas as pd
from matplotlib.axes import Axes

from optprimer.figures.palette import BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION
from optprimer.figures.style import GREY

COLOURS = {
    "gd": VERMILION,
    "gd_best_step": ORANGE,
    "nesterov": BLUE,
    "nesterov_simplified": SKY,
    "nesterov_strongly_convex": BLUE,
    "ogm": GREEN,
    "heavy_ball": PURPLE,
    "conjugate_gradient": "0.35",
}
"""The colour of each method."""

WRONG = "#cc3311"  # controls, which have to break a bound


def chosen(rows: pd.DataFrame, **columns: str) -> pd.DataFrame:
    """Return the rows of a table whose ``columns`` have the given values, by increasing t where there is one."""
    for column, value in columns.items():
        rows = rows[rows[column] == value]
    return rows.sort_values("t") if "t" in rows else rows


def measured(axes: Axes, curve: pd.DataFrame, colour: str, *, label: str | None = None) -> None:
    """Draw ``value`` against t as connected dots."""
    axes.plot(curve["t"], curve["value"], "o-", color=colour, markersize=3.2, linewidth=0.9, label=label)


def bounds(axes: Axes, curve: pd.DataFrame, colour: str = GREY) -> None:
    """Draw ``bound`` dashed and ``tight_bound`` solid, where the curve has them."""
    axes.plot(curve["t"], curve["bound"], color=colour, linestyle="--", linewidth=1)
    axes.plot(curve["t"], curve["tight_bound"], color=colour, linewidth=1.2)


def key(axes: Axes, place: str) -> None:
    """Say in a legend what dashed and solid lines and dots are."""
    handles = [
        axes.plot([], [], "--", color=GREY, linewidth=1, label="bound of the chapter")[0],
        axes.plot([], [], "-", color=GREY, linewidth=1.2, label="exact worst case")[0],
        axes.plot([], [], "o", color=GREY, markersize=3.2, label="run")[0],
    ]
    axes.legend(handles=handles, fontsize=7, loc=place)


def guide(axes: Axes, t: float, value: float, exponent: float, label: str, *, decades: float = 1.0) -> None:
    """Draw the slope ``exponent`` from (t, value) over some ``decades`` of t, named at its end."""
    last = t * 10**decades
    end = value * 10 ** (decades * exponent)
    axes.plot([t, last], [value, end], color="0.55", linewidth=0.9)
    axes.annotate(label, (last, end), xytext=(2, 0), textcoords="offset points", va="center", fontsize=7.5, color="0.35")


def spread(values: Iterable[float], ratio: float) -> list[float]:
    """Move positions on a logarithmic axis up until neighbours are at least ``ratio`` apart, for their labels to be legible."""
    moved, least = {}, 0.0
    values = list(values)
    for place in sorted(range(len(values)), key=values.__getitem__):
        moved[place] = max(values[place], least)
        least = moved[place] * ratio
    return [moved[place] for place in range(len(values))]


def told(exponents: pd.DataFrame, problem: str, method: str) -> str:
    """Give the claimed exponent of ``problem`` and ``method`` with its interval: "−1.00 [−1.01, −0.99]"."""
    row = chosen(exponents, problem=problem, method=method, role="claim").iloc[0]
    return minus(f"{row['estimate']:.3f} [{row['ci_low']:.3f}, {row['ci_high']:.3f}]")


def minus(text: str) -> str:
    """Set every hyphen as a minus sign."""
    return text.replace("-", "−")
