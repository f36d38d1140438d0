"""A surface as lit facets in three dimensions.

Between measured points ln(loss + 0.1) is bilinear: each cell of the grid is drawn as facets on its own four points, so
nothing is smoothed away or invented. Only the light is interpolated further, from the slopes at the points (Phong 1975).
"""

from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import Normalize
from mpl_toolkits.mplot3d import Axes3D
from mpl_toolkits.mplot3d.art3d import Poly3DCollection
from numpy.typing import NDArray

from optprimer.figures.grids import Grid, height
from optprimer.figures.style import LOSS_MAP

BOX = (1.0, 1.0, 0.72)  # proportions of the drawn box: alpha, beta, height
_FACETS = 180  # facets along each side of the surface, at least
_LIGHT = np.array([-0.45, -0.55, 0.70])  # direction to the light, in the drawn box
_AMBIENT, _GLOSS, _SHININESS = 0.6, 0.06, 30
_LID = (0.6, 0.6, 0.6, 0.16)  # where the surface is cut off: grey and see-through, to be taken for no measurement


@dataclass(frozen=True)
class Relief:
    """Facets of a surface: ``corners`` (m, 4, 3) in alpha, beta and height; ``colours`` (m, 4), red to alpha."""

    corners: NDArray[np.float64]
    colours: NDArray[np.float64]


def relief(grid: Grid, scale: Normalize, cap: float) -> Relief:
    """Return the lit facets of ``grid``, heights being ln(min(loss, cap) + 0.1) and colours following ``scale``.

    Facets above ``cap`` form a see-through lid. A cell with a point that is missing or not finite is left open.
    """
    z = height(grid.loss)
    slope_y, slope_x = np.nan_to_num(np.gradient(z, grid.beta, grid.alpha))
    x, y = np.meshgrid(grid.alpha, grid.beta)
    whole = np.isfinite(z[:-1, :-1] + z[:-1, 1:] + z[1:, :-1] + z[1:, 1:])
    parts = -(-_FACETS // max(whole.shape))
    edges = np.arange(parts + 1) / parts
    middles = (edges[:-1] + edges[1:]) / 2

    vertices = np.stack([_bilinear(field, whole, edges) for field in (x, y, z)], axis=-1)
    corners = np.stack([vertices[:, :-1, :-1], vertices[:, :-1, 1:], vertices[:, 1:, 1:], vertices[:, 1:, :-1]], axis=3)
    corners = corners.reshape(-1, 4, 3)
    z_middle, dx, dy = (_bilinear(field, whole, middles).ravel() for field in (z, slope_x, slope_y))

    # Slopes as drawn: the box stretches alpha, beta and height differently.
    stretch = BOX[2] / (scale.vmax - scale.vmin)
    rise_x, rise_y = dx * stretch * np.ptp(grid.alpha) / BOX[0], dy * stretch * np.ptp(grid.beta) / BOX[1]
    colours = _lit(colormaps[LOSS_MAP](scale(z_middle)), np.stack([-rise_x, -rise_y, np.ones_like(dx)], axis=-1))
    lid = (corners[:, :, 2] >= height(cap)).all(axis=1)
    colours[lid] = _LID
    corners[:, :, 2] = np.minimum(corners[:, :, 2], height(cap))
    return Relief(corners, colours)


def add_relief(axes: Axes3D, surface: Relief) -> Poly3DCollection:
    """Draw ``surface``; in PDF and SVG it is an image, since tens of thousands of facets would make slow, heavy files."""
    # Edges of the facets' own colour close the seams between them; on see-through facets they would show as a mesh.
    edges = np.where(surface.colours[:, 3:] < 1, 0.0, surface.colours)
    facets = Poly3DCollection(surface.corners, facecolors=surface.colours, edgecolors=edges, linewidths=0.25, rasterized=True)
    axes.add_collection3d(facets, autolim=False)
    return facets


def _bilinear(field: NDArray[np.float64], whole: NDArray[np.bool_], at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Interpolate ``field`` (ny, nx) within each ``whole`` cell at the fractions ``at``: (cells, len(at), len(at))."""
    low_low, low_high, high_low, high_high = (
        corner[whole][:, None, None] for corner in (field[:-1, :-1], field[:-1, 1:], field[1:, :-1], field[1:, 1:])
    )
    t, s = at[:, None], at[None, :]  # t along beta, s along alpha
    return (1 - t) * ((1 - s) * low_low + s * low_high) + t * ((1 - s) * high_low + s * high_high)


def _lit(colours: NDArray[np.float64], normals: NDArray[np.float64]) -> NDArray[np.float64]:
    normals = normals / np.linalg.norm(normals, axis=-1, keepdims=True)
    light = _LIGHT / np.linalg.norm(_LIGHT)
    incidence = np.clip(normals @ light, 0, 1)[:, None]
    # Blinn's highlight, seen from above; the same constants in every panel, so brightness can be compared.
    upward = light + np.array([0, 0, 1])
    halfway = upward / np.linalg.norm(upward)
    highlight = np.clip(normals @ halfway, 0, 1)[:, None] ** _SHININESS
    shaded = colours[:, :3] * (_AMBIENT + (1.05 - _AMBIENT) * incidence) + _GLOSS * highlight
    return np.column_stack([np.clip(shaded, 0, 1), colours[:, 3]])
