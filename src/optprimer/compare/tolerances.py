"""What may differ between two runs, table by table: tolerances.yaml, read into dataclasses.

The file says of each table which columns may differ, how much and why; every column that it does not name has to be equal.
docs/compare.md explains it.
"""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

import yaml

PATH = Path(__file__).with_name("tolerances.yaml")


@dataclass(frozen=True)
class Allowance:
    """Columns that may differ, in the rows ``where`` a column has one of some values; the first that is about a row counts.

    Attributes:
        columns: of which this holds.
        where: columns and the values that select rows; without, all rows.
        kind: ``numbers`` agree within ``atol`` + ``rtol`` |reference|; ``timing`` differs at each run, on one machine too;
            ``free`` is not compared between machines.
        rtol: relative part of the tolerance.
        atol: absolute part.
        interval: columns that hold an interval about each of ``columns``: it is the gap between intervals that must be
            within the tolerance. They need not be equal themselves.
        over: rows that differ in these columns of the key alone are replications: their means are compared, each with its
            95 % interval.
        last: the column of the key of whose rows only the last is compared: the end of a training, say.
    """

    columns: tuple[str, ...]
    where: dict[str, list] = field(default_factory=dict)
    kind: Literal["numbers", "timing", "free"] = "numbers"
    rtol: float = 0.0
    atol: float = 0.0
    interval: tuple[str, str] | None = None
    over: tuple[str, ...] = ()
    last: str | None = None


@dataclass(frozen=True)
class Tolerance:
    """What may differ in a table between machines, and ``why``. ``rows`` says whether rows may be missing or added."""

    why: str
    rows: Literal["equal", "free"] = "equal"
    allowances: tuple[Allowance, ...] = ()


@cache
def tolerances() -> dict[str, Tolerance]:
    """Return the tolerance of every table of the registry, by its name there."""
    content = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    return {table: _tolerance(**entry) for table, entry in content.items()}


def _tolerance(why: str, rows: str = "equal", differ: list[dict] | None = None) -> Tolerance:
    return Tolerance(why.strip(), rows, tuple(_allowance(**each) for each in differ or ()))


def _allowance(columns: list[str], interval: list[str] | None = None, over: list[str] | None = None, **rest) -> Allowance:  # noqa: ANN003
    return Allowance(tuple(columns), interval=tuple(interval) if interval else None, over=tuple(over or ()), **rest)
