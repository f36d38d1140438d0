"""``optprimer page``."""

from pathlib import Path
from typing import Annotated

import typer


def page(
    results: Annotated[Path, typer.Option(help="folder of the run's tables and verdicts")],
    figures: Annotated[Path, typer.Option(help="folder of its figures")],
    output: Annotated[Path, typer.Option(help="the page, an HTML file; its links lead from there")],
    run: Annotated[str, typer.Option(help="name of the run")] = "unnamed",
    seed: Annotated[int, typer.Option(help="global seed")] = 0,
    run_digest: Annotated[str, typer.Option(help="of settings, Python and versions")] = "none",
) -> None:
    """Show what became of every claim of the chapter, with its figures, in one self-contained page."""
    from optprimer.files import write_text
    from optprimer.page.inputs import page_of

    write_text(output, page_of(results, figures, output.parent, run, seed, run_digest))
