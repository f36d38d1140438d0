"""Why directions are filter-normalised: the same networks along filter-wise, layer-wise and unnormalised directions."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from optprimer.errors import UserError
from optprimer.figures import style
from optprimer.figures.grids import CAP, Grid, grid, height, height_limits, largest, loss_ticks, square
from optprimer.figures.planes import add_contours, add_loss_bar
from optprimer.figures.provenance import Provenance

NORMALISATIONS = {"filter": "filter by filter", "layer": "layer by layer", "none": "not normalised"}


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
                _draw_section(axes[-1, column], grids[net, kind], colours[net], cap)
        style.panel_title(axes[0, column], NORMALISATIONS[kind])
        axes[-1, column].set_xlabel("α")
        axes[-1, column].xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    for row, net in enumerate(nets):
        style.row_title(axes[row, 0], names[net])
    axes[-1, 0].set_ylabel("loss at β = 0")
    loss_ticks(axes[-1, 0].yaxis, scale, cap)
    add_loss_bar(figure, list(axes[:-1].flat), scale, cap)
    shares = ", ".join(f"{kind} {_clipped_share(grids, kind, cap):.0%}" for kind in kinds).replace("%", " %")
    style.footer(
        figure,
        provenance,
        f"{style.images(chosen)}, {style.precisions(chosen)}",
        f"points above loss {cap:g}, drawn in the highest colour: {shares}",
    )
    return figure


def _clipped_share(grids: dict[tuple[str, str], Grid], kind: str, cap: float) -> float:
    of_kind = [each for (_, directions), each in grids.items() if directions == kind]
    return sum(each.clipped(cap) for each in of_kind) / sum(each.loss.size for each in of_kind)


def _draw_section(axes: Axes, surface: Grid, colour: str, cap: float) -> None:
    row = abs(surface.beta).argmin()
    axes.plot(surface.alpha, height(surface.loss[row], cap), color=colour)
