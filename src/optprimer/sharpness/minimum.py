"""One arm on one network: where training ends, and how sharp it is there."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from optprimer import seeds
from optprimer.data.dataset import Dataset
from optprimer.hessian.loss import flat
from optprimer.networks.build import build
from optprimer.runtime import Runtime
from optprimer.sharpness.arms import ARMS, SMALL, batch_size, recipe
from optprimer.sharpness.curvature import curvature, filter_lengths
from optprimer.sharpness.keskar import Box, Sharpness, adaptive_box, keskar_box, keskar_sharpness, random_basis, sign_sharpness
from optprimer.sharpness.names import ADAPTIVE, FULL, SUBSPACE
from optprimer.sharpness.sample import Sample
from optprimer.sharpness.settings import Network, Settings
from optprimer.training.loop import Trainer

ADAPTIVE_EPSILON = 0.02  # of a weight's size: for weights of .05, as here, the radius of the box of epsilon = 1e-3


@dataclass(frozen=True)
class Minimum:
    """Where training ended: flat ``weights`` (d,), those of the ``start``, and how many epochs and steps it took."""

    weights: Tensor
    start: Tensor
    epochs: int
    steps: int
    diverged: bool


@dataclass(frozen=True)
class Trials:
    """All runs of one seed: same images, same start of each network. What was trained before is taken from ``folder``."""

    settings: Settings
    data: Dataset
    seed: int
    runtime: Runtime
    folder: Path

    def network(self, network: Network) -> nn.Module:
        """Build ``network`` for the images, its weights drawn from the seed."""
        images = self.data.train_images
        size = {"channels": images.shape[-1], "side": images.shape[1], "classes": len(self.data.classes)}
        generator = torch.Generator().manual_seed(seeds.derive(self.seed, "network"))
        return build(network.architecture, network.widths, **size, generator=generator).to(self.runtime.device)

    def minimum(self, network: Network, arm: str) -> Minimum:
        """Train ``network`` as ``arm`` says."""
        same = ARMS[arm].same_epochs
        epochs = self.minimum(network, SMALL).epochs if same else self.settings.epochs
        how = recipe(ARMS[arm], self.settings, len(self.data.train_labels), self.seed, epochs)
        module = self.network(network)
        start = flat(module)
        *_, last = Trainer(module, self.data, how, self.runtime, self.folder / f"{network.name}-{arm}").run()
        return Minimum(flat(module), start, last["epoch"], last["step"], last["diverged"])

    def measured(self, network: Network, arm: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Train and measure; return columns of sharpness/minima.csv and rows of sharpness/keskar.csv, in fp32."""
        found, module = self.minimum(network, arm), self.network(network)
        train, test, point = Sample(module, self.data, "train"), Sample(module, self.data, "test"), found.weights
        curved = curvature(train.loss, point, filter_lengths(module, point), self.settings.trace_draws, self.seed)
        ends = {}
        for split, sample in (("train", train), ("test", test)):
            ends[f"{split}_loss"], ends[f"{split}_accuracy"] = sample.loss_and_accuracy(point)
        columns = {
            "n": len(train),
            "n_test": len(test),
            "parameters": len(point),
            "batch_size": batch_size(ARMS[arm], self.settings, len(train)) or len(train),
            "epochs": found.epochs,
            "steps": found.steps,
            # To six digits: training looked at the loss in blocks of other sizes, which rounds it otherwise.
            "reached": ends["train_loss"] <= self.settings.target_loss * (1 + 1e-6),
            "diverged": found.diverged,
            **ends,
            "gradient_norm": float(train.loss.gradient(point).norm()),
            "lambda_max": curved.largest.value,
            "lambda_residual": curved.largest.residual,
            "trace": curved.trace.value,
            "trace_se": curved.trace.standard_error,
            "lambda_normalised": curved.normalised.value,
            "lambda_normalised_residual": curved.normalised.residual,
            "norm": float(point.norm()),
            "distance": float((point - found.start).norm()),
        }
        numbers = {name: math.nan for name, value in columns.items() if isinstance(value, float) and not math.isfinite(value)}
        return columns | numbers, self._sharpness(train, point, curved.largest.vector)

    def _sharpness(self, train: Sample, point: Tensor, direction: Tensor) -> list[dict[str, Any]]:
        rows = []
        basis = random_basis(len(point), self.settings.subspace, seeds.derive(self.seed, "subspace")).to(point)
        for epsilon in self.settings.epsilons:
            for space, box in ((FULL, keskar_box(point, epsilon)), (SUBSPACE, keskar_box(point, epsilon, basis))):
                generator = torch.Generator().manual_seed(seeds.derive(self.seed, "box"))
                found = keskar_sharpness(train.loss, point, box, direction, generator)
                rows.append(_row(space, epsilon, box, found))
        box = adaptive_box(point, ADAPTIVE_EPSILON)
        signs = Sharpness(math.nan, sign_sharpness(train.loss, point, box, direction), math.nan)
        return [*rows, _row(ADAPTIVE, ADAPTIVE_EPSILON, box, signs)]


def _row(space: str, epsilon: float, box: Box, found: Sharpness) -> dict[str, Any]:
    return {
        "space": space,
        "epsilon": epsilon,
        "dimension": len(box.radii),
        "keskar_sharpness": found.value,
        "method": found.method,
        "lbfgsb": found.lbfgsb,
        "signs": found.signs,
        "boundary_share": found.boundary_share,
    }
