"""Small networks and softmax regression, trained many times from independent starts, and where their losses are not convex."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import vector_to_parameters

from optprimer import seeds
from optprimer.data.dataset import PROVENANCE, Dataset, load
from optprimer.digest import digest
from optprimer.edge import convexity
from optprimer.edge.descent import descend
from optprimer.edge.plan import CLAIM, CONTROL
from optprimer.edge.setting import LINEAR, RELU, TANH, network_of, sample
from optprimer.hessian.lanczos import extreme_eigenvalues
from optprimer.hessian.loss import NetworkLoss
from optprimer.rowlog import RowLog, Rows, identity

ROLES = {TANH: CLAIM, RELU: CLAIM, LINEAR: CONTROL}
PRODUCTS = 80  # Hessian-vector products for both ends of one spectrum


@dataclass(frozen=True)
class Convexity:
    """The settings ``edge.convexity`` of the configuration.

    ``starts`` independent networks with one hidden layer of ``width`` units are trained on ``images`` training images by
    gradient descent, and looked at after each of ``steps``; ``radii`` are relative to the norm of the weights.
    """

    images: int
    width: int
    starts: int
    spectra: int
    learning_rate: float
    steps: tuple[int, ...]
    radii: tuple[float, ...]


def convexity_rows(
    settings: Convexity, folder: Path, seed: int, device: torch.device, state: Path
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the rows of edge/convexity.csv and of edge/spectra.csv, from where an interrupted job left off."""
    data = load(folder)
    machine = (device, torch.get_num_threads(), torch.__version__, digest("optprimer.edge.convexity_study"))
    log = RowLog(state / "convexity.jsonl", identity(folder / PROVENANCE, settings, seed, machine))
    names = list(ROLES)
    finished = log.resumed(range(len(names)), lambda index: _rows(settings, data, names[index], seed, device))
    rows = []
    for (name, role), found in zip(ROLES.items(), finished, strict=True):
        rows += [{"data": data.name, "network": name, "role": role} | row for row in found]
    return [row for row in rows if "segment" in row], [row for row in rows if "lambda_min" in row]


def _rows(settings: Convexity, data: Dataset, architecture: str, seed: int, device: torch.device) -> Rows:
    """Return the counts of each kind of segment, and the ends of the spectra, after each number of steps."""
    study = _Study(settings, data, architecture, seed, device)
    paths = [study.path(index) for index in range(settings.starts)]
    found: Rows = []
    for step in settings.steps:
        points = [path[step] for path in paths]
        rows = [*study.segments(points, step), *study.spectra(points, step)]
        found += [row | {"step": step, "n": study.images, "parameters": len(points[0])} for row in rows]
    return found


class _Study:
    """The networks of one architecture, their common loss, and what is asked of points on their ways."""

    def __init__(self, settings: Convexity, data: Dataset, architecture: str, seed: int, device: torch.device) -> None:
        self._settings, self._data, self._architecture, self._device = settings, data, architecture, device
        self._seed = seeds.derive(seed, "convexity")
        images = sample(data, settings.images, seed, 0, torch.float64, device)
        self._network = self._start(0)
        self._loss = NetworkLoss(self._network, cross_entropy, images.inputs, images.labels, block=len(images.labels))
        self.images = len(images.labels)

    def path(self, index: int) -> dict[int, Tensor]:
        """Train one network and keep its weights after each of the steps."""
        weights = torch.cat([parameter.detach().reshape(-1) for parameter in self._start(index).parameters()])
        steps = islice(descend(self._loss, weights, self._settings.learning_rate), max(self._settings.steps) + 1)
        return {step: point for step, (_, point) in enumerate(steps) if step in self._settings.steps}

    def segments(self, points: list[Tensor], step: int) -> Iterator[dict[str, Any]]:
        """Count the violations on each kind of segment between and around ``points``."""
        generator = self._generator("segments", step)
        yield {"segment": "between", "radius": float("nan")} | convexity.counted([*convexity.between(self._loss, points)])
        for radius in self._settings.radii:
            gaps = [*convexity.around(self._loss, points, radius, generator)]
            yield {"segment": "around", "radius": radius} | convexity.counted(gaps)
        if self._architecture != LINEAR:
            gaps = [convexity.gap(self._loss, point, self._permuted(point, generator)) for point in points]
            yield {"segment": "permuted", "radius": float("nan")} | convexity.counted(gaps)

    def spectra(self, points: list[Tensor], step: int) -> Iterator[dict[str, Any]]:
        """Measure both ends of the Hessian's spectrum at the first ``points``."""
        for index, point in enumerate(points[: self._settings.spectra]):
            generator = self._generator("lanczos", step, index)
            ends = extreme_eigenvalues(self._loss.hessian(point), len(point), PRODUCTS, generator, self._device, torch.float64)
            yield {
                "start": index,
                "loss": self._loss.value(point),
                "lambda_min": ends.lambda_min,
                "lambda_max": ends.lambda_max,
                "residual_min": ends.residual_min,
                "residual_max": ends.residual_max,
                "products": ends.iterations,
            }

    def _start(self, index: int) -> nn.Module:
        widths = () if self._architecture == LINEAR else (self._settings.width,)
        network = network_of(self._architecture, widths, self._data, self._generator("network", index))
        return network.to(self._device, torch.float64)

    def _permuted(self, point: Tensor, generator: torch.Generator) -> Tensor:
        vector_to_parameters(point, self._network.parameters())
        return convexity.permuted(self._network, generator)

    def _generator(self, *axis: str | int) -> torch.Generator:
        return torch.Generator().manual_seed(seeds.derive(self._seed, *axis))
