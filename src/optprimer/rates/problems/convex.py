"""Smooth convex losses."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import expit

from optprimer.rates.problems.base import Array, Problem
from optprimer.seeds import derive


class Quadratic(Problem):
    """sum_i c_i w_i^2/2, strongly convex with the least and smooth with the largest of the ``curvatures`` c (d,).

    Runs start from ones, or from ``start``. ``alpha`` and ``beta`` place it in a wider class, for methods that go by them.
    """

    convex = True
    quadratic = True
    start = minimizer = np.empty(0)  # each instance has its own

    def __init__(
        self,
        name: str,
        curvatures: Array,
        *,
        alpha: float | None = None,
        beta: float | None = None,
        start: Array | None = None,
    ) -> None:
        self.name = name
        self.curvatures = curvatures
        self.alpha = self.pl = float(curvatures.min()) if alpha is None else alpha
        self.beta = float(curvatures.max()) if beta is None else beta
        self.start = np.ones(len(curvatures)) if start is None else start
        self.minimizer = np.zeros(len(curvatures))

    def value(self, w: Array) -> Array:  # noqa: D102 (the base class says what it is)
        return (self.curvatures * w**2).sum(-1) / 2

    def gradient(self, w: Array) -> Array:  # noqa: D102
        return self.curvatures * w


def power_law_spectrum(s: float, least: float = 1e-10, per_decade: int = 20) -> Quadratic:
    """Return a quadratic whose initial energy w_i^2 is spread over the curvatures in (0, 1] with density c^(s - 1).

    Gradient descent has L_t - L* = 1/2 int c^s (1 - c)^(2t) dc/B, of order t^-(1 + s), until t = 1/(2 least) resolves the end
    of the spectrum. The nodes are even in log c, where a smooth integrand makes the trapezoidal rule converge exponentially.
    """
    curvatures = np.geomspace(least, 1, round(per_decade * -math.log10(least)) + 1)
    energy = curvatures**s
    return Quadratic(f"spectrum_{s:g}", curvatures, start=np.sqrt(energy / energy.sum()))


@dataclass(frozen=True)
class Huber(Problem):
    """|w| <= threshold: w^2/2; beyond: its tangents. The slower the larger: far out the gradient is just the threshold."""

    threshold: float
    beta = 1.0
    convex = True
    start = np.ones(1)
    minimizer = np.zeros(1)

    @property
    def name(self) -> str:  # type: ignore[override] # noqa: D102 (the base class says what it is)
        return f"huber_{self.threshold:g}"

    def value(self, w: Array) -> Array:  # noqa: D102
        inner = np.minimum(np.abs(w), self.threshold)
        return (inner * (np.abs(w) - inner / 2)).sum(-1)

    def gradient(self, w: Array) -> Array:  # noqa: D102
        return np.clip(w, -self.threshold, self.threshold)


@dataclass(frozen=True)
class Power(Problem):
    """|w| <= 1: |w|^p/p, p > 2; beyond: its tangents. No curvature at the minimiser, so L_t - L* is of order t^(-p/(p - 2)).

    beta = p - 1 is met at |w| = 1 only.
    """

    p: int
    convex = True
    start = np.ones(1)
    minimizer = np.zeros(1)

    @property
    def name(self) -> str:  # type: ignore[override] # noqa: D102
        return f"power_{self.p}"

    @property
    def beta(self) -> float:  # type: ignore[override] # noqa: D102
        return self.p - 1.0

    def value(self, w: Array) -> Array:  # noqa: D102
        inner = np.minimum(np.abs(w), 1)
        return (inner**self.p / self.p + np.abs(w) - inner).sum(-1)

    def gradient(self, w: Array) -> Array:  # noqa: D102
        inner = np.clip(w, -1, 1)
        return np.sign(inner) * np.abs(inner) ** (self.p - 1)


@dataclass(frozen=True)
class PseudoHuber(Problem):
    """sqrt(1 + w^2): like Huber's, but analytic. Started in its straight part."""

    name = "pseudo_huber"
    beta = 1.0
    convex = True
    optimum = 1.0
    start = np.full(1, 5.0)
    minimizer = np.zeros(1)

    def value(self, w: Array) -> Array:  # noqa: D102
        return np.sqrt(1 + (w**2).sum(-1))

    def gradient(self, w: Array) -> Array:  # noqa: D102
        return w / self.value(w)[..., None]


@dataclass(frozen=True)
class SeparableLogistic(Problem):
    """log(1 + e^-w), the logistic loss of separable data: the infimum 0 is at infinity, where w_t goes like log t."""

    name = "logistic_separable"
    beta = 0.25
    convex = True
    start = np.zeros(1)

    def value(self, w: Array) -> Array:  # noqa: D102
        return np.logaddexp(0, -w).sum(-1)

    def gradient(self, w: Array) -> Array:  # noqa: D102
        return -expit(-w)


@dataclass(frozen=True)
class LogisticRegression(Problem):
    """Mean logistic loss of 60 points of two overlapping classes in R^8, plus (alpha/2) ||w||^2.

    The curvature of log(1 + e^-z) is at most 1/4, at z = 0. So at w = 0 the Hessian has the largest eigenvalue anywhere,
    s/4 + alpha with s that of X^T X/n, and its least one is at least alpha, which is chosen to make beta/alpha = ``kappa``;
    without regularisation, kappa = inf, curvature vanishes far out. The data are fixed, the minimiser is Newton's to rounding.
    """

    kappa: float = math.inf
    convex = True
    start = np.full(8, 3.0)

    @property
    def name(self) -> str:  # type: ignore[override] # noqa: D102
        return "logistic" if math.isinf(self.kappa) else f"logistic_kappa_{self.kappa:g}"

    @cached_property
    def margins(self) -> Array:
        """Inputs times labels (n, d); the margins of the data are ``margins @ w``."""
        rng = np.random.default_rng(derive(0, "rates", "logistic"))
        inputs = rng.normal(size=(60, 8)) * np.geomspace(1, 0.1, 8)
        noisy = inputs @ rng.normal(size=8) + rng.normal(size=60)
        return np.where(noisy > 0, 1.0, -1.0)[:, None] * inputs

    @cached_property
    def alpha(self) -> float:  # type: ignore[override] # noqa: D102
        return self._smoothness / (self.kappa - 1)

    @property
    def pl(self) -> float:  # type: ignore[override] # noqa: D102
        return self.alpha

    @cached_property
    def beta(self) -> float:  # type: ignore[override] # noqa: D102
        return self._smoothness + self.alpha

    @cached_property
    def _smoothness(self) -> float:
        return float(np.linalg.norm(self.margins, 2) ** 2 / (4 * len(self.margins)))

    @cached_property
    def minimizer(self) -> Array:  # type: ignore[override] # noqa: D102
        w = np.zeros(8)
        for _ in range(30):
            slope = expit(self.margins @ w)
            curvature = (self.margins.T * (slope * (1 - slope))) @ self.margins / len(self.margins)
            w = w - np.linalg.solve(curvature + self.alpha * np.eye(8), self.gradient(w))
        return w

    @cached_property
    def optimum(self) -> float:  # type: ignore[override] # noqa: D102
        return float(self.value(self.minimizer))

    def value(self, w: Array) -> Array:  # noqa: D102
        return np.logaddexp(0, -w @ self.margins.T).mean(-1) + self.alpha / 2 * (w**2).sum(-1)

    def gradient(self, w: Array) -> Array:  # noqa: D102
        return -expit(-w @ self.margins.T) @ self.margins / len(self.margins) + self.alpha * w
