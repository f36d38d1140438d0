"""The chapter's figure 1: the loss landscapes of ResNet-56 without and with skip connections."""

import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d import Axes3D

from optprimer.figures import style
from optprimer.figures.grids import CAP, Grid, grid, height, height_limits, largest, loss_ticks
from optprimer.figures.provenance import Provenance
from optprimer.figures.relief import BOX, add_relief, relief

VIEW = {"elev": 28, "azim": -58}
_FLOOR = 0.3  # room under the lowest point for the contour lines, as a share of the range of heights


@style.house()
def figure1(surface: pd.DataFrame, history: pd.DataFrame | None = None, *, provenance: Provenance, cap: float = CAP) -> Figure:
    """Draw each network's surface of ln(min(loss, cap) + 0.1) along two filter-normalised directions (Li et al. 2018, fig. 1).

    All panels share heights, camera, colours and light. The surfaces are the largest in the table, of its lowest direction
    seed. Without a ``history`` (a network trained elsewhere) the titles give what was measured at the centre.

    Raises:
        UserError: the table has no surface along filter-normalised directions.
    """
    rows = largest(surface, "filter")
    grids = panels(rows)
    scale = height_limits([each.loss for each in grids], cap)
    lines, columns = style.tile(len(grids))
    figure = Figure(figsize=(style.PAGE_WIDTH, 3.3 * lines + 0.45))
    top, bottom = 1 - 0.05 / lines, 0.42 / (3.3 * lines + 0.45)
    step = (top - bottom) / lines
    for index, each in enumerate(grids):
        line, column = divmod(index, columns)
        box = (0.91 * column / columns, top - (line + 1) * step, 0.91 / columns, step)
        axes = figure.add_axes(box, projection="3d", computed_zorder=False)
        _draw(axes, each, scale, cap)
        name, result = titles(each, history)
        middle = box[0] + box[2] / 2
        figure.text(middle, box[1] + step, name, ha="center", va="top", fontweight="bold", fontsize=9.5)
        figure.text(middle, box[1] + step - 0.19 / figure.get_figheight(), result, ha="center", va="top", fontsize=8.5)
    bar = figure.colorbar(ScalarMappable(scale, style.LOSS_MAP), cax=figure.add_axes((0.905, 0.33, 0.014, 0.4)))
    bar.outline.set_visible(False)
    bar.ax.set_title("loss", fontsize=8, pad=7)
    loss_ticks(bar.ax.yaxis, scale, cap)
    style.footer(figure, provenance, *facts(rows, grids, history, cap))
    return figure


def panels(rows: pd.DataFrame) -> list[Grid]:
    """Return the surfaces of all networks in ``rows``, of one direction seed, in the order of the panels."""
    return [grid(rows[rows["net"] == net]) for net in style.ordered(rows["net"])]


def titles(surface: Grid, history: pd.DataFrame | None) -> tuple[str, str]:
    """Return a panel's two lines: the network, and how well it was trained."""
    name = style.title(surface.net)
    if history is None:
        loss, accuracy = surface.centre()
        return name, f"loss {loss:.3g}, accuracy {accuracy:.1%} at the centre".replace("%", " %")
    last = history[history["net"] == surface.net].sort_values("epoch").iloc[-1]
    if last["diverged"]:
        return name, f"training diverged in epoch {last['epoch']}"
    return name, f"test error {100 * (1 - last['test_accuracy']):.1f} %, training loss {last['train_loss']:.2f}"


def facts(rows: pd.DataFrame, grids: list[Grid], history: pd.DataFrame | None, cap: float) -> list[str]:
    """Say how the surfaces were measured and what of them the picture cannot show."""
    clipped = " and ".join(f"{each.clipped(cap)} of {each.loss.size}" for each in grids)
    missing = " and ".join(f"{each.missing()}" for each in grids)
    nx, ny = len(grids[0].alpha), len(grids[0].beta)
    return [
        *([] if history is None else [style.epochs(history)]),
        f"{nx} × {ny} points, {style.images(rows)}, {'/'.join(sorted(rows['precision'].unique()))}",
        f"direction seed {grids[0].direction_seed}",
        "height and colour: ln(loss + 0.1)",
        f"drawn at {cap:g} where higher: {clipped} points",
        *([f"gaps: {missing} points without a finite loss"] if any(each.missing() for each in grids) else []),
    ]


def _draw(axes: Axes3D, surface: Grid, scale: Normalize, cap: float) -> None:
    floor = scale.vmin - _FLOOR * (scale.vmax - scale.vmin)
    add_relief(axes, relief(surface, scale, cap)).set_zorder(2)
    axes.contour(
        surface.alpha, surface.beta, height(surface.loss), levels=np.linspace(scale.vmin, scale.vmax, 14)[1:-1],
        zdir="z", offset=floor, cmap=style.LOSS_MAP, norm=scale, linewidths=0.7, zorder=1,
    )  # fmt: skip
    axes.set(xlim=surface.alpha[[0, -1]], ylim=surface.beta[[0, -1]], zlim=(floor, scale.vmax))
    axes.view_init(**VIEW)
    axes.set_box_aspect(BOX, zoom=0.99)
    axes.set_xlabel("α", labelpad=-10)
    axes.set_ylabel("β", labelpad=-10)
    axes.set_xticks([surface.alpha[0] / 2, 0, surface.alpha[-1] / 2])
    axes.set_yticks([surface.beta[0] / 2, 0, surface.beta[-1] / 2])
    loss_ticks(axes.zaxis, scale, cap)
    axes.zaxis.set_ticklabels([])  # the colour bar says what the heights are
    axes.tick_params(pad=-4, labelsize=7)
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.pane.set_visible(False)
        axis.line.set_color("0.6")
        axis._axinfo["grid"].update(color="0.9", linewidth=0.5)
