"""Commands of the memorization stage."""

from pathlib import Path
from typing import Annotated

import typer

Output = Annotated[Path, typer.Option(help="CSV to write")]


def memorization_plan(
    settings: Annotated[str, typer.Option(help="section memorization of the configuration, as JSON")],
    output: Output,
) -> None:
    """Write the table of all runs, with their recipes."""
    import json
    from dataclasses import asdict

    import pandas as pd

    from optprimer.errors import UserError
    from optprimer.memorization.plan import runs
    from optprimer.memorization.tables import Plan
    from optprimer.tables import write

    try:
        section = json.loads(settings)
    except ValueError as error:
        raise UserError(f"--settings: not JSON ({error})") from None
    rows = [asdict(run) | {"row": row, "widths": " ".join(map(str, run.widths))} for row, run in enumerate(runs(section))]
    write(pd.DataFrame(rows), Plan, output)


def memorize(
    data: Annotated[Path, typer.Option(help="folder of a prepared data set")],
    plan: Annotated[Path, typer.Option(help="table of runs, as memorization-plan writes it")],
    rows: Annotated[tuple[int, int], typer.Option(help="first and last row of the table to run")],
    output: Annotated[Path, typer.Option(help="folder for runs.csv, curves.csv and labels.safetensors")],
    state: Annotated[Path, typer.Option(help="folder for the state from which an interrupted job continues")],
    images: Annotated[int, typer.Option(min=0, help="training images per run, drawn by class; 0 is all")] = 0,
    test_images: Annotated[int, typer.Option(min=0, help="test images per run, likewise")] = 0,
    folds: Annotated[int, typer.Option(min=0, help="seed s tests on fold s of all images; 0 keeps the data's own split")] = 0,
    seed: Annotated[int, typer.Option(help="global seed")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda")] = "auto",
    precision: Annotated[str, typer.Option(help="auto, fp32 or bf16, of training")] = "auto",
    threads: Annotated[int, typer.Option(help="CPU threads")] = 1,
) -> None:
    """Fit networks to true, random and other labels, from where an interrupted job left off; gather curves and evidence."""
    from optprimer.memorization.job import Job
    from optprimer.runtime import set_up

    runtime = set_up(device, precision, threads)
    Job(data, plan, range(rows[0], rows[1] + 1), images, test_images, folds, seed, runtime, state).write(output)


def memorization_summary(
    runs: Annotated[Path, typer.Argument(help="memorization/runs.csv")],
    output: Output,
) -> None:
    """Put runs that differ in their seed alone together, with intervals, beside the published numbers."""
    from optprimer.memorization.summary import summarise
    from optprimer.memorization.tables import Runs, Summary
    from optprimer.tables import read, write

    write(summarise(read(Runs, runs)), Summary, output)
