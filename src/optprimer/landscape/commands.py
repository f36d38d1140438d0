"""Commands of the landscape stage, one per rule."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from torch import nn

    from optprimer.data.dataset import Dataset
    from optprimer.landscape.images import Images
    from optprimer.runtime import Runtime

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
    from optprimer.landscape.directions import random_plane, save_planes
    from optprimer.networks.store import load_network

    network = load_network(weights)
    planes = {k: random_plane(network, seed, k, normalisation, reach) for k in _numbers(direction_seeds)}
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
    from optprimer import tables
    from optprimer.landscape.surface import Grid, surface_rows

    inputs = _load(weights, data, seed, device, precision, threads, batch_size)
    kind, frame = _grid_rows(
        inputs, planes, direction_seeds, Grid(points, points), rows, [inputs.train(images)], state, surface_rows
    )
    frame = frame.assign(data=inputs.dataset.name, net=net, surface=name, directions=kind, precision=inputs.runtime.precision)
    tables.write(frame, tables.Surface, output)


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
    from optprimer import tables
    from optprimer.landscape.surface import Grid, line_rows

    inputs = _load(weights, data, seed, device, precision, threads, batch_size)
    samples = [inputs.train(images), inputs.test(test_images)]
    _, frame = _grid_rows(inputs, planes, direction_seeds, Grid(points, 1), rows, samples, state, line_rows)
    frame = frame.assign(data=inputs.dataset.name, net=net, precision=inputs.runtime.precision)
    tables.write(frame, tables.Line, output)


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
    from optprimer import tables
    from optprimer.landscape.curvature import curvature_row
    from optprimer.landscape.directions import load_planes
    from optprimer.landscape.hessian import HessianOperator
    from optprimer.landscape.surface import Grid
    from optprimer.progress import Progress

    inputs = _load(weights, data, seed, device, "fp32", threads, images)
    sample = inputs.train(images)
    plane = load_planes(planes, [direction_seed])[1][direction_seed]
    hessian, grid = HessianOperator(inputs.network, sample), Grid(points, points)
    bar = Progress(f"curvature of {net}", (rows[1] - rows[0] + 1) * points, "points")

    def compute(j: int) -> list[dict[str, float | int]]:
        return curvature_row(hessian, plane, grid, j, iterations, seed, bar)

    frame = _resumed(inputs, planes, (direction_seed, grid, images, iterations), rows, state, compute, "curvature")
    frame = frame.assign(data=inputs.dataset.name, net=net, direction_seed=direction_seed, n=len(sample))
    tables.write(frame, tables.Curvature, output)


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

    from optprimer import tables
    from optprimer.landscape.directions import save_planes
    from optprimer.landscape.trajectory import trajectory as project
    from optprimer.networks.store import load_trajectory

    inputs = _load(weights, data, seed, device, precision, threads, batch_size)
    plane, rows = project(
        inputs.network, load_trajectory(checkpoints), inputs.train(images), inputs.runtime, inputs.batch_size
    )
    save_planes({0: plane}, "pca", planes)
    frame = pd.DataFrame(rows).assign(data=inputs.dataset.name, net=net, precision=inputs.runtime.precision)
    tables.write(frame, tables.Trajectory, output)


def crosscheck(
    weights: Weights,
    data: Data,
    planes: Annotated[list[Path], typer.Option(help="files of directions; once for each")],
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

    from optprimer import tables
    from optprimer.landscape.crosscheck import against_loss_landscapes, spot_check
    from optprimer.landscape.directions import load_planes

    inputs = _load(weights, data, seed, device, "fp32", threads, batch_size)
    surfaces = tables.read(tables.Surface, surface_table).query("net == @net")
    files = {}
    for path in planes:
        kind, _ = load_planes(path, [])
        files[kind] = load_planes(path, sorted(set(surfaces.loc[surfaces["directions"] == kind, "direction_seed"])))[1]
    plane = files["filter"][direction_seed]
    rows = against_loss_landscapes(inputs.network, plane, points, inputs.train(images), inputs.runtime)
    tables.write(pd.DataFrame(rows).assign(data=inputs.dataset.name, net=net), tables.Crosscheck, output)
    spots = spot_check(inputs.network, files, surfaces, inputs.train(surface_images), inputs.batch_size, seed)
    tables.write(spots, tables.Precision, precision_output)


def geometry(
    surface_table: Annotated[Path, typer.Option("--surface", help="surface.csv")],
    points: Annotated[int, typer.Option(help="side of the grid on which all direction seeds are compared")],
    output: Output,
) -> None:
    """Turn surfaces into numbers: roughness, minima, width, range, negative curvature."""
    from optprimer import tables
    from optprimer.landscape.geometry import geometry_table

    surfaces = tables.read(tables.Surface, surface_table)
    random = surfaces[surfaces["directions"] != "pca"]
    tables.write(geometry_table(random, points), tables.Geometry, output)


@dataclass(frozen=True)
class _Inputs:
    """What every command that measures losses reads."""

    network: "nn.Module"
    dataset: "Dataset"
    runtime: "Runtime"
    weights: Path
    seed: int
    batch_size: int

    def train(self, n: int) -> "Images":
        return self._sample("train", n)

    def test(self, n: int) -> "Images":
        return self._sample("test", n)

    def _sample(self, split: str, n: int) -> "Images":
        from optprimer import seeds
        from optprimer.landscape.images import sample

        d = self.dataset
        images, labels = (d.train_images, d.train_labels) if split == "train" else (d.test_images, d.test_labels)
        return sample(images, labels, n, seeds.derive(self.seed, "landscape", split), d.mean, d.std, self.runtime)


def _load(weights: Path, data: Path, seed: int, device: str, precision: str, threads: int, batch_size: int) -> _Inputs:
    from optprimer.data.dataset import load
    from optprimer.networks.store import load_network
    from optprimer.runtime import set_up

    runtime = set_up(device, precision, threads)
    network = load_network(weights).to(runtime.device)
    return _Inputs(network, load(data), runtime, weights, seed, batch_size)


def _grid_rows(inputs, planes_file, direction_seeds, grid, rows, samples, state, to_rows):  # noqa: ANN001, ANN202
    from optprimer.landscape.directions import load_planes
    from optprimer.landscape.surface import RowEvaluator
    from optprimer.progress import Progress

    wanted = _numbers(direction_seeds)
    kind, planes = load_planes(planes_file, wanted)
    evaluator = RowEvaluator(inputs.network, planes, grid, samples, inputs.runtime, inputs.batch_size)
    bar = Progress(f"{kind} directions", (rows[1] - rows[0] + 1) * grid.alphas * sum(map(len, samples)), "images")
    what = (wanted, grid, [len(sample) for sample in samples], inputs.batch_size)
    frame = _resumed(inputs, planes_file, what, rows, state, lambda r: to_rows(evaluator.row(r, bar)), "surface")
    return kind, frame


def _resumed(inputs, planes_file, what, rows, state, compute, module) -> "pd.DataFrame":  # noqa: ANN001
    import pandas as pd
    import torch

    from optprimer.digest import digest
    from optprimer.landscape.rowlog import identity, resumed

    code = digest(f"optprimer.landscape.{module}")
    machine = (str(inputs.runtime), torch.get_num_threads(), torch.__version__)
    name = identity(inputs.weights, planes_file, inputs.dataset.name, inputs.dataset.mean, inputs.seed, what, code, machine)
    numbers = range(rows[0], rows[1] + 1)
    return pd.DataFrame([row for part in resumed(state, name, numbers, compute) for row in part])


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]
