"""Both ends of the spectrum of a symmetric operator that is known only by its products with vectors.

Lanczos iteration with full reorthogonalisation (Golub and Van Loan, Matrix Computations, section 10.1; Parlett, The
Symmetric Eigenvalue Problem, chapter 13). Ritz values lie inside the spectrum, so lambda_max is approached from below and
lambda_min from above; the residuals say how far they may still be from an eigenvalue.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Extremes:
    """Extreme Ritz values of a symmetric operator H, and their own error.

    Attributes:
        lambda_min: smallest Ritz value, not below the smallest eigenvalue.
        lambda_max: largest Ritz value, not above the largest eigenvalue.
        residual_min: |H v - lambda_min v| for the unit Ritz vector v; an eigenvalue lies within this distance of lambda_min.
        residual_max: the same for lambda_max.
        iterations: products with H that were spent.
    """

    lambda_min: float
    lambda_max: float
    residual_min: float
    residual_max: float
    iterations: int


def extreme_eigenvalues(
    operator: Callable[[Tensor], Tensor],
    dimension: int,
    iterations: int,
    generator: torch.Generator,
    device: torch.device | str,
    dtype: torch.dtype,
) -> Extremes:
    """Estimate the smallest and the largest eigenvalue of ``operator`` from one Krylov space.

    The residual of a Ritz pair (theta, Q s), with s a unit eigenvector of the tridiagonal T, is beta_k |s_k|, where beta_k
    is the norm of the vector that the next iteration would start from: it costs no further product. Iteration stops early
    when that vector is rounding error, for then the Krylov space is invariant. How often an eigenvalue is repeated is not
    seen. Residuals below the rounding of the products, about eps |H|, are not meaningful.

    Args:
        operator: v (dimension,) to H v (dimension,), linear and symmetric, in ``dtype`` on ``device``; must not alter v.
        dimension: at least 1.
        iterations: products with H to spend, at least 1; never more than ``dimension`` are.
        generator: source of the Gaussian start, drawn on the generator's own device.
        device: where the basis lives: iterations x dimension numbers.
        dtype: of the basis; T is always solved in float64.

    Returns:
        All four numbers NaN when the operator returns something that is not finite.
    """
    start = torch.randn(dimension, generator=generator, device=generator.device, dtype=dtype).to(device)
    *_, (_, diagonal, off_diagonal) = _krylov(operator, start, iterations)
    if not all(map(math.isfinite, diagonal + off_diagonal)):
        return Extremes(math.nan, math.nan, math.nan, math.nan, iterations=len(diagonal))
    return _ritz_extremes(diagonal, off_diagonal)


@dataclass(frozen=True)
class Largest:
    """The largest Ritz pair: ``value``, its unit ``vector`` (d,), the norm ``residual`` of H v - value v, and its price."""

    value: float
    vector: Tensor
    residual: float
    iterations: int


def largest_eigenvalue(operator: Callable[[Tensor], Tensor], start: Tensor, tolerance: float, iterations: int) -> Largest:
    """Iterate from ``start`` (d,) until the residual is at most ``tolerance`` of the largest Ritz value in size.

    A start near the eigenvector, as that of a point close by, saves most of the products; at most ``iterations`` are spent,
    and the residual then says how far the value may be off. Value and residual are NaN when a product is not finite.
    """
    for basis, diagonal, off_diagonal in _krylov(operator, start, iterations):  # noqa: B007 (the last is used below)
        k = len(diagonal)
        if not all(map(math.isfinite, diagonal + off_diagonal)):
            return Largest(math.nan, start, math.nan, k)
        values, vectors = _ritz(diagonal, off_diagonal)
        residual = abs(off_diagonal[-1] * vectors[-1, -1].item())
        if residual <= tolerance * abs(values[-1].item()):
            break
    vector = vectors[:, -1].to(basis) @ basis[:k]
    return Largest(values[-1].item(), vector / vector.norm(), residual, k)


def _krylov(
    operator: Callable[[Tensor], Tensor], start: Tensor, iterations: int
) -> Iterator[tuple[Tensor, list[float], list[float]]]:
    """Yield, after each product, the basis, the diagonal of T and what stands beside it, the next vector's included."""
    basis = torch.empty(min(iterations, len(start)), len(start), device=start.device, dtype=start.dtype)
    basis[0] = start / start.norm()
    diagonal: list[float] = []
    off_diagonal: list[float] = []  # beta_1 ... beta_k
    for k in range(len(basis)):
        product = operator(basis[k])
        diagonal.append(torch.dot(basis[k], product).item())
        # Subtracting the projection on all earlier vectors covers the three-term recurrence; twice is enough (Parlett, 6.9).
        remainder = product
        for _ in range(2):
            remainder = remainder - basis[: k + 1].T @ (basis[: k + 1] @ remainder)
        off_diagonal.append(remainder.norm().item())
        yield basis, diagonal, off_diagonal
        rounding = 10 * torch.finfo(start.dtype).eps * max(map(abs, diagonal + off_diagonal))
        if not math.isfinite(off_diagonal[-1]) or off_diagonal[-1] <= rounding or k + 1 == len(basis):
            return
        basis[k + 1] = remainder / off_diagonal[-1]


def _ritz(diagonal: list[float], off_diagonal: list[float]) -> tuple[Tensor, Tensor]:
    """Return the Ritz values (k,), ascending, and their vectors (k, k) in the basis, as columns; float64."""
    beside = torch.tensor(off_diagonal[:-1], dtype=torch.float64)
    return torch.linalg.eigh(
        torch.diag(torch.tensor(diagonal, dtype=torch.float64)) + torch.diag(beside, 1) + torch.diag(beside, -1)
    )


def _ritz_extremes(diagonal: list[float], off_diagonal: list[float]) -> Extremes:
    values, vectors = _ritz(diagonal, off_diagonal)
    residuals = off_diagonal[-1] * vectors[-1].abs()
    return Extremes(
        lambda_min=values[0].item(),
        lambda_max=values[-1].item(),
        residual_min=residuals[0].item(),
        residual_max=residuals[-1].item(),
        iterations=len(diagonal),
    )
