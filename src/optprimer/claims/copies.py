"""One run under the names of two: evidence that is less than it seems, and an interval that is too narrow.

Independent runs end at other losses, so two that are alike to the last digit in everything that a table says of them are one.
It is runs that are compared, not single rows, which may well be alike: all random directions meet in the middle of a surface.

What cannot be seen: where each row of a table is put together from several runs, it has none to compare. Of some such tables
the runs stand in another one (optprimer.claims.parts.RUNS), and are compared there; edge/spectra has only the first networks of
edge/convexity. Intervals of the rates stage are of runs of which no table keeps anything, so its code and its tests alone speak
for them. Nor are copies seen that were disturbed, be it in one column. On the other hand what does not depend on the seed at
all would be taken for copies, full-batch descent from zero say: there is nothing of the kind among the claims.
"""

import pandas as pd

from optprimer.claims.parts import RUNS, Part
from optprimer.errors import UserError
from optprimer.registry import TABLES

REPLICATIONS = ("seed", "start", "direction_seed")  # columns of a table's key that tell independent runs of one setting apart
ALONG = ("alpha", "beta", "epoch", "step", "doubling", "epsilon")  # and those that lead through the rows of one run


def check_copies(part: Part, rows: pd.DataFrame) -> None:
    """Refuse evidence in which two units, or two runs of one setting, are alike in all selected rows.

    Args:
        part: whose value is looked at; rows that lack it are missing, and of nobody.
        rows: those that it selects.

    Raises:
        UserError: one line with both names, and their setting.
    """
    _check(part.table, rows[rows[part.value].notna()], part.unit)


def check_copies_behind(part: Part, rows: pd.DataFrame, runs: pd.DataFrame) -> None:
    """Refuse selected ``rows`` that were put together from ``runs``, rows of another table, of which two are alike.

    Raises:
        UserError: one line with that table, both names, and their setting.
    """
    behind = RUNS[part.table]
    shared = [column for column in TABLES[part.table]._key if column in TABLES[behind]._key]
    runs = runs.merge(rows[shared].drop_duplicates()) if shared else runs
    try:
        _check(behind, runs)
    except UserError as error:
        raise UserError(f"{behind}: {error}") from None


def _check(table: str, rows: pd.DataFrame, unit: tuple[str, ...] = ()) -> None:
    key = TABLES[table]._key
    names = list(unit) or [column for column in key if column in REPLICATIONS]
    setting = [column for column in key if column not in (*names, *ALONG)]
    if not names or rows.empty:
        return
    rows = rows.sort_values(key)
    named = rows[[*setting, *names]].assign(prints=pd.util.hash_pandas_object(rows.drop(columns=names), index=False))
    runs = named.groupby([*setting, *names], dropna=False)["prints"].agg(tuple).reset_index()
    for _, alike in runs.groupby([*setting, "prints"], dropna=False):
        if len(alike) == 1:
            continue
        first, second = alike.to_dict("records")[:2]
        of = f" of {_named(first, setting)}" if setting else ""
        both = f"{_named(first, names)} and {_named(second, names)}"
        raise UserError(f"{both}{of} are alike in every other column: one run, not two")


def _named(row: dict[str, object], columns: list[str]) -> str:
    return ", ".join(f"{column} = {row[column]}" for column in columns)
