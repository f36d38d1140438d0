"""Every table of a run beside that of the reference, with a verdict on each."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from optprimer.compare.agreement import beyond, unequal
from optprimer.compare.differences import Difference, difference, matched
from optprimer.compare.tolerances import Tolerance, tolerances
from optprimer.errors import UserError
from optprimer.registry import TABLES, files_of
from optprimer.tables import Table, read


class Verdict(StrEnum):
    """What became of a table of the reference."""

    SAME = "same"  # the same bytes
    ROWS = "same rows"  # in other bytes: another order, or other digits of one number
    TIMINGS = "same but timings"
    WITHIN = "within tolerance"
    DIFFERS = "differs"
    MISSING = "missing"


@dataclass(frozen=True)
class Comparison:
    """A table, its verdict, and in a line each what speaks against it; ``columns`` are all that differ at all."""

    table: str
    verdict: Verdict
    against: tuple[str, ...] = ()
    columns: tuple[Difference, ...] = ()
    missing: int = 0
    added: int = 0

    def passes(self, *, strict: bool) -> bool:
        """Whether the run may pass for the reference; ``strict``: in bytes, timings excepted."""
        strictly = {Verdict.SAME, Verdict.TIMINGS}
        return self.verdict in (strictly if strict else strictly | {Verdict.ROWS, Verdict.WITHIN})


def compare(reference: Path, run: Path, *, exact: bool) -> list[Comparison]:
    """Compare every table in the folder ``reference`` with that of ``run``, in the order of the registry.

    Args:
        reference: folder of results.
        run: another.
        exact: tables have to be equal, timings excepted; otherwise within the tolerance between machines.

    Raises:
        UserError: a folder holds no table of a run, or a table is damaged.
    """
    for folder in (reference, run):
        if not any(files_of(name, folder) for name in TABLES):
            raise UserError(f"{folder}: not a folder of results, there is no table of a run in it")
    return [
        _compare(path, run / path.relative_to(reference), reference, TABLES[name], tolerances()[name], exact=exact)
        for name in TABLES
        for path in files_of(name, reference)
    ]


def added(reference: Path, run: Path) -> list[str]:
    """Return the tables that only the run has."""
    found = (path.relative_to(run) for name in TABLES for path in files_of(name, run))
    return [path.with_suffix("").as_posix() for path in found if not (reference / path).exists()]


def _compare(there: Path, here: Path, reference: Path, model: type[Table], tolerance: Tolerance, *, exact: bool) -> Comparison:
    table = there.relative_to(reference).with_suffix("").as_posix()
    if not here.exists():
        return Comparison(table, Verdict.MISSING, ("the run has no such table",))
    if there.read_bytes() == here.read_bytes():
        return Comparison(table, Verdict.SAME)
    pair = matched(read(model, there), read(model, here), model)
    if pair.reference.empty and pair.missing:  # even where rows may come and go
        return Comparison(table, Verdict.DIFFERS, ("the run has none of the rows",), missing=len(pair.missing))
    columns = tuple(found for column in pair.reference if (found := difference(pair, column)))
    size = {"missing": len(pair.missing), "added": len(pair.added)}
    if pair.equal:
        return Comparison(table, Verdict.ROWS)
    if not (against := unequal(pair, tolerance)):
        return Comparison(table, Verdict.TIMINGS, columns=columns)
    if not exact:
        against = beyond(pair, tolerance)
    return Comparison(table, Verdict.DIFFERS if against else Verdict.WITHIN, tuple(against), columns, **size)
