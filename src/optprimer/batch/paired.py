"""Differences between two recipes over the same seeds, and the two questions asked of them.

Is one better? The 95 % interval of the mean difference lies on one side of 0. Are they as good as each other? That is not the
absence of the first: two one-sided tests at 5 % each (TOST; Schuirmann 1987, J. Pharmacokinet. Biopharm. 15, 657) reject that
the difference is beyond a margin fixed beforehand, which is the same as its 90 % interval lying within the margin.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from optprimer.intervals import mean_interval

MARGIN = 0.01  # one point of accuracy
TOST_LEVEL = 0.90  # of the interval of two one-sided tests at 5 %


@dataclass(frozen=True)
class Paired:
    """The mean of paired differences, its 95 % and its 90 % interval; with one pair the intervals are NaN."""

    mean: float
    low: float
    high: float
    tost_low: float
    tost_high: float

    @property
    def equivalent(self) -> bool:
        """Whether the 90 % interval lies within the margin."""
        return self.tost_low > -MARGIN and self.tost_high < MARGIN

    @property
    def worse(self) -> bool:
        """Whether the 95 % interval lies below 0."""
        return self.high < 0

    @property
    def better(self) -> bool:
        """Whether the 95 % interval lies above 0."""
        return self.low > 0


def paired(differences: ArrayLike) -> Paired:
    """Return the intervals of the mean of ``differences`` (seeds,), by Student's t; NaN for none."""
    values = np.asarray(differences, float)
    if len(values) < 2:
        return Paired(float(values.mean()) if len(values) else math.nan, *4 * (math.nan,))
    mean, (low, high) = mean_interval(values)
    _, (tost_low, tost_high) = mean_interval(values, TOST_LEVEL)
    return Paired(*map(float, (mean, low, high, tost_low, tost_high)))
