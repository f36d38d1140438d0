"""Random directions in weight space and the planes that they span (Li et al. 2018, section 4).

A plane file is a safetensors file that any program can read. For each direction seed k it holds the tensors
``seed{k}/d1/{parameter}`` and ``seed{k}/d2/{parameter}``, fp32, in the shapes of the parameters; parameters that do not move
are absent. Its metadata entry "optprimer" is JSON with ``directions`` (filter, layer, none or pca), ``extents`` (per seed:
the range of alpha and of beta to be drawn) and ``cosines`` (between d1 and d2; random directions are left as they fall).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from optprimer import seeds
from optprimer.errors import UserError
from optprimer.landscape.evaluator import Direction, moving_parameters
from optprimer.tensors import load_tensors, save_tensors

NORMALISATIONS = ("filter", "layer", "none")
Extent = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True)
class Plane:
    """Two directions and the ranges of their coefficients alpha and beta."""

    d1: Direction
    d2: Direction
    extent: Extent


def random_plane(network: nn.Module, seed: int, direction_seed: int, normalisation: str, reach: float) -> Plane:
    """Draw two independent Gaussian directions, normalise them, and let both coefficients run over [-reach, reach]."""
    d1, d2 = (
        random_direction(network, seeds.derive(seed, "direction", direction_seed, axis), normalisation) for axis in ("d1", "d2")
    )
    return Plane(d1, d2, ((-reach, reach), (-reach, reach)))


def random_direction(network: nn.Module, seed: int, normalisation: str) -> dict[str, Tensor]:
    """Draw a Gaussian direction over the weight matrices and filters of ``network``; biases and batch norms stay put.

    filter: each filter (leading index of a weight) gets the norm of the filter that it moves. layer: each tensor gets the norm
    of its weight. none: the direction as a whole gets the norm of the weights, so that 1 is as long a step in all three.
    Every parameter has a generator of its own, so two networks move alike where they are alike.
    """
    weights = {name: weight.cpu().float() for name, weight in moving_parameters(network).items()}
    direction = {}
    for name, weight in weights.items():
        generator = torch.Generator().manual_seed(seeds.derive(seed, *name.split("/")))
        direction[name] = torch.randn(weight.shape, generator=generator)
    if normalisation == "none":
        factor = _norm(weights) / _norm(direction)
        return {name: d * factor for name, d in direction.items()}
    if normalisation not in NORMALISATIONS:
        raise UserError(f"directions {normalisation!r}: allowed are {', '.join(NORMALISATIONS)}")
    for name, d in direction.items():
        axes = tuple(range(1, d.dim())) if normalisation == "filter" else tuple(range(d.dim()))
        lengths = torch.linalg.vector_norm(d, dim=axes, keepdim=True)
        direction[name] = d * (torch.linalg.vector_norm(weights[name], dim=axes, keepdim=True) / (lengths + 1e-10))
    return direction


def cosine(d1: Direction, d2: Direction) -> float:
    """Return the cosine of the angle between two directions over the same parameters."""
    product = sum(float((d1[name].double() * d2[name].double()).sum()) for name in d1)
    return product / (_norm(d1) * _norm(d2))


def save_planes(planes: Mapping[int, Plane], directions: str, path: Path) -> None:
    """Write the planes of several direction seeds to one file."""
    tensors = {}
    for k, plane in planes.items():
        tensors |= {f"seed{k}/d1/{name}": value for name, value in plane.d1.items()}
        tensors |= {f"seed{k}/d2/{name}": value for name, value in plane.d2.items()}
    extents = {str(k): plane.extent for k, plane in planes.items()}
    cosines = {str(k): cosine(plane.d1, plane.d2) for k, plane in planes.items()}
    save_tensors(path, tensors, {"directions": directions, "extents": extents, "cosines": cosines})


def load_planes(path: Path, wanted: Sequence[int]) -> tuple[str, dict[int, Plane]]:
    """Read the kind of directions and the planes of the ``wanted`` seeds.

    Raises:
        UserError: the file is missing or damaged, or lacks a seed.
    """
    try:
        tensors, metadata = load_tensors(path)
        directions, extents = metadata["directions"], metadata["extents"]
    except KeyError as error:
        raise UserError(f"{path}: not a file of directions ({error} is missing)") from None
    planes = {}
    for k in wanted:
        if str(k) not in extents:
            raise UserError(f"{path}: has no direction seed {k} (it has {', '.join(extents)})")
        d1, d2 = (
            {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
            for prefix in (f"seed{k}/d1/", f"seed{k}/d2/")
        )
        alpha, beta = extents[str(k)]
        planes[k] = Plane(d1, d2, (tuple(alpha), tuple(beta)))
    return directions, planes


def _norm(direction: Direction) -> float:
    return math.sqrt(sum(float(d.double().square().sum()) for d in direction.values()))
