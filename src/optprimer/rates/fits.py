"""Exponents with intervals: never by eye.

A deterministic sequence has no noise, but its local slopes drift towards the limit, and that drift is the uncertainty. A random
one has independent runs, and those are what is resampled: points along one run are correlated.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optprimer.intervals import LEVEL

RESAMPLES = 1000


@dataclass(frozen=True)
class Fit:
    """A slope with its interval, over ``points`` abscissae in [first, last] and ``seeds`` independent runs."""

    estimate: float
    low: float
    high: float
    first: float
    last: float
    points: int
    seeds: int = 1


def power(t: ArrayLike, value: ArrayLike, *, shift: float = 0.0) -> Fit:
    """Fit value ~ (t + shift)^p to a deterministic sequence, by least squares on logarithms.

    The interval covers every local slope between neighbouring points and, since their drift towards the limit has not ended,
    goes on past the last of them by three times as much as they drifted within the last octave: after a correction by a
    factor 1 + c t^-a, 1/(2^a - 1) times as much is still to come, 2.4 times for a = 1/2. A ``shift`` known from theory, as 1/2
    in 1/(4t + 2), removes most of the drift; what rounding can do to a slope is allowed for.

    Args:
        t: increasing abscissae, at least three.
        value: positive.
        shift: added to t.
    """
    return _slopes(np.log(np.asarray(t, float) + shift), value, t)


def exponential(t: ArrayLike, value: ArrayLike) -> Fit:
    """Fit value ~ exp(p t), otherwise as ``power``."""
    return _slopes(np.asarray(t, float), value, t)


def resampled_power(t: ArrayLike, runs: ArrayLike, rng: np.random.Generator) -> Fit:
    """Fit mean(runs) ~ t^p, with a 95 % bootstrap interval over the independent runs.

    Args:
        t: (m,) abscissae, at least three.
        runs: (seeds, m), nonnegative; the column means are fitted, since bounds are on means. Columns of different t may come
            from different runs: each row is then one run per column, and rows are resampled.
        rng: of the bootstrap.
    """
    x, runs = np.log(np.asarray(t, float)), np.asarray(runs, float)
    estimate = _least_squares(x, np.log(runs.mean(0)))
    chosen = rng.integers(0, len(runs), (RESAMPLES, len(runs)))
    resampled = np.array([_least_squares(x, np.log(runs[rows].mean(0))) for rows in chosen])
    low, high = np.quantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Fit(estimate, float(low), float(high), float(np.min(t)), float(np.max(t)), len(x), len(runs))


def _slopes(x: NDArray[np.float64], value: ArrayLike, t: ArrayLike) -> Fit:
    y = np.log(np.asarray(value, float))
    local = np.diff(y) / np.diff(x)
    middles = np.sqrt(np.asarray(t, float)[1:] * np.asarray(t, float)[:-1])
    ahead = 4 * local[-1] - 3 * np.interp(middles[-1] / 2, middles, local)
    rounding = 4 * np.finfo(float).eps * (1 + np.abs(y).max()) / np.diff(x).min()
    low, high = min(local.min(), ahead) - rounding, max(local.max(), ahead) + rounding
    return Fit(_least_squares(x, y), float(low), float(high), float(np.min(t)), float(np.max(t)), len(x))


def _least_squares(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    return float(np.polynomial.polynomial.polyfit(x, y, 1)[1])
