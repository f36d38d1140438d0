"""Rows of a surface table as arrays, and the scale on which losses are drawn."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import Normalize
from numpy.typing import ArrayLike, NDArray

from optprimer.errors import UserError

CAP = 100.0  # nats: higher losses are drawn at this height, and counted in the caption
OFFSET = 0.1  # losses are drawn as ln(loss + OFFSET), as in Li et al. 2018 (their h52vtp.py --log)


@dataclass(frozen=True)
class Grid:
    """One surface. Arrays have shape (ny, nx), beta along the rows; points that were not measured are NaN."""

    net: str
    direction_seed: int
    alpha: NDArray[np.float64]  # (nx,)
    beta: NDArray[np.float64]  # (ny,)
    loss: NDArray[np.float64]
    accuracy: NDArray[np.float64]

    def centre(self) -> tuple[float, float]:
        """Return the loss and the accuracy at the point nearest to alpha = beta = 0, the trained weights."""
        row, column = np.abs(self.beta).argmin(), np.abs(self.alpha).argmin()
        return self.loss[row, column], self.accuracy[row, column]

    def clipped(self, cap: float = CAP) -> int:
        """Count the points whose loss is above ``cap``."""
        return int((self.loss > cap).sum())

    def missing(self) -> int:
        """Count the points without a finite loss."""
        return int((~np.isfinite(self.loss)).sum())


def pivot(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return ``column`` as a table with beta down the rows and alpha along the columns, both ascending."""
    return rows.pivot(index="beta", columns="alpha", values=column)


def grid(rows: pd.DataFrame) -> Grid:
    """Return the rows of one net, surface and direction seed as arrays."""
    loss, accuracy = pivot(rows, "loss"), pivot(rows, "accuracy")
    first = rows.iloc[0]
    return Grid(
        net=first["net"],
        direction_seed=int(first["direction_seed"]),
        alpha=loss.columns.to_numpy(float),
        beta=loss.index.to_numpy(float),
        loss=loss.to_numpy(float),
        accuracy=accuracy.to_numpy(float),
    )


def finest(surface: pd.DataFrame, directions: str) -> pd.DataFrame:
    """Select, for every net and direction seed, the surface with the most points among those along ``directions``.

    Raises:
        UserError: the table has no such surface.
    """
    rows = surface[surface["directions"] == directions]
    if rows.empty:
        raise UserError(f"surface.csv has no surface along {directions} directions")
    sizes = rows.groupby(["net", "direction_seed", "surface"]).size()
    best = sizes.groupby(["net", "direction_seed"]).idxmax()
    keys = pd.MultiIndex.from_frame(rows[["net", "direction_seed", "surface"]])
    return rows[keys.isin(best.to_list())]


def largest(surface: pd.DataFrame, directions: str) -> pd.DataFrame:
    """Select the one direction seed whose surfaces along ``directions`` have the most points; of equals, the lowest."""
    rows = finest(surface, directions)
    sizes = rows.groupby("direction_seed").size()
    return rows[rows["direction_seed"] == sizes.idxmax()]


def height(loss: ArrayLike, cap: float = np.inf) -> NDArray[np.float64]:
    """Return ln(min(loss, cap) + 0.1); NaN stays NaN."""
    return np.log(np.minimum(np.asarray(loss, float), cap) + OFFSET)


def height_limits(losses: list[NDArray[np.float64]], cap: float = np.inf) -> Normalize:
    """Return the scale of heights that all ``losses`` share, from the smallest to the largest finite one, or 1 above it."""
    heights = np.concatenate([height(loss, cap).ravel() for loss in losses])
    finite = heights[np.isfinite(heights)]
    if not finite.size:
        return Normalize(height(0.0), height(cap))
    low, high = finite.min(), finite.max()
    return Normalize(low, high if high - low > 1e-9 else low + 1)  # a flat surface has no scale of its own


def ticks_of(scale: Normalize, cap: float = np.inf) -> tuple[list[float], list[str]]:
    """Return heights to mark on ``scale`` and their losses: powers of ten and, where losses are clipped, the cap."""
    losses = [10.0**exponent for exponent in range(-1, 40) if scale.vmin <= height(10.0**exponent) <= scale.vmax]
    losses = losses[:: 1 + len(losses) // 8]
    clips = bool(np.isclose(scale.vmax, height(cap)))
    if clips:
        losses = [*(loss for loss in losses if loss < cap), cap]
    names = [f"{loss:g}" for loss in losses]
    if clips:
        names[-1] = f"{cap:g}+"  # not "≥": matplotlib 3.11 turns that glyph where other text is rotated
    return height(losses).tolist(), names


def loss_ticks(axis: Axis, scale: Normalize, cap: float = np.inf) -> None:
    """Mark an axis of heights with the losses they stand for."""
    heights, names = ticks_of(scale, cap)
    axis.set_ticks(heights, labels=names)
    axis.minorticks_off()


def square(axes: Axes, *, labelled_x: bool = True, labelled_y: bool = True) -> None:
    """Give a plane of directions equal scales and the names of its coordinates."""
    axes.set_aspect("equal")
    axes.set_xlabel("α" if labelled_x else "")
    axes.set_ylabel("β" if labelled_y else "")
