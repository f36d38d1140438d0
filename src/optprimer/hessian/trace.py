"""The trace of a symmetric operator that is known only by its products (Hutchinson 1989)."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Trace:
    """A mean of z^T H z over random signs z, and the standard error of that mean."""

    value: float
    standard_error: float


def hutchinson(operator: Callable[[Tensor], Tensor], like: Tensor, draws: int, generator: torch.Generator) -> Trace:
    """Estimate the trace of ``operator`` from ``draws`` >= 2 vectors of random signs, shaped and placed like ``like`` (d,)."""
    found = []
    for _ in range(draws):
        signs = (2 * torch.randint(0, 2, like.shape, generator=generator) - 1).to(like)
        found.append(torch.dot(signs, operator(signs)).item())
    mean = sum(found) / draws
    deviation = math.sqrt(sum((value - mean) ** 2 for value in found) / (draws - 1))
    return Trace(mean, deviation / math.sqrt(draws))
