"""A full-batch step costs a sweep of the data; a stochastic step does not."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from optprimer.figures import style
from optprimer.figures.palette import shades
from optprimer.figures.provenance import Provenance
from optprimer.figures.rateplot import COLOURS


@style.house()
def cost(cost: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw milliseconds per step against the number of images, for full batches and for batches of a fixed size."""
    figure = style.page(2.9)
    lines(figure.subplots(), cost)
    figure.legend(loc="outside right center")
    style.footer(
        figure,
        provenance,
        "softmax regression from pixels to gradient, float64, processor time; training images repeated up to the largest n",
        "timings differ from run to run",
    )
    return figure


def lines(axes: Axes, cost: pd.DataFrame) -> None:
    """Draw the lines of methods gd and sgd, and how many times as long a step on the largest n takes."""
    full = cost[cost["method"] == "gd"].sort_values("n")
    batches = cost[cost["method"] == "sgd"].sort_values("n")
    blues = shades("Blues", 2 + batches["batch_size"].nunique())[2:]
    axes.plot(full["n"], 1e3 * full["seconds"], "o-", color=COLOURS["gd"], markersize=4, label="full batch: all n images")
    for (b, rows), colour in reversed(list(zip(batches.groupby("batch_size"), blues, strict=True))):
        axes.plot(rows["n"], 1e3 * rows["seconds"], "o-", color=colour, markersize=4, label=f"SGD: batch of {b}")
    most, last = batches["batch_size"].max(), full.iloc[-1]
    one = batches[(batches["batch_size"] == most) & (batches["n"] == last["n"])].iloc[0]
    ends = 1e3 * one["seconds"], 1e3 * last["seconds"]
    place = 1.25 * last["n"]
    axes.annotate(
        "", (place, ends[0]), (place, ends[1]), arrowprops={"arrowstyle": "<->", "color": style.GREY, "linewidth": 0.8}
    )
    axes.annotate(f"×{last['seconds'] / one['seconds']:,.0f}", (place, (ends[0] * ends[1]) ** 0.5), xytext=(4, 0),
                  textcoords="offset points", va="center", fontsize=8, color=style.GREY)  # fmt: skip
    axes.set(xscale="log", yscale="log", xlabel="images n", ylabel="milliseconds per step")
    style.plain_log(axes)
    axes.set_xlim(full["n"].min() / 1.3, last["n"] * 1.8)
    sizes = full["n"].tolist()
    axes.set_xticks(sizes, [f"{n:,}" for n in sizes])
    axes.set_xticks([], minor=True)
