"""``optprimer figure`` and ``optprimer gallery``."""

from pathlib import Path
from typing import Annotated

import typer


def figure(
    name: Annotated[str, typer.Argument(help="figure1, contours, lines, ...")],
    tables: Annotated[list[Path], typer.Argument(help="the CSV tables that it is drawn from, known by their file names")],
    output: Annotated[Path, typer.Option(help="path without extension")],
    run: Annotated[str, typer.Option(help="name of the run, for the metadata")] = "unnamed",
    seed: Annotated[int, typer.Option(help="global seed, for the metadata")] = 0,
    run_digest: Annotated[str, typer.Option(help="of the run (its manifest.json has it), for the metadata")] = "none",
) -> None:
    """Draw a figure from tables, as PNG, PDF and SVG; figure 1 also as an interactive page."""
    from optprimer.figures.draw import draw

    draw(name, tables, output, run, seed, run_digest)


def gallery(
    runs: Annotated[list[str], typer.Argument(help="folders of the reference figures, the one that is shown first")],
    reference: Annotated[Path, typer.Option(help="folder of these folders")] = Path("figures/reference"),
    output: Annotated[Path, typer.Option(help="page to write")] = Path("docs/gallery.md"),
    readme: Annotated[Path, typer.Option(help="page that shows a choice, between two marks")] = Path("README.md"),
) -> None:
    """Write the gallery of the reference figures, and a choice of them into the README."""
    from optprimer.figures.gallery import write_gallery

    write_gallery(runs, reference, output, readme)
