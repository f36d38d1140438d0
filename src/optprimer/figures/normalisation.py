"""Why directions are filter-normalised: the same networks along filter-wise, layer-wise and unnormalised directions."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from optprimer.errors import UserError
from optprimer.figures import style
from optprimer.figures.grids import CAP, Grid, grid, height, height_limits, largest, loss_ticks, square
from optprimer.figures.planes import add_contours, add_loss_bar
from optprimer.figures.provenance import Provenance

NORMALISATIONS = {"filter": "filter by filter", "layer": "layer by layer", "none": "one factor for all"}
_INSIDE = 0.93  # of the way to the border: as far as a number is whole


@style.house()
def normalisation(surface: pd.DataFrame, *, provenance: Provenance, cap: float = CAP) -> Figure:
    """Draw a column for each normalisation of the directions: contours of every network, below them sections at beta = 0.

    Raises:
        UserError: the table lacks surfaces along filter-normalised directions, or along both other kinds.
    """
    kinds = [kind for kind in NORMALISATIONS if (surface["directions"] == kind).any()]
    if len(kinds) < 2 or "filter" not in kinds:
        raise UserError("surface.csv has no surfaces with and without filter normalisation to compare")
    chosen = pd.concat([largest(surface, kind) for kind in kinds])
    grids = {key: grid(rows) for key, rows in chosen.groupby(["net", "directions"])}
    nets = style.ordered(chosen["net"])
    names, colours = style.labels(nets), style.colours(nets)
    scale = height_limits([each.loss for each in grids.values()], cap)
    figure = style.page(0.5 + 2.0 * len(nets) + 1.4)
    axes = figure.subplots(
        len(nets) + 1, len(kinds), sharex=True, sharey="row", height_ratios=[2.05] * len(nets) + [1.3], squeeze=False
    )
    for column, kind in enumerate(kinds):
        for row, net in enumerate(nets):
            square(axes[row, column], labelled_x=False, labelled_y=column == 0)
            if (net, kind) in grids:
                add_contours(axes[row, column], grids[net, kind], scale, cap)
                _legible(axes[row, column], grids[net, kind])
                _draw_section(
                    axes[-1, column], grids[net, kind], colours[net], names[net].replace(" connections", "\nconnections"), cap
                )
        style.panel_title(axes[0, column], NORMALISATIONS[kind])
        axes[-1, column].set_xlabel("α")
        axes[-1, column].xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    for row, net in enumerate(nets):
        style.row_title(axes[row, 0], names[net])
    axes[-1, 0].set_ylabel("loss at β = 0")
    # Beside the panel, below the colour bar, for lines reach every corner of it.
    axes[-1, -1].legend(loc="center left", bbox_to_anchor=(1.02, 0.5), fontsize=6, handlelength=1).set_in_layout(False)
    loss_ticks(axes[-1, 0].yaxis, scale, cap)
    add_loss_bar(figure, list(axes[:-1].flat), scale, cap)
    shares = "; ".join(f"{names[net]} {_clipped(net, kinds, grids, cap)}" for net in nets)
    style.footer(
        figure,
        provenance,
        f"points: {_sizes(kinds, grids)}, {style.images(chosen)}, {style.precisions(chosen)}",
        f"points above loss {cap:g}, drawn in the highest colour, by column: {shares}",
    )
    return figure


def _clipped(net: str, kinds: list[str], grids: dict[tuple[str, str], Grid], cap: float) -> str:
    """Say which share of the points of each of the network's surfaces is above ``cap``."""
    of_net = [grids[net, kind] for kind in kinds if (net, kind) in grids]
    return ", ".join(f"{100 * each.clipped(cap) / each.loss.size:.0f} %" for each in of_net)


def _sizes(kinds: list[str], grids: dict[tuple[str, str], Grid]) -> str:
    """Say how many points the surfaces of each column have."""
    sides = [sorted({len(each.alpha) for (_, of), each in grids.items() if of == kind}) for kind in kinds]
    each = [" or ".join(f"{side} × {side}" for side in of_kind) for of_kind in sides]
    return each[0] if len(set(each)) == 1 else f"{', '.join(each)} by column"


def _legible(axes: Axes, surface: Grid) -> None:
    """Outline the contours' numbers, and take away those that the border would cut."""
    for number in list(axes.texts):
        alpha, beta = number.get_position()
        if max(abs(alpha) / surface.alpha.max(), abs(beta) / surface.beta.max()) > _INSIDE:
            number.remove()
        else:
            number.set(fontsize=6.5, alpha=1, path_effects=[withStroke(linewidth=1.2, foreground="0.25")])


def _draw_section(axes: Axes, surface: Grid, colour: str, name: str, cap: float) -> None:
    row = abs(surface.beta).argmin()
    axes.plot(surface.alpha, height(surface.loss[row], cap), color=colour, label=name)
