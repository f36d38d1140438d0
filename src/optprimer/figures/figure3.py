"""Figure 3: a loss that is not convex but satisfies the PL inequality, with the largest constant for which it does."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from optprimer.errors import UserError
from optprimer.figures import style
from optprimer.figures.provenance import Provenance
from optprimer.figures.rateplot import WRONG, chosen
from optprimer.rates.problems.pl import THRESHOLD

PROBLEM, CONTROL = "x2_3sin2", "x2_6sin2"
LOSS, CONCAVE, CLAIMED, PROVED = "#222222", "#e69f00", "#0072b2", "#009e73"
LEAST = 3e-3  # lower end of the ratio's axis


@style.house()
def figure3(curves: pd.DataFrame, pl: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw the loss, its PL ratio with the constants and the proof, and the largest constant along the family.

    Raises:
        UserError: the tables have no rows of the study pl_function.
    """
    curves = chosen(curves, study="pl_function")
    rows = chosen(pl, problem=PROBLEM)
    if curves.empty or rows.empty:
        raise UserError(f"curves.csv or pl.csv has no rows of the study pl_function on {PROBLEM}")
    constants = rows.iloc[0]
    figure = style.page(4.6)
    panels = figure.subplot_mosaic([["loss", "family"], ["ratio", "family"]], width_ratios=[1.9, 1], height_ratios=[1, 1.35])
    panels["loss"].sharex(panels["ratio"])
    concave = _concave(chosen(curves, problem=PROBLEM, quantity="curvature"))
    _loss(panels["loss"], chosen(curves, problem=PROBLEM, quantity="loss"), concave)
    _ratio(panels["ratio"], curves, constants, concave)
    _family(panels["family"], chosen(curves, quantity="largest PL constant"), constants)
    style.footer(
        figure,
        provenance,
        "PL inequality: L′(x)² ≥ 2α (L(x) − L*) for all x; the largest α is the least value of the PL ratio L′²/(2 (L − L*))",
        f"it is between {constants['certified_lower']:.7f} and {constants['measured_upper']:.7f}, both rigorous",
        "blue: a proof of α = 1/32, by interval arithmetic up to |x| = 4 and an increasing lower bound beyond",
    )
    return figure


def _concave(curvature: pd.DataFrame) -> list[tuple[float, float]]:
    """Return the intervals on which the second derivative is negative, its zeros interpolated."""
    x, second = curvature["t"].to_numpy(), curvature["value"].to_numpy()
    change = np.flatnonzero(np.diff(second < 0))
    zeros = x[change] - second[change] * np.diff(x)[change] / np.diff(second)[change]
    ends = [*([x[0]] if second[0] < 0 else []), *zeros, *([x[-1]] if second[-1] < 0 else [])]
    return list(zip(ends[::2], ends[1::2], strict=True))


def _shade(axes: Axes, intervals: list[tuple[float, float]]) -> None:
    for low, high in intervals:
        axes.axvspan(low, high, color=CONCAVE, alpha=0.13, linewidth=0)


def _loss(axes: Axes, loss: pd.DataFrame, concave: list[tuple[float, float]]) -> None:
    _shade(axes, concave)
    x, value = loss["t"].to_numpy(), loss["value"].to_numpy()
    axes.plot(x, value, color=LOSS, linewidth=2)
    for low, high in concave:
        inside = np.r_[low, x[(low < x) & (x < high)], high]
        axes.plot(inside, np.interp(inside, x, value), color=CONCAVE, linewidth=3.2, solid_capstyle="butt")
    axes.plot(0, 0, "o", color="white", markeredgecolor=LOSS, markersize=5)
    axes.annotate("concave", (concave[-1][0], 0), xytext=(2, 2), textcoords="offset points", fontsize=7, color="#9a6a00")
    axes.annotate("the only stationary point", (0, 0), xytext=(0, 24), textcoords="offset points", fontsize=7.5, ha="center",
                  color=style.GREY, arrowprops={"arrowstyle": "-", "color": "0.6", "shrinkB": 4})  # fmt: skip
    axes.set_ylabel("loss L(x)")
    axes.tick_params(labelbottom=False)
    style.panel_title(axes, "L(x) = x² + 3 sin² x: not convex …")


def _ratio(axes: Axes, curves: pd.DataFrame, constants: pd.Series, concave: list[tuple[float, float]]) -> None:
    _shade(axes, concave)
    ratio = chosen(curves, problem=PROBLEM, quantity="pl_ratio", variable="x")
    reach = ratio["t"].max()
    pieces = chosen(curves, problem=PROBLEM, variable="left end of a piece")
    ends, proved = np.r_[pieces["t"], reach], pieces["value"].to_numpy()
    mirrored = np.r_[-ends[:0:-1], ends], np.r_[proved[::-1], proved]  # the loss is even
    axes.stairs(mirrored[1], mirrored[0], color=CLAIMED, linewidth=0.9, baseline=None)
    axes.stairs(mirrored[1], mirrored[0], color=CLAIMED, alpha=0.08, baseline=constants["claimed"], fill=True)
    control = chosen(curves, problem=CONTROL, quantity="pl_ratio")
    axes.plot(control["t"], control["value"].clip(lower=LEAST / 10), color=WRONG, linewidth=1, linestyle="--")
    axes.plot(ratio["t"], ratio["value"], color=LOSS, linewidth=2)
    for value, colour, text in (
        (constants["claimed"], CLAIMED, "α = 1/32 (chapter)"),
        (constants["certified_lower"], PROVED, f"α = {constants['certified_lower']:.5f}"),
    ):
        axes.axhline(value, color=colour, linewidth=1.4)
        _say(axes, text, (0, value), (0, -9), colour, "center")
    _say(axes, "proved by pieces", (0, 0.27), (0, 0), CLAIMED, "center")
    _say(axes, "control:\nx² + 6 sin² x", (2.75, LEAST), (3, 8), WRONG)
    axes.set(yscale="log", ylim=(LEAST, 16), xlim=(-reach, reach), xlabel="x", ylabel="PL ratio L′² / 2(L − L*)")
    style.panel_title(axes, "… but PL: its ratio is at least α > 0")


def _family(axes: Axes, family: pd.DataFrame, constants: pd.Series) -> None:
    proved, refuted = chosen(family, role="claim"), chosen(family, role="control")
    axes.axvspan(THRESHOLD, family["t"].max() + 0.3, color=WRONG, alpha=0.08, linewidth=0)
    axes.plot(proved["t"], proved["value"], "o-", color=PROVED, markersize=3, linewidth=1)
    axes.plot(refuted["t"], np.full(len(refuted), 2e-7), "x", color=WRONG, markersize=4)
    at = 3, constants["certified_lower"]
    axes.plot(*at, "o", color="white", markeredgecolor=PROVED, markeredgewidth=1.6, markersize=7)
    _say(axes, "c = 3", at, (6, 4), LOSS)
    _say(axes, "proved from\nboth sides", (2.6, at[1]), (0, -42), PROVED, "right")
    beyond = f"beyond c* = {THRESHOLD:.4f}…\nthere is another\nstationary point:\nno α is left"
    _say(axes, beyond, (THRESHOLD, 3e-7), (-6, 0), WRONG, "right")
    axes.set(yscale="log", ylim=(1e-7, 5), xlim=(0, family["t"].max() + 0.3), xlabel="c", ylabel="largest α of x² + c sin² x")
    style.panel_title(axes, "More sine, less α")


def _say(axes: Axes, text: str, at: tuple[float, float], offset: tuple[float, float], colour: str, side: str = "left") -> None:
    axes.annotate(text, at, xytext=offset, textcoords="offset points", ha=side, fontsize=7.5, color=colour)
