"""``optprimer compare``."""

from pathlib import Path
from typing import Annotated

import typer

WIDTH = 140  # of lines that go to a file


def compare(
    reference: Annotated[Path, typer.Argument(help="folder of results to compare with: results/reference/digits")],
    run: Annotated[Path, typer.Argument(help="folder of results: results/digits")],
    columns: Annotated[bool, typer.Option("--columns", help="list every column that differs, and how far at most")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="ask for equal bytes, timings excepted, on whatever machine")
    ] = False,
) -> None:
    """Compare the tables of a run with those of another; the exit status is 0 if all agree as well as they should.

    On the same machine with the same versions and settings, as manifests say, tables have to be equal; otherwise they have to
    agree within tolerances (docs/compare.md).
    """
    from rich.console import Console

    from optprimer.compare.comparison import added
    from optprimer.compare.comparison import compare as compared
    from optprimer.compare.manifests import described, read_manifest, setting
    from optprimer.compare.report import by_column, counted, details, overview

    found = setting(*map(read_manifest, (reference, run)))
    comparisons = compared(reference, run, exact=found.equal or strict)
    expected = "equal tables" if found.equal or strict else "agreement within the tolerances between machines"
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    for line in (*described(found), f"asked for: {expected}, but for timings\n"):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    console.print(overview(comparisons))
    for line in details(comparisons):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    if columns:
        console.print()
        console.print(by_column(comparisons))
    if more := added(reference, run):
        console.print(f"\nnot in the reference: {', '.join(more)}", highlight=False, soft_wrap=True)
    console.print(f"\n{counted(comparisons)}", highlight=False)
    if not all(each.passes(strict=strict) for each in comparisons):
        raise typer.Exit(1)
