"""Level lines of the loss along several pairs of random directions: what differs from pair to pair and what does not."""

import pandas as pd
from matplotlib.figure import Figure

from optprimer.figures import style
from optprimer.figures.grids import CAP, Grid, finest, grid, height_limits, square
from optprimer.figures.planes import add_contours, add_loss_bar
from optprimer.figures.provenance import Provenance

_MOST = 5  # direction seeds that fit abreast


@style.house()
def contours(surface: pd.DataFrame, *, provenance: Provenance, cap: float = CAP) -> Figure:
    """Draw a row of contour plots for every network, a column for every direction seed (the first five), one scale for all.

    Raises:
        UserError: the table has no surface along filter-normalised directions.
    """
    rows = finest(surface, "filter")
    nets, seeds = style.ordered(rows["net"]), sorted(rows["direction_seed"].unique())[:_MOST]
    rows = rows[rows["direction_seed"].isin(seeds)]
    grids = {key: grid(group) for key, group in rows.groupby(["net", "direction_seed"])}
    scale = height_limits([each.loss for each in grids.values()], cap)
    figure = style.page(0.75 + len(nets) * min(2.6, 5.0 / len(seeds) + 0.45))
    axes = figure.subplots(len(nets), len(seeds), sharex=True, sharey=True, squeeze=False)
    names = style.labels(nets)
    for row, net in enumerate(nets):
        for column, seed in enumerate(seeds):
            panel = axes[row, column]
            square(panel, labelled_x=row == len(nets) - 1, labelled_y=column == 0)
            if (net, seed) in grids:
                add_contours(panel, grids[net, seed], scale, cap, labelled=len(seeds) < 4)
                clipped = grids[net, seed].clipped(cap) / grids[net, seed].loss.size
                panel.set_title(f"directions {seed}\n{clipped:.0%} clipped".replace("%", " %"), fontsize=7)
        style.row_title(axes[row, 0], names[net])
    add_loss_bar(figure, list(axes.flat), scale, cap)
    style.footer(
        figure,
        provenance,
        _sizes(grids),
        f"{style.images(rows)}, {style.precisions(rows)}",
        f"clipped: share of points above loss {cap:g}, drawn in the highest colour",
    )
    return figure


def _sizes(grids: dict[tuple[str, int], Grid]) -> str:
    """Say how many points the surfaces have and, where that differs, along which directions."""
    seeds: dict[int, set[int]] = {}
    for (_, seed), each in grids.items():
        seeds.setdefault(len(each.alpha), set()).add(seed)
    if len(seeds) == 1:
        (size,) = seeds
        return f"{size} × {size} points"
    return "points: " + ", ".join(
        f"{size} × {size} along directions {', '.join(map(str, sorted(seeds[size])))}" for size in sorted(seeds, reverse=True)
    )
