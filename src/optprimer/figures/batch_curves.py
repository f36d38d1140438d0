"""GD with SGD's epochs has hardly begun: loss and test accuracy by steps, and by sweeps over the data."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from optprimer.figures import recipes, style
from optprimer.figures.provenance import Provenance

SHOWN = ("sgd", "gd", "gd_tuned_rate", "gd_longer", "gd_penalty", "gd_equal_steps")


@style.house()
def batch_curves(curves: pd.DataFrame, summary: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw training loss and test accuracy of one network, the first of those with most recipes; lines are means over seeds."""
    rows = curves[curves["recipe"].isin(SHOWN) & (curves["epoch"] > 0)]
    network = rows.groupby("network")["recipe"].nunique().sort_index().idxmax()
    rows, facts = rows[rows["network"] == network], summary[summary["network"] == network]
    rows = rows.assign(sweeps=rows["gradient_evaluations"] / facts["n"].iloc[0])
    figure = style.page(4.4)
    panels = figure.subplots(2, 2, sharex="col", sharey="row")
    for name in (name for name in recipes.ordered(rows["recipe"]) if name in SHOWN):
        means = rows[rows["recipe"] == name].groupby("epoch")[["step", "sweeps", "train_loss", "test_accuracy"]].mean()
        for column, x in enumerate(("step", "sweeps")):
            _line(panels[0, column], means[x], means["train_loss"], name)
            _line(panels[1, column], means[x], means["test_accuracy"], name)
    _finish(panels)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3, fontsize=7.5)
    style.footer(
        figure,
        provenance,
        recipes.network_name(network),
        recipes.scale(facts[facts["recipe"].isin(SHOWN)]),
        "means over seeds, in evaluation mode; marks: the end of training",
        "a sweep: one gradient of each training image; the penalty takes two",
    )
    return figure


def _line(axes: Axes, x: pd.Series, y: pd.Series, name: str) -> None:
    colour = recipes.recipe_colour(name)
    axes.plot(x, y, color=colour, label=recipes.recipe_name(name), linewidth=1.3)
    axes.plot(x.iloc[-1], y.iloc[-1], "o", color=colour, markersize=4, zorder=3)


def _finish(panels: list[list[Axes]]) -> None:
    (loss, loss_by_sweeps), (accuracy, accuracy_by_sweeps) = panels
    style.panel_title(loss, "(a) by steps")
    style.panel_title(loss_by_sweeps, "(b) by sweeps over the data")
    loss.set(ylabel="training loss (nats)", yscale="log", xscale="log")
    accuracy.set(ylabel="test accuracy", xlabel="steps")
    accuracy_by_sweeps.set(xlabel="sweeps over the training images", xscale="log")
    accuracy.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    style.plain_log(loss)
    for axes in (loss, loss_by_sweeps, accuracy, accuracy_by_sweeps):
        axes.grid(axis="y", linewidth=0.5, color="0.9")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
