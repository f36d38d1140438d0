"""Two independent looks at the evaluator: the loss-landscapes package, and the plain module in fp32.

loss-landscapes 3.0.6 (de Bernardi) is given our directions, for its own random ones are uniform rather than Gaussian. Its
plane samples are off by one step in every other column, which the coordinates below account for.
"""

import copy
import math
from collections.abc import Iterable

import loss_landscapes
import numpy as np
import pandas as pd
import torch
from loss_landscapes.metrics import Loss
from torch import nn

from optprimer import seeds
from optprimer.landscape.directions import Plane
from optprimer.landscape.evaluator import PlaneEvaluator, image_losses
from optprimer.landscape.images import Images
from optprimer.runtime import Runtime

Row = dict[str, float | int]


def displaced(network: nn.Module, plane: Plane, alpha: float, beta: float) -> nn.Module:
    """Copy ``network`` with its weights at w + alpha d1 + beta d2, the plain way: no folding, no shared buffer."""
    moved = copy.deepcopy(network).eval()
    with torch.no_grad():
        for name, parameter in moved.named_parameters():
            for factor, direction in ((alpha, plane.d1), (beta, plane.d2)):
                if name in direction:
                    parameter += factor * direction[name].to(parameter)
    return moved


def against_loss_landscapes(network: nn.Module, plane: Plane, points: int, images: Images, runtime: Runtime) -> list[Row]:
    """Measure the same points x points grid both ways, in fp32; rows of tables.Crosscheck less the common columns."""
    (left, right), (low, high) = plane.extent
    corner = displaced(network, plane, left, low)
    found = loss_landscapes.planar_interpolation(
        corner,
        displaced(network, plane, right, low),
        displaced(network, plane, left, high),
        Loss(nn.CrossEntropyLoss(), images.inputs, images.labels),
        points,
        deepcopy_model=True,
    )
    evaluate = PlaneEvaluator(network, plane.d1, plane.d2, runtime, images.inputs[:2])
    rows: list[Row] = []
    for i in range(points):
        for j in range(points):
            # It walks the plane like a plough: on the way up (even i) it steps before it measures.
            alpha = left + (right - left) * i / points
            beta = low + (high - low) * (j + 1 if i % 2 == 0 else j) / points
            ours, theirs = evaluate(alpha, beta, images, len(images)), float(found[i][j])
            rows.append(
                {"point": i * points + j, "alpha": alpha, "beta": beta, "loss": ours.loss, "n": ours.n}
                | {"loss_landscapes": theirs, "relative_difference": relative_difference(ours.loss, theirs)}
            )
    return rows


def spot_points(grid: Iterable[tuple[float, float]], seed: int) -> list[tuple[float, float]]:
    """Choose the points of a surface that are measured again: the corners, the point nearest 0, 0, and four at random."""
    points = sorted(grid)
    alphas, betas = [a for a, _ in points], [b for _, b in points]
    corners = {(a, b) for a in (min(alphas), max(alphas)) for b in (min(betas), max(betas))} & set(points)
    centre = min(points, key=lambda p: (p[0] ** 2 + p[1] ** 2, p))
    rest = [p for p in points if p not in corners and p != centre]
    drawn = np.random.default_rng(seed).choice(len(rest), size=min(4, len(rest)), replace=False)
    return sorted({centre, *corners, *(rest[i] for i in drawn)})


def spot_check(
    network: nn.Module, planes: dict[str, dict[int, Plane]], surfaces: pd.DataFrame, images: Images, batch: int, seed: int
) -> pd.DataFrame:
    """Measure spot points of every surface again with the plain module in fp32, on the same images.

    Args:
        network: the network of all the ``surfaces``, in evaluation mode.
        planes: by kind of directions and by direction seed.
        surfaces: rows of tables.Surface.
        images: the sample that the surfaces were measured on, fp32.
        batch: images per forward pass.
        seed: global seed; it chooses the random points.

    Returns:
        Rows of tables.Precision.
    """
    parts = []
    for (name, kind, k), surface in surfaces.groupby(["surface", "directions", "direction_seed"]):
        grid = zip(surface["alpha"], surface["beta"], strict=True)
        chosen = spot_points(grid, seeds.derive(seed, "spot", name, k))
        spots = surface.set_index(["alpha", "beta"]).loc[chosen].reset_index()
        plane = planes[kind][k]
        spots["loss_fp32"] = [image_losses(displaced(network, plane, a, b), images, batch).loss for a, b in chosen]
        spots["relative_difference"] = [
            relative_difference(ours, plain) for ours, plain in zip(spots["loss"], spots["loss_fp32"], strict=True)
        ]
        parts.append(spots)
    return pd.concat(parts, ignore_index=True)


def relative_difference(a: float, b: float) -> float:
    """|a - b| / |b|; NaN where either is not finite."""
    return abs(a - b) / abs(b) if math.isfinite(a) and math.isfinite(b) and b else math.nan
