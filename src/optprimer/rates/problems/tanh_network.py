"""A small network of tanh units with the square loss, its gradient, and its Hessian times a vector."""

import math
from dataclasses import dataclass

import numpy as np

from optprimer.rates.methods.base import Array


@dataclass(frozen=True)
class TanhNetwork:
    """L(w) = 1/(2n) sum_i |V tanh(W x_i) - y_i|^2 with biases, over w = (W, V) in R^(m (d + 1) + c (m + 1)).

    L is smooth on bounded sets, and L >= 0. Inputs (n, d + 1) and hidden layers end in a constant 1, which the biases multiply.

    Attributes:
        inputs: (n, d + 1), last column 1.
        targets: (n, c).
        units: m, of the hidden layer.
    """

    inputs: Array
    targets: Array
    units: int

    @property
    def dimension(self) -> int:
        """The number of weights."""
        return self.units * self.inputs.shape[1] + self.targets.shape[1] * (self.units + 1)

    def start(self, rng: np.random.Generator) -> Array:
        """Draw Gaussian weights whose variance is one over the number of inputs of their layer (LeCun 1998)."""
        first = rng.standard_normal((self.units, self.inputs.shape[1])) / math.sqrt(self.inputs.shape[1])
        second = rng.standard_normal((self.targets.shape[1], self.units + 1)) / math.sqrt(self.units + 1)
        return np.concatenate([first.ravel(), second.ravel()])

    def value(self, w: Array) -> float:
        """Return L(w)."""
        _, _, errors = self._forward(w)
        return float((errors**2).sum()) * len(self.inputs) / 2

    def gradient(self, w: Array) -> Array:
        """Return the gradient, as flat as ``w``."""
        v, hidden, errors = self._forward(w)
        delta = (errors @ v[:, :-1]) * (1 - hidden[:, :-1] ** 2)
        return np.concatenate([(delta.T @ self.inputs).ravel(), (errors.T @ hidden).ravel()])

    def hessian_product(self, w: Array, direction: Array) -> Array:
        """Return the Hessian at ``w`` times ``direction``: the derivative of ``gradient`` along it (Pearlmutter 1994)."""
        v, hidden, errors = self._forward(w)
        d_first, d_v = self._split(direction)
        slope = 1 - hidden[:, :-1] ** 2
        d_hidden = slope * (self.inputs @ d_first.T)
        d_errors = (d_hidden @ v[:, :-1].T + hidden @ d_v.T) / len(self.inputs)
        back = errors @ v[:, :-1]
        d_delta = (d_errors @ v[:, :-1] + errors @ d_v[:, :-1]) * slope - 2 * back * hidden[:, :-1] * d_hidden
        d_second = d_errors.T @ hidden
        d_second[:, :-1] += errors.T @ d_hidden
        return np.concatenate([(d_delta.T @ self.inputs).ravel(), d_second.ravel()])

    def _forward(self, w: Array) -> tuple[Array, Array, Array]:
        """Return V, the hidden layer (n, m + 1) and the errors over n (n, c)."""
        first, v = self._split(w)
        hidden = np.hstack([np.tanh(self.inputs @ first.T), np.ones((len(self.inputs), 1))])
        return v, hidden, (hidden @ v.T - self.targets) / len(self.inputs)

    def _split(self, w: Array) -> tuple[Array, Array]:
        first = self.units * self.inputs.shape[1]
        return w[:first].reshape(self.units, -1), w[first:].reshape(self.targets.shape[1], -1)
