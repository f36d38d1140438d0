"""Figure 1 of Zhang et al. 2017 (arXiv 1611.03530) from our runs: networks fit random labels too, but later and to no use."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator, PercentFormatter

from optprimer.errors import UserError
from optprimer.figures import memorized, style
from optprimer.figures.provenance import Provenance
from optprimer.intervals import mean_interval

LEAST_RANGE = 2.5  # of the loss in nats, as in the paper; that of a guess among 10 classes is 2.3
HEADROOM = 1.4  # of that range, for the legend above the curves
MARKERS = "os^Dv"


@style.house()
def memorization(curves: pd.DataFrame, summary: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw the training loss by step and kind of data, and time to fit and test error by the share of random labels.

    Lines are means over seeds, bands 95 % intervals. The loss is that of one network, the first of those with most kinds. In
    the other panels is every network that was trained on partly random labels, without regularizer; a cross instead of a time
    says that not all of its runs fitted.

    Raises:
        UserError: no network was run on anything but true labels.
    """
    learning, degrees = memorized.of_kinds(curves), _by_corruption(summary)
    if learning.empty and degrees.empty:
        raise UserError("curves.csv and summary.csv: no network was run on random labels or other pixels")
    figure = style.page(2.75)
    losses, times, errors = figure.subplots(1, 3)
    if len(learning):
        network = _most_kinds(learning)
        learning = learning[learning["network"] == network]
        _learn(losses, learning)
        style.panel_title(losses, f"(a) loss, {memorized.network_names([network])[network][0]}")
    for place, (name, (label, colour)) in enumerate(memorized.network_names(degrees["network"]).items()):
        rows = degrees[degrees["network"] == name]
        marks = {"color": colour, "marker": MARKERS[place % len(MARKERS)], "markersize": 3.5, "linewidth": 1.1}
        _slow_down(times, rows, marks, 0.97 - 0.06 * place)
        _err(errors, rows, marks, label)
    _finish(losses, times, errors)
    shown = pd.concat([memorized.of_kinds(summary[summary["network"].isin(learning["network"])]), degrees])
    gap = ["cross: not all runs fitted within their epochs"] if (degrees["fitted"] < 1).any() else []
    cut = [f"(a): bands are cut off at {losses.get_ylim()[1]:.2g} nats"] if _is_cut(losses) else []
    style.footer(
        figure,
        provenance,
        memorized.scale(shown),
        "means over seeds, bands: 95 % t intervals",
        "a run ends when it has fitted: its last loss is carried on",
        *gap,
        *cut,
        "panels as in figure 1 of Zhang et al. 2017 (there CIFAR-10, 50,000 images 28×28)",
    )
    return figure


def _most_kinds(rows: pd.DataFrame) -> str:
    kinds = rows.groupby("network")["labels"].nunique()
    return max(memorized.networks(rows["network"], controls=True), key=kinds.__getitem__)


def _learn(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw the loss of one network by step, a curve for each kind, until the slowest has fitted."""
    last = rows["epoch"].max()
    steps = (rows["step"] / rows["epoch"]).mean()  # of an epoch; 0 / 0 before the first is no number and does not count
    for kind, (label, colour) in memorized.KINDS.items():
        runs = memorized.by_epoch(rows[rows["labels"] == kind], "train_loss", last)
        if runs.size:
            _line(axes, steps * runs.index, runs.to_numpy().T, label, colour)
    largest = np.nanmax([line.get_ydata() for line in axes.get_lines()])
    axes.set(xlim=(0, steps * last), ylim=(0, HEADROOM * max(LEAST_RANGE, largest)))
    axes.legend(fontsize=6.5, loc="upper right", handlelength=1, handletextpad=0.5, labelspacing=0.25, borderaxespad=0)


def _line(axes: Axes, x: np.ndarray, runs: np.ndarray, label: str, colour: str) -> None:
    axes.plot(x, runs.mean(0), color=colour, linewidth=1.2, label=label)
    if len(runs) > 1:
        _, (low, high) = mean_interval(runs)
        axes.fill_between(x, np.maximum(low, 0), high, color=colour, alpha=0.15, linewidth=0)


def _is_cut(axes: Axes) -> bool:
    """Say whether some band goes on above the axis."""
    tops = [path.vertices[:, 1].max() for band in axes.collections for path in band.get_paths()]
    return max(tops, default=0) > axes.get_ylim()[1]


def _by_corruption(summary: pd.DataFrame) -> pd.DataFrame:
    """Select the networks that were trained on partly random labels, with these, true and random ones, and no regularizer."""
    rows = summary[
        (summary["regularizer"] == "none") & summary["labels"].isin(["true_labels", "partial_labels", "random_labels"])
    ]
    partly = rows.loc[rows["labels"] == "partial_labels", "network"]
    return rows[rows["network"].isin(partly)].sort_values("corruption")


def _slow_down(axes: Axes, rows: pd.DataFrame, marks: dict[str, Any], height: float) -> None:
    """Draw the relative time to fit, and crosses at ``height`` (of the axes) where a run did not."""
    _band(axes, rows["corruption"], rows["relative_time_low"].clip(lower=0), rows["relative_time_high"], marks)
    axes.plot(rows["corruption"], rows["relative_time"], **marks)
    failed = rows.loc[rows["fitted"] < 1, "corruption"]
    crosses = {"color": marks["color"], "linestyle": "", "marker": "x", "markersize": 6, "markeredgewidth": 1.6}
    axes.plot(failed, np.full(len(failed), height), **crosses, transform=axes.get_xaxis_transform())


def _err(axes: Axes, rows: pd.DataFrame, marks: dict[str, Any], label: str) -> None:
    low, high = 1 - rows["test_accuracy_high"], 1 - rows["test_accuracy_low"]
    _band(axes, rows["corruption"], low.clip(0, 1), high.clip(0, 1), marks)
    axes.plot(rows["corruption"], 1 - rows["test_accuracy"], label=label, **marks)


def _band(axes: Axes, x: pd.Series, low: pd.Series, high: pd.Series, marks: dict[str, Any]) -> None:
    axes.fill_between(x, low, high, color=marks["color"], alpha=0.15, linewidth=0)


def _finish(losses: Axes, times: Axes, errors: Axes) -> None:
    losses.set(xlabel="training step", ylabel="average training loss (nats)")
    style.panel_title(times, "(b) time to fit")
    times.set(xlabel="label corruption", ylabel="time, relative to true labels", ylim=(0, None))
    style.panel_title(errors, "(c) test error")
    errors.axhline(0.9, color=style.GREY, linestyle=":", linewidth=0.8)
    errors.annotate("chance", (0, 0.9), xytext=(0, 2), textcoords="offset points", fontsize=7, color=style.GREY)
    errors.set(xlabel="label corruption", ylabel="test error", ylim=(0, 1))
    errors.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    if errors.get_legend_handles_labels()[0]:
        errors.legend(fontsize=7, loc="lower right", handlelength=1.4, borderaxespad=0.2)
    for axes in (times, errors):
        axes.set_xlim(-0.03, 1.03)
        axes.xaxis.set_major_locator(MultipleLocator(0.2))
