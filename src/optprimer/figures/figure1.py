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

VIEW = {"elev": 40, "azim": -58}  # high enough to see over the front wall
_PANEL = 3.3  # inches, height of a panel with its titles
FLOOR = 0.3  # room under the lowest point for the contour lines, as a share of the range of heights


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
    figure = Figure(figsize=(style.PAGE_WIDTH, _PANEL * lines + 0.62))
    inch, width = 1 / figure.get_figheight(), 0.915 / columns
    for index, each in enumerate(grids):
        line, column = divmod(index, columns)
        top, middle = 1 - (line * _PANEL + 0.12) * inch, (column + 0.5) * width
        # The box reaches below the panel: matplotlib leaves room there that the tilted cube does not fill.
        box = (column * width, top - (_PANEL + 0.27) * inch, width, (_PANEL + 0.15) * inch)
        _draw(figure.add_axes(box, projection="3d", computed_zorder=False), each, scale, cap)
        name, result = titles(each, history)
        figure.text(middle, top, name, ha="center", va="top", fontweight="bold", fontsize=9.5 if columns < 3 else 7.5)
        figure.text(middle, top - 0.18 * inch, result, ha="center", va="top", fontsize=8.5 if columns < 3 else 7)
    bar = figure.colorbar(ScalarMappable(scale, style.LOSS_MAP), cax=figure.add_axes((0.934, 0.36, 0.013, 0.36)))
    bar.outline.set_visible(False)
    bar.ax.set_title("loss", fontsize=8, pad=7)
    bar.ax.tick_params(labelsize=7, length=2.5, pad=2)
    loss_ticks(bar.ax.yaxis, scale, cap)
    style.footer(figure, provenance, *facts(rows, grids, history, cap))
    return figure


def panels(rows: pd.DataFrame) -> list[Grid]:
    """Return the surfaces of all networks in ``rows``, of one direction seed, in the order of the panels."""
    return [grid(rows[rows["net"] == net]) for net in style.ordered(rows["net"])]


def titles(surface: Grid, history: pd.DataFrame | None) -> tuple[str, str]:
    """Return a panel's two lines: the network, and how well it was trained: the test error, and the picture's own centre."""
    name = style.title(surface.net)
    loss, accuracy = surface.centre()
    if history is None:
        return name, f"loss {loss:.3g}, accuracy {accuracy:.1%} at the centre".replace("%", " %")
    last = history[history["net"] == surface.net].sort_values("epoch").iloc[-1]
    if last["diverged"]:
        return name, f"training diverged in epoch {last['epoch']}"
    return name, f"test error {100 * (1 - last['test_accuracy']):.1f} %, training loss at the centre {loss:.2g}"


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
        f"grey: above {cap:g}, {clipped} points",
        "α, β: 1 = length of the weights",
        *([f"gaps: {missing} points without a finite loss"] if any(each.missing() for each in grids) else []),
    ]


def _draw(axes: Axes3D, surface: Grid, scale: Normalize, cap: float) -> None:
    floor = scale.vmin - FLOOR * (scale.vmax - scale.vmin)
    add_relief(axes, relief(surface, scale, cap)).set_zorder(2)
    axes.contour(
        surface.alpha, surface.beta, height(surface.loss), levels=np.linspace(scale.vmin, scale.vmax, 14)[1:-1],
        zdir="z", offset=floor, cmap=style.LOSS_MAP, norm=scale, linewidths=0.7, zorder=1,
    )  # fmt: skip
    axes.set(xlim=surface.alpha[[0, -1]], ylim=surface.beta[[0, -1]], zlim=(floor, scale.vmax))
    axes.view_init(**VIEW)
    axes.set_box_aspect(BOX, zoom=0.95)
    axes.patch.set_visible(False)  # it would cover the numbers of the panel on its left
    axes.set_xlabel("α", labelpad=-8)
    axes.set_ylabel("β", labelpad=-8)
    for axis, values in ((axes.xaxis, surface.alpha), (axes.yaxis, surface.beta)):
        ticks = [values[0] / 2, 0, values[-1] / 2]
        axis.set_ticks(ticks, labels=[f"{tick:.2g}".replace("-", "−") for tick in ticks])
    loss_ticks(axes.zaxis, scale, cap)
    axes.tick_params(pad=-4, labelsize=7)
    axes.tick_params(axis="z", pad=-1)
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.pane.set_visible(False)
        axis.line.set_color("0.6")
        axis._axinfo["grid"].update(color="0.9", linewidth=0.5)
