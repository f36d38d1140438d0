"""The path of training in the plane of its two principal components, and how much of it that plane leaves out."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from optprimer.errors import UserError
from optprimer.figures import style
from optprimer.figures.grids import CAP, Grid, finest, grid, height, height_limits
from optprimer.figures.planes import add_contours, add_loss_bar
from optprimer.figures.provenance import Provenance

_ROOM = 0.1  # of a panel's side, around every checkpoint: no contour has its number there
_OUTLINED = [withStroke(linewidth=1.6, foreground="0.25")]  # what is white, to be seen on yellow too


@style.house()
def trajectory(trajectory: pd.DataFrame, surface: pd.DataFrame, *, provenance: Provenance, cap: float = CAP) -> Figure:
    """Draw every network's checkpoints over the losses of their PCA plane; below, the distance from that plane.

    The markers have the colours of the checkpoints' own losses: where one stands out from the surface around it, the
    plane shows a loss that training never saw.

    Raises:
        UserError: the surface table has no PCA plane, or lacks that of a network.
    """
    nets = style.ordered(trajectory["net"])
    planes = finest(surface, "pca")
    if missing := set(nets) - set(planes["net"]):
        raise UserError(f"surface.csv has no PCA plane of {', '.join(sorted(missing))}")
    planes = planes[planes["net"].isin(nets)]
    grids = {net: grid(planes[planes["net"] == net]) for net in nets}
    scale = height_limits([*(each.loss for each in grids.values()), trajectory["loss"].to_numpy()], cap)
    figure = style.page(4.9)
    axes = figure.subplots(2, len(nets), height_ratios=[3.2, 1], squeeze=False)
    names, colours = style.labels(nets), style.colours(nets)
    for (above, below), net in zip(axes.T, nets, strict=True):
        rows = trajectory[trajectory["net"] == net].sort_values("epoch")
        _draw_plane(above, grids[net], rows, scale, cap)
        _draw_distances(below, rows, colours[net])
        style.panel_title(above, names[net])
    axes[1, 0].set_ylabel("Euclidean distance\nin weight space")
    for below in axes[1]:
        below.set_ylim(0, 1.05 * trajectory["displacement"].max())
    axes[1, 0].legend(loc="upper right", fontsize=6.5)
    add_loss_bar(figure, list(axes[0]), scale, cap)
    points = " and ".join(f"{grids[net].clipped(cap)} of {grids[net].loss.size}" for net in nets)
    losses = trajectory.groupby("net")["loss"]
    checkpoints = " and ".join(f"{(losses.get_group(net) > cap).sum()} of {losses.get_group(net).size}" for net in nets)
    style.footer(
        figure,
        provenance,
        f"marker colour: the checkpoint's own loss, {style.images(trajectory)}, {style.precisions(trajectory)}",
        f"drawn at {cap:g} where higher: {points} points of the surface, {checkpoints} checkpoints",
        "(0, 0) is the end of training",
    )
    return figure


def _draw_plane(axes: Axes, plane: Grid, path: pd.DataFrame, scale: Normalize, cap: float) -> None:
    add_contours(axes, plane, scale, cap)
    _clear(axes, plane, path)
    axes.plot(path["alpha"], path["beta"], color="white", linewidth=0.8, path_effects=_OUTLINED)
    axes.scatter(
        path["alpha"], path["beta"], c=height(path["loss"], cap), cmap=style.LOSS_MAP, norm=scale,
        s=16, edgecolors="white", linewidths=0.6, zorder=3,
    )  # fmt: skip
    for row, name in ((path.iloc[0], "start"), (path.iloc[-1], "end")):
        axes.annotate(
            name,
            (row["alpha"], row["beta"]),
            xytext=(0, 8),
            textcoords="offset points",
            ha="center",
            color="white",
            fontsize=7,
            path_effects=_OUTLINED,
        )
    axes.set_xlabel(f"1st PC: {path['variance_1'].iloc[0]:.1%} of variance".replace("%", " %"))
    axes.set_ylabel(f"2nd PC: {path['variance_2'].iloc[0]:.1%} of variance".replace("%", " %"))
    axes.set(xlim=plane.alpha[[0, -1]], ylim=plane.beta[[0, -1]])


def _clear(axes: Axes, plane: Grid, path: pd.DataFrame) -> None:
    """Take away the contours' numbers where the path and its names are drawn, and outline the others."""
    sides = np.array([np.ptp(plane.alpha), np.ptp(plane.beta)])
    for number in list(axes.texts):
        away = (path[["alpha", "beta"]].to_numpy() - number.get_position()) / sides
        if np.hypot(*away.T).min() < _ROOM:
            number.remove()
        else:
            number.set(alpha=1, path_effects=_OUTLINED)


def _draw_distances(axes: Axes, path: pd.DataFrame, colour: str) -> None:
    axes.fill_between(path["epoch"], path["off_plane"], color=colour, alpha=0.25, linewidth=0)
    axes.plot(path["epoch"], path["displacement"], color="0.5", label="from the end of training")
    axes.plot(path["epoch"], path["off_plane"], color=colour, label="from the plane")
    axes.set_xlabel("epoch")
