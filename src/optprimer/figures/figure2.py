"""Figure 2: a smooth convex loss between its tangent and its parabola."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from optprimer.errors import UserError
from optprimer.figures import style
from optprimer.figures.provenance import Provenance

LOSS, ABOVE, BELOW, WRONG = "#222222", "#d55e00", "#0072b2", "#cc3311"
BASE, CONTROL_BASE = 0.75, 0.5
TOLERANCE = 1e-9
Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sandwich:
    """A loss on the grid ``w``, with the bounds that touch it at the base point ``u``."""

    u: float
    w: Values
    loss: Values
    lower: Values
    upper: Values

    @property
    def touching(self) -> float:
        """L(u)."""
        return float(np.interp(self.u, self.w, self.loss))

    @property
    def beta(self) -> float:
        """The curvature of the parabola."""
        return 2 * float(np.polyfit(self.w - self.u, self.upper - self.lower, 2)[0])

    @property
    def lowest(self) -> tuple[float, float]:
        """The lowest point of the parabola, which is where a gradient step from u leads, and its height."""
        curvature, slope, height = np.polyfit(self.w - self.u, self.upper, 2)
        step = -slope / (2 * curvature)
        return float(self.u + step), float(height + slope * step / 2)


def sandwiches(curves: pd.DataFrame, upper: str = "parabola") -> list[Sandwich]:
    """Read the sandwich at every base point at which the parabola named ``upper`` was drawn, from left to right.

    Raises:
        UserError: there is none.
    """
    rows = curves[curves["study"] == "sandwich"]
    found = []
    for method, above in rows[rows["method"].str.startswith(f"{upper} at ")].groupby("method"):
        u = float(method.rsplit(" ", 1)[1])
        below = rows[rows["method"] == f"tangent at {u}"].set_index("t")["bound"]
        above = above.sort_values("t")
        w, loss, bound = (above[column].to_numpy() for column in ("t", "value", "bound"))
        found.append(Sandwich(u, w, loss, below.loc[w].to_numpy(), bound))
    if not found:
        raise UserError(f"curves.csv has no {upper} of the study sandwich")
    return sorted(found, key=lambda each: each.u)


def nearest(found: list[Sandwich], u: float) -> Sandwich:
    """Return the sandwich whose base point is nearest to ``u``."""
    return min(found, key=lambda each: abs(each.u - u))


@style.house()
def figure2(curves: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw the sandwich at one base point, and beside it the control, in which the parabola has half the curvature.

    Raises:
        UserError: the table has no rows of the study sandwich.
    """
    true = nearest(sandwiches(curves), BASE)
    control = nearest(sandwiches(curves, "half parabola"), CONTROL_BASE)
    figure = style.page(3.7)
    left, right = figure.subplots(1, 2, width_ratios=[1.7, 1], sharey=True)
    _sandwich(left, true)
    _control(right, control)
    left.set_ylabel("loss")
    left.set_ylim(-1.3, 4.2)
    every = sandwiches(curves)
    style.footer(
        figure,
        provenance,
        "if L is β-smooth and convex, then L(u) + L′(u)(w−u) ≤ L(w) ≤ L(u) + L′(u)(w−u) + (β/2)(w−u)² for all u and w",
        f"drawn: L(w) = log(1 + e³ʷ) − w, the cross-entropy of a logistic prediction and a soft label, β = {true.beta:.4g}",
        f"checked at {len(every)} base points u times {len(true.w)} points w: {violations(every)} violations",
    )
    return figure


def violations(found: list[Sandwich]) -> int:
    """Count the points of all grids at which a bound fails by more than ``TOLERANCE``, relative to the loss."""
    excesses = (np.maximum(each.lower - each.loss, each.loss - each.upper) / np.abs(each.loss) for each in found)
    return sum(int((excess > TOLERANCE).sum()) for excess in excesses)


def _sandwich(axes: Axes, at: Sandwich) -> None:
    axes.fill_between(at.w, at.lower, at.upper, color="0.92", linewidth=0)
    axes.plot(at.w, at.upper, color=ABOVE, linestyle="--")
    axes.plot(at.w, at.lower, color=BELOW, linestyle="-.")
    axes.plot(at.w, at.loss, color=LOSS, linewidth=2.2)
    step, height = at.lowest
    reached = float(np.interp(step, at.w, at.loss))
    axes.plot([step, step], [height, reached], color="0.4", linewidth=0.9, linestyle=":")
    axes.plot(step, height, "v", color=ABOVE, markersize=6)
    axes.plot(step, reached, "o", color="white", markeredgecolor=LOSS, markeredgewidth=1.4, markersize=6)
    _base(axes, at, (9, -16))
    _say(axes, "loss $L(w)$", (-1.4, np.interp(-1.4, at.w, at.loss)), (3, 6), LOSS)
    _say(axes, "parabola of curvature β", (-1.25, np.interp(-1.25, at.w, at.upper)), (8, 2), ABOVE)
    _say(axes, "tangent", (-0.6, np.interp(-0.6, at.w, at.lower)), (7, -4), BELOW)
    _say(axes, "its lowest point:\na gradient step,\nto $u - L'(u)/β$", (step, height), (-22, 8), ABOVE)
    _say(axes, "the loss there\nis no higher", (step, reached), (14, -22), style.GREY)
    axes.set_xlabel("weight $w$")
    style.panel_title(axes, "The loss lies between them")


def _control(axes: Axes, at: Sandwich) -> None:
    axes.plot(at.w, at.upper, color=ABOVE, linestyle="--")
    axes.plot(at.w, at.loss, color=LOSS, linewidth=2.2)
    axes.fill_between(at.w, at.upper, at.loss, where=at.loss > at.upper, color=WRONG, alpha=0.25, linewidth=0)
    _base(axes, at, (-8, 7), "right")
    above = (at.loss > at.upper + TOLERANCE * np.abs(at.loss)).mean()
    _say(axes, "parabola", (at.w[-1], at.upper[-1]), (-8, 4), ABOVE, "right")
    _say(axes, f"the loss is above it\nat {100 * above:.0f} % of the points", (at.w[0], at.upper.min()), (0, -28), WRONG)
    axes.set_xlabel("weight $w$")
    style.panel_title(axes, "Control: curvature β/2")


def _base(axes: Axes, at: Sandwich, offset: tuple[float, float], side: str = "left") -> None:
    axes.plot(at.u, at.touching, "o", color=LOSS, markersize=7, zorder=5)
    _say(axes, f"base point\n$u$ = {at.u:g}", (at.u, at.touching), offset, LOSS, side)


def _say(axes: Axes, text: str, at: tuple[float, float], offset: tuple[float, float], colour: str, side: str = "left") -> None:
    axes.annotate(text, at, xytext=offset, textcoords="offset points", ha=side, fontsize=8, color=colour)
