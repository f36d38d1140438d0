"""How two tables of one kind differ, row by row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from optprimer.tables import Table

DIGITS = 12  # of the numbers of a key, by which rows are matched: libraries of mathematics differ in the last ones


@dataclass(frozen=True)
class Difference:
    """Of one column: in how many ``rows`` it differs, and how far at most. Both are NaN of text, infinite beside a NaN."""

    column: str
    rows: int
    absolute: float
    relative: float
    where: str  # the key of the row that differs most

    def __str__(self) -> str:
        size = "" if np.isnan(self.absolute) else f", at most by {self.absolute:.2g} (relative {self.relative:.2g})"
        return f"{self.column} differs in {self.rows} rows{size}, at {self.where}"


@dataclass(frozen=True)
class Pair:
    """Two tables whose rows are matched by key: ``reference`` and ``run`` have the rows of both, in the same order."""

    reference: pd.DataFrame
    run: pd.DataFrame
    missing: tuple[str, ...]  # keys of rows that the run lacks
    added: tuple[str, ...]  # and of those that only it has

    @property
    def equal(self) -> bool:
        """Whether the tables hold the same rows, in whatever order."""
        return not self.missing and not self.added and self.reference.equals(self.run)


def matched(reference: pd.DataFrame, run: pd.DataFrame, model: type[Table]) -> Pair:
    """Match the rows of two tables of ``model`` by their key."""
    reference, run = (_indexed(frame, model._key) for frame in (reference, run))
    common = reference.index.intersection(run.index)
    missing, added = reference.index.difference(run.index, sort=False), run.index.difference(reference.index, sort=False)
    names = [tuple(key_text(model._key, key) for key in index) for index in (missing, added)]
    return Pair(reference.loc[common], run.loc[common], *names)


def key_text(columns: Sequence[str], key: object) -> str:
    """Write a key as "net=resnet56, epoch=3"."""
    values = key if isinstance(key, tuple) else (key,)
    return ", ".join(f"{column}={value}" for column, value in zip(columns, values, strict=True))


def difference(pair: Pair, column: str, rows: pd.Series | None = None) -> Difference | None:
    """Return how a column differs, in those matched ``rows`` (all if not given), or None if it does not."""
    a, b = pair.reference[column], pair.run[column]
    differs = ~((a == b) | (a.isna() & b.isna()))
    if rows is not None:
        differs &= rows
    if not differs.any():
        return None
    a, b = a[differs], b[differs]
    absolute, relative = np.full(len(a), np.nan), np.full(len(a), np.nan)
    if pd.api.types.is_numeric_dtype(a) and not pd.api.types.is_bool_dtype(a):
        a, b = a.to_numpy(float), b.to_numpy(float)
        absolute = np.where(np.isnan(a) | np.isnan(b), np.inf, np.abs(a - b))
        with np.errstate(invalid="ignore", divide="ignore"):
            relative = np.where(np.isinf(absolute), np.inf, absolute / np.maximum(np.abs(a), np.abs(b)))
    worst = 0 if np.isnan(absolute).all() else int(np.nanargmax(absolute))
    where = key_text(pair.reference.index.names, differs.index[differs][worst])
    return Difference(column, int(differs.sum()), float(absolute[worst]), float(np.max(relative)), where)


def selected(frame: pd.DataFrame, where: Mapping[str, Sequence]) -> pd.Series:
    """Return which rows of a matched table have, in the columns named, one of the values given."""
    chosen = pd.Series(data=True, index=frame.index)
    for column, values in where.items():
        chosen &= frame[column].isin(values)
    return chosen


def _indexed(frame: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    rounded = {name: frame[name].map(_rounded) for name in key if pd.api.types.is_float_dtype(frame[name])}
    index = pd.MultiIndex.from_frame(frame[key].assign(**rounded))
    return frame.set_axis(index).sort_index()


def _rounded(number: float) -> float:
    return float(f"{number:.{DIGITS}g}")
