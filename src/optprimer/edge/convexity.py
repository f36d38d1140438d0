"""Where a loss is not convex: segments on which its middle lies too high, and directions in which it bends downwards.

A continuous function f is convex if and only if f((a + b) / 2) <= (f(a) + f(b)) / 2 for all a and b (Jensen 1906). One
segment that breaks this, by more than rounding, shows that f is not convex; segments that keep it show nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from optprimer.hessian.loss import FlatLoss
from optprimer.intervals import share_interval

ROUNDING = 1e-10  # of the ends' mean loss: a gap above it is a violation. Losses in float64 err by some 1e-15.


@dataclass(frozen=True)
class Gap:
    """f((a + b) / 2) - (f(a) + f(b)) / 2 of one segment, ``height``, and the ``mean`` of f at its ends."""

    height: float
    mean: float

    @property
    def violates(self) -> bool:
        """Whether the middle lies above the chord."""
        return self.height > ROUNDING * abs(self.mean)


def gap(loss: FlatLoss, a: Tensor, b: Tensor) -> Gap:
    """Look at the middle of the segment from ``a`` (d,) to ``b`` (d,)."""
    mean = (loss.value(a) + loss.value(b)) / 2
    return Gap(loss.value((a + b) / 2) - mean, mean)


def between(loss: FlatLoss, points: Sequence[Tensor]) -> Iterator[Gap]:
    """Join points that were made independently, two by two, each in one segment: the gaps are independent."""
    return (gap(loss, a, b) for a, b in zip(points[::2], points[1::2], strict=False))


def around(loss: FlatLoss, points: Sequence[Tensor], radius: float, generator: torch.Generator) -> Iterator[Gap]:
    """Join two ends near each point w, both at the distance ``radius`` |w| from it in independent uniform directions."""
    for point in points:
        ends = []
        for _ in range(2):
            direction = torch.randn(point.shape, generator=generator, dtype=point.dtype).to(point)
            ends.append(point + radius * point.norm() / direction.norm() * direction)
        yield gap(loss, *ends)


def permuted(network: nn.Module, generator: torch.Generator) -> Tensor:
    """Return the flat weights (d,) of ``network``, an MLP with one hidden layer, with its units in another order.

    Unit i takes the place of unit p(i): rows of the first layer, its bias, and columns of the last. The outputs are the same.
    """
    first, last = (layer for layer in network.modules() if isinstance(layer, nn.Linear))
    order = torch.randperm(first.out_features, generator=generator)
    parts = [first.weight[order], first.bias[order], last.weight[:, order], last.bias]
    return torch.cat([part.detach().reshape(-1) for part in parts])


def counted(gaps: Sequence[Gap]) -> dict[str, float]:
    """Return how many of independent ``gaps`` are violations, their share with its interval, and the heights."""
    violations = sum(one.violates for one in gaps)
    low, high = share_interval(violations, len(gaps))
    heights = np.array([one.height for one in gaps])
    return {
        "segments": len(gaps),
        "violations": violations,
        "share": violations / len(gaps),
        "share_low": low,
        "share_high": high,
        "mean_gap": float(heights.mean()),
        "largest_gap": float(heights.max()),
    }
