"""A network with one hidden layer and fixed output weights, whose activation has kinks or not."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from optprimer.rates.methods.base import Array


@dataclass(frozen=True)
class Activation:
    """psi and its derivative, at most 1 in size; ``bend`` bounds |psi''| away from kinks."""

    value: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    bend: float


ACTIVATIONS = {
    "relu": Activation(lambda z: np.maximum(z, 0), lambda z: np.where(z > 0, 1.0, 0.0), bend=0),
    "tanh": Activation(np.tanh, lambda z: 1 - np.tanh(z) ** 2, bend=4 / 27**0.5),
    "softplus": Activation(lambda z: np.logaddexp(0, z), special.expit, bend=0.25),
}


@dataclass(frozen=True)
class TwoLayer:
    """L(W) = 1/(2n) sum_i (a . psi(W x_i) - y_i)^2 over W (m, d), for inputs (n, d), targets (n,) and output weights a (m,)."""

    inputs: Array
    targets: Array
    output: Array
    activation: Activation

    def residuals(self, w: Array) -> Array:
        """Return a . psi(W x_i) - y_i, (n,)."""
        return self.activation.value(self.inputs @ w.T) @ self.output - self.targets

    def value(self, w: Array) -> float:
        """Return L(W)."""
        return float((self.residuals(w) ** 2).mean()) / 2

    def gradient(self, w: Array) -> Array:
        """Return the gradient (m, d); at a kink, that of the side where the unit is off."""
        slopes = self.activation.slope(self.inputs @ w.T) * self.output
        return (self.residuals(w)[:, None] * slopes).T @ self.inputs / len(self.inputs)

    def smoothness(self, w: Array, reach: float = 0.0) -> float:
        """Return a Lipschitz constant of the gradient within ``reach`` of W, on any side of the kinks but not across them.

        The Hessian is sum_i phi_i phi_i^T/n with phi_i = (a_k psi'(w_k . x_i) x_i)_k, the Gram matrix of which is at most
        |a|^2 that of the inputs (Schur's product theorem), and in block k sum_i r_i a_k psi''(w_k . x_i) x_i x_i^T/n. A
        residual changes by at most |a| |x_i| per unit of distance.
        """
        largest = float(np.linalg.norm(self.inputs, 2)) ** 2 / len(self.inputs)
        norms = np.linalg.norm(self.inputs, axis=1)
        residual = float((np.abs(self.residuals(w)) + np.linalg.norm(self.output) * norms * reach).max())
        return largest * (float(self.output @ self.output) + float(np.abs(self.output).max()) * self.activation.bend * residual)
