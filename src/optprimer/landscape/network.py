"""The landscape of any PyTorch network: the same measurements as the workflow's, without Snakemake."""

import copy
import importlib
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pandas as pd
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from optprimer import seeds
from optprimer.errors import UserError
from optprimer.landscape.directions import random_plane, save_planes
from optprimer.landscape.folding import fold
from optprimer.landscape.geometry import geometry_table
from optprimer.landscape.images import Images, sample
from optprimer.landscape.measure import curvature_table, line_table, surface_table
from optprimer.landscape.tables import Curvature, Geometry, Line, Surface
from optprimer.runtime import Runtime
from optprimer.tables import write


@dataclass(frozen=True)
class LabelledImages:
    """Images to measure on: uint8 (N, H, W, C), and integer labels (N,).

    ``mean`` and ``std``, per channel and of images scaled to [0, 1], are those that the network was trained with.
    """

    images: np.ndarray
    labels: np.ndarray
    mean: tuple[float, ...]
    std: tuple[float, ...]


@dataclass(frozen=True)
class Settings:
    """How to measure a landscape; the defaults give a first picture in minutes."""

    points: int = 25
    reach: float = 1.0
    direction_seeds: tuple[int, ...] = (0, 1, 2)
    images: int = 1000
    curvature_points: int = 5
    curvature_images: int = 64
    lanczos_steps: int = 15
    batch_size: int = 250
    seed: int = 0


@dataclass(frozen=True)
class Landscape:
    """The tables of a landscape, and in ``note`` how the network was evaluated."""

    line: pd.DataFrame
    surface: pd.DataFrame
    curvature: pd.DataFrame
    geometry: pd.DataFrame
    note: str


def landscape(
    network: nn.Module,
    data: LabelledImages,
    output: Path,
    runtime: Runtime,
    settings: Settings = Settings(),
    name: str = "network",
    data_name: str = "images",
) -> Landscape:
    """Measure and store the landscape of ``network`` on a stratified sample of ``data``.

    Directions are Gaussian and filter-normalised. The network is evaluated folded where that is exact, otherwise as it is and
    in fp32. There are no test images, so the test columns of the line are NaN and ``n_test`` is 0.

    Args:
        network: from (n, C, H, W) to logits (n, classes); it is not changed.
        data: what to measure on, usually the training set.
        output: folder for line.csv, surface.csv, curvature.csv, geometry.csv and directions.safetensors.
        runtime: device and precision, from ``optprimer.runtime.set_up``.
        settings: grid, directions, number of images.
        name: what tables call the network.
        data_name: what tables call the data.

    Raises:
        UserError: a setting is impossible, or labels do not fit the network's outputs.
    """
    _check(settings, data)
    n, seed = min(settings.images, len(data.labels)), seeds.derive(settings.seed, "landscape", "train")
    exact = replace(runtime, precision="fp32")
    network = copy.deepcopy(network).to(runtime.device).eval()
    whole = sample(data.images, data.labels, n, seed, data.mean, data.std, exact)
    _check_outputs(network, whole)
    folded = fold(network, whole.inputs[:2])
    if folded.plain:
        runtime = exact
    images = Images(whole.inputs.to(runtime.dtype), whole.labels, whole.population)
    few = sample(data.images, data.labels, min(n, settings.curvature_images), seed, data.mean, data.std, exact)

    planes = {k: random_plane(network, settings.seed, k, "filter", settings.reach) for k in settings.direction_seeds}
    save_planes(planes, "filter", output / "directions.safetensors")
    surface = surface_table(network, planes, settings.points, images, runtime, settings.batch_size)
    surface = surface.assign(surface="fine", directions="filter")
    line = line_table(network, planes, 2 * settings.points - 1, images, None, runtime, settings.batch_size)
    first = settings.direction_seeds[0]
    curvature = curvature_table(network, planes[first], settings.curvature_points, few, settings.lanczos_steps, settings.seed)
    surface, line, curvature = (t.assign(data=data_name, net=name) for t in (surface, line, curvature))
    curvature = curvature.assign(direction_seed=first)
    geometry = geometry_table(surface[list(Surface.to_schema().columns)], settings.points)
    for table, model in ((surface, Surface), (line, Line), (curvature, Curvature), (geometry, Geometry)):
        write(table, model, output / f"{model.__name__.lower()}.csv")
    return Landscape(line, surface, curvature, geometry, folded.note)


def load_module(spec: str, weights: Path) -> nn.Module:
    """Build the network that ``module:function`` returns, importable from the working directory, and load its weights.

    ``weights`` is a safetensors file, or a state dict written by ``torch.save``; nothing is unpickled but tensors.

    Raises:
        UserError: no such module or function, it does not return a module, or the weights do not fit it.
    """
    module_name, _, function_name = spec.partition(":")
    if not function_name:
        raise UserError(f"--model {spec!r}: expected module:function, such as mynet:build")
    sys.path.insert(0, str(Path.cwd()))
    try:
        build = getattr(importlib.import_module(module_name), function_name)
    except (ImportError, AttributeError) as error:
        raise UserError(f"--model {spec!r}: {error}") from None
    network = build()
    if not isinstance(network, nn.Module):
        raise UserError(f"--model {spec!r}: returned {type(network).__name__}, not a torch.nn.Module")
    try:
        state = load_file(weights) if weights.suffix == ".safetensors" else torch.load(weights, "cpu", weights_only=True)
        network.load_state_dict(state)
    except FileNotFoundError:
        raise UserError(f"--weights {weights}: no such file") from None
    except SafetensorError as error:
        raise UserError(f"--weights {weights}: not a safetensors file ({error})") from None
    except Exception as error:  # torch.load and load_state_dict raise many kinds, most of several lines
        raise UserError(f"--weights {weights}: do not fit {spec} ({' '.join(str(error).split())[:300]})") from None
    return network.eval()


def load_npz(path: Path) -> LabelledImages:
    """Read ``images`` (uint8, N x H x W x C), ``labels`` (int, N) and, optionally, ``mean`` and ``std`` per channel.

    Raises:
        UserError: missing, damaged, or arrays of other shapes or types.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {key: stored[key] for key in ("images", "labels", "mean", "std") if key in stored}
        images, labels = arrays["images"], arrays["labels"]
    except FileNotFoundError:
        raise UserError(f"--data {path}: no such file") from None
    except KeyError as error:
        raise UserError(f"--data {path}: has no array {error}") from None
    except (OSError, ValueError, BadZipFile, TypeError) as error:
        raise UserError(f"--data {path}: not an npz file ({' '.join(str(error).split())})") from None
    if images.dtype != np.uint8 or images.ndim != 4 or len(images) == 0:
        raise UserError(f"--data {path}: images are {images.dtype} {images.shape}, expected uint8 (N, H, W, C)")
    if labels.shape != (len(images),) or not np.issubdtype(labels.dtype, np.integer):
        raise UserError(f"--data {path}: labels are {labels.dtype} {labels.shape}, expected integers ({len(images)},)")
    pixels = images.astype(np.float64) / 255
    mean = np.atleast_1d(arrays.get("mean", pixels.mean((0, 1, 2))))
    std = np.atleast_1d(arrays.get("std", pixels.std((0, 1, 2))))
    if mean.shape != images.shape[3:] or std.shape != images.shape[3:] or not (std > 0).all():
        raise UserError(f"--data {path}: mean and std must have {images.shape[3]} values, std above 0")
    return LabelledImages(images, labels, tuple(map(float, mean)), tuple(map(float, std)))


def _check(settings: Settings, data: LabelledImages) -> None:
    for key in ("points", "curvature_points"):
        value = getattr(settings, key)
        if value < 3 or value % 2 == 0:
            raise UserError(
                f"--{key.replace('_', '-')} {value}: an odd number of at least 3, so that the network is on the grid"
            )
    if settings.reach <= 0:
        raise UserError(f"--range {settings.reach}: a positive number")
    if settings.images < 1:
        raise UserError(f"--images {settings.images}: at least 1")
    if not settings.direction_seeds or len(set(settings.direction_seeds)) < len(settings.direction_seeds):
        raise UserError("--direction-seeds: at least one seed, and none twice")
    if data.labels.min() < 0:
        raise UserError(f"labels: {int(data.labels.min())} is below 0")


def _check_outputs(network: nn.Module, images: Images) -> None:
    try:
        with torch.inference_mode():
            logits = network(images.inputs[:2])
    except (RuntimeError, ValueError, TypeError) as error:
        shape = tuple(images.inputs.shape[1:])
        raise UserError(f"the network does not take images of shape {shape}: {' '.join(str(error).split())}") from None
    if logits.dim() != 2 or int(images.labels.max()) >= logits.shape[1]:
        raise UserError(
            f"the network gives logits of shape {tuple(logits.shape)}; labels reach {int(images.labels.max())},"
            " so at least (n, that + 1) is needed"
        )
