"""The Hessian at a minimum: its largest eigenvalue and its trace, as they are and in units of the weights' own lengths."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from optprimer import seeds
from optprimer.hessian.lanczos import Largest, largest_eigenvalue
from optprimer.hessian.loss import FlatLoss
from optprimer.hessian.trace import Trace, hutchinson

TOLERANCE = 0.01  # of the largest eigenvalue, by its residual
PRODUCTS = 60  # with the Hessian, at most, for one eigenvalue


@dataclass(frozen=True)
class Curvature:
    """The ends of the spectrum of H, its trace, and the largest eigenvalue of S H S for the filters' lengths S."""

    largest: Largest
    trace: Trace
    normalised: Largest


def filter_lengths(network: nn.Module, point: Tensor) -> Tensor:
    """Return for each weight at ``point`` (d,) the norm of its filter, (d,); 0 for biases, which filter norms do not move.

    Filters are the leading indices of weights with two dimensions or more, as in Li et al. 2018, section 4. S H S is the
    Hessian by relative changes of filters. Scaling a layer by alpha and the next by 1 / alpha leaves it as it is.
    """
    shapes = [parameter.shape for parameter in network.parameters()]
    parts = point.split([shape.numel() for shape in shapes])
    return torch.cat([_lengths(part.view(shape)).reshape(-1) for part, shape in zip(parts, shapes, strict=True)])


def curvature(loss: FlatLoss, point: Tensor, lengths: Tensor, draws: int, seed: int) -> Curvature:
    """Measure the Hessian of ``loss`` at ``point`` (d,); ``lengths`` (d,) are those of the filters."""
    product = loss.hessian(point)
    start = torch.randn(len(point), generator=_generator(seed, "lanczos"), dtype=torch.float64).to(point)

    def largest(operator: Callable[[Tensor], Tensor], start: Tensor) -> Largest:
        return largest_eigenvalue(operator, start, TOLERANCE, PRODUCTS)

    return Curvature(
        largest(product, start),
        hutchinson(product, point, draws, _generator(seed, "trace")),
        largest(lambda v: lengths * product(lengths * v), start * (lengths > 0)),
    )


def _lengths(weight: Tensor) -> Tensor:
    if weight.dim() == 1:
        return torch.zeros_like(weight)
    norms = torch.linalg.vector_norm(weight, dim=tuple(range(1, weight.dim())), keepdim=True)
    return norms.expand_as(weight)


def _generator(seed: int, axis: str) -> torch.Generator:
    return torch.Generator().manual_seed(seeds.derive(seed, axis))
