"""The tables of a run as the claims read them, and its verdicts."""

from functools import cache
from pathlib import Path

import pandas as pd

from optprimer.claims.judge import Tables
from optprimer.claims.tables import Claims, Evidence
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


def judged(results: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read claims.csv and claims/evidence.csv of a run.

    Raises:
        UserError: the run was not judged.
    """
    if not (results / "claims.csv").exists():
        raise UserError(f"{results}: no claims.csv there; optprimer claims judge writes it, from a finished run or not")
    return read(Claims, results / "claims.csv"), read(Evidence, results / "claims" / "evidence.csv")


def changed(verdicts: pd.DataFrame, reference: Path) -> list[str]:
    """Return a line for every claim whose verdict is not that of the folder ``reference``, or that is in one of them alone.

    Raises:
        UserError: there are no verdicts to compare with.
    """
    expected, _ = judged(reference)
    before, now = (frame.set_index("claim")["verdict"] for frame in (expected, verdicts))
    return [
        f"{claim}: {now.get(claim, 'not judged')}, in {reference} {before.get(claim, 'not judged')}"
        for claim in dict.fromkeys([*before.index, *now.index])
        if now.get(claim) != before.get(claim)
    ]
