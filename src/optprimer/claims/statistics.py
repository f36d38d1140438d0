"""From the values of a part to estimates with intervals: the unit of replication is what the part says, a seed as a rule.

Intervals are of 95 %. A p-value is two-sided, so it is below 0.05 where the interval excludes the number that is tested; with
it come the one-sided ones of which a test of equivalence is made.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from optprimer.intervals import mean_interval, share_interval

Floats = NDArray[np.float64]
Test = Callable[[float], float]
FEW = 5  # units below which a reader is warned


def _no_test(_: float) -> float:
    return np.nan


@dataclass(frozen=True)
class Estimates:
    """Estimates and their intervals, arrays of one length; ``n`` values (units where there is an interval) made them.

    ``p_less`` and ``p_greater`` test a number: how likely so low, or so high, an estimate would be if it were the truth.
    """

    estimate: Floats
    low: Floats
    high: Floats
    n: int
    method: str = ""
    low_90: Floats | None = None
    high_90: Floats | None = None
    p_less: Test = _no_test
    p_greater: Test = _no_test

    def p_value(self, number: float) -> float:
        """The two-sided p-value: twice the smaller of the one-sided ones, at most 1."""
        return float(np.minimum(1.0, 2 * np.minimum(self.p_less(number), self.p_greater(number))))


def each(measured: pd.DataFrame) -> Estimates:
    """Every value by itself, without intervals."""
    estimate = measured["value"].to_numpy()
    nothing = np.full_like(estimate, np.nan)
    return Estimates(estimate, nothing, nothing, len(estimate))


def reported(measured: pd.DataFrame) -> Estimates:
    """Estimates whose intervals stand beside them in the table."""
    estimate, low, high = (measured[name].to_numpy() for name in ("value", "low", "high"))
    return Estimates(estimate, low, high, len(estimate), "as in the table")


def mean(measured: pd.DataFrame) -> Estimates:
    """The mean over units with Student's t interval; one unit has none, and where units do not differ there is no test."""
    sample = measured["value"].to_numpy()
    n = len(sample)
    if n < 2:
        return Estimates(sample, np.array([np.nan]), np.array([np.nan]), n, _few("Student's t", n), *_nothing())
    centre, (low, high) = mean_interval(sample)
    _, (low_90, high_90) = mean_interval(sample, 0.9)
    error = sample.std(ddof=1) / np.sqrt(n)

    def p_less(number: float) -> float:
        return float(stats.t.cdf(centre - number, n - 1, scale=error)) if error > 0 else np.nan

    def p_greater(number: float) -> float:
        return float(stats.t.sf(centre - number, n - 1, scale=error)) if error > 0 else np.nan

    bounds = map(np.atleast_1d, (centre, low, high))
    return Estimates(*bounds, n, _few("Student's t", n), np.atleast_1d(low_90), np.atleast_1d(high_90), p_less, p_greater)


def geometric_mean(measured: pd.DataFrame) -> Estimates:
    """The geometric mean over units, of ratios as a rule: Student's t interval is that of the logarithms."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = mean(measured.assign(value=np.log(measured["value"])))
    with np.errstate(over="ignore"):  # of two very different values the interval has no end
        bounds = {name: np.exp(getattr(logs, name)) for name in ("estimate", "low", "high")}

    def p_less(number: float) -> float:
        return logs.p_less(np.log(number))

    def p_greater(number: float) -> float:
        return logs.p_greater(np.log(number))

    return replace(logs, **bounds, p_less=p_less, p_greater=p_greater)


def share(measured: pd.DataFrame) -> Estimates:
    """The share of true values over units, with the exact interval of Clopper and Pearson 1934."""
    hits, n = int(measured["value"].sum()), len(measured)
    low, high = share_interval(hits, n)

    def p_less(number: float) -> float:
        return float(stats.binomtest(hits, n, number, "less").pvalue)

    def p_greater(number: float) -> float:
        return float(stats.binomtest(hits, n, number, "greater").pvalue)

    bounds = (np.array([bound]) for bound in (hits / n, low, high))
    return Estimates(*bounds, n, _few("Clopper and Pearson", n), p_less=p_less, p_greater=p_greater)


def rank_correlation(measured: pd.DataFrame, seed: int, permuted: bool = False) -> Estimates:
    """The mean over units of Spearman's correlation of value and against within a unit, with Student's t interval.

    Rows of one unit, of a seed say, are not independent, so each unit gives one number; one in which nothing varies shows no
    order and counts as 0. For a control, against is shuffled within each unit.
    """
    unit = measured.groupby(level=list(range(measured.index.nlevels)), sort=False).ngroup().to_numpy()
    order = np.argsort(unit, kind="stable")
    x, y = (measured[name].to_numpy()[order].reshape(unit.max() + 1, -1) for name in ("value", "against"))
    if permuted:
        y = np.random.default_rng(seed).permuted(y, axis=1)
    return mean(pd.DataFrame({"value": np.nan_to_num(_spearman(x, y))}))


def _spearman(x: Floats, y: Floats) -> Floats:
    """Pearson's correlation of the ranks along the last axis; NaN where one of them is constant."""
    x, y = (stats.rankdata(array, axis=-1) for array in (x, y))
    x, y = (array - array.mean(-1, keepdims=True) for array in (x, y))
    with np.errstate(invalid="ignore"):
        return (x * y).sum(-1) / np.sqrt((x * x).sum(-1) * (y * y).sum(-1))


def _few(method: str, n: int) -> str:
    return f"{method}, 95 %, n = {n}" + (" (few)" if n < FEW else "")


def _nothing() -> tuple[Floats, Floats]:
    return np.array([np.nan]), np.array([np.nan])


# Those that need no random numbers.
STATISTICS: dict[str, Callable[[pd.DataFrame], Estimates]] = {
    "each": each,
    "mean": mean,
    "geometric_mean": geometric_mean,
    "share": share,
    "reported": reported,
}
