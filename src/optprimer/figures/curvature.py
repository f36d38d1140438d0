"""The map of |lambda_min / lambda_max| of the Hessian: where the surface is convex to the eye but not in truth."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure

from optprimer.figures import style
from optprimer.figures.grids import pivot, square
from optprimer.figures.provenance import Provenance

RATIO_LIMIT = 0.5  # end of the colour scale, as in Li et al. 2018 (their plot_2D.py)
STRONG = 0.1  # lambda_min below -STRONG lambda_max is marked
_ANNOTATED = 11  # points along a side up to which every cell shows its number


@style.house()
def curvature(curvature: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw |lambda_min / lambda_max| of every network over its plane of directions; numbers are lambda_min / lambda_max.

    Points with lambda_min < -0.1 lambda_max are ringed; those whose derivatives overflow are hatched.
    """
    nets = style.ordered(curvature["net"])
    names = style.labels(nets)
    rows, columns = style.tile(len(nets))
    figure = style.page(0.6 + rows * min(3.1, 5.9 / columns + 0.35))
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for panel, net in zip(axes.flat, nets, strict=False):
        mesh = _draw(panel, curvature[curvature["net"] == net])
        style.panel_title(panel, names[net])
    for unused in axes.flat[len(nets) :]:
        unused.set_visible(False)
    bar = figure.colorbar(mesh, ax=list(axes.flat), extend="max", aspect=30, shrink=0.8, pad=0.015)
    bar.outline.set_visible(False)
    bar.set_label(r"$|\lambda_\mathrm{min}\,/\,\lambda_\mathrm{max}|$")
    style.footer(
        figure,
        provenance,
        f"direction seed {curvature['direction_seed'].iloc[0]}, {style.images(curvature)}, fp32",
        f"colours: |λmin / λmax|; numbers: λmin / λmax, ringed below −{STRONG:g}",
        f"largest Lanczos residual ‖Hv − λv‖ / max |λ|: {relative_residual(curvature).max():.1e}",
    )
    return figure


def relative_residual(rows: pd.DataFrame) -> pd.Series:
    """Return the Lanczos residual ‖Hv − λv‖ of each point in units of its eigenvalue of largest magnitude."""
    return rows["residual"] / rows[["lambda_min", "lambda_max"]].abs().max(axis=1)


def _draw(axes: Axes, rows: pd.DataFrame) -> QuadMesh:
    ratio = pivot(rows, "ratio")
    signed = pivot(rows.assign(signed=rows["lambda_min"] / rows["lambda_max"]), "signed")
    alpha, beta = ratio.columns.to_numpy(float), ratio.index.to_numpy(float)
    axes.set_facecolor("0.93")
    axes.patch.set_hatch("////")
    axes.patch.set_edgecolor("0.75")
    mesh = axes.pcolormesh(
        alpha, beta, np.ma.masked_invalid(ratio.to_numpy()), cmap="viridis", vmin=0, vmax=RATIO_LIMIT, shading="nearest"
    )
    square(axes)
    for beta_, row in signed.iterrows():
        for alpha_, value in row.items():
            if not np.isfinite(value):
                continue
            ink = "black" if abs(value) > 0.6 * RATIO_LIMIT else "white"
            if len(alpha) <= _ANNOTATED:
                axes.text(alpha_, beta_, f"{value:z.2f}".replace("-", "−"), ha="center", va="center", fontsize=6, color=ink)
            if value < -STRONG:
                axes.plot(alpha_, beta_, "o", color=ink, mfc="none", mew=0.6, ms=120 / max(len(alpha), 5), zorder=3)
    return mesh
