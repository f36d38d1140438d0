"""Commands of the batch stage."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[Path, typer.Option(help="folder of a prepared data set")]
PlanTable = Annotated[Path, typer.Option(help="table of runs, as batch-plan writes it")]
Rows = Annotated[tuple[int, int], typer.Option(help="first and last row of the table to run")]
State = Annotated[Path, typer.Option(help="folder for the state from which an interrupted job continues")]
Images = Annotated[int, typer.Option(min=0, help="training images per run, drawn by class; 0 is all")]
TestImages = Annotated[int, typer.Option(min=0, help="test images per run, likewise")]
Folds = Annotated[int, typer.Option(min=0, help="seed s tests on fold s of all images; 0 keeps the data's own split")]
Seed = Annotated[int, typer.Option(help="global seed")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda")]
Threads = Annotated[int, typer.Option(help="CPU threads")]
Output = Annotated[Path, typer.Option(help="CSV to write")]

FP32 = "fp32"  # of all runs: the gradient penalty needs it, and arms must not differ in their arithmetic


def batch_plan(
    settings: Annotated[str, typer.Option(help="section batch of the configuration, as JSON")],
    output: Output,
) -> None:
    """Write the table of all runs: those that choose learning rates, then those that are compared."""
    import json

    import pandas as pd

    from optprimer.batch.plan import runs
    from optprimer.batch.tables import Plan
    from optprimer.errors import UserError
    from optprimer.tables import write

    try:
        section = json.loads(settings)
    except ValueError as error:
        raise UserError(f"--settings: not JSON ({error})") from None
    write(pd.DataFrame([{"row": row} | run.row() for row, run in enumerate(runs(section))]), Plan, output)


def batch_search(
    data: Data,
    plan: PlanTable,
    rows: Rows,
    output: Output,
    state: State,
    validation_images: Annotated[int, typer.Option(min=1, help="other training images, that choose")] = 1000,
    images: Images = 0,
    test_images: TestImages = 0,
    folds: Folds = 0,
    seed: Seed = 0,
    device: Device = "auto",
    threads: Threads = 1,
) -> None:
    """Try learning rates, each measured on validation images, from where an interrupted job left off."""
    from optprimer.batch.job import Job
    from optprimer.runtime import set_up

    runtime = set_up(device, FP32, threads)
    chosen = range(rows[0], rows[1] + 1)
    Job(data, plan, chosen, images, test_images, folds, seed, runtime, state).search(validation_images, output)


def batch_train(
    data: Data,
    plan: PlanTable,
    rows: Rows,
    output: Annotated[Path, typer.Option(help="folder for runs.csv and curves.csv")],
    state: State,
    search: Annotated[Path | None, typer.Option(help="batch/search.csv; not needed where nothing was searched")] = None,
    sharpness_images: Annotated[int, typer.Option(min=1, help="training images on which sharpness is measured")] = 128,
    images: Images = 0,
    test_images: TestImages = 0,
    folds: Folds = 0,
    seed: Seed = 0,
    device: Device = "auto",
    threads: Threads = 1,
) -> None:
    """Train networks by the recipes of the ladder, from where an interrupted job left off."""
    from optprimer.batch.job import Job
    from optprimer.batch.tables import Search
    from optprimer.runtime import set_up
    from optprimer.tables import read

    runtime = set_up(device, FP32, threads)
    chosen = range(rows[0], rows[1] + 1)
    trials = read(Search, search) if search else None
    Job(data, plan, chosen, images, test_images, folds, seed, runtime, state).train(trials, sharpness_images, output)


def batch_summary(
    runs: Annotated[Path, typer.Argument(help="batch/runs.csv")],
    output: Output,
) -> None:
    """Put runs that differ in their seed alone together, and compare recipes over paired seeds."""
    from optprimer.batch.summary import summarise
    from optprimer.batch.tables import Runs, Summary
    from optprimer.tables import read, write

    write(summarise(read(Runs, runs)), Summary, output)


def batch_cost(
    data: Data,
    network: Annotated[str, typer.Option(help="name of the network in the table")],
    architecture: Annotated[str, typer.Option(help="its architecture")],
    output: Output,
    widths: Annotated[str, typer.Option(help="its widths, separated by commas")] = "",
    batch_size: Annotated[int, typer.Option(min=1, help="images of a batch, and of a block of the full batch")] = 32,
    seed: Seed = 0,
    device: Device = "auto",
    threads: Threads = 1,
) -> None:
    """Time steps over all images and steps over a batch, for several numbers of images."""
    import tempfile

    from optprimer.batch.cost import costs
    from optprimer.batch.tables import Cost
    from optprimer.data.dataset import load
    from optprimer.runtime import set_up
    from optprimer.tables import write

    runtime, images = set_up(device, FP32, threads), load(data)
    with tempfile.TemporaryDirectory() as folder:
        sizes = [int(width) for width in widths.split(",") if width]
        table = costs(images, architecture, sizes, batch_size, seed, runtime, Path(folder))
    write(table.assign(data=images.name, network=network), Cost, output)
