"""How far the loss rises within a small box about a minimum (Keskar et al. 2017, arXiv 1609.04836, metric 2.1).

    phi(x) = 100 (max_z f(x + A z) - f(x)) / (1 + f(x)),    |z_i| <= epsilon (|(A^+ x)_i| + 1),

with A the identity, or with orthonormal random columns, of which the pseudo-inverse A^+ is the transpose. The maximum is
sought twice, and the larger value counts; both are bounds from below. The source takes ten iterations of L-BFGS-B, here from a
random point of the box, for at the minimum itself there is nothing to climb. In tens of thousands of dimensions it ends well
below the maximum. So there are iterated signs beside it: the linear model of f at z is largest at the corner that the signs of
the gradient g point to, which is the next z. Where f is convex, f(z') >= f(z) + g^T (z' - z) >= f(z), so no step descends.
About a minimum are two basins, of which one may be twice as high: the starts are the signs of +v and of -v, where v is the
direction of largest curvature.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite, nan

import numpy as np
import torch
from scipy.optimize import fmin_l_bfgs_b
from torch import Tensor

from optprimer.hessian.loss import FlatLoss

ITERATIONS = 10  # of L-BFGS-B, as in the source, and gradients of each start of iterated signs
BOUNDARY = 1 - 1e-6  # of the radius: from here on a coordinate is on the boundary, whatever the rounding in fp32

Climb = Callable[[Tensor], tuple[float, Tensor]]  # z to f(x + A z) and its gradient by z


@dataclass(frozen=True)
class Box:
    """The moves A z with |z_i| <= ``radii`` (p,); ``basis`` is A (d, p) with orthonormal columns, None for the identity."""

    radii: Tensor
    basis: Tensor | None = None

    def move(self, z: Tensor) -> Tensor:
        """Return A z (d,)."""
        return z if self.basis is None else self.basis @ z

    def pull_back(self, vector: Tensor) -> Tensor:
        """Return A^T v (p,): of a gradient by the weights (d,), that by z."""
        return vector if self.basis is None else self.basis.T @ vector

    def corner(self, direction: Tensor) -> Tensor:
        """Return the z that goes farthest along ``direction`` (p,); a coordinate that does not matter stays at 0."""
        return direction.sign() * self.radii


@dataclass(frozen=True)
class Sharpness:
    """phi by both maximisers, and the share of coordinates that L-BFGS-B left on the boundary of the box; NaN if unknown."""

    lbfgsb: float
    signs: float
    boundary_share: float

    @property
    def value(self) -> float:
        """The larger of those that are known."""
        return float(np.fmax(self.lbfgsb, self.signs))

    @property
    def method(self) -> str:
        """The maximiser that found it."""
        return "lbfgsb" if self.lbfgsb > self.signs else "signs"


def keskar_box(point: Tensor, epsilon: float, basis: Tensor | None = None) -> Box:
    """Return the box of the metric about ``point`` (d,), in the space of ``basis`` (d, p) or the full one.

    The +1 lets weights move that are 0. As it exceeds nearly all weights, the box is almost a cube of absolute size.
    """
    coordinates = point if basis is None else basis.T @ point
    return Box(epsilon * (coordinates.abs() + 1), basis)


def adaptive_box(point: Tensor, epsilon: float) -> Box:
    """Return the box |z_i| <= epsilon |x_i|, which scales with each weight (Kwon et al. 2021, arXiv 2102.11600)."""
    return Box(epsilon * point.abs())


@lru_cache(maxsize=1)
def random_basis(parameters: int, dimension: int, seed: int) -> Tensor:
    """Draw orthonormal columns (parameters, dimension) that span a uniformly random subspace, in fp32."""
    columns = torch.randn(parameters, dimension, generator=torch.Generator().manual_seed(seed))
    return torch.linalg.qr(columns)[0]


def keskar_sharpness(loss: FlatLoss, point: Tensor, box: Box, direction: Tensor, generator: torch.Generator) -> Sharpness:
    """Measure phi at ``point`` (d,) over ``box`` by both maximisers.

    Args:
        loss: f.
        point: x.
        box: of the moves.
        direction: of largest curvature (d,), from whose signs iterated signs start.
        generator: of the point at which L-BFGS-B starts.
    """
    climb, base = _climb(loss, point, box), loss.value(point)
    if not isfinite(base):
        return Sharpness(nan, nan, nan)
    uniform = 2 * torch.rand(box.radii.shape, generator=generator, dtype=torch.float64) - 1
    peak, at = lbfgsb(climb, box.radii, box.radii * uniform.to(box.radii))
    on_boundary = float((at.abs() >= BOUNDARY * box.radii).double().mean())
    return Sharpness(relative_rise(peak, base), sign_sharpness(loss, point, box, direction), on_boundary)


def sign_sharpness(loss: FlatLoss, point: Tensor, box: Box, direction: Tensor) -> float:
    """Measure phi at ``point`` (d,) over ``box`` by iterated signs alone; arguments as ``keskar_sharpness``."""
    climb, along = _climb(loss, point, box), box.pull_back(direction)
    peak = max(iterated_signs(climb, box, start) for start in (along, -along))
    return relative_rise(peak, loss.value(point))


def relative_rise(peak: float, base: float) -> float:
    """Return the metric for the largest loss ``peak`` in the box and the loss ``base`` at its centre."""
    return 100 * (peak - base) / (1 + base)


def lbfgsb(climb: Climb, radii: Tensor, start: Tensor) -> tuple[float, Tensor]:
    """Maximise from ``start`` (p,) within |z_i| <= radii_i by ten iterations; return the largest value seen there, and where.

    Both tolerances are 0: with scipy's own, the small gradients near a minimum end the search before its first step.
    """
    best, at = -np.inf, start

    def descend(z: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal best, at
        here = torch.from_numpy(z.copy()).to(radii)
        value, gradient = climb(here)
        if value > best and bool((here.abs() <= radii).all()):
            best, at = value, here
        return -value, -gradient.double().cpu().numpy()

    z, limits = (tensor.double().cpu().numpy() for tensor in (start, radii))
    fmin_l_bfgs_b(descend, z, bounds=np.stack([-limits, limits], 1), maxiter=ITERATIONS, factr=0.0, pgtol=0.0)
    return best, at


def iterated_signs(climb: Climb, box: Box, start: Tensor) -> float:
    """Go from the corner along ``start`` (p,) to those along the gradients; return the largest value at a corner."""
    best, z = -np.inf, box.corner(start)
    for _ in range(ITERATIONS):
        value, gradient = climb(z)
        best, before = max(best, value), z
        z = box.corner(gradient)
        if torch.equal(z, before):
            break
    return best


def _climb(loss: FlatLoss, point: Tensor, box: Box) -> Climb:
    def climb(z: Tensor) -> tuple[float, Tensor]:
        value, gradient = loss.value_and_gradient(point + box.move(z))
        return value, box.pull_back(gradient)

    return climb
