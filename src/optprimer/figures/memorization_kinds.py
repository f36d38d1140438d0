"""Every network fits every kind of labels and pixels, and learns of test images what the kind leaves there to learn."""

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter

from optprimer.errors import UserError
from optprimer.figures import memorized, style
from optprimer.figures.provenance import Provenance
from optprimer.intervals import mean_interval


@style.house()
def memorization_kinds(curves: pd.DataFrame, summary: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw a column per network: above, training accuracy by epoch for every kind; below, test accuracy where that ended.

    Lines and dots are means over seeds, bands and bars 95 % intervals. A curve ends where its last run does, in a dot if all
    runs fitted and a crossed one if not. The grey band below holds accuracies of networks that learned nothing about test
    labels (``chance_low`` to ``chance_high``, the widest of the kinds').

    Raises:
        UserError: no network but the controls was run on randomized labels or pixels.
    """
    curves, summary = memorized.of_kinds(curves), memorized.of_kinds(summary)
    networks = memorized.networks(summary["network"])
    if not networks:
        raise UserError("summary.csv: no network but the controls was run on random labels or other pixels")
    summary = summary[summary["network"].isin(networks)]
    kinds = [kind for kind in memorized.WHOLE if kind in set(summary["labels"])]
    names = memorized.network_names(networks)
    figure = style.page(3.9)
    above, below = figure.subplots(2, len(networks), sharex="row", sharey="row", squeeze=False, height_ratios=[1.25, 1])
    for fits, tests, network in zip(above, below, networks, strict=True):
        ends = summary[summary["network"] == network].set_index("labels")
        _fit(fits, curves[curves["network"] == network], ends)
        _test(tests, ends, kinds)
        fits.set_title(fill(names[network][0], 17), loc="left", fontweight="bold", fontsize=7.5)
    _finish(above, below, kinds)
    figure.legend(handles=_keys(summary), loc="outside upper center", ncols=4, fontsize=7, columnspacing=1.5)
    style.footer(
        figure,
        provenance,
        memorized.scale(summary),
        "lines and dots: mean over seeds; bands and bars: 95 % t interval",
        "a run ends when it has fitted, a curve with its last run",
        "no regularizer",
        "dotted: a guess",
    )
    return figure


def _fit(axes: Axes, rows: pd.DataFrame, ends: pd.DataFrame) -> None:
    """Draw the training accuracy of one network by epoch, a curve for each kind."""
    for kind, runs in rows.groupby("labels"):
        colour = memorized.KINDS[kind][1]
        values = memorized.by_epoch(runs, "train_accuracy", runs["epoch"].max()).iloc[1:]  # a logarithm has no epoch 0
        mean = values.mean(axis=1, skipna=False)
        axes.plot(mean.index, mean, color=colour)
        if values.shape[1] > 1:
            _, (low, high) = mean_interval(values.to_numpy().T)
            axes.fill_between(mean.index, low.clip(0, 1), high.clip(0, 1), color=colour, alpha=0.2, linewidth=0)
        if kind in ends.index:
            memorized.ending(axes, mean.index[-1], mean.iloc[-1], colour, ends.loc[kind, "fitted"] == 1, size=4)


def _test(axes: Axes, ends: pd.DataFrame, kinds: list[str]) -> None:
    """Draw the test accuracies of one network, a line for each kind, over the band of those that learned nothing."""
    axes.axvspan(ends["chance_low"].min(), ends["chance_high"].max(), color="0.88", linewidth=0, zorder=0)
    for y, kind in enumerate(kinds):
        if kind not in ends.index:
            continue
        row, colour = ends.loc[kind], memorized.KINDS[kind][1]
        interval = row[["test_accuracy_low", "test_accuracy_high"]].astype(float).clip(0, 1)
        axes.plot(interval, [y, y], color=colour, linewidth=2, solid_capstyle="butt", clip_on=False)
        axes.plot(row["published_test"], y, "D", color="0.5", markersize=4.5, markerfacecolor="none", clip_on=False)
        axes.plot(row["test_accuracy"], y, "o", color=colour, markersize=4, clip_on=False, zorder=3)


def _finish(above: np.ndarray, below: np.ndarray, kinds: list[str]) -> None:
    above[0].set(xscale="log", ylim=(0, 1), ylabel="training accuracy (%)")
    above[0].set_xlim(left=1)
    above[0].xaxis.set_major_formatter("{x:g}")
    above[0].yaxis.set_major_formatter(PercentFormatter(1, symbol=""))
    below[0].set(xlim=(0, 1), xticks=[0, 0.5, 1], ylim=(len(kinds) - 0.5, -0.5))
    below[0].xaxis.set_major_formatter(PercentFormatter(1, symbol=""))
    below[0].set_yticks(range(len(kinds)), [memorized.KINDS[kind][0] for kind in kinds])
    for label, kind in zip(below[0].get_yticklabels(), kinds, strict=True):
        label.set_color(memorized.KINDS[kind][1])
    for fits, tests in zip(above, below, strict=True):
        memorized.chance_line(fits)
        fits.set_xlabel("epoch")
        tests.set_xlabel("test accuracy (%)")
        tests.tick_params(axis="y", length=0)


def _keys(summary: pd.DataFrame) -> list[Line2D | Patch]:
    """Say what marks mean; what colours mean is said beside the lower panels."""
    dot = {"linestyle": "none", "color": style.GREY, "markersize": 4.5}
    keys = [Line2D([], [], marker="o", **dot, label="all runs fitted")]
    if (summary["fitted"] < 1).any():
        keys.append(Line2D([], [], marker="$\\otimes$", **dot | {"markersize": 6.5}, markeredgewidth=0.3, label="not all did"))
    keys.append(Patch(color="0.88", label="chance (99 % band)"))
    if summary["published_test"].notna().any():
        label = "Zhang et al. 2017 (CIFAR-10, 50,000 images 28×28)"
        keys.append(Line2D([], [], marker="D", **dot | {"color": "0.5"}, markerfacecolor="none", label=label))
    return keys
