"""How far the numbers can be trusted: against another program, and bf16 against fp32."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from optprimer.figures import style
from optprimer.figures.provenance import Provenance

PROGRAM_TOLERANCE = 1e-5  # relative, both programs in fp32
BF16_GUIDE = 1e-2  # not a tolerance: bf16 has 8 significant bits, and each weight and activation is rounded to them
_GUIDE_NAME = "1 %"
_FLOOR = 1e-9  # below fp32's rounding, 6e-8: where equal numbers are drawn


@style.house()
def crosscheck(crosscheck: pd.DataFrame, precision: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw relative differences against the loss: this package and loss-landscapes; the surfaces and the plain network."""
    nets = style.ordered([*crosscheck["net"], *precision["net"]])
    names, colours = style.labels(nets), style.colours(nets)
    figure = style.page(3.0)
    left, right = figure.subplots(1, 2, sharey=True)
    for net in nets:
        for axes, rows in ((left, crosscheck), (right, precision.rename(columns={"loss": "own", "loss_fp32": "loss"}))):
            _draw(axes, rows[rows["net"] == net], colours[net], names[net])
    _limit(left, PROGRAM_TOLERANCE, f"tolerance {PROGRAM_TOLERANCE:g}")
    _limit(right, BF16_GUIDE, _GUIDE_NAME)
    style.panel_title(left, "ours against loss-landscapes, fp32")
    style.panel_title(right, f"{style.precisions(precision)} surface against plain fp32")
    left.set_ylabel("relative difference of the loss")
    figure.legend(handles=left.get_legend_handles_labels()[0][: len(nets)], loc="outside upper center", ncols=3)
    equal = int((crosscheck["relative_difference"] == 0).sum())
    style.footer(
        figure,
        provenance,
        f"left: {_summary(crosscheck, PROGRAM_TOLERANCE, 'tolerance')}, {equal} equal (▾), {style.images(crosscheck)}",
        f"right: {_summary(precision, BF16_GUIDE, _GUIDE_NAME)}",
    )
    return figure


def _summary(rows: pd.DataFrame, line: float, name: str) -> str:
    difference = rows["relative_difference"].abs()
    middle, largest, above = difference.median(), difference.max(), (difference > line).sum()
    return f"{len(rows)} points, median {middle:.1e}, largest {largest:.1e}, {above} above {name}"


def _draw(axes: Axes, rows: pd.DataFrame, colour: str, name: str) -> None:
    difference = rows["relative_difference"].abs()
    equal = difference == 0
    axes.plot(rows["loss"][~equal], difference[~equal], "o", color=colour, markersize=4, alpha=0.8, label=name)
    axes.plot(rows["loss"][equal], np.full(equal.sum(), _FLOOR), "v", color=colour, markersize=4, alpha=0.8)


def _limit(axes: Axes, at: float, name: str) -> None:
    axes.axhline(at, color="0.3", linestyle="--", linewidth=1)
    axes.annotate(name, (1, at), xycoords=("axes fraction", "data"), xytext=(0, 3),
                  textcoords="offset points", ha="right", fontsize=7, color="0.3")  # fmt: skip
    axes.set(xscale="log", yscale="log", xlabel="loss (nats)")
    axes.set_ylim(_FLOOR / 2, max(axes.get_ylim()[1], 10 * at))
