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
from scipy.ndimage import map_coordinates

from optprimer.figures.grids import OFFSET, Grid, height
from optprimer.figures.style import LOSS_MAP

BOX = (1.0, 1.0, 0.72)  # proportions of the drawn box: alpha, beta, height
_FACETS = 180  # facets along each side of the surface, at least
_MESH = 120  # the same where colours are interpolated between vertices
_RISE = 0.01  # of the scale of heights: facets of steep cells rise no more, or the steps of their colours show as terraces
_FINEST = 4  # times the facets of a level cell, at most
_LIGHT = np.array([-0.45, -0.55, 0.70])  # direction to the light, in the drawn box
_AMBIENT, _GLOSS, _SHININESS = 0.6, 0.06, 30
LID = (0.6, 0.6, 0.6, 0.16)  # where the surface is cut off: grey and see-through, to be taken for no measurement


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
    slope_x, slope_y = _slopes(grid, z, scale)
    x, y = np.meshgrid(grid.alpha, grid.beta)
    refinement = _refinement(z, scale, cap)
    facets, lit = [np.empty((0, 4, 3))], [np.empty((3, 0))]
    for parts in np.unique(refinement[refinement > 0]):
        edges = np.arange(parts + 1) / parts
        middles = (edges[:-1] + edges[1:]) / 2
        cells = refinement == parts
        at = np.stack([_bilinear(field, cells, edges) for field in (x, y, z)], axis=-1)
        facets.append(np.stack([at[:, :-1, :-1], at[:, :-1, 1:], at[:, 1:, 1:], at[:, 1:, :-1]], axis=3).reshape(-1, 4, 3))
        lit.append(np.stack([_bilinear(field, cells, middles).ravel() for field in (z, slope_x, slope_y)]))
    corners = np.concatenate(facets)
    colours = _lit(*np.concatenate(lit, axis=1), scale)
    lid = (corners[:, :, 2] >= height(cap)).all(axis=1)
    colours[lid] = LID
    corners[:, :, 2] = np.minimum(corners[:, :, 2], height(cap))
    return Relief(corners, colours)


def add_relief(axes: Axes3D, surface: Relief) -> Poly3DCollection:
    """Draw ``surface``; in PDF and SVG it is an image, since tens of thousands of facets would make slow, heavy files."""
    # Edges of the facets' own colour close the seams between them; on see-through facets they would show as a mesh.
    edges = np.where(surface.colours[:, 3:] < 1, 0.0, surface.colours)
    facets = Poly3DCollection(surface.corners, facecolors=surface.colours, edgecolors=edges, linewidths=0.25, rasterized=True)
    axes.add_collection3d(facets, autolim=False)
    return facets


@dataclass(frozen=True)
class Mesh:
    """A surface on one net of vertices, for a renderer that interpolates colours between them; cut apart at the cap.

    ``at`` (3, rows, columns) in alpha, beta and height; ``colours`` (rows, columns, 3); ``loss`` and ``accuracy`` are
    interpolated. ``surface`` and ``lid`` (rows - 1, columns - 1) tell which facets between vertices belong to which.
    """

    at: NDArray[np.float64]
    colours: NDArray[np.float64]
    loss: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    surface: NDArray[np.bool_]
    lid: NDArray[np.bool_]


def mesh(grid: Grid, scale: Normalize, cap: float) -> Mesh:
    """Return the surface of ``relief``, in the same colours and light, as one net of vertices.

    Vertices above ``cap`` next to one below it move to where the surface crosses the cap, so that the rim is a smooth line.
    """
    z = height(grid.loss)
    parts = _parts(z.shape, _MESH)
    lines = np.meshgrid(*(np.arange((side - 1) * parts + 1) / parts for side in z.shape), indexing="ij")
    x, y, fine, slope_x, slope_y, accuracy = (
        map_coordinates(np.where(np.isfinite(field), field, 0), lines, order=1, mode="nearest")
        for field in (*np.meshgrid(grid.alpha, grid.beta), z, *_slopes(grid, z, scale), grid.accuracy)
    )
    whole = np.isfinite(_corners(z)).all(axis=0).repeat(parts, axis=0).repeat(parts, axis=1)
    below = (_corners(fine) < height(cap)).any(axis=0)
    colours = _lit(*(field.ravel() for field in (fine, slope_x, slope_y)), scale)[:, :3].reshape(*fine.shape, 3)
    measured = np.where(_corners(np.pad(whole, 1)).any(axis=0), fine, height(cap))  # no rim towards a gap
    at = np.stack([*_to_rim(np.stack([x, y]), measured, height(cap)), np.minimum(fine, height(cap))])
    return Mesh(at, colours, np.exp(fine) - OFFSET, accuracy, surface=whole & below, lid=whole & ~below)


def _corners(field: NDArray) -> NDArray:
    """Return the four corners of every cell of ``field``: (4, ny - 1, nx - 1)."""
    return np.stack([field[:-1, :-1], field[:-1, 1:], field[1:, :-1], field[1:, 1:]])


def _slopes(grid: Grid, z: NDArray[np.float64], scale: Normalize) -> NDArray[np.float64]:
    """Return the slopes of ``z`` along alpha and beta as drawn: the box stretches alpha, beta and height differently."""
    slope_y, slope_x = np.nan_to_num(np.gradient(z, grid.beta, grid.alpha))
    stretch = BOX[2] / _span(scale)
    return stretch * np.stack([slope_x * np.ptp(grid.alpha) / BOX[0], slope_y * np.ptp(grid.beta) / BOX[1]])


def _span(scale: Normalize) -> float:
    """Return the range of heights; 1 where all heights are equal and any range will do."""
    return scale.vmax - scale.vmin or 1.0


def _parts(shape: tuple[int, ...], facets: int) -> int:
    """Return into how many parts each side of a cell is cut for a grid of ``shape`` points to have ``facets`` along it."""
    return -(-facets // max(side - 1 for side in shape))


def _refinement(z: NDArray[np.float64], scale: Normalize, cap: float) -> NDArray[np.int_]:
    """Return into how many facets along each side each cell is cut; 0 where a corner is missing or not finite."""
    corners = _corners(z)
    whole = np.isfinite(corners).all(axis=0)
    rise = np.where(whole, np.ptp(np.minimum(np.where(np.isfinite(corners), corners, 0), height(cap)), axis=0), 0)
    parts = _parts(z.shape, _FACETS)
    steep = np.clip(np.ceil(rise / (_RISE * _span(scale)) / parts), 1, _FINEST)
    return np.where(whole, parts * steep.astype(int), 0)


def _bilinear(field: NDArray[np.float64], cells: NDArray[np.bool_], at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Interpolate ``field`` (ny, nx) within each of ``cells`` at the fractions ``at``: (cells, len(at), len(at))."""
    low_low, low_high, high_low, high_high = (corner[cells][:, None, None] for corner in _corners(field))
    t, s = at[:, None], at[None, :]  # t along beta, s along alpha
    return (1 - t) * ((1 - s) * low_low + s * low_high) + t * ((1 - s) * high_low + s * high_high)


def _to_rim(at: NDArray[np.float64], z: NDArray[np.float64], level: float) -> NDArray[np.float64]:
    """Move every vertex above ``level`` towards its nearest crossing on the way to one of up to 8 neighbours below."""
    rows, columns = z.shape
    around = np.pad(z, 1, constant_values=np.inf)  # nothing beyond the border is below
    places = np.pad(at, ((0, 0), (1, 1), (1, 1)))
    moved, nearest = at.copy(), np.full(z.shape, np.inf)
    for row, column in ((0, 1), (1, 0), (1, 2), (2, 1), (0, 0), (0, 2), (2, 0), (2, 2)):
        there = (slice(row, row + rows), slice(column, column + columns))
        crossed = (z >= level) & (around[there] < level)
        share = np.zeros_like(z)
        with np.errstate(invalid="ignore"):  # a missing point, infinitely high, has no crossing: NaN, and never nearest
            share[crossed] = (z[crossed] - level) / (z[crossed] - around[there][crossed])
        way = share * (places[:, *there] - at)
        length = np.hypot(*way)
        closer = crossed & (length < nearest)
        moved, nearest = np.where(closer, at + way, moved), np.where(closer, length, nearest)
    return moved


def _lit(
    z: NDArray[np.float64], slope_x: NDArray[np.float64], slope_y: NDArray[np.float64], scale: Normalize
) -> NDArray[np.float64]:
    """Return the colours (m, 4) of places of heights ``z`` (m,) and slopes as drawn."""
    colours = colormaps[LOSS_MAP](scale(z))
    normals = np.stack([-slope_x, -slope_y, np.ones_like(z)], axis=-1)
    normals = normals / np.linalg.norm(normals, axis=-1, keepdims=True)
    light = _LIGHT / np.linalg.norm(_LIGHT)
    incidence = np.clip(normals @ light, 0, 1)[:, None]
    # Blinn's highlight, seen from above; the same constants in every panel, so brightness can be compared.
    upward = light + np.array([0, 0, 1])
    halfway = upward / np.linalg.norm(upward)
    highlight = np.clip(normals @ halfway, 0, 1)[:, None] ** _SHININESS
    shaded = colours[:, :3] * (_AMBIENT + (1.05 - _AMBIENT) * incidence) + _GLOSS * highlight
    return np.column_stack([np.clip(shaded, 0, 1), colours[:, 3]])
