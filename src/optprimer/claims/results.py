"""The tables of a run as the claims read them."""

from functools import cache
from pathlib import Path

import pandas as pd

from optprimer.claims.judge import Tables
from optprimer.errors import UserError
from optprimer.registry import TABLES, files_of
from optprimer.tables import read


def tables_in(results: Path) -> Tables:
    """Return a function that gives a table of the run in folder ``results`` by name, or None if the run has not made it.

    Raises:
        UserError: there is no such folder; later, a table is not of its kind.
    """
    if not results.is_dir():
        raise UserError(f"{results}: no such folder of results")

    @cache
    def table(name: str) -> pd.DataFrame | None:
        paths = files_of(name, results)
        return read(TABLES[name], *paths) if paths else None

    return table
