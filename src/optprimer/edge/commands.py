"""Commands of the edge stage."""

from pathlib import Path
from typing import Annotated, Any

import typer

Data = Annotated[Path, typer.Option(help="folder of a prepared data set")]
Output = Annotated[Path, typer.Option(help="CSV to write")]
Folder = Annotated[Path, typer.Option(help="folder for the tables")]
State = Annotated[Path, typer.Option(help="folder for the state from which an interrupted job continues")]
Seed = Annotated[int, typer.Option(help="global seed")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda")]
Threads = Annotated[int, typer.Option(help="CPU threads")]


def edge_descent(
    data: Data,
    settings: Annotated[str, typer.Option(help="section edge of the configuration, as JSON")],
    rows: Annotated[tuple[int, int], typer.Option(help="first and last of the section's runs to make")],
    output: Output,
    state: State,
    seed: Seed = 0,
    device: Device = "auto",
    threads: Threads = 1,
) -> None:
    """Follow full-batch gradient descent and the sharpness of the loss, in fp32; write edge/curves.csv."""
    from optprimer.edge.job import Job
    from optprimer.edge.plan import runs
    from optprimer.errors import UserError
    from optprimer.runtime import set_up

    section = _section(settings)
    every = runs(section)
    if not 0 <= rows[0] <= rows[1] < len(every):
        raise UserError(f"--rows {rows[0]} {rows[1]}: the settings have runs 0 to {len(every) - 1}")
    runtime = set_up(device, "fp32", threads)
    Job(data, every[rows[0] : rows[1] + 1], section["images"], seed, runtime.device, state).write(output)


def edge_summary(
    curves: Annotated[Path, typer.Argument(help="edge/curves.csv")],
    output: Output,
) -> None:
    """Put runs that differ in their seed alone together, with intervals; write edge/summary.csv."""
    from optprimer.edge.summary import summarise
    from optprimer.edge.tables import Curves, Summary
    from optprimer.tables import read, write

    write(summarise(read(Curves, curves)), Summary, output)


def edge_convexity(
    data: Data,
    settings: Annotated[str, typer.Option(help="section edge.convexity of the configuration, as JSON")],
    output: Folder,
    state: State,
    seed: Seed = 0,
    device: Device = "auto",
    threads: Threads = 1,
) -> None:
    """Look for segments and directions in which losses are not convex, in float64; write convexity.csv and spectra.csv."""
    import pandas as pd

    from optprimer.edge.convexity_study import Convexity, convexity_rows
    from optprimer.edge.tables import Convexity as Segments
    from optprimer.edge.tables import Spectra
    from optprimer.runtime import set_up
    from optprimer.tables import write

    section = _section(settings)
    chosen = Convexity(**section | {name: tuple(section[name]) for name in ("steps", "radii")})
    segments, spectra = convexity_rows(chosen, data, seed, set_up(device, "fp32", threads).device, state)
    write(pd.DataFrame(spectra), Spectra, output / "spectra.csv")
    write(pd.DataFrame(segments), Segments, output / "convexity.csv")


def edge_direction(
    data: Data,
    settings: Annotated[str, typer.Option(help="section edge.direction of the configuration, as JSON")],
    output: Output,
    state: State,
    seed: Seed = 0,
    threads: Threads = 1,
) -> None:
    """Train a homogeneous network far past interpolation and follow where its weights point; write edge/direction.csv."""
    import pandas as pd

    from optprimer.edge.direction_study import Direction, direction_rows
    from optprimer.edge.tables import Direction as Rows
    from optprimer.runtime import set_up
    from optprimer.tables import write

    set_up("cpu", "fp32", threads)
    write(pd.DataFrame(direction_rows(Direction(**_section(settings)), data, seed, state)), Rows, output)


def edge_limits(
    direction: Annotated[Path, typer.Argument(help="edge/direction.csv")],
    output: Output,
) -> None:
    """Say of each run whether its weights converge in direction while they grow; write edge/limits.csv."""
    from optprimer.edge.limits import limits
    from optprimer.edge.tables import Direction, Limits
    from optprimer.tables import read, write

    write(limits(read(Direction, direction)), Limits, output)


def _section(settings: str) -> dict[str, Any]:
    import json

    from optprimer.errors import UserError

    try:
        return json.loads(settings)
    except ValueError as error:
        raise UserError(f"--settings: not JSON ({error})") from None
