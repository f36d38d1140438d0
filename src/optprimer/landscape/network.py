"""The landscape of any PyTorch network: the same measurements as the workflow's, without Snakemake."""

import copy
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor, nn

from optprimer import seeds
from optprimer.errors import UserError
from optprimer.landscape.directions import random_plane, save_planes
from optprimer.landscape.evaluator import PlaneEvaluator, moving_parameters
from optprimer.landscape.folding import agree, fold
from optprimer.landscape.geometry import geometry_table
from optprimer.landscape.images import Images, sample
from optprimer.landscape.loading import LabelledImages, in_one_line
from optprimer.landscape.measure import curvature_table, line_table, surface_table
from optprimer.landscape.tables import Curvature, Geometry, Line, Surface
from optprimer.runtime import Runtime
from optprimer.tables import Table, write

CLOSE = 0.1  # of the largest logit: bf16 rounds to 1 in 256, and errors grow with depth; more is no rounding


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
    in fp32, as is one that bf16 breaks. There are no test images, so the test columns of the line are NaN and ``n_test`` is 0.
    A table is on disk once it is measured; where the loss has no second derivative, that of the curvature has no rows.

    Args:
        network: from (n, C, H, W) to logits (n, classes); it is not changed.
        data: what to measure on, usually the training set.
        output: folder for surface.csv, geometry.csv, line.csv, curvature.csv and directions.safetensors.
        runtime: device and precision, from ``optprimer.runtime.set_up``.
        settings: grid, directions, number of images.
        name: what tables call the network.
        data_name: what tables call the data.

    Raises:
        UserError: a setting is impossible, the network cannot be measured, or labels do not fit its outputs.
    """
    _check(settings, data)
    network = _own_copy(network).to(runtime.device)
    n, seed = min(settings.images, len(data.labels)), seeds.derive(settings.seed, "landscape", "train")
    exact = replace(runtime, precision="fp32")
    whole = sample(data.images, data.labels, n, seed, data.mean, data.std, exact)
    _check_outputs(network, whole.inputs[:16], int(data.labels.max()))
    runtime, note = _arithmetic(network, whole.inputs[:2], runtime)
    images = Images(whole.inputs.to(runtime.dtype), whole.labels, whole.population)
    few = sample(data.images, data.labels, min(n, settings.curvature_images), seed, data.mean, data.std, exact)

    planes = {k: random_plane(network, settings.seed, k, "filter", settings.reach) for k in settings.direction_seeds}
    save_planes(planes, "filter", output / "directions.safetensors")

    def stored(table: pd.DataFrame, model: type[Table]) -> pd.DataFrame:
        table = table.assign(data=data_name, net=name)
        write(table, model, output / f"{model.__name__.lower()}.csv")
        return table

    surface = surface_table(network, planes, settings.points, images, runtime, settings.batch_size)
    surface = stored(surface.assign(surface="fine", directions="filter"), Surface)
    geometry = stored(geometry_table(surface, settings.points), Geometry)
    line = stored(line_table(network, planes, 2 * settings.points - 1, images, None, runtime, settings.batch_size), Line)
    first, side, steps = settings.direction_seeds[0], settings.curvature_points, settings.lanczos_steps
    try:
        curvature = curvature_table(network, planes[first], side, few, steps, settings.seed)
    except Exception as error:  # the user's code, differentiated twice: anything may come out of it
        curvature = pd.DataFrame(columns=list(Curvature.to_schema().columns))
        note = f"{note}; no curvature: {in_one_line(error)}"
    curvature = stored(curvature.assign(direction_seed=first), Curvature)
    return Landscape(line, surface, curvature, geometry, note)


def _check(settings: Settings, data: LabelledImages) -> None:
    for key in ("points", "curvature_points"):
        value = getattr(settings, key)
        if value < 3 or value % 2 == 0:
            raise UserError(
                f"--{key.replace('_', '-')} {value}: an odd number of at least 3, so that the network is on the grid"
            )
    for key in ("images", "curvature_images", "lanczos_steps", "batch_size"):
        if getattr(settings, key) < 1:
            raise UserError(f"--{key.replace('_', '-')} {getattr(settings, key)}: at least 1")
    if not 1e-30 <= settings.reach <= 1e30:
        raise UserError(f"--range {settings.reach}: a number from 1e-30 to 1e30")
    if not settings.direction_seeds or len(set(settings.direction_seeds)) < len(settings.direction_seeds):
        raise UserError("--direction-seeds: at least one seed, and none twice")
    if max(map(abs, settings.direction_seeds)) >= 2**63:
        raise UserError("--direction-seeds: whole numbers below 2**63")
    if data.labels.min() < 0:
        raise UserError(f"labels: {int(data.labels.min())} is below 0")


def _own_copy(network: nn.Module) -> nn.Module:
    if any(isinstance(module, torch.jit.ScriptModule) for module in network.modules()):
        raise UserError("the network is compiled by TorchScript: give the module that it was compiled from")
    try:
        network = copy.deepcopy(network).eval()
    except Exception as error:  # old weight norm, for one
        raise UserError(f"the network cannot be copied: {in_one_line(error)}") from None
    moving = moving_parameters(network)
    for key, weight in moving.items():
        if weight.is_complex() or not torch.isfinite(weight).all():
            raise UserError(f"the network's {key} is {'complex' if weight.is_complex() else 'not finite'}")
    if not any(weight.any() for weight in moving.values()):
        raise UserError("the network has no weight matrix or filter that is not 0, so there is nothing to move")
    return network


def _check_outputs(network: nn.Module, inputs: Tensor, last_label: int) -> None:
    try:
        with torch.inference_mode():
            logits = network(inputs.clone())
    except Exception as error:  # the user's code: anything may come out of it
        shape = tuple(inputs.shape[1:])
        raise UserError(f"the network does not take images of shape {shape}: {in_one_line(error)}") from None
    if not isinstance(logits, Tensor):
        raise UserError(f"the network gives a {type(logits).__name__}; logits of shape (n, classes) are needed")
    if logits.dim() != 2 or len(logits) != len(inputs):
        shape = f"{tuple(logits.shape)} for {len(inputs)} images"
        raise UserError(f"the network gives {shape}; logits of shape (n, classes) are needed")
    if last_label >= logits.shape[1]:
        raise UserError(f"labels reach {last_label}, but the network has only the classes 0 to {logits.shape[1] - 1}")
    if not torch.isfinite(logits.float().logsumexp(1)).any():
        raise UserError("the network's logits are not finite: its weights, mean or std are not those of a trained network")


def _arithmetic(network: nn.Module, example: Tensor, runtime: Runtime) -> tuple[Runtime, str]:
    """Choose fp32 for a network that cannot be folded or that bf16 breaks, and say in words how it is evaluated."""
    folded = fold(network, example)
    exact = replace(runtime, precision="fp32")
    if folded.plain or runtime == exact:
        return exact, folded.note
    try:
        with torch.inference_mode():
            expected = folded.network(example.clone())
            found = PlaneEvaluator(network, {}, {}, runtime, example).move_to(0, 0)(example.to(runtime.dtype))
    except Exception as error:  # layers without bf16, constants in fp32
        return exact, f"{folded.note}; evaluated in fp32, for in bf16 it fails ({in_one_line(error)})"
    if not agree(found.float(), expected.float(), CLOSE):
        return exact, f"{folded.note}; evaluated in fp32, for bf16 changes its logits"
    return runtime, folded.note
