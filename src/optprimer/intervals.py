"""Confidence intervals of means, one way for all stages."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

LEVEL = 0.95


def mean_interval(runs: ArrayLike) -> tuple[NDArray[np.float64], tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return the mean over axis 0 and its 95 % interval by Student's t, for independent runs (seeds, ...)."""
    runs = np.asarray(runs, float)
    mean, half = runs.mean(0), stats.sem(runs, axis=0) * stats.t.ppf((1 + LEVEL) / 2, len(runs) - 1)
    return mean, (mean - half, mean + half)
