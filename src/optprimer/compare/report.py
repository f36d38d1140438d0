"""A comparison in the terminal: a line a table, and below it all that speaks against those that differ."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from optprimer.compare.comparison import Comparison, Verdict
from optprimer.compare.differences import Difference

STYLES = {
    Verdict.SAME: "green",
    Verdict.ROWS: "green",
    Verdict.TIMINGS: "green",
    Verdict.WITHIN: "yellow",
    Verdict.DIFFERS: "bold red",
    Verdict.MISSING: "bold red",
}


def overview(comparisons: Sequence[Comparison]) -> Table:
    """Lay out a line a table."""
    table = Table(box=None, pad_edge=False)
    for column in ("table", "verdict"):
        table.add_column(column, no_wrap=True)
    table.add_column("what differs", overflow="fold")
    for each in comparisons:
        table.add_row(each.table, Text(each.verdict, style=STYLES[each.verdict]), Text(summary(each)))
    return table


def by_column(comparisons: Sequence[Comparison]) -> Table:
    """Lay out a line for every column that differs, whether it may or not."""
    table = Table(box=None, pad_edge=False)
    for column in ("table", "column"):
        table.add_column(column, no_wrap=True)
    for column in ("rows", "absolute", "relative"):
        table.add_column(column, justify="right")
    table.add_column("most of all at", overflow="fold")
    for each in comparisons:
        for found in each.columns:
            sizes = ("" if math.isnan(size) else f"{size:.2g}" for size in (found.absolute, found.relative))
            table.add_row(each.table, found.column, str(found.rows), *sizes, Text(found.where))
    return table


def details(comparisons: Sequence[Comparison]) -> Iterator[str]:
    """Say in lines all that speaks against tables of which the overview has only the first."""
    for each in comparisons:
        if len(each.against) > 1:
            yield f"\n{each.table}:"
            yield from (f"  {line}" for line in each.against)


def counted(comparisons: Sequence[Comparison]) -> str:
    """Say how many tables came out how: "38 tables: 36 same, 2 same but timings"."""
    counts = Counter(each.verdict for each in comparisons)
    return f"{len(comparisons)} tables: " + ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict])


def summary(comparison: Comparison) -> str:
    """Say in a line how a table differs: what speaks against it, or else the column that differs most."""
    if comparison.against:
        more = f" (and {len(comparison.against) - 1} more, below)" if len(comparison.against) > 1 else ""
        return comparison.against[0] + more
    rows = {"missing": comparison.missing, "added": comparison.added}
    parts = [f"{count} rows {what}" for what, count in rows.items() if count]
    if comparison.columns:
        worst = max(comparison.columns, key=_size)
        number = f"{len(comparison.columns)} columns, most of all " if len(comparison.columns) > 1 else ""
        parts.append(f"{number}{worst}")
    return "; ".join(parts)


def _size(found: Difference) -> float:
    return -1.0 if math.isnan(found.relative) else found.relative  # text has no size
