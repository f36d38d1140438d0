"""Confidence intervals of means and of shares, one way for all stages."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special  # scipy.stats takes half a second to import

LEVEL = 0.95


def mean_interval(
    runs: ArrayLike, level: float = LEVEL
) -> tuple[NDArray[np.float64], tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return the mean over axis 0 and its interval by Student's t, 95 % unless told, for independent runs (seeds, ...)."""
    runs = np.asarray(runs, float)
    n = len(runs)
    mean, error = runs.mean(0), runs.std(0, ddof=1) / np.sqrt(n)
    half = special.stdtrit(n - 1, (1 + level) / 2) * error
    return mean, (mean - half, mean + half)


def share_interval(count: int, of: int, level: float = LEVEL) -> tuple[float, float]:
    """Return the exact interval (Clopper and Pearson 1934) of the probability of ``count`` hits ``of`` independent trials."""
    tail = (1 - level) / 2
    low = special.betaincinv(count, of - count + 1, tail) if count else 0.0
    high = special.betaincinv(count + 1, of - count, 1 - tail) if count < of else 1.0
    return float(low), float(high)
