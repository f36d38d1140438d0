"""The hierarchy of rates in one picture: each measured on the losses that are worst for it."""

import pandas as pd
from matplotlib.figure import Figure

from optprimer.errors import UserError
from optprimer.figures import style
from optprimer.figures.provenance import Provenance
from optprimer.figures.rateplot import COLOURS, chosen, minus

# study, problem, method and quantity; the rate; what falls at it
RUNGS = (
    (
        ("nonconvex", "sawtooth_envelope", "gd", "best_gradient / sqrt(beta D)"),
        "1/√t",
        "smooth: least ‖∇L‖ so far, per √(β(L₀ − L*))",
    ),
    (("acceleration", "huber_envelope", "gd", "gap"), "1/t", "smooth, convex: L − L*, per β‖w₀ − w*‖²"),
    (("acceleration", "huber_envelope", "nesterov", "gap"), "1/t²", "the same, with momentum"),
    (("strongly_convex", "half_alpha", "gd", "gap"), "exp(−ct)", "smooth, strongly convex (κ = 10): L − L*, per L₀ − L*"),
)
LADDER = ("0.4", COLOURS["gd"], COLOURS["nesterov"], COLOURS["ogm"])


@style.house()
def hierarchy(curves: pd.DataFrame, exponents: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw the four rates against t, each with its exact worst case and its fitted exponent.

    The quantities differ, and the legend says which; what is compared is how fast each of them falls.

    Raises:
        UserError: a table lacks one of the four.
    """
    figure = style.page(4.1)
    left, right = figure.subplots(1, 2, sharey=True)
    lowest = 1.0
    for (key, rate, what), colour in zip(RUNGS, LADDER, strict=True):
        curve, fit = _rows(curves, key, "curves"), _rows(exponents, key, "exponents").iloc[0]
        linear = fit["variable"].endswith("semilog")
        unit = curve["value"].iloc[0] if linear else 1.0
        slope = minus(f"slope {fit['estimate']:.3f} [{fit['ci_low']:.3f}, {fit['ci_high']:.3f}]")
        label = f"{rate}:  {what}\n{slope}{' of ln per step' if linear else ''}"
        for axes, shown in ((left, curve[curve["t"] > 0]), (right, curve)):  # t = 0 has no place on a logarithmic axis
            axes.plot(shown["t"], shown["tight_bound"] / unit, color=colour, linewidth=1)
            axes.plot(shown["t"], shown["value"] / unit, "o-", color=colour, linewidth=0, markersize=3, markevery=0.03)
        left.plot([], [], "o-", color=colour, markersize=4, label=label)
        lowest = lowest if linear else min(lowest, curve["value"].min())
    left.set(xscale="log", yscale="log", xlabel="steps t", ylabel="what is left after t steps, each in its own unit")
    left.set_ylim(lowest / 3, 2)
    right.set(xlabel="steps t", xlim=(0, 150))
    style.panel_title(left, "powers of t are straight here")
    style.panel_title(right, "exp(−ct) is straight here")
    figure.legend(loc="outside upper center", ncols=2, fontsize=7, labelspacing=0.8, columnspacing=1.2)
    style.footer(
        figure,
        provenance,
        "dots: runs on the loss that is worst for t steps (strongly convex: one is worst for all t); lines: exact worst cases",
        "the quantities differ: a gradient norm in the first row, gaps in the others",
    )
    return figure


def _rows(table: pd.DataFrame, key: tuple[str, ...], name: str) -> pd.DataFrame:
    rows = chosen(table, **dict(zip(("study", "problem", "method", "quantity"), key, strict=True)))
    if rows.empty:
        raise UserError(f"{name}.csv has no rows of {', '.join(key)}")
    return rows
