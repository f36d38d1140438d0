"""Commands of the landscape stage, one per rule."""

from pathlib import Path
from typing import Annotated

import typer

Weights = Annotated[Path, typer.Option(help="weights.safetensors of a trained network")]
Data = Annotated[Path, typer.Option(help="folder of a prepared data set")]
Net = Annotated[str, typer.Option(help="name of the network in tables")]
PlaneFile = Annotated[Path, typer.Option("--planes", help="file of directions")]
Seeds = Annotated[str, typer.Option(help="direction seeds, comma-separated")]
NumberOfImages = Annotated[int, typer.Option("--images", help="training images, stratified by class")]
Batch = Annotated[int, typer.Option("--batch-size", help="images per forward pass")]
RowRange = Annotated[tuple[int, int], typer.Option("--rows", help="first and last grid row, counted through the seeds")]
Output = Annotated[Path, typer.Option(help="CSV to write")]
Log = Annotated[Path, typer.Option("--state", help="log of finished rows, from which an interrupted job continues")]
Seed = Annotated[int, typer.Option(help="global seed")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda")]
PrecisionChoice = Annotated[str, typer.Option("--precision", help="auto, fp32 or bf16")]
Threads = Annotated[int, typer.Option(help="CPU threads")]


def directions(
    weights: Weights,
    output: Annotated[Path, typer.Option(help="file of directions to write")],
    normalisation: Annotated[str, typer.Option(help="filter, layer or none")] = "filter",
    direction_seeds: Seeds = "0",
    reach: Annotated[float, typer.Option("--range", help="coefficients run from -range to +range")] = 1.0,
    seed: Seed = 0,
) -> None:
    """Draw pairs of random directions for a network and store them."""
    import torch

    from optprimer.landscape.directions import random_plane, save_planes
    from optprimer.landscape.inputs import numbers
    from optprimer.networks.store import load_network

    torch.set_num_threads(1)  # norms are sums, whose order the threads would change
    network = load_network(weights)
    planes = {k: random_plane(network, seed, k, normalisation, reach) for k in numbers(direction_seeds)}
    save_planes(planes, normalisation, output)


def surface(
    weights: Weights,
    data: Data,
    planes: PlaneFile,
    net: Net,
    name: Annotated[str, typer.Option(help="name of the surface in tables")],
    direction_seeds: Seeds,
    points: Annotated[int, typer.Option(help="grid points per side")],
    rows: RowRange,
    output: Output,
    state: Log,
    images: NumberOfImages = 400,
    batch_size: Batch = 400,
    seed: Seed = 0,
    device: Device = "auto",
    precision: PrecisionChoice = "auto",
    threads: Threads = 1,
) -> None:
    """Measure rows of the loss surfaces of one network; rows are numbered through the direction seeds."""
    from optprimer.landscape.directions import load_planes
    from optprimer.landscape.inputs import Inputs, between, numbers
    from optprimer.landscape.measure import surface_table
    from optprimer.landscape.tables import Surface
    from optprimer.tables import write

    inputs = Inputs.read(weights, data, seed, device, precision, threads)
    kind, pairs = load_planes(planes, numbers(direction_seeds))
    log = inputs.log(state, planes, "surface", direction_seeds, points, images, batch_size)
    sample = inputs.train(images)
    frame = surface_table(inputs.network, pairs, points, sample, inputs.runtime, batch_size, between(rows), log)
    write(frame.assign(data=inputs.dataset.name, net=net, surface=name, directions=kind), Surface, output)


def line(
    weights: Weights,
    data: Data,
    planes: PlaneFile,
    net: Net,
    direction_seeds: Seeds,
    points: Annotated[int, typer.Option(help="values of alpha")],
    rows: RowRange,
    output: Output,
    state: Log,
    images: NumberOfImages = 400,
    test_images: Annotated[int, typer.Option(help="test images, stratified by class")] = 360,
    batch_size: Batch = 400,
    seed: Seed = 0,
    device: Device = "auto",
    precision: PrecisionChoice = "auto",
    threads: Threads = 1,
) -> None:
    """Measure training and test loss along the first direction of each seed; a row is a seed."""
    from optprimer.landscape.directions import load_planes
    from optprimer.landscape.inputs import Inputs, between, numbers
    from optprimer.landscape.measure import line_table
    from optprimer.landscape.tables import Line
    from optprimer.tables import write

    inputs = Inputs.read(weights, data, seed, device, precision, threads)
    _, pairs = load_planes(planes, numbers(direction_seeds))
    log = inputs.log(state, planes, "line", direction_seeds, points, images, test_images, batch_size)
    train, test = inputs.train(images), inputs.test(test_images)
    frame = line_table(inputs.network, pairs, points, train, test, inputs.runtime, batch_size, between(rows), log)
    write(frame.assign(data=inputs.dataset.name, net=net), Line, output)


def curvature(
    weights: Weights,
    data: Data,
    planes: PlaneFile,
    net: Net,
    direction_seed: Annotated[int, typer.Option(help="which pair of directions")],
    points: Annotated[int, typer.Option(help="grid points per side")],
    rows: RowRange,
    output: Output,
    state: Log,
    images: NumberOfImages = 64,
    iterations: Annotated[int, typer.Option(help="Lanczos steps")] = 15,
    seed: Seed = 0,
    device: Device = "auto",
    threads: Threads = 1,
) -> None:
    """Measure the extreme eigenvalues of the Hessian on rows of a grid, by Lanczos on exact Hessian-vector products."""
    from optprimer.landscape.directions import load_planes
    from optprimer.landscape.inputs import Inputs, between
    from optprimer.landscape.measure import curvature_table
    from optprimer.landscape.tables import Curvature
    from optprimer.tables import write

    inputs = Inputs.read(weights, data, seed, device, "fp32", threads)
    plane = load_planes(planes, [direction_seed])[1][direction_seed]
    log = inputs.log(state, planes, "curvature", direction_seed, points, images, iterations)
    frame = curvature_table(inputs.network, plane, points, inputs.train(images), iterations, seed, between(rows), log)
    write(frame.assign(data=inputs.dataset.name, net=net, direction_seed=direction_seed), Curvature, output)


def trajectory(
    weights: Weights,
    checkpoints: Annotated[Path, typer.Option(help="trajectory.safetensors of the training run")],
    data: Data,
    net: Net,
    planes: Annotated[Path, typer.Option(help="file of directions to write: the principal plane, as seed 0")],
    output: Output,
    images: NumberOfImages = 400,
    batch_size: Batch = 400,
    seed: Seed = 0,
    device: Device = "auto",
    precision: PrecisionChoice = "auto",
    threads: Threads = 1,
) -> None:
    """Fit the principal plane of a training run, store it, and project the run's checkpoints on it."""
    import pandas as pd

    from optprimer.landscape.directions import save_planes
    from optprimer.landscape.inputs import Inputs
    from optprimer.landscape.tables import Trajectory
    from optprimer.landscape.trajectory import trajectory as project
    from optprimer.networks.store import load_trajectory
    from optprimer.tables import write

    inputs = Inputs.read(weights, data, seed, device, precision, threads)
    runtime, sample = inputs.runtime, inputs.train(images)
    plane, rows = project(inputs.network, load_trajectory(checkpoints), sample, runtime, batch_size)
    save_planes({0: plane}, "pca", planes)
    frame = pd.DataFrame(rows).assign(data=inputs.dataset.name, net=net, precision=runtime.precision)
    write(frame, Trajectory, output)


def crosscheck(
    weights: Weights,
    data: Data,
    planes: Annotated[list[Path], typer.Argument(help="files of directions")],
    surface_table: Annotated[Path, typer.Option("--surface", help="surface.csv, whose spot points are measured again")],
    net: Net,
    output: Output,
    precision_output: Annotated[Path, typer.Option(help="CSV to write: spot checks of the surfaces")],
    points: Annotated[int, typer.Option(help="side of the grid given to loss-landscapes; even")] = 8,
    direction_seed: Annotated[int, typer.Option(help="of the filter-normalised pair given to loss-landscapes")] = 0,
    images: Annotated[int, typer.Option(help="training images for loss-landscapes")] = 100,
    surface_images: Annotated[int, typer.Option(help="training images that the surfaces were measured on")] = 400,
    batch_size: Batch = 400,
    seed: Seed = 0,
    device: Device = "auto",
    threads: Threads = 1,
) -> None:
    """Compare with the loss-landscapes package, and the surfaces with the plain network in fp32."""
    import pandas as pd

    from optprimer.landscape.crosscheck import against_loss_landscapes, spot_check
    from optprimer.landscape.directions import load_planes
    from optprimer.landscape.inputs import Inputs
    from optprimer.landscape.tables import Crosscheck, Precision, Surface
    from optprimer.tables import read, write

    inputs = Inputs.read(weights, data, seed, device, "fp32", threads)
    surfaces = read(Surface, surface_table).query("net == @net")
    files = {}
    for path in planes:
        kind, _ = load_planes(path, [])
        files[kind] = load_planes(path, sorted(set(surfaces.loc[surfaces["directions"] == kind, "direction_seed"])))[1]
    plane = files["filter"][direction_seed]
    rows = against_loss_landscapes(inputs.network, plane, points, inputs.train(images), inputs.runtime)
    write(pd.DataFrame(rows).assign(data=inputs.dataset.name, net=net), Crosscheck, output)
    sample = inputs.train(surface_images)
    write(spot_check(inputs.network, files, surfaces, sample, batch_size, seed), Precision, precision_output)


def geometry(
    surfaces: Annotated[list[Path], typer.Argument(help="tables of surfaces")],
    points: Annotated[int, typer.Option(help="side of the grid on which all direction seeds are compared")],
    output: Output,
) -> None:
    """Turn surfaces into numbers: roughness, minima, width, range, negative curvature."""
    from optprimer.landscape.geometry import geometry_table
    from optprimer.landscape.tables import Geometry, Surface
    from optprimer.tables import read, write

    write(geometry_table(read(Surface, *surfaces), points), Geometry, output)
