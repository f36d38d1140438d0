"""The command line: one verb per rule of the workflow, each usable without Snakemake."""

import sys

import typer

from optprimer.data.commands import data_command
from optprimer.errors import UserError
from optprimer.training.commands import train

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.command("data")(data_command)
app.command()(train)


def main() -> None:
    """Run a command; bad input ends in one line on stderr and exit status 1."""
    try:
        app()
    except UserError as error:
        print(f"optprimer: {error}", file=sys.stderr)
        sys.exit(1)
