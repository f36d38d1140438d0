"""How training went: loss and accuracy by epoch."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from optprimer.figures import style
from optprimer.figures.provenance import Provenance


@style.house()
def training(history: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw training (solid) and test (dashed) loss and accuracy of every network; a cross marks where one diverged."""
    nets = style.ordered(history["net"])
    names, colours = style.labels(nets), style.colours(nets)
    figure = style.page(2.9)
    losses, accuracies = figure.subplots(1, 2)
    for net in nets:
        rows = history[history["net"] == net].sort_values("epoch")
        _draw(losses, rows, "loss", colours[net])
        _draw(accuracies, rows, "accuracy", colours[net])
    losses.set(yscale="log", xlabel="epoch", ylabel="loss (nats)")
    accuracies.set(ylim=(0, 1.02), xlabel="epoch", ylabel="accuracy")
    accuracies.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    style.panel_title(losses, "loss")
    style.panel_title(accuracies, "accuracy")
    keys = [Line2D([], [], color=colours[net], label=names[net]) for net in nets]
    keys += [Line2D([], [], color="0.4", label="training"), Line2D([], [], color="0.4", linestyle="--", label="test")]
    figure.legend(handles=keys, loc="outside upper center", ncols=4)
    rates = history.groupby("net")["lr"].max()
    style.footer(
        figure,
        provenance,
        style.epochs(history),
        "largest learning rate " + ", ".join(f"{rates[net]:.2g} {names[net]}" for net in nets),
        "training values are means over an epoch as it went by, normalised by batch; test values by running averages",
    )
    return figure


def _draw(axes: Axes, rows: pd.DataFrame, measure: str, colour: str) -> None:
    axes.plot(rows["epoch"], rows[f"test_{measure}"], color=colour, linestyle="--", linewidth=1)
    axes.plot(rows["epoch"], rows[f"train_{measure}"], color=colour)
    if rows["diverged"].any():
        last = rows.dropna(subset=f"test_{measure}").iloc[-1]
        axes.plot(last["epoch"], last[f"test_{measure}"], "x", color=colour, markersize=8, markeredgewidth=2)
