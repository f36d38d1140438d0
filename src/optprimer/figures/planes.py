"""Filled contours of a loss surface, on a scale that panels share."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure

from optprimer.figures.grids import OFFSET, Grid, height, loss_ticks
from optprimer.figures.style import LOSS_MAP

_LEVELS = 16
_EDGE = 0.05  # of a panel's side, within which a contour's number would be cut


def add_contours(axes: Axes, surface: Grid, scale: Normalize, cap: float, *, labelled: bool = True) -> QuadContourSet:
    """Draw ``surface`` as filled contours of ln(min(loss, cap) + 0.1); some lines carry their loss.

    Losses above ``cap`` take the highest colour; points without a finite loss are left open, hatched.
    """
    heights = np.ma.masked_invalid(height(surface.loss, cap))
    levels = np.linspace(scale.vmin, scale.vmax, _LEVELS)
    axes.set_facecolor("0.93")
    axes.patch.set_hatch("////")
    axes.patch.set_edgecolor("0.75")
    filled = axes.contourf(surface.alpha, surface.beta, heights, levels=levels, cmap=LOSS_MAP, norm=scale)
    lines = axes.contour(
        surface.alpha,
        surface.beta,
        heights,
        levels=levels[1:-1],
        colors="white",
        linestyles="solid",
        linewidths=0.35,
        alpha=0.6,
    )
    if labelled:
        names = {level: f"{np.exp(level) - OFFSET:.2g}" for level in levels[3:-1:4]}
        axes.clabel(lines, levels=list(names), fmt=names, fontsize=5.5, inline_spacing=1, colors="white")
        _clear_edges(axes, surface)
    return filled


def _clear_edges(axes: Axes, surface: Grid) -> None:
    low, side = (np.array([of(surface.alpha), of(surface.beta)]) for of in (np.min, np.ptp))
    for number in list(axes.texts):
        if np.abs((number.get_position() - low) / side - 0.5).max() > 0.5 - _EDGE:
            number.remove()


def add_loss_bar(figure: Figure, panels: list[Axes], scale: Normalize, cap: float = np.inf) -> None:
    """Put the colour bar of losses that ``panels`` share beside them."""
    bar = figure.colorbar(ScalarMappable(scale, LOSS_MAP), ax=panels, aspect=30, shrink=0.8, pad=0.015)
    bar.outline.set_visible(False)
    bar.set_label("loss, on the scale ln(loss + 0.1)")
    loss_ticks(bar.ax.yaxis, scale, cap)
