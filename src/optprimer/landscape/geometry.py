"""What the eye sees on a loss surface, as numbers: walls, wrinkles, pits, and the room around the solution.

Li et al. 2018 (arXiv 1712.09913) call a landscape chaotic or well behaved by its picture; claim I2 needs the words measured.
All measures were fixed before the reference runs. Where they concern its shape, they read the picture that is drawn,
z = ln(loss + 0.1). A point whose loss is not finite has diverged: it lies above every finite point, by an unknown amount.
"""

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from scipy import ndimage

from optprimer.errors import UserError
from optprimer.landscape.tables import Geometry

OFFSET = 0.1  # nats added under the logarithm, as in the published renderings (upstream h52vtp.py)
CLIMB = 1.0  # nats above the loss at the centre that bound the sublevel set
RANDOM_DIRECTIONS = ("filter", "layer", "none")


@dataclass(frozen=True)
class GeometryMeasures:
    """Measures of one grid of ``points`` x ``points``; NaN where the finite points do not determine one.

    Attributes:
        points: side of the grid. Second differences and counts depend on it: compare grids of equal side and range.
        roughness: mean of |z[i-1] - 2 z[i] + z[i+1]| over all triples of finite neighbours along both axes, not divided by
            the step: a smooth surface gives about step² times its mean |curvature|, a wrinkle as fine as the grid about
            four times its amplitude.
        local_minima: points strictly below each of their up to 8 neighbours; those on the border count with what they have.
        sublevel_width: side of the square with the area of the basin, in units of the directions: the points with
            loss <= centre_loss + 1 nat that are connected to the centre along grid lines (a diagonal step does not cross a
            wall). The same climb for every network, whatever the loss it starts from: a level at a multiple of the centre's
            loss would shrink to nothing as training goes on (c + k r²/2 = 2c at r² = 2c/k) and so measure training rather
            than shape. For a network trained below 1 nat the level is below ln 10, the loss of guessing one of ten classes,
            so a plateau of guesses is no basin. Resolution is the step, and at most the whole square counts.
        loss_range: max z - min z.
        negative_share: share of the second differences of the loss itself (triples as for roughness) that are below zero;
            0 on a surface that is convex along both axes.
        centre_loss: loss at the trained weights, in nats.
        largest_loss: largest finite loss, in nats.
        missing: points whose loss is not finite.
    """

    points: int
    roughness: float
    local_minima: int
    sublevel_width: float
    loss_range: float
    negative_share: float
    centre_loss: float
    largest_loss: float
    missing: int


def geometry_table(surface: pd.DataFrame, points: int) -> pd.DataFrame:
    """Measure every surface along random directions of ``surface`` (rows of tables.Surface); return rows of tables.Geometry.

    Each is measured on its own grid and, where that is finer than ``points`` x ``points``, thinned to that common grid too.

    Raises:
        UserError: a surface lacks grid points, is not square around (0, 0), or cannot be thinned to ``points``; names it.
    """
    rows = []
    random = surface[surface["directions"].isin(RANDOM_DIRECTIONS)]
    identity = ["data", "net", "surface", "directions", "direction_seed"]
    for values, frame in random.groupby(identity):
        row = dict(zip(identity, values, strict=True))
        try:
            grids = [frame] if frame["alpha"].nunique() <= points else [thin(frame, points), frame]
            rows += [row | asdict(measure(grid)) for grid in grids]
        except UserError as error:
            where = f"{row['net']}, surface {row['surface']}, direction seed {row['direction_seed']}"
            raise UserError(f"{where}: {error}") from None
    return pd.DataFrame(rows, columns=list(Geometry.to_schema().columns)).assign(common=lambda frame: frame["points"] == points)


def thin(frame: pd.DataFrame, points: int) -> pd.DataFrame:
    """Return the rows of every k-th grid line along both axes: a grid of ``points`` x ``points`` over the same square.

    Args:
        frame: columns alpha and beta (and any others), one row per point of a square grid.
        points: side of the coarser grid; at least 2.

    Raises:
        UserError: the grid has no k that leaves ``points``.
    """
    axis = np.unique(frame[["alpha", "beta"]])
    step, rest = divmod(len(axis) - 1, points - 1)
    if rest or not step:
        raise UserError(f"a grid of {len(axis)} points a side cannot be thinned to {points}")
    kept = axis[::step]
    return frame[frame["alpha"].isin(kept) & frame["beta"].isin(kept)]


def measure(frame: pd.DataFrame) -> GeometryMeasures:
    """Measure one surface.

    Args:
        frame: columns alpha, beta, loss; one row per point of a square, evenly spaced grid around (0, 0), in any order.

    Raises:
        UserError: the rows are not such a grid; names a missing point.
    """
    axis, loss = _grid(frame)
    points = len(axis)
    centre = points // 2, points // 2
    finite = np.isfinite(loss)
    height = np.log(loss + OFFSET)
    bends, loss_bends = _second_differences(height), _second_differences(loss)
    return GeometryMeasures(
        points=points,
        roughness=_mean(np.abs(bends)),
        local_minima=_local_minima(loss),
        sublevel_width=_basin_width(loss, centre, axis[1] - axis[0]),
        loss_range=float(np.ptp(height[finite])) if finite.any() else np.nan,
        negative_share=_mean(loss_bends < 0),
        centre_loss=float(loss[centre]),
        largest_loss=float(loss[finite].max()) if finite.any() else np.nan,
        missing=int((~finite).sum()),
    )


def _grid(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the axis (n,) that alpha and beta share and the losses (n, n) at [beta, alpha]; NaN where not finite."""
    axis = np.unique(frame[["alpha", "beta"]])
    table = frame.set_index(["beta", "alpha"])["loss"]
    grid = pd.MultiIndex.from_product([axis, axis], names=["beta", "alpha"])
    absent = grid.difference(table.index)
    if len(absent):
        beta, alpha = absent[0]
        raise UserError(f"{len(absent)} of {len(grid)} grid points are absent, the first at alpha {alpha}, beta {beta}")
    steps = np.diff(axis)
    if len(axis) < 3 or not np.allclose(steps, steps[0]) or abs(axis[len(axis) // 2]) > 1e-9 * steps[0]:
        raise UserError(f"not an evenly spaced grid around 0 with at least 3 points a side: {axis.tolist()}")
    loss = table.reindex(grid).to_numpy(dtype=float).reshape(len(axis), len(axis))
    return axis, np.where(np.isfinite(loss), loss, np.nan)


def _second_differences(values: np.ndarray) -> np.ndarray:
    """Return v[i-1] - 2 v[i] + v[i+1] of all finite triples along both axes, as one vector."""
    differences = np.concatenate([np.diff(values, 2, axis=axis).ravel() for axis in (0, 1)])
    return differences[np.isfinite(differences)]


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else np.nan


def _local_minima(loss: np.ndarray) -> int:
    around = np.ones((3, 3), dtype=bool)
    around[1, 1] = False
    raised = np.where(np.isnan(loss), np.inf, loss)
    lowest_neighbour = ndimage.minimum_filter(raised, footprint=around, mode="constant", cval=np.inf)
    return int((raised < lowest_neighbour).sum())


def _basin_width(loss: np.ndarray, centre: tuple[int, int], step: float) -> float:
    if np.isnan(loss[centre]):
        return np.nan
    basins, _ = ndimage.label(loss <= loss[centre] + CLIMB)
    return float(np.sqrt((basins == basins[centre]).sum()) * step)
