"""Cross-sections of the loss along single random directions."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from optprimer.figures import style
from optprimer.figures.grids import height, height_limits, loss_ticks
from optprimer.figures.provenance import Provenance


@style.house()
def lines(line: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw training (solid) and test loss (dashed) of every network against the distance along a direction.

    The line is the mean of ln(loss + 0.1) over the direction seeds, the band goes from the smallest to the largest; a
    distance at which the loss of any direction is not finite is a gap.
    """
    nets = style.ordered(line["net"])
    names, colours = style.labels(nets), style.colours(nets)
    rows, columns = style.tile(len(nets))
    figure = style.page(2.6 * rows + 0.35)
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for panel, net in zip(axes.flat, nets, strict=False):
        of_net = line[line["net"] == net]
        _draw(panel, of_net, "test_loss", colour="0.25", linestyle="--", label="test")
        _draw(panel, of_net, "loss", colour=colours[net], linestyle="-", label="training")
        style.panel_title(panel, names[net])
        panel.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
        panel.set_xlabel("distance α along the direction")
        panel.legend(loc="upper center")
    for panel in axes[:, 0]:
        panel.set_ylabel("loss (nats)")
    for unused in axes.flat[len(nets) :]:
        unused.set_visible(False)
    scale = height_limits([line["loss"].to_numpy(), line["test_loss"].to_numpy()])
    loss_ticks(axes[0, 0].yaxis, scale)
    style.footer(
        figure,
        provenance,
        f"mean of ln(loss + 0.1) over {line['direction_seed'].nunique()} directions; band: smallest to largest",
        f"{style.images(line)} of the training set, {style.images(line, 'n_test')} of the test set, {style.precisions(line)}",
    )
    return figure


def _draw(axes: Axes, rows: pd.DataFrame, column: str, *, colour: str, linestyle: str, label: str) -> None:
    heights = rows.pivot(index="alpha", columns="direction_seed", values=column).apply(height)
    low, mean, high = (getattr(heights, name)(axis=1, skipna=False) for name in ("min", "mean", "max"))
    axes.fill_between(heights.index, low, high, color=colour, alpha=0.18, linewidth=0)
    axes.plot(heights.index, mean, color=colour, linestyle=linestyle, label=label)
