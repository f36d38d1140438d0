"""``optprimer manifest``."""

from pathlib import Path
from typing import Annotated

import typer


def manifest(
    results: Annotated[Path, typer.Option(help="folder of the run's tables; manifest and RO-Crate are written there")],
    figures: Annotated[Path, typer.Option(help="folder of its figures")],
    settings: Annotated[str, typer.Option(help="all settings of the run as JSON; optprimer config show prints them")],
) -> None:
    """Write manifest.json and ro-crate-metadata.json: settings, code, versions, machine, data, results and costs of a run."""
    import json

    from optprimer.config.validate import check
    from optprimer.errors import UserError
    from optprimer.files import write_text
    from optprimer.manifest import outputs
    from optprimer.manifest.crate import crate
    from optprimer.manifest.manifest import manifest as record
    from optprimer.manifest.names import CRATE, MANIFEST

    try:
        config = json.loads(settings)
    except ValueError as error:
        raise UserError(f"settings: not JSON ({error})") from None
    check(config)
    tables, pictures = outputs.tables(results), outputs.figures(figures)
    if not tables:
        raise UserError(f"{results}: no table of a run there")
    described = record(config, results, tables, pictures)
    archived = crate(described, tables, pictures, figures)
    for name, document in {MANIFEST: described, CRATE: archived}.items():
        write_text(results / name, json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    typer.echo(f"run {config['run']}, digest {described['run_digest']}: {len(tables)} tables, {len(pictures)} files of figures")
