"""The command line: one verb per rule of the workflow, each usable without Snakemake."""

import sys

import typer

from optprimer.batch.commands import batch_cost, batch_plan, batch_search, batch_summary, batch_train
from optprimer.claims import commands as claims_commands
from optprimer.collect import collect
from optprimer.compare.commands import compare
from optprimer.config import commands as config_commands
from optprimer.custom import landscape
from optprimer.data.commands import data_command
from optprimer.edge.commands import edge_convexity, edge_descent, edge_direction, edge_limits, edge_summary
from optprimer.errors import UserError
from optprimer.figures.commands import figure, gallery
from optprimer.landscape.commands import crosscheck, curvature, directions, geometry, line, surface, trajectory
from optprimer.manifest.commands import manifest
from optprimer.memorization.commands import memorization_plan, memorization_summary, memorize
from optprimer.page.commands import page
from optprimer.rates.commands import rates
from optprimer.sharpness.commands import sharpness, sharpness_summary
from optprimer.training.commands import train

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.command("data")(data_command)
for command in (
    train,
    directions,
    surface,
    line,
    curvature,
    trajectory,
    crosscheck,
    geometry,
    rates,
    memorization_plan,
    memorize,
    memorization_summary,
    batch_plan,
    batch_search,
    batch_train,
    batch_summary,
    batch_cost,
    edge_descent,
    edge_summary,
    edge_convexity,
    edge_direction,
    edge_limits,
    sharpness,
    sharpness_summary,
    figure,
    gallery,
    page,
    manifest,
    compare,
    landscape,
):
    app.command()(command)
app.command("collect")(collect)
app.add_typer(config_commands.app, name="config")
app.add_typer(claims_commands.app, name="claims")


def main() -> None:
    """Run a command; bad input, and a file that cannot be written, end in one line on stderr and exit status 1."""
    try:
        app()
    except UserError as error:
        print(f"optprimer: {error}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        if error.filename is None:  # none of the user's files
            raise
        print(f"optprimer: {error.filename2 or error.filename}: {error.strerror}", file=sys.stderr)
        sys.exit(1)
