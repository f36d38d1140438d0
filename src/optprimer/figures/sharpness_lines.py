"""Losses on the straight line through a small and a large batch's minimum (Keskar et al. 2017, arXiv 1609.04836, figure 3)."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from optprimer.figures import style
from optprimer.figures.palette import BLUE, VERMILION
from optprimer.figures.provenance import Provenance

SPLITS = {"train": ("training", BLUE, "-"), "test": ("test", VERMILION, "--")}
ENDS = {0.0: "small\nbatch", 1.0: "large\nbatch"}


@style.house()
def sharpness_lines(line: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw losses above and accuracies below, a column for each network: a thin line per seed, a thick one for their mean.

    The mean of losses is that of their logarithms.
    """
    networks = list(dict.fromkeys(line["network"]))
    figure = style.page(4.2)
    panels = figure.subplots(2, len(networks), sharex=True, sharey="row", squeeze=False)
    for (losses, accuracies), network in zip(panels.T, networks, strict=True):
        rows = line[line["network"] == network]
        for split, (label, colour, dashes) in SPLITS.items():
            loss, accuracy = (
                rows.pivot(index="alpha", columns="seed", values=f"{split}_{name}") for name in ("loss", "accuracy")
            )
            _draw(losses, np.log(loss), colour, dashes, label, np.exp)
            _draw(accuracies, accuracy, colour, dashes, label, np.positive)
        losses.set_yscale("log")
        style.panel_title(losses, network)
        accuracies.set_xlabel("position α on the line")
        for axes in (losses, accuracies):
            for alpha in ENDS:
                axes.axvline(alpha, color=style.GREY, linewidth=0.8, linestyle=":", zorder=0)
        for alpha, name in ENDS.items():
            losses.annotate(
                name, (alpha, 1), xycoords=losses.get_xaxis_transform(), xytext=(3, -2), textcoords="offset points",
                va="top", fontsize=7, color=style.GREY,
            )  # fmt: skip
    panels[0, 0].set_ylabel("loss (nats)")
    panels[1, 0].set_ylabel("accuracy")
    panels[1, 0].yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    figure.legend(*panels[1, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2, fontsize=7.5)
    style.footer(
        figure,
        provenance,
        f"thin: {line['seed'].nunique()} pairs of runs (seeds), thick: their mean, of losses the geometric one",
        "both minima of a pair have the same start and the same training loss, up to the last steps",
    )
    return figure


def _draw(axes: Axes, runs: pd.DataFrame, colour: str, dashes: str, label: str, back: np.ufunc) -> None:
    """Draw ``runs`` (alphas, seeds) and their mean, taken ``back`` to the axis."""
    axes.plot(runs.index, back(runs), color=colour, linestyle=dashes, linewidth=0.5, alpha=0.5)
    axes.plot(runs.index, back(runs.mean(axis=1)), color=colour, linestyle=dashes, linewidth=1.8, label=label)
