"""Commands of the rates stage."""

from pathlib import Path
from typing import Annotated

import typer


def rates(
    study: Annotated[str, typer.Argument(help="name of the study: descent, convex, ...")],
    output: Annotated[Path, typer.Option(help="folder for the study's tables")],
    data: Annotated[Path, typer.Option(help="folder of a prepared data set, for the studies that measure on images")],
    steps: Annotated[int, typer.Option(min=5000, help="steps of runs on fixed functions")] = 10_000,
    horizon: Annotated[int, typer.Option(min=256, help="largest horizon of families that depend on it")] = 4096,
    seeds: Annotated[int, typer.Option(min=60, help="independent runs of what is random")] = 400,
    stochastic_horizon: Annotated[int, typer.Option(min=1600, help="largest number of stochastic steps")] = 6400,
    worst_case_steps: Annotated[int, typer.Option(min=3, help="largest t of exact worst cases")] = 10,
    dimensions: Annotated[int, typer.Option(min=5, help="largest number of saddles in a row")] = 6,
    width: Annotated[int, typer.Option(min=200, help="widest network of the width sweep")] = 2000,
    images: Annotated[int, typer.Option(min=100, help="training images for full gradients")] = 1000,
    seed: Annotated[int, typer.Option(help="global seed")] = 0,
) -> None:
    """Measure rates and constants, and write what was found beside what theory says."""
    from optprimer.errors import UserError
    from optprimer.rates.registry import STUDIES, load
    from optprimer.rates.settings import Settings

    if study not in STUDIES:
        raise UserError(f"study {study!r}: allowed are {', '.join(STUDIES)}")
    settings = Settings(
        steps=steps,
        horizon=horizon,
        seeds=seeds,
        stochastic_horizon=stochastic_horizon,
        worst_case_steps=worst_case_steps,
        dimensions=dimensions,
        width=width,
        images=images,
        seed=seed,
        folder=data,
    )
    load(study)(settings).write(output)
