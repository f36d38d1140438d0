"""Losses with a constant of the PL inequality, ||grad L||^2 >= 2 pl (L - L*), that are not strongly convex; and one without."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from optprimer.rates.problems.base import Array, Problem
from optprimer.seeds import derive

CHAPTER = 1 / 32
"""The constant that the chapter states for x^2 + 3 sin^2 x, from Karimi, Nutini & Schmidt 2016."""

TIGHT = 0.17553
"""A constant of the same loss, proved by optprimer.rates.certificates; 0.175531 is refuted."""

THRESHOLD = 4.603338848751700
"""x^2 + c sin^2 x has no stationary point besides 0 for c below sqrt(1 + u^2), u the first positive root of tan u = u.

In u = 2x the derivative u + c sin u vanishes where c = -u/sin u, whose least value on (pi, 2 pi) is at tan u = u. Beyond it
there is a local minimum above the optimum, and no PL constant.
"""


@dataclass(frozen=True)
class SineWell(Problem):
    """sum_i x_i^2 + c sin^2 x_i from ``first``; the chapter's has c = 3 and one coordinate.

    L'' = 2 + 2c cos 2x is between 2 - 2c and 2 + 2c = beta, both met, so L is not convex for c > 1. Coordinates do not
    interact: both sides of the PL inequality are sums, and the constant is that of one coordinate.
    """

    c: float = 3.0
    pl: float = TIGHT
    first: tuple[float, ...] = (3.0,)

    @property
    def name(self) -> str:  # type: ignore[override] # noqa: D102 (the base class says what it is)
        return f"x2_{self.c:g}sin2" + ("" if len(self.first) == 1 else f"_in_{len(self.first)}d")

    @property
    def beta(self) -> float:  # type: ignore[override] # noqa: D102
        return 2 + 2 * self.c

    @property
    def start(self) -> Array:  # noqa: D102
        return np.array(self.first)

    @property
    def minimizer(self) -> Array:  # noqa: D102
        return np.zeros(len(self.first))

    def value(self, w: Array) -> Array:  # noqa: D102
        return (w**2 + self.c * np.sin(w) ** 2).sum(-1)

    def gradient(self, w: Array) -> Array:  # noqa: D102
        return 2 * w + self.c * np.sin(2 * w)

    def curvature(self, w: Array) -> Array:
        """Return L'' of each coordinate."""
        return 2 + 2 * self.c * np.cos(2 * w)


@dataclass(frozen=True)
class LeastSquares(Problem):
    """||X w - y||^2/(2n) with fewer equations, n = 8, than unknowns, d = 20: convex, flat along the kernel of X, and PL.

    The gradient is X^T r/n with r = X w - y, and ||X^T r||^2 >= s_n^2 ||r||^2 with the least of the n singular values of X; so
    pl = s_n^2/n, attained along the singular vector.
    """

    name = "least_squares"
    convex = True
    quadratic = True
    start = np.zeros(20)

    @cached_property
    def inputs(self) -> Array:
        """X, (n, d)."""
        return np.random.default_rng(derive(0, "rates", "least_squares")).normal(size=(8, 20))

    @cached_property
    def targets(self) -> Array:
        """The vector y (n,): along the least singular vector of the equations too, as a run has to see the slow mode."""
        left, _, _ = np.linalg.svd(self.inputs, full_matrices=False)
        return left.sum(1)

    @cached_property
    def _curvatures(self) -> Array:
        return np.linalg.svd(self.inputs, compute_uv=False) ** 2 / len(self.inputs)

    @property
    def beta(self) -> float:  # type: ignore[override] # noqa: D102
        return float(self._curvatures[0])

    @property
    def pl(self) -> float:  # type: ignore[override] # noqa: D102
        return float(self._curvatures[-1])

    @property
    def minimizer(self) -> Array:  # noqa: D102
        return np.linalg.pinv(self.inputs) @ self.targets

    def value(self, w: Array) -> Array:  # noqa: D102
        return ((w @ self.inputs.T - self.targets) ** 2).mean(-1) / 2

    def gradient(self, w: Array) -> Array:  # noqa: D102
        return (w @ self.inputs.T - self.targets) @ self.inputs / len(self.inputs)


@dataclass(frozen=True)
class Product(Problem):
    """(w_1 w_2 - 1)^2/2, the smallest linear network: all minima are global, but (0, 0) is a saddle, where the ratio is 0.

    At (e, e) the ratio ||grad L||^2/(2L) is 2 e^2. No smoothness on the plane.
    """

    name = "product"
    start = np.full(2, 0.1)
    minimizer = np.ones(2)

    def value(self, w: Array) -> Array:  # noqa: D102
        return (w.prod(-1) - 1) ** 2 / 2

    def gradient(self, w: Array) -> Array:  # noqa: D102
        return (w.prod(-1, keepdims=True) - 1) * w[..., ::-1]


PROBLEMS: tuple[Problem, ...] = (
    SineWell(),
    SineWell(first=(2.2, -3.0, 10.0, 2.0, -1.9)),
    SineWell(6.0, pl=0.0),
    LeastSquares(),
)


def pl_ratio(problem: Problem, w: Array) -> Array:
    """Return ||grad L(w)||^2/(2 (L(w) - L*)), whose infimum is the largest PL constant; inf where L(w) = L*."""
    squared = (problem.gradient(w) ** 2).sum(-1)
    gap = problem.value(w) - problem.optimum
    return np.divide(squared, 2 * gap, out=np.full_like(gap, np.inf), where=gap > 0)
