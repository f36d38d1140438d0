"""The curvature map: extreme eigenvalues of the Hessian over a plane (Li et al. 2018, section 6)."""

import math

import torch

from optprimer import seeds
from optprimer.hessian.lanczos import extreme_eigenvalues
from optprimer.landscape.directions import Plane
from optprimer.landscape.hessian import HessianOperator
from optprimer.landscape.surface import Grid
from optprimer.progress import Progress


def curvature_row(
    hessian: HessianOperator, plane: Plane, grid: Grid, j: int, iterations: int, seed: int, bar: Progress
) -> list[dict[str, float | int]]:
    """Measure grid row ``j``; rows of tables.Curvature less the columns that are the same for all.

    Every point starts Lanczos from the same random vector, so that points differ in nothing but where they are.
    """
    alphas, betas = grid.coordinates(plane)
    d1, d2, beta = hessian.flat(plane.d1), hessian.flat(plane.d2), float(betas[j])
    rows = []
    for alpha in map(float, alphas):
        generator = torch.Generator().manual_seed(seeds.derive(seed, "lanczos"))
        operator = hessian.at(hessian.weights + alpha * d1 + beta * d2)
        found = extreme_eigenvalues(operator, hessian.dimension, iterations, generator, hessian.weights.device, torch.float32)
        largest = found.lambda_max
        rows.append(
            {"alpha": alpha, "beta": beta, "lambda_min": found.lambda_min, "lambda_max": largest}
            | {"ratio": abs(found.lambda_min / largest) if largest else math.nan}
            | {"residual": max(found.residual_min, found.residual_max), "iterations": found.iterations}
        )
        bar.add(1)
    return rows
