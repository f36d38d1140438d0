"""The evidence of a part: which rows of its table it looks at, and the values that it makes of them."""

from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np
import pandas as pd

from optprimer.claims.copies import check_copies, check_copies_behind
from optprimer.claims.parts import Contrast, Part, Value
from optprimer.errors import UserError
from optprimer.registry import TABLES

FEWEST = 3  # values of a unit, to be correlated


@dataclass(frozen=True)
class Selection:
    """``rows`` of the table as they are, and what is ``measured`` in them; ``missing`` further values were not finite.

    ``measured`` has the columns value, low and high (of a reported interval), against, and the parameters of the rule; its
    index is the unit, where there is one.
    """

    rows: pd.DataFrame
    measured: pd.DataFrame
    missing: int

    @property
    def data(self) -> list[str]:
        """The names of the data sets that the rows were measured on."""
        return sorted(self.rows["data"].unique())

    @property
    def rows_sha256(self) -> str:
        """A fingerprint of the rows, whatever else the table holds."""
        return sha256(self.rows.to_csv(index=False, lineterminator="\n").encode()).hexdigest()


def groups(part: Part, table: pd.DataFrame | None) -> list[Part]:
    """Return a part for each group of rows that the rule is asked of, or ``part`` itself if that is all of them, or none.

    A group that lacks one arm of a contrast is none.
    """
    if not part.per or table is None:
        return [part]
    rows = table[_matches(part, table)]
    arms = [rows[rows[part.contrast.column] == arm] for arm in part.contrast.arms] if part.contrast else [rows]
    found = set.intersection(*(set(arm[list(part.per)].itertuples(index=False, name=None)) for arm in arms))
    return [_only(part, dict(zip(part.per, values, strict=True))) for values in sorted(found)] or [part]


def _only(part: Part, values: dict[str, Value]) -> Part:
    where = {**part.where, **{column: (value,) for column, value in values.items()}}
    return replace(part, name=f"{part.name} ({', '.join(map(str, values.values()))})", where=where, per=())


def select(part: Part, table: pd.DataFrame, runs: pd.DataFrame | None = None) -> Selection:
    """Select the evidence of ``part`` from its table; ``runs`` is the table behind it (``parts.RUNS``), if there is one.

    Raises:
        UserError: a unit that has no counterpart in the other arm, two rows for one unit, one run under the names of two
            (optprimer.claims.copies), a parameter of a single estimate that is not the same in all rows, or an estimate beside
            its interval.
    """
    rows = table[_matches(part, table)].sort_values(TABLES[part.table]._key)
    if part.contrast is None:
        measured = _measured(part, rows)
    else:
        rows = rows[rows[part.contrast.column].isin(part.contrast.arms)]
        measured = _differences(part, part.contrast, rows)
    if part.statistic not in ("each", "reported"):
        _check_units(part, measured)
    check_copies(part, rows)
    if runs is not None:
        check_copies_behind(part, rows, runs)
    if part.interval:
        _check_intervals(part, rows)
    finite = _finite(part, measured)
    return Selection(rows, measured[finite], int((~finite).sum()))


def _matches(part: Part, table: pd.DataFrame) -> pd.Series:
    matches = pd.Series(True, index=table.index)
    for column, allowed in part.where.items():
        matches &= table[column].isin(allowed)
    for column, left_out in part.without.items():
        matches &= ~table[column].isin(left_out)
    return matches


def _measured(part: Part, rows: pd.DataFrame) -> pd.DataFrame:
    """The measured value of each row, and what it is to be held against."""
    value = _numbers(rows[part.value])
    with np.errstate(divide="ignore", invalid="ignore"):
        if part.over:
            value = value / _numbers(rows[part.over])
        if part.log:
            value = np.log(value)
    low, high = part.interval or (None, None)
    beside = {"low": low, "high": high, "against": part.against} | part.parameter_columns
    columns = {name: _numbers(rows[column]) for name, column in beside.items() if column is not None}
    constants = {name: float(number) for name, number in part.parameters.items() if not isinstance(number, str)}
    measured = pd.DataFrame({"value": value} | columns).assign(**constants)
    return measured.set_index(pd.MultiIndex.from_frame(rows[list(part.unit)])) if part.unit else measured


def _differences(part: Part, contrast: Contrast, rows: pd.DataFrame) -> pd.DataFrame:
    """One arm less or over the other, paired by unit; parameters that are columns are those of the first arm."""
    arms = []
    for arm in contrast.arms:
        measured = _measured(part, rows[rows[contrast.column] == arm])
        if measured.index.has_duplicates:
            raise UserError(f"two rows of {contrast.column} = {arm} for {_named(measured.index[measured.index.duplicated()])}")
        arms.append(measured)
    first, second = arms
    if first.empty or second.empty:
        return first.iloc[:0]
    for here, there, arm in zip((first, second), (second, first), contrast.arms, strict=True):
        lacking = there.index.difference(here.index)
        if len(lacking):
            raise UserError(f"no row of {contrast.column} = {arm} for {_named(lacking)}")
    here, there = first["value"], second["value"].reindex(first.index)
    return first.assign(value=here - there if contrast.over is None else here / there)


def _finite(part: Part, measured: pd.DataFrame) -> pd.Series:
    """Which values can be judged; where units have many, only the units that lack none."""
    needed = [name for name in measured if name != "neighbour"]  # NaN there says that there is none
    finite = np.isfinite(measured[needed]).all(axis=1)
    return finite.groupby(level=_levels(measured)).transform("all") if part.statistic == "rank_correlation" else finite


def _check_units(part: Part, measured: pd.DataFrame) -> None:
    if part.statistic == "rank_correlation":
        counts = measured.groupby(level=_levels(measured)).size()
        few = counts.index[counts < counts.max()]
        if len(few):
            raise UserError(f"only {counts.min()} of {counts.max()} values for {_named(few)}")
        if 0 < counts.max() < FEWEST:
            raise UserError(f"a correlation takes {FEWEST} values of each unit at least, not {counts.max()}")
    elif measured.index.has_duplicates:
        raise UserError(f"two rows for {_named(measured.index[measured.index.duplicated()])}")
    for name, column in part.parameter_columns.items():
        if len(measured[name].unique()) > 1:
            raise UserError(f"{name} is column {column}, which takes several values, but the rule is applied to one estimate")


def _check_intervals(part: Part, rows: pd.DataFrame) -> None:
    value, low, high = (_numbers(rows[column]) for column in (part.value, *part.interval))
    outside = (value < low) | (value > high) | (low > high)
    if outside.any():
        raise UserError(f"{part.value} is not between {' and '.join(part.interval)} in {outside.sum()} of {len(rows)} rows")


def _levels(measured: pd.DataFrame | pd.Series) -> list[int]:
    return list(range(measured.index.nlevels))


def _named(units: pd.Index) -> str:
    unit = units[0] if isinstance(units[0], tuple) else (units[0],)
    return ", ".join(f"{column} = {value}" for column, value in zip(units.names, unit, strict=True))


def _numbers(column: pd.Series) -> pd.Series:
    # Truth values with gaps are objects to pandas.
    return column.astype(object).map(float, na_action="ignore").astype(float)
