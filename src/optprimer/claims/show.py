"""The verdicts of a run as a table in the terminal."""

import pandas as pd
from rich.table import Table
from rich.text import Text

from optprimer.claims.wording import by_section, estimate

STYLES = {"supported": "green", "refuted": "bold red", "inconclusive": "yellow", "not run": "dim"}


def verdicts_table(claims: pd.DataFrame, title: str) -> Table:
    """Lay out the rows of claims.csv, section by section."""
    table = Table(title=title, title_justify="left", show_lines=False)
    for column, ratio in {"claim": 1, "verdict": 2, "statement": 8, "estimate [95 %]": 4, "rule": 4, "control": 4}.items():
        table.add_column(column, ratio=ratio, overflow="fold")
    for section, rows in by_section(claims):
        table.add_section()
        table.add_row("", "", Text(section, style="bold"))
        for row in rows.to_dict("records"):
            table.add_row(*_cells(row))
    return table


def _cells(row: dict[str, object]) -> tuple[Text, ...]:
    statement = Text(str(row["statement"]))
    if row["reason"]:
        statement.append(f"\n{row['reason']}", style="dim")
    return (
        Text(str(row["claim"]), style="bold"),
        Text(str(row["verdict"]), style=STYLES[str(row["verdict"])]),
        statement,
        Text(estimate(row)),
        Text(f"{row['rule']}\n{row['threshold']}".rstrip()),
        Text(f"{row['control_verdict']}: {row['control']}"),
    )
