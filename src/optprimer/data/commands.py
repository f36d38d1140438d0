"""``optprimer data``: prepare a data set."""

from pathlib import Path
from typing import Annotated

import typer


def data_command(
    dataset: Annotated[str, typer.Option(help="digits (embedded) or cifar10")],
    image_size: Annotated[int, typer.Option(help="side in pixels: an integer fraction of the native side, 8 or 32")],
    output: Annotated[Path, typer.Option(help="folder for the arrays and provenance.json")],
    archive: Annotated[
        Path | None,
        typer.Option(help="your copy of cifar10: binary archive, or folder or zip of images; downloaded if not given"),
    ] = None,
) -> None:
    """Turn a data set, from whatever source, into memory-mapped arrays and a record of where they came from."""
    import logging

    from optprimer.data.dataset import read_provenance
    from optprimer.data.prepare import prepare

    logging.basicConfig(format="%(message)s", level=logging.INFO)
    prepared = prepare(dataset, archive, image_size, output)
    record = read_provenance(output)
    shared, repeated = record["duplicates"]["test_images_in_train"], record["duplicates"]["within_train"]
    typer.echo(
        f"{prepared.name}: {len(prepared.train_images):,} training and {len(prepared.test_images):,} test images of"
        f" {image_size} x {image_size} pixels in {len(prepared.classes)} classes, from"
        f" {record['archive'] or record['source']} ({record['encoding']})."
        f" Channel means {_rounded(prepared.mean)} and stds {_rounded(prepared.std)}."
        f" Exact duplicates: {shared} test images in train, {repeated} within train. Written to {output}."
    )


def _rounded(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:.4f}" for value in values)
