"""What the benchmarks share: alternating rounds, and the matrix multiplication that they measure against."""

import statistics
import time
from collections.abc import Callable

import torch

FLOPS_PER_IMAGE = 2 * 125.7e6  # of ResNet-56's forward pass at 32 x 32 pixels; they go with the area


def medians(works: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Return the median seconds of each of ``works``, run in turn so that all see the same machine, after one warm-up."""
    for work in works.values():
        work()
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(series) for name, series in times.items()}


def multiplication(dtype: torch.dtype, flops: float) -> Callable[[], object]:
    """Return a function that does about ``flops`` operations as 2048 x 2048 matrix products (exactly: ``product_flops``)."""
    matrix = torch.randn(2048, 2048).to(dtype)
    return lambda: [matrix @ matrix for _ in range(_products(flops))]


def product_flops(flops: float) -> float:
    """Return the number of operations of ``multiplication(dtype, flops)``: a whole number of products, at least one."""
    return _products(flops) * 2 * 2048**3


def _products(flops: float) -> int:
    return max(1, round(flops / (2 * 2048**3)))
