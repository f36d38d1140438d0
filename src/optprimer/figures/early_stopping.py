"""Implicit regularizers: batch norm, and stopping early, which pays where labels are noisy.

After figure 2 of Zhang et al. 2017 (arXiv 1611.03530).
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MultipleLocator, PercentFormatter, ScalarFormatter

from optprimer.errors import UserError
from optprimer.figures import memorized, style
from optprimer.figures.geometry import paired_difference
from optprimer.figures.provenance import Provenance
from optprimer.figures.rateplot import minus, spread
from optprimer.intervals import mean_interval

NOISE = ("true_labels", "partial_labels", "random_labels")  # kinds of labels by the share of them that was replaced
_SHADES = LinearSegmentedColormap.from_list("noise", [memorized.KINDS[labels][1] for labels in NOISE])
_APART = 0.014  # by how much networks stand apart, on the axis of corruption
_LINE = 0.07  # distance of names beside the curves, as accuracy


@style.house()
def early_stopping(curves: pd.DataFrame, runs: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw accuracies by epoch on true and on partly random labels, and what the best epoch has over the last.

    All without explicit regularizer; a panel of which the tables hold nothing is left out.

    Raises:
        UserError: no network but the controls was run on true or partly random labels.
    """
    curves, runs = _plain(curves), _plain(runs)
    true, noisy = with_and_without_norm(curves[curves["labels"] == "true_labels"]), noisiest(curves)
    if true.empty and noisy.empty:
        raise UserError("curves.csv: no network but the controls was run on true or partly random labels")
    names = memorized.network_names(runs["network"])
    panels: list[Callable[[Axes], None]] = [lambda axes: _gains(axes, runs, names)]
    if len(noisy):
        panels.insert(0, lambda axes: _noisy(axes, noisy, names))
    if len(true):
        panels.insert(0, lambda axes: _true(axes, true, names))
    figure = style.page(3.3)
    for letter, axes, draw in zip("abc", np.atleast_1d(figure.subplots(1, len(panels))), panels, strict=False):
        draw(axes)
        style.panel_title(axes, f"({letter}) {axes.get_title(loc='left')}")
    figure.legend(handles=_key(names, noisy), loc="outside upper center", ncols=4, fontsize=7, columnspacing=1.5)
    groups = runs.groupby(["network", "labels", "corruption"])
    style.footer(
        figure,
        provenance,
        memorized.scale(groups.agg(seeds=("seed", "size"), n=("n", "mean"))),
        "lines and dots: means over seeds; bands (of test accuracy) and bars: 95 % t intervals; ticks in (c): single runs",
        "runs end when they have fitted: their last values are carried on",
        "corruption p: probability with which a label was replaced",
        "gain: best minus last test accuracy of the same run; the best epoch is chosen on the test images: an upper bound",
        *(["on random labels there is nothing to gain: what is seen is this choice"] if 1 in set(runs["corruption"]) else []),
        "panels (a) and (b) are after figure 2 of Zhang et al. 2017 (there CIFAR-10, no noise)",
    )
    return figure


def with_and_without_norm(rows: pd.DataFrame) -> pd.DataFrame:
    """Select the networks that were trained with and without batch norm; all networks if there is no such pair."""
    found = set(rows["network"])
    pairs = {name for network in found for name in (network, f"{network}_no_bn") if f"{network}_no_bn" in found}
    return rows[rows["network"].isin(pairs)] if pairs else rows


def noisiest(rows: pd.DataFrame) -> pd.DataFrame:
    """Select the network with most runs on partly random labels, with these, true and random ones.

    It is the last of those with equally many, in the order of legends: the simplest.
    """
    partly = rows[rows["labels"] == "partial_labels"]
    if partly.empty:
        return partly
    runs = partly.groupby("network").apply(lambda own: len(own[["corruption", "seed"]].drop_duplicates()), include_groups=False)
    network = max(reversed(memorized.networks(partly["network"])), key=runs.__getitem__)
    return rows[rows["network"] == network]


def gains(runs: pd.DataFrame) -> pd.DataFrame:
    """Return mean, low and high of best minus last test accuracy by network and corruption, over seeds."""
    found = {
        key: paired_difference(own["test_accuracy"], own["best_test_accuracy"])
        for key, own in runs.groupby(["network", "corruption"])
    }
    index = pd.MultiIndex.from_tuples(found, names=["network", "corruption"])
    return pd.DataFrame([(gain.mean, gain.low, gain.high) for gain in found.values()], index, ["mean", "low", "high"])


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    usual = (table["regularizer"] == "none") & ~table["network"].isin(memorized.CONTROLS)
    return table[usual & table["labels"].isin(NOISE)]


def _line(axes: Axes, rows: pd.DataFrame, column: str, colour: str, line: str = "-") -> pd.Series:
    """Draw the mean of ``column`` by epoch over the seeds of one setting, that of test accuracy in its interval; return it."""
    runs = memorized.by_epoch(rows, column, rows["epoch"].max())
    mean = runs.mean(axis=1, skipna=False)
    axes.plot(mean.index, mean, line, color=colour, linewidth=1.2)
    if column == "test_accuracy" and runs.shape[1] > 1:
        _, (low, high) = mean_interval(runs.T)
        axes.fill_between(mean.index, low.clip(0, 1), high.clip(0, 1), color=colour, alpha=0.15, linewidth=0)
    return mean


def _true(axes: Axes, rows: pd.DataFrame, names: dict[str, tuple[str, str]]) -> None:
    for network, (_, colour) in names.items():
        own = rows[rows["network"] == network]
        if len(own):
            _line(axes, own, "train_accuracy", colour)
            _line(axes, own, "test_accuracy", colour, "--")
    _finish(axes, rows, "accuracy", "true labels")


def _noisy(axes: Axes, rows: pd.DataFrame, names: dict[str, tuple[str, str]]) -> None:
    ends = {}
    for corruption, own in rows.groupby("corruption"):
        mean = _line(axes, own, "test_accuracy", shade(corruption))
        best = mean.idxmax()
        axes.plot(best, mean[best], "o", color=shade(corruption), markersize=4.5, markeredgecolor="white", zorder=3)
        ends[corruption] = mean.dropna().iloc[-1]
    heights = np.log(spread(np.exp(list(ends.values())), np.exp(_LINE)))
    for corruption, height in zip(ends, heights, strict=True):
        axes.annotate(f"p = {corruption:g}", (1, height), xycoords=axes.get_yaxis_transform(), xytext=(3, 0), va="center",
                      textcoords="offset points", fontsize=7, color=shade(corruption), annotation_clip=False)  # fmt: skip
    axes.axhline(0.1, color=style.GREY, linestyle=":", linewidth=0.8)
    _finish(axes, rows, "test accuracy", "noisy labels")
    axes.set_xlabel(f"epoch ({names[rows['network'].iloc[0]][0]})")


def shade(corruption: float) -> str:
    """Return the colour of a degree of corruption, between those of true and of random labels."""
    return to_hex(_SHADES(corruption))


def _gains(axes: Axes, runs: pd.DataFrame, names: dict[str, tuple[str, str]]) -> None:
    found = 100 * gains(runs)
    for corruption, together in found.groupby("corruption"):
        networks = memorized.networks(together.index.get_level_values("network"))
        for place, network in enumerate(networks):
            gain, colour = together.loc[(network, corruption)], names[network][1]
            x = corruption + _APART * (2 * place - len(networks) + 1)
            own = runs[(runs["network"] == network) & (runs["corruption"] == corruption)]
            single = 100 * (own["best_test_accuracy"] - own["test_accuracy"]).sort_values()
            axes.plot(np.full(len(single), x), single, "_", color=colour, markersize=5, markeredgewidth=0.8)
            axes.vlines(x, max(gain["low"], 0), gain["high"], color=colour, linewidth=1.2)
            axes.plot(x, gain["mean"], "o", color=colour, markersize=4)
    axes.axhline(0, color=style.GREY, linewidth=0.8, zorder=0)
    if 1 in set(runs["corruption"]):
        axes.axvspan(0.91, 1.09, color="0.93", linewidth=0, zorder=0)
        axes.annotate("choice\nalone", (1, 1), xycoords=axes.get_xaxis_transform(), xytext=(0, -2), textcoords="offset points",
                      ha="center", va="top", fontsize=6.5, color=style.GREY)  # fmt: skip
    axes.set(xlim=(-0.09, 1.09), xlabel="corruption p", ylabel="gain in test accuracy (points)")
    axes.xaxis.set_major_locator(MultipleLocator(0.2))
    axes.yaxis.set_major_formatter(lambda value, _: minus(f"{value:g}"))
    axes.set_title("best − last epoch", loc="left")


def _finish(axes: Axes, rows: pd.DataFrame, measure: str, title: str) -> None:
    """Epochs are on a logarithmic axis with room for 0, as most happens in the first of them."""
    axes.set_xscale("symlog", linthresh=1, linscale=0.4)
    axes.set(xlim=(0, rows["epoch"].max()), ylim=(0, 1.01), xlabel="epoch", ylabel=measure)
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.set_title(title, loc="left")


def _key(names: dict[str, tuple[str, str]], noisy: pd.DataFrame) -> list[Line2D]:
    handles = [Line2D([], [], color=colour, label=name) for name, colour in names.values()]
    handles += [Line2D([], [], color="0.4", label="training"), Line2D([], [], color="0.4", linestyle="--", label="test")]
    if len(noisy):
        best = {"marker": "o", "linestyle": "none", "markeredgecolor": "white", "markersize": 5.5}
        handles.append(Line2D([], [], color="0.4", **best, label="best epoch of a mean"))
    return handles
