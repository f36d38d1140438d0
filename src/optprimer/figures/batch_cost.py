"""What a step of a network costs, and what a full batch costs against an epoch of minibatches."""

import pandas as pd
from matplotlib.figure import Figure

from optprimer.figures import recipes, style
from optprimer.figures.cost import lines
from optprimer.figures.provenance import Provenance
from optprimer.figures.rateplot import COLOURS


@style.house()
def batch_cost(cost: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw milliseconds per step by the number of images, and a full-batch step in steps of SGD on as many images."""
    figure = style.page(2.7)
    seconds, relative = figure.subplots(1, 2, width_ratios=[1.5, 1])
    lines(seconds, cost)
    seconds.legend(fontsize=7.5, loc="upper left", bbox_to_anchor=(0, 1.02))
    style.panel_title(seconds, "(a) a step")
    full = cost[cost["method"] == "gd"].sort_values("n")
    relative.axhline(1, color=style.GREY, linestyle=":", linewidth=0.8)
    relative.annotate("an epoch of SGD", (1, 1), xycoords=relative.get_yaxis_transform(), xytext=(0, 3), ha="right",
                      textcoords="offset points", fontsize=7, color=style.GREY)  # fmt: skip
    relative.plot(full["n"], full["relative"], "o-", color=COLOURS["gd"], markersize=4)
    relative.set(xscale="log", xlabel="images n", ylabel="in epochs of SGD", ylim=(0, max(1.2, 1.1 * full["relative"].max())))
    relative.set_xticks(full["n"].tolist(), [f"{n:,}" for n in full["n"]])
    relative.set_xticks([], minor=True)
    style.panel_title(relative, "(b) a sweep over the data")
    size = full["batch_size"].iloc[0]
    style.footer(
        figure,
        provenance,
        f"{recipes.network_name(cost['network'].iloc[0])}, training loop in fp32, full batch in blocks of {size}",
        "training images repeated up to the largest n",
        "timings differ from run to run",
    )
    return figure
