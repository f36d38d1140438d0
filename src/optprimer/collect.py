"""``optprimer collect``: join the tables that jobs wrote into the one that later stages read."""

from pathlib import Path
from typing import Annotated

import typer


def collect(
    table: Annotated[str, typer.Argument(help="kind of table: landscape/surface, rates/curves, ...")],
    parts: Annotated[list[Path], typer.Argument(help="CSVs of that kind")],
    output: Annotated[Path, typer.Option(help="CSV to write")],
) -> None:
    """Join tables of one kind, checked and sorted by their key."""
    from optprimer.errors import UserError
    from optprimer.registry import TABLES
    from optprimer.tables import read, write

    if table not in TABLES:
        raise UserError(f"table {table!r}: allowed are {', '.join(TABLES)}")
    model = TABLES[table]
    write(read(model, *parts), model, output)
