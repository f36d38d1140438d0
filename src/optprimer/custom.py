"""``optprimer landscape``: tables and figure 1 of a network of your own; it ties the landscape stage to the figures."""

from pathlib import Path
from typing import Annotated

import typer

from optprimer.landscape.commands import Device, PrecisionChoice, Seed


def landscape(
    model: Annotated[str, typer.Option(help="module:function, importable from here; returns a torch.nn.Module")],
    weights: Annotated[Path, typer.Option(help="safetensors, or a state dict written by torch.save")],
    data: Annotated[Path, typer.Option(help="npz with images (uint8, N x H x W x C), labels, and optionally mean and std")],
    output: Annotated[Path, typer.Option(help="folder for the tables, the directions and figure 1")],
    points: Annotated[int, typer.Option(help="grid points per side; odd")] = 25,
    reach: Annotated[float, typer.Option("--range", help="coefficients run from -range to +range")] = 1.0,
    direction_seeds: Annotated[str, typer.Option(help="comma-separated: a surface for each")] = "0,1,2",
    images: Annotated[int, typer.Option(help="images, stratified by class")] = 1000,
    precision: PrecisionChoice = "auto",
    device: Device = "auto",
    threads: Annotated[int | None, typer.Option(help="CPU threads; all if not given")] = None,
    seed: Seed = 0,
) -> None:
    """Draw the loss landscape of your own network: tables, directions and figure 1, without Snakemake."""
    from optprimer.figures.draw import draw
    from optprimer.landscape.inputs import numbers
    from optprimer.landscape.loading import load_module, load_npz
    from optprimer.landscape.network import Settings
    from optprimer.landscape.network import landscape as measure
    from optprimer.runtime import set_up

    runtime = set_up(device, precision, threads)
    settings = Settings(points, reach, tuple(numbers(direction_seeds)), images, seed=seed)
    name = model.partition(":")[2]
    found = measure(load_module(model, weights), load_npz(data), output, runtime, settings, name, data.stem)
    draw("figure1", [output / "surface.csv"], output / "figure1", run=name, seed=seed, run_digest="none")
    typer.echo(f"{name}: {found.note}; tables, directions and figure1.png (.pdf, .svg, .html) are in {output}")
