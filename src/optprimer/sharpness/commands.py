"""Commands of the sharpness stage."""

from pathlib import Path
from typing import Annotated

import typer

FP32 = "fp32"  # of all runs: arms must not differ in their arithmetic, nor in when they see that they have reached their loss


def sharpness(
    data: Annotated[Path, typer.Option(help="folder of a prepared data set")],
    settings: Annotated[str, typer.Option(help="section sharpness of the configuration, as JSON")],
    seeds: Annotated[tuple[int, int], typer.Option(help="first and last seed to run")],
    output: Annotated[Path, typer.Option(help="folder for minima.csv and the other tables")],
    state: Annotated[Path, typer.Option(help="folder for the state from which an interrupted job continues")],
    seed: Annotated[int, typer.Option(help="global seed")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda")] = "auto",
    threads: Annotated[int, typer.Option(help="CPU threads")] = 1,
) -> None:
    """Train with small and large batches to one loss, and measure how sharp it is there; scale one network by alpha."""
    from optprimer.runtime import set_up
    from optprimer.sharpness.job import Job
    from optprimer.sharpness.settings import Settings

    runtime = set_up(device, FP32, threads)
    Job(data, Settings.parse(settings), range(seeds[0], seeds[1] + 1), seed, runtime, state).write(output)


def sharpness_summary(
    minima: Annotated[Path, typer.Option(help="sharpness/minima.csv")],
    keskar: Annotated[Path, typer.Option(help="sharpness/keskar.csv")],
    reparameterization: Annotated[Path, typer.Option(help="sharpness/reparameterization.csv")],
    output: Annotated[Path, typer.Option(help="folder for summary.csv and slopes.csv")],
) -> None:
    """Compare arms with the small batch over paired seeds, and slopes over alpha with theory."""
    from optprimer.sharpness.summary import slopes, summarise
    from optprimer.sharpness.tables import Keskar, Minima, Reparameterization, Slopes, Summary
    from optprimer.tables import read, write

    write(summarise(read(Minima, minima), read(Keskar, keskar)), Summary, output / "summary.csv")
    write(slopes(read(Reparameterization, reparameterization)), Slopes, output / "slopes.csv")
