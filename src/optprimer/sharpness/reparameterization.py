"""The alpha-scale transformation (Dinh et al. 2017, arXiv 1703.04933, definition 5): the same function, another sharpness.

A ReLU is homogeneous, relu(a z) = a relu(z) for a > 0. So a network with one hidden layer computes the same with

    T_alpha (W1, b1, W2, b2) = (alpha W1, alpha b1, W2 / alpha, b2),

for every alpha > 0. With flat weights T_alpha is t * w for a vector t, and by the chain rule, with D = diag(1 / t),

    gradient(T w) = D gradient(w),    H(T w) = D H(w) D.

So the largest eigenvalue is at least max(alpha^-2 lambda_max(H_11), alpha^2 lambda_max(H_22)), for the blocks of the layers,
and has slopes -2 and +2 in ln alpha at the ends. Gradient descent with a fixed rate goes up where it exceeds 2 / rate.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from optprimer import seeds
from optprimer.data.dataset import Dataset
from optprimer.hessian.loss import FlatLoss
from optprimer.landscape.directions import random_direction
from optprimer.networks.mlp import MLP
from optprimer.sharpness.curvature import Curvature, curvature, filter_lengths
from optprimer.sharpness.keskar import adaptive_box, keskar_box, sign_sharpness
from optprimer.sharpness.minimum import ADAPTIVE_EPSILON
from optprimer.sharpness.names import BIAS, RELU, TANH
from optprimer.sharpness.sample import Sample

RANGE = (-2, 2)  # of log10 alpha
EPSILON = 1e-3
DESCENT_STEPS = 20
PROFILE = np.linspace(-1, 1, 21)  # steps along a direction, in its lengths


def alphas(count: int) -> list[float]:
    """Return ``count`` values, evenly spaced in ln alpha; with an odd count 1 is among them."""
    return np.logspace(*RANGE, count).tolist()


def scaling(network: nn.Module, alpha: float, *, scale_bias: bool = True) -> Tensor:
    """Return t (d,) of T_alpha for the parameters W1, b1, W2, b2 of ``network``; the control leaves b1 as it is."""
    factors = (alpha, alpha if scale_bias else 1.0, 1 / alpha, 1.0)
    parameters = list(network.parameters())
    return torch.cat(
        [torch.full((len(p.reshape(-1)),), f, dtype=p.dtype, device=p.device) for p, f in zip(parameters, factors, strict=True)]
    )


@dataclass(frozen=True)
class Scaled:
    """A trained network with one hidden layer, ``weights`` (d,) in float64, and its images."""

    network: MLP
    weights: Tensor
    data: Dataset
    draws: int
    seed: int

    def rows(self, count: int) -> Iterator[dict[str, Any]]:
        """Yield columns of sharpness/reparameterization.csv for each variant and alpha.

        The controls compute something else: with tanh, which is not homogeneous, and with a b1 that is not scaled.
        """
        train, test = (Sample(self.network, self.data, split) for split in ("train", "test"))
        tanh = self._with_tanh()
        rate = 1 / self._curvature(train.loss, self.weights).largest.value  # half of the largest at which GD descends here
        for alpha in alphas(count):
            t = scaling(self.network, alpha)
            yield {"variant": RELU, "alpha": alpha, **self._function(train, test, t), **self._geometry(train, t, rate)}
            for variant, (seen, tested), factors in (
                (TANH, tanh, t),
                (BIAS, (train, test), scaling(self.network, alpha, scale_bias=False)),
            ):
                yield {"variant": variant, "alpha": alpha, **self._function(seen, tested, factors)}

    def profiles(self, count: int) -> Iterator[dict[str, Any]]:
        """Yield columns of sharpness/profile.csv: losses along a random direction, at the least, the middle, the largest alpha.

        The direction is that of figure 1, drawn by the same function; its Gaussians are the same for every alpha.
        """
        train, values = Sample(self.network, self.data, "train"), alphas(count)
        for normalisation in ("filter", "none"):
            for alpha in (values[0], values[count // 2], values[-1]):
                point = scaling(self.network, alpha) * self.weights
                direction = self._direction(point, normalisation)
                for step in PROFILE.tolist():
                    loss = train.loss.value(point + step * direction)
                    yield {"normalisation": normalisation, "alpha": alpha, "step": step, "loss": loss}

    def _direction(self, point: Tensor, normalisation: str) -> Tensor:
        nn.utils.vector_to_parameters(point, self.network.parameters())
        direction = random_direction(self.network, seeds.derive(self.seed, "direction"), normalisation)
        nn.utils.vector_to_parameters(self.weights, self.network.parameters())
        parts = [direction.get(name, torch.zeros(p.shape)) for name, p in self.network.named_parameters()]
        return torch.cat([part.reshape(-1) for part in parts]).to(point)

    def _with_tanh(self) -> tuple[Sample, Sample]:
        images = self.data.train_images
        size = {"channels": images.shape[-1], "side": images.shape[1], "classes": len(self.data.classes)}
        widths = [len(next(self.network.parameters()))]
        other = MLP(widths, **size, activation="tanh").to(self.weights)
        return Sample(other, self.data, "train"), Sample(other, self.data, "test")

    def _function(self, train: Sample, test: Sample, t: Tensor) -> dict[str, float]:
        """Compare what the network computes at t * w with what it computes at w."""
        loss, _ = train.loss_and_accuracy(t * self.weights)
        _, accuracy = test.loss_and_accuracy(t * self.weights)
        difference = train.outputs(t * self.weights) - train.outputs(self.weights)
        return {"output_difference": float(difference.abs().max()), "train_loss": loss, "test_accuracy": accuracy}

    def _geometry(self, train: Sample, t: Tensor, rate: float) -> dict[str, Any]:
        """Measure at t * w what depends on the parameters."""
        point = t * self.weights
        curved = self._curvature(train.loss, point)
        largest = curved.largest
        sharpness = {
            "keskar_sharpness": sign_sharpness(train.loss, point, keskar_box(point, EPSILON), largest.vector),
            "adaptive_sharpness": sign_sharpness(train.loss, point, adaptive_box(point, ADAPTIVE_EPSILON), largest.vector),
        }
        return {
            "identity_error": self._identity_error(train.loss, t),
            "gradient_norm": float(train.loss.gradient(point).norm()),
            "lambda_max": largest.value,
            "lambda_residual": largest.residual,
            "trace": curved.trace.value,
            "trace_se": curved.trace.standard_error,
            **sharpness,
            "lambda_normalised": curved.normalised.value,
            "rate": rate,
            "rate_times_lambda": rate * largest.value,
            "rises": rises(train.loss, point, rate),
        }

    def _curvature(self, loss: FlatLoss, point: Tensor) -> Curvature:
        return curvature(loss, point, filter_lengths(self.network, point), self.draws, self.seed)

    def _identity_error(self, loss: FlatLoss, t: Tensor) -> float:
        """Return |H(T w) v - D H(w) D v| / |H(T w) v| for a random v: anything wrong in T_alpha would show."""
        generator = torch.Generator().manual_seed(seeds.derive(self.seed, "identity"))
        v = torch.randn(len(t), generator=generator, dtype=torch.float64).to(t)
        there = loss.hessian(t * self.weights)(v)
        here = loss.hessian(self.weights)(v / t) / t
        return float((there - here).norm() / there.norm())


def rises(loss: FlatLoss, point: Tensor, rate: float) -> bool:
    """Say whether some of the next steps of gradient descent from ``point`` (d,) leads above where it started."""
    at, start = point, loss.value(point)
    for _ in range(DESCENT_STEPS):
        at = at - rate * loss.gradient(at)
        value = loss.value(at)
        if value > start or not math.isfinite(value):
            return True
    return False
