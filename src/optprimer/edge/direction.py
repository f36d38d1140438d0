"""Convergence in direction: where the weights of a homogeneous network point while they grow without end.

Ji and Telgarsky 2020 (arXiv 2006.06657): on a network whose outputs are homogeneous in its weights, gradient flow on the
cross-entropy loss, once all images are classified, drives the loss to 0 and the weights to infinity, and w / |w| converges.
Lyu and Li 2020 (arXiv 1906.05890): the margin over |w|^degree grows. With two layers the norm grows like the root of
log(1 / L), so steps must grow like 1 / L to get anywhere: w <- w - (r / L) grad L = w - r grad log L, which is gradient descent
on log L, whose flow takes the same path.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from optprimer.hessian.loss import NetworkLoss

FIRST_RATE = 0.1
GROWTH = 1.02  # of the rate after a step that is kept; one that is taken back halves the rate
KEPT = 0.5  # of rate * |gradient|^2, the least decrease of a step that is kept: what any loss grants if rate <= 1 / beta
FAR = -30.0  # log(log(1 + e^s)) is s, to a relative 5e-14 of the loss, for s below this
SMALLEST_MOVE = 1e-16  # of the weights' norm: less than float64 can tell from none

Objective = Callable[[Tensor], tuple[float, Tensor]]


@dataclass(frozen=True)
class Point:
    """Where a run is after so many ``step``s, those taken back included: weights w (d,)."""

    step: int
    weights: Tensor


def log_loss(outputs: Tensor, labels: Tensor) -> Tensor:
    """Return the logarithm of the mean cross-entropy loss of outputs (n, K) and labels (n,), as precise at e^-1000 as at 1.

    An image's loss is log(1 + e^s) with s = log sum_{k != y} e^(z_k - z_y), so nothing is rounded against 1.
    """
    own = outputs.gather(1, labels[:, None])
    others = outputs.scatter(1, labels[:, None], -math.inf)
    s = (others - own).logsumexp(1)
    far = s < FAR
    each = torch.where(far, s, functional.softplus(s.clamp_min(FAR)).log())
    return each.logsumexp(0) - math.log(len(labels))


def margin(outputs: Tensor, labels: Tensor) -> float:
    """Return the smallest difference, over the images, of the label's output and the largest other one."""
    own = outputs.gather(1, labels[:, None])[:, 0]
    others = outputs.scatter(1, labels[:, None], -math.inf).amax(1)
    return float((own - others).min())


def plain(loss: NetworkLoss) -> Objective:
    """Return w -> log L(w) and its gradient, of a ``loss`` that is a logarithm already (``log_loss``)."""
    return loss.value_and_gradient


def decayed(loss: NetworkLoss, weight_decay: float) -> Objective:
    """Return w -> log(L(w) + weight_decay / 2 |w|^2) and its gradient, of a ``loss`` that is a logarithm (``log_loss``)."""

    def objective(weights: Tensor) -> tuple[float, Tensor]:
        value, gradient = loss.value_and_gradient(weights)
        total = math.exp(value) + weight_decay / 2 * float(weights @ weights)
        return math.log(total), (math.exp(value) * gradient + weight_decay * weights) / total

    return objective


def follow(objective: Objective, weights: Tensor) -> Iterator[tuple[Point, float]]:
    """Yield where gradient descent on ``objective`` is, with its value there, from 0 steps on, until steps come to nothing."""
    rate, step = FIRST_RATE, 0
    value, gradient = objective(weights)
    yield Point(step, weights), value
    while rate * gradient.norm() > SMALLEST_MOVE * weights.norm():
        tried = weights - rate * gradient
        result = objective(tried)
        if value - result[0] > KEPT * rate * float(gradient @ gradient):
            weights, (value, gradient) = tried, result
            rate *= GROWTH
        else:
            rate /= 2
        step += 1
        yield Point(step, weights), value


def doublings(points: Iterator[tuple[Point, float]], limit: int, enough: Callable[[list[Point]], bool]) -> list[Point]:
    """Return the first points at which -log L is at least 1, 2, 4, ..., until ``enough`` or the ``limit``-th doubling.

    Where -log L never is 1, that is the last of the ``points`` alone, which tells where the run ended; there must be one.
    """
    found: list[Point] = []
    for point, log_value in points:
        if -log_value >= 2 ** len(found):
            found.append(point)
            if len(found) > limit or enough(found):
                break
    return found or [point]


def at_steps(points: Iterator[tuple[Point, float]], steps: list[int]) -> list[Point]:
    """Return the points after these numbers of ``steps``, increasing; those that are never reached are absent."""
    found: list[Point] = []
    for point, _ in points:
        if len(found) == len(steps):
            break
        if point.step == steps[len(found)]:
            found.append(point)
    return found


def turn(earlier: Tensor, later: Tensor) -> float:
    """Return 1 - cos of the angle between two vectors (d,), as |u - v|^2 / 2 of the unit ones, which is exact near 0."""
    return float((earlier / earlier.norm() - later / later.norm()).square().sum()) / 2
