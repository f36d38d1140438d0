"""The worst Lipschitz loss for subgradient methods."""

import math
from dataclasses import dataclass

import numpy as np

from optprimer.rates.problems.base import Array, Problem


@dataclass(frozen=True)
class Maximum(Problem):
    """max(max_i w_i, ||w|| - 1 - 1/sqrt(N + 1)) on R^{N + 1}: convex, 1-Lipschitz, R = 1 (Drori & Teboulle 2016).

    The subgradient is the axis of the first largest coordinate where that decides, so N steps from 0 leave a coordinate at 0.
    """

    horizon: int
    name = "maximum"
    convex = True

    @property
    def optimum(self) -> float:  # noqa: D102 (the base class says what it is)
        return -1 / math.sqrt(self.horizon + 1)

    @property
    def start(self) -> Array:  # noqa: D102
        return np.zeros(self.horizon + 1)

    @property
    def minimizer(self) -> Array:  # noqa: D102
        return np.full(self.horizon + 1, self.optimum)

    def value(self, w: Array) -> Array:  # noqa: D102
        return np.maximum(w.max(-1), np.linalg.norm(w, axis=-1) - 1 + self.optimum)

    def gradient(self, w: Array) -> Array:  # noqa: D102
        return np.eye(self.horizon + 1)[w.argmax(-1)]  # on the method's way the norm never decides
