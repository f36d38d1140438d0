"""Whether two tables agree: exactly, as on one machine, or within the tolerance of their kind, as between machines."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from optprimer.compare.differences import Pair, difference, key_text, selected
from optprimer.compare.tolerances import Allowance, Tolerance
from optprimer.intervals import mean_interval


def unequal(pair: Pair, tolerance: Tolerance) -> list[str]:
    """Return a line for everything that is not equal, timings excepted."""
    return _rows(pair) + _columns(pair, [each for each in tolerance.allowances if each.kind == "timing"])


def beyond(pair: Pair, tolerance: Tolerance) -> list[str]:
    """Return a line for everything that differs by more than it may between machines."""
    lines = [] if tolerance.rows == "free" else _rows(pair)
    lines += _columns(pair, tolerance.allowances)
    for i, allowance in enumerate(tolerance.allowances):
        if allowance.kind == "numbers":
            for column in allowance.columns:
                rows = selected(pair.reference, allowance.where) & ~_covered(pair, column, tolerance.allowances[:i])
                lines += filter(None, [_numbers(pair, column, rows, allowance)])
    return lines


def _rows(pair: Pair) -> list[str]:
    found = {"missing": pair.missing, "added": pair.added}
    return [f"{len(keys)} rows are {what}, the first at {keys[0]}" for what, keys in found.items() if keys]


def _columns(pair: Pair, allowances: Sequence[Allowance]) -> list[str]:
    """Compare for equality what no allowance covers."""
    found = (difference(pair, column, ~_covered(pair, column, allowances)) for column in pair.reference)
    return [str(each) for each in found if each]


def _covered(pair: Pair, column: str, allowances: Sequence[Allowance]) -> pd.Series:
    """Return the rows in which some of ``allowances`` is about ``column``."""
    covered = pd.Series(data=False, index=pair.reference.index)
    for allowance in allowances:
        if column in allowance.columns or column in (allowance.interval or ()):
            covered |= selected(pair.reference, allowance.where)
    return covered


def _numbers(pair: Pair, column: str, rows: pd.Series, allowance: Allowance) -> str | None:
    """Compare numbers, each with an interval about it: the gap between the two intervals counts."""
    a, b = (_intervals(frame[rows], column, allowance) for frame in (pair.reference, pair.run))
    gap = np.maximum(a["low"] - b["high"], b["low"] - a["high"])
    size = a["value"].abs().where(np.isfinite(a["value"]), 0)  # nothing but infinity is near infinity
    over = (gap - allowance.atol - allowance.rtol * size).where(a["value"] != b["value"], -np.inf)
    over[a["value"].isna() != b["value"].isna()] = np.inf
    if not (over > 0).any():
        return None
    worst = over.idxmax()
    return (
        f"{column} is beyond {allowance.atol:g} + {allowance.rtol:g} |reference| in {(over > 0).sum()} of {len(over)},"
        f" at most with {_number(a.loc[worst])} there and {_number(b.loc[worst])} here, at {key_text(a.index.names, worst)}"
    )


def _intervals(frame: pd.DataFrame, column: str, allowance: Allowance) -> pd.DataFrame:
    """Return value, low and high of what is compared, by the part of the key that tells it."""
    rest = [name for name in frame.index.names if name not in (*allowance.over, allowance.last)]
    if allowance.over:
        return pd.DataFrame({key: _mean(values) for key, values in frame[column].groupby(level=rest)}).T.rename_axis(rest)
    if allowance.last:
        frame = frame.sort_index(level=allowance.last).groupby(level=rest).tail(1).droplevel(allowance.last).sort_index()
    value = frame[column]
    low, high = (frame[end].fillna(value) for end in allowance.interval or (column, column))
    return pd.DataFrame({"value": value, "low": low, "high": high})


def _mean(values: pd.Series) -> pd.Series:
    values = values.dropna()
    if len(values) < 2:
        return pd.Series(dict.fromkeys(("value", "low", "high"), values.mean()))
    mean, (low, high) = mean_interval(values)
    return pd.Series({"value": mean, "low": low, "high": high})


def _number(row: pd.Series) -> str:
    alone = np.isnan(row["value"]) or row["low"] == row["high"]
    return f"{row['value']:.6g}" if alone else f"{row['value']:.4g} [{row['low']:.4g}, {row['high']:.4g}]"
