"""The measurements of a landscape as tables: the workflow's rules and ``optprimer landscape`` both go through here.

Every function takes a network, planes and a sample of images and returns the rows of one table, less the columns that name
the data and the network. ``rows`` selects grid rows, so that jobs can share a landscape; ``log`` lets a killed job continue.
"""

from collections.abc import Callable, Sequence

import pandas as pd
from torch import nn

from optprimer.landscape.curvature import curvature_row
from optprimer.landscape.directions import Plane
from optprimer.landscape.hessian import HessianOperator
from optprimer.landscape.images import Images
from optprimer.landscape.surface import Grid, RowEvaluator, line_rows, surface_rows
from optprimer.progress import Progress
from optprimer.rowlog import RowLog, Rows
from optprimer.runtime import Runtime

BATCH_SIZE = 250


def surface_table(
    network: nn.Module,
    planes: dict[int, Plane],
    points: int,
    images: Images,
    runtime: Runtime,
    batch_size: int = BATCH_SIZE,
    rows: Sequence[int] | None = None,
    log: RowLog | None = None,
) -> pd.DataFrame:
    """Measure the loss on a ``points`` x ``points`` grid of each plane.

    Args:
        network: any module from (n, C, H, W) to logits, in evaluation mode.
        planes: by direction seed.
        points: grid points per side; odd, so that the grid holds the trained network.
        images: the sample, in the runtime's dtype.
        runtime: device and precision.
        batch_size: images per forward pass.
        rows: which grid rows, numbered through the planes; all if not given.
        log: from which to continue, and where to note finished rows.
    """
    evaluator = RowEvaluator(network, planes, Grid(points, points), [images], runtime, batch_size)
    rows = range(points * len(planes)) if rows is None else rows
    bar = Progress("surface", len(rows) * points * len(images), "images")
    return _table(rows, log, lambda r: surface_rows(evaluator.row(r, bar)), bar).assign(precision=runtime.precision)


def line_table(
    network: nn.Module,
    planes: dict[int, Plane],
    points: int,
    images: Images,
    test_images: Images | None,
    runtime: Runtime,
    batch_size: int = BATCH_SIZE,
    rows: Sequence[int] | None = None,
    log: RowLog | None = None,
) -> pd.DataFrame:
    """Measure training and test loss at ``points`` values of alpha along the first direction of each plane (a row each).

    Without ``test_images`` the test columns are NaN and ``n_test`` is 0.
    """
    samples = [images] if test_images is None else [images, test_images]
    evaluator = RowEvaluator(network, planes, Grid(points, 1), samples, runtime, batch_size)
    rows = range(len(planes)) if rows is None else rows
    bar = Progress("line", len(rows) * points * sum(map(len, samples)), "images")
    return _table(rows, log, lambda r: line_rows(evaluator.row(r, bar)), bar).assign(precision=runtime.precision)


def curvature_table(
    network: nn.Module,
    plane: Plane,
    points: int,
    images: Images,
    iterations: int,
    seed: int,
    rows: Sequence[int] | None = None,
    log: RowLog | None = None,
) -> pd.DataFrame:
    """Measure the Hessian's extreme eigenvalues on a ``points`` x ``points`` grid by ``iterations`` Lanczos steps.

    ``images`` must be fp32; ``seed`` fixes the first Lanczos vector.
    """
    hessian, grid = HessianOperator(network, images), Grid(points, points)
    rows = range(points) if rows is None else rows
    bar = Progress("curvature", len(rows) * points, "points")
    table = _table(rows, log, lambda j: curvature_row(hessian, plane, grid, j, iterations, seed, bar), bar)
    return table.assign(n=len(images))


def _table(rows: Sequence[int], log: RowLog | None, compute: Callable[[int], Rows], bar: Progress) -> pd.DataFrame:
    if log is not None:
        bar.skip(len(log.finished().keys() & set(rows)) * bar.total / max(1, len(rows)))
    parts = map(compute, rows) if log is None else log.resumed(rows, compute)
    return pd.DataFrame([row for part in parts for row in part])
