"""The networks that are said to satisfy the PL inequality: a leaky-ReLU neuron, linear and linear residual nets, wide nets.

Weights are flat, (..., d), so that many networks are evaluated at once. Targets are such that L* = 0.
"""

import math
from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np

from optprimer.rates.problems.base import Array, Problem


@dataclass(frozen=True)
class LeakyNeuron(Problem):
    """L(w) = 1/(2n) sum_i (psi(x_i . w) - y_i)^2 with psi(z) = z for z > 0 and ``slope`` z elsewhere.

    L has kinks where x_i . w = 0; ``gradient`` is the one from the side x_i . w < 0 there.

    Attributes:
        inputs: x, (n, d).
        targets: y, (n,).
        slope: c in [0, 1]; 0 is the ReLU.
    """

    inputs: Array
    targets: Array
    slope: float

    @property
    def name(self) -> str:  # type: ignore[override] # noqa: D102 (the base class says what it is)
        return f"leaky_neuron_{self.slope:g}" if self.slope else "relu_neuron"

    @property
    def start(self) -> Array:  # noqa: D102
        return -np.ones(self.inputs.shape[1])

    def value(self, w: Array) -> Array:  # noqa: D102
        return ((leaky(w @ self.inputs.T, self.slope) - self.targets) ** 2).mean(-1) / 2

    def gradient(self, w: Array) -> Array:  # noqa: D102
        z = w @ self.inputs.T
        errors = leaky(z, self.slope) - self.targets
        return (np.where(z > 0, 1, self.slope) * errors) @ self.inputs / len(self.inputs)


def leaky(z: Array, slope: float) -> Array:
    """Return z where it is positive, ``slope`` z elsewhere."""
    return np.where(z > 0, z, slope * z)


@dataclass(frozen=True)
class LinearNetwork(Problem):
    """L = ``scale`` ||(F_l ... F_1 - M) S||_F^2 over l matrices, the factors W_j or, if ``residual``, I + A_j.

    With S = X and scale 1/2 this is half the squared error on the inputs X (d, n) with targets M X; what a target has besides,
    at right angles to the rows of X, adds a constant to L and to L*. With S S^T = E x x^T and scale 1 it is the expected
    squared error.

    Attributes:
        widths: from the input to the output, d = widths[0]; all equal if ``residual``.
        root: S, (d, n), of rank d.
        target: M, (widths[-1], d).
        scale: factor of the loss.
        residual: whether the weights are the A_j.
    """

    widths: tuple[int, ...]
    root: Array
    target: Array
    scale: float = 0.5
    residual: bool = False

    @property
    def name(self) -> str:  # type: ignore[override] # noqa: D102
        return f"linear_{'residual_' if self.residual else ''}{len(self.widths) - 1}"

    @property
    def dimension(self) -> int:
        """The number of weights."""
        return sum(rows * columns for rows, columns in self._shapes)

    @property
    def start(self) -> Array:  # noqa: D102
        return np.zeros(self.dimension)

    def weights(self, w: Array) -> list[Array]:
        """Return the W_j or A_j, each (..., widths[j], widths[j - 1])."""
        ends = np.cumsum([rows * columns for rows, columns in self._shapes])[:-1]
        parts = np.split(w, ends, axis=-1)
        return [part.reshape(*w.shape[:-1], *shape) for part, shape in zip(parts, self._shapes, strict=True)]

    def factors(self, w: Array) -> list[Array]:
        """Return the F_j."""
        weights = self.weights(w)
        return [np.eye(self.widths[0]) + each for each in weights] if self.residual else weights

    def value(self, w: Array) -> Array:  # noqa: D102
        return self.scale * (self._error(self.factors(w)) ** 2).sum((-2, -1))

    def gradient(self, w: Array) -> Array:  # noqa: D102
        factors = self.factors(w)
        inner = 2 * self.scale * self._error(factors) @ self.root.T
        parts = []
        for j in range(len(factors)):
            after = reduce(lambda left, right: right @ left, factors[j + 1 :], np.eye(self.widths[j + 1]))
            before = reduce(lambda left, right: right @ left, factors[:j], np.eye(self.widths[0]))
            part = after.swapaxes(-1, -2) @ inner @ before.swapaxes(-1, -2)
            parts.append(part.reshape(*w.shape[:-1], -1))
        return np.concatenate(parts, -1)

    @cached_property
    def _shapes(self) -> list[tuple[int, int]]:
        return list(zip(self.widths[1:], self.widths[:-1], strict=True))

    def _error(self, factors: list[Array]) -> Array:
        return (reduce(lambda left, right: right @ left, factors) - self.target) @ self.root


@dataclass(frozen=True)
class WideNetwork(Problem):
    """L = ||F - y||^2/2 of F(x) = a . tanh(W x)/sqrt(m), both layers trained, w = (W, a) with ``width`` m units.

    Attributes:
        inputs: x, (n, d).
        targets: y, (n,).
        width: m.
    """

    inputs: Array
    targets: Array
    width: int

    @property
    def name(self) -> str:  # type: ignore[override] # noqa: D102
        return f"tanh_network_{self.width}"

    @property
    def start(self) -> Array:  # noqa: D102
        return np.zeros(self.width * (self.inputs.shape[1] + 1))

    def draw(self, runs: int, rng: np.random.Generator) -> Array:
        """Draw the weights of so many networks, (runs, m (d + 1)): standard normal, in pairs that cancel.

        The second half of the units has the inputs of the first and the opposite output weights, so that F = 0 at the start
        whatever the width (Chizat, Oyallon & Bach 2019, NeurIPS 32). The width has to be even.
        """
        first = rng.normal(size=(runs, self.width // 2, self.inputs.shape[1]))
        output = rng.normal(size=(runs, self.width // 2))
        return np.concatenate([first.reshape(runs, -1)] * 2 + [output, -output], axis=1)

    def residuals(self, w: Array) -> Array:
        """Return F(x_i) - y_i, (..., n)."""
        hidden, output = self._forward(w)
        return self._residuals(hidden, output)

    def value(self, w: Array) -> Array:  # noqa: D102
        return (self.residuals(w) ** 2).sum(-1) / 2

    def gradient(self, w: Array) -> Array:  # noqa: D102
        hidden, output = self._forward(w)
        errors = self._residuals(hidden, output)[..., None, :] / math.sqrt(self.width)
        back = errors * (1 - hidden**2) * output[..., None]
        first = (back @ self.inputs).reshape(*w.shape[:-1], -1)
        return np.concatenate([first, (errors * hidden).sum(-1)], -1)

    def kernel(self, w: Array) -> Array:
        """Return the tangent kernel DF DF^T, (..., n, n): ||grad L||^2 = r . K r with the residuals r."""
        hidden, output = self._forward(w)
        slopes = (1 - hidden**2) * output[..., None]
        first = (slopes.swapaxes(-1, -2) @ slopes) * (self.inputs @ self.inputs.T)
        return (first + hidden.swapaxes(-1, -2) @ hidden) / self.width

    def _forward(self, w: Array) -> tuple[Array, Array]:
        """Return the hidden units (..., m, n) and the output weights (..., m)."""
        first, output = w[..., : -self.width], w[..., -self.width :]
        return np.tanh(first.reshape(*w.shape[:-1], self.width, -1) @ self.inputs.T), output

    def _residuals(self, hidden: Array, output: Array) -> Array:
        return (output[..., None, :] @ hidden)[..., 0, :] / math.sqrt(self.width) - self.targets
