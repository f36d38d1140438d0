"""The plane in which a training run moves most: principal components of its checkpoints (Li et al. 2018, section 7).

As upstream's plot_trajectory.py with scikit-learn's PCA(2), the components describe variation about the *mean* checkpoint,
while the plane is drawn through the last one, so that its origin is the end of training.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from optprimer.errors import UserError

COLUMNS_PER_BLOCK = 1 << 16  # weights that are held in float64 at a time


@dataclass(frozen=True)
class PrincipalPlane:
    """A plane through the last of n checkpoints of p weights, and where the others lie; all float64, lengths in weights.

    Attributes:
        directions: (2, p), orthonormal. Signs are such that the first checkpoint has coordinates >= 0.
        variance_shares: shares in [0, 1] of the variance about the mean checkpoint along either direction.
        coordinates: (n, 2), of the shadows of the checkpoints on the plane; the last is (0, 0).
        displacement: (n,), |theta_i - theta_n|.
        off_plane: (n,), distances of the checkpoints from the plane: displacement² = |coordinates|² + off_plane².
    """

    directions: Tensor
    variance_shares: tuple[float, float]
    coordinates: Tensor
    displacement: Tensor
    off_plane: Tensor


def principal_plane(checkpoints: Tensor) -> PrincipalPlane:
    """Fit the plane of the first two principal components of ``checkpoints`` (n >= 2, p >= 2), the last its origin.

    The components come from the n x n Gram matrix X X' of the centred rows: if X X' v = s² v, then X' v / s is one and s²
    its variance, times n. Nothing of size p x p is formed; arithmetic is in float64, a block of weights at a time.

    Checkpoints on one line, or two of them, or all the same, leave directions undetermined. A component below the rounding
    of the first (relative sqrt(n eps)) is replaced by the coordinate axis that is farthest from the other direction, made
    orthogonal to it: a unit vector along which nothing varies.

    Raises:
        UserError: a checkpoint holds weights that are not finite.
    """
    n = len(checkpoints)
    gram = sum(block @ block.T for block in map(_centred, _displacements(checkpoints)))
    if not gram.isfinite().all():
        raise UserError("checkpoints of a diverged run, with weights that are not finite, have no principal plane")
    values, vectors = torch.linalg.eigh(gram)
    largest_first = vectors.flip(1)[:, :2]
    combined = torch.cat([largest_first.T @ _centred(block) for block in _displacements(checkpoints)], dim=1)
    threshold = (n * torch.finfo(torch.float64).eps * values[-1].clamp(min=0)).sqrt()
    directions = _orthonormal(combined, threshold)

    coordinates = sum(block @ part.T for block, part in zip(_displacements(checkpoints), _blocks(directions), strict=True))
    signs = torch.where(coordinates[0] < 0, -1.0, 1.0).to(directions)
    directions, coordinates = signs[:, None] * directions, signs * coordinates

    squares = torch.zeros(2, n, dtype=torch.float64, device=checkpoints.device)
    for block, part in zip(_displacements(checkpoints), _blocks(directions), strict=True):
        squares[0] += block.square().sum(1)
        squares[1] += (block - coordinates @ part).square().sum(1)
    displacement, off_plane = squares.sqrt()
    return PrincipalPlane(directions, _shares(values), coordinates, displacement, off_plane)


def _blocks(matrix: Tensor) -> Iterator[Tensor]:
    return iter(matrix.split(COLUMNS_PER_BLOCK, dim=1))


def _displacements(checkpoints: Tensor) -> Iterator[Tensor]:
    return (block.double() - block[-1].double() for block in _blocks(checkpoints))


def _centred(block: Tensor) -> Tensor:
    return block - block.mean(0)


def _orthonormal(combined: Tensor, threshold: Tensor) -> Tensor:
    """Orthonormalise the two rows (2, p); a row no longer than ``threshold`` gives way to a coordinate axis."""
    first = combined[0] if combined[0].norm() > threshold else _axis_away_from(torch.zeros_like(combined[0]))
    first = first / first.norm()
    second = combined[1] - (combined[1] @ first) * first
    if second.norm() <= threshold:
        second = _axis_away_from(first)
    second = second / second.norm()
    second = second - (second @ first) * first  # again: the first pass cancelled digits when the second is far shorter
    return torch.stack([first, second / second.norm()])


def _axis_away_from(direction: Tensor) -> Tensor:
    axis = torch.zeros_like(direction)
    axis[direction.abs().argmin()] = 1.0
    return axis - (axis @ direction) * direction


def _shares(values: Tensor) -> tuple[float, float]:
    """Turn ascending eigenvalues of the centred Gram matrix into the shares of the last two; 0 where nothing varies."""
    values = values.clamp(min=0).flip(0)
    shares = values / values.sum() if values.sum() > 0 else values
    return shares[0].item(), shares[1].item()
