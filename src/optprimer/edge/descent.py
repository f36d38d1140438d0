"""Full-batch gradient descent, step by step, and the sharpness of the loss under way (Cohen et al. 2021, arXiv 2103.00065)."""

import math
from collections.abc import Callable, Iterator
from itertools import islice

import torch
from torch import Tensor

from optprimer.hessian.lanczos import largest_eigenvalue
from optprimer.hessian.loss import FlatLoss
from optprimer.rowlog import Rows

RESIDUAL = 1e-2  # |H v - lambda v| / lambda; a measurement above it is refused
PRODUCTS = 60  # Hessian-vector products that one measurement may cost
# Eigenvalues overtake each other, most of all at the edge, where several come together. A Krylov space that begins at an exact
# eigenvector never leaves it, so the last vector is mixed with noise of this length, and the new largest one is found.
NOISE = 0.1


def descend(loss: FlatLoss, weights: Tensor, learning_rate: float) -> Iterator[tuple[float, Tensor]]:
    """Yield L(w) and w (d,), first of ``weights``, and step on, w <- w - learning_rate * gradient, without end."""
    while True:
        value, gradient = loss.value_and_gradient(weights)
        yield value, weights
        weights = weights - learning_rate * gradient


def tracked(
    loss: FlatLoss,
    weights: Tensor,
    learning_rate: float,
    *,
    steps: int,
    sharpness_every: int,
    accuracy: Callable[[Tensor], float],
    generator: torch.Generator,
) -> Rows:
    """Return the loss at each of 0 to ``steps`` steps, and every ``sharpness_every`` steps accuracy and sharpness.

    Sharpness is the largest eigenvalue of the Hessian, by Lanczos iteration from the last one's eigenvector and some noise from
    ``generator``; it is NaN where its residual is above ``RESIDUAL`` of it, and where it was not measured. ``accuracy`` is a
    function of the weights (d,). A loss that is not finite is NaN, and the last row.
    """
    rows: Rows = []
    vector: Tensor | None = None
    for step, (value, point) in enumerate(islice(descend(loss, weights, learning_rate), steps + 1)):
        row = {"step": step, "loss": value, "train_accuracy": math.nan, "sharpness": math.nan, "residual": math.nan}
        rows.append(row | {"products": 0})
        if not math.isfinite(value):
            rows[-1]["loss"] = math.nan
            break
        if step % sharpness_every == 0:
            top = largest_eigenvalue(loss.hessian(point), _start(vector, point, generator), RESIDUAL, PRODUCTS)
            vector, residual = top.vector, top.residual / abs(top.value)
            sharpness = top.value if residual <= RESIDUAL else math.nan
            measured = {"sharpness": sharpness, "residual": residual, "products": top.iterations}
            rows[-1] |= measured | {"train_accuracy": accuracy(point)}
    return rows


def _start(vector: Tensor | None, like: Tensor, generator: torch.Generator) -> Tensor:
    noise = torch.randn(like.shape, generator=generator, dtype=like.dtype).to(like)
    noise /= noise.norm()
    return noise if vector is None else vector + NOISE * noise
