"""``optprimer config``: check settings and document them, without Snakemake."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Check the settings, or write their documentation.")


@app.command("check")
def check_command(
    files: Annotated[list[Path] | None, typer.Argument(metavar="[FILE]...", help="laid over config.yaml in turn")] = None,
) -> None:
    """Check config.yaml, with scale FILEs laid over it as by snakemake --configfile."""
    from optprimer.config.digest import config_digest
    from optprimer.config.load import load
    from optprimer.config.validate import check

    config = load(*files or ())
    check(config)
    typer.echo(f"run {config['run']}: the settings are valid (digest {config_digest(config)})")


@app.command("show")
def show_command(
    files: Annotated[list[Path] | None, typer.Argument(metavar="[FILE]...", help="laid over config.yaml in turn")] = None,
) -> None:
    """Print all settings as JSON: config.yaml, with scale FILEs laid over it."""
    import json

    from optprimer.config.load import load
    from optprimer.config.validate import check

    config = load(*files or ())
    check(config)
    typer.echo(json.dumps(config))


@app.command("docs")
def docs_command(output: Annotated[Path, typer.Option(help="the page to write")]) -> None:
    """Write docs/configuration.md from the schema, config.yaml and the scale files."""
    from optprimer.config.docs import page
    from optprimer.files import write_text

    write_text(output, page())
