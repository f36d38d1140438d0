"""When a mean over independent runs agrees with an exact value, however many of them are compared."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

FAMILY = 1e-3  # probability that any of a family of true values is rejected


def critical(count: int, runs: float = np.inf) -> float:
    """Return how many standard errors ``count`` means over ``runs`` runs may be off: Student's quantile after Bonferroni.

    Bonferroni's division holds whatever the dependence between the means, and coordinates of a gradient are dependent.
    """
    return float(stats.t.isf(FAMILY / (2 * count), runs - 1))


def largest_deviation(runs: ArrayLike, exact: ArrayLike) -> float:
    """Return the largest distance between the column means of ``runs`` (seeds, m) and ``exact`` (m,), in standard errors."""
    runs = np.asarray(runs, float)
    return float(np.abs((runs.mean(0) - exact) / stats.sem(runs, axis=0)).max())
