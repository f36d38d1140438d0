"""Oracles: where stochastic gradients come from, and problems made for them."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from optprimer.rates.problems.base import Array, Problem
from optprimer.rates.problems.convex import Huber
from optprimer.rates.problems.nonconvex import Chain


class Oracle(ABC):
    """Gives unbiased gradients of ``problem``: E[draw(w) | w] is its gradient at w."""

    problem: Problem

    @abstractmethod
    def draw(self, w: Array, rng: np.random.Generator) -> Array:
        """Return one stochastic gradient for each of the points (runs, d), independently of each other."""


@dataclass(frozen=True)
class Noisy(Oracle):
    """The gradient plus normal noise, of standard deviation ``sigma`` in every coordinate.

    The noise is continuous on purpose: two-point noise with a constant step keeps a run on a lattice.
    """

    problem: Problem
    sigma: float = 1.0

    @property
    def variance(self) -> float:
        """E||noise||^2."""
        return len(self.problem.start) * self.sigma**2

    def draw(self, w: Array, rng: np.random.Generator) -> Array:  # noqa: D102 (the base class says what it is)
        return self.problem.gradient(w) + self.sigma * rng.standard_normal(w.shape)


@dataclass(frozen=True)
class Absolute(Problem):
    """|w| + alpha w^2/2 from 1, with the subgradient 1 + alpha w at the kink: with 0 there, a run that hits it would stop."""

    alpha: float = 0.0
    convex = True
    start = np.ones(1)
    minimizer = np.zeros(1)

    @property
    def name(self) -> str:  # type: ignore[override] # noqa: D102
        return "absolute_strongly_convex" if self.alpha else "absolute"

    def value(self, w: Array) -> Array:  # noqa: D102
        return (np.abs(w) + self.alpha / 2 * w**2).sum(-1)

    def gradient(self, w: Array) -> Array:  # noqa: D102
        return np.where(w < 0, -1.0, 1.0) + self.alpha * w


@dataclass(frozen=True)
class HorizonHuber(Huber):
    """The Huber function whose straight part ``horizon`` steps of eta, without noise, hardly cross; L(start) - L* = ``drop``.

    There the gradient is g = sqrt(drop/(eta horizon)), so that so many steps take drop = g^2 eta horizon off the loss; only the
    last 1/(2 eta) of them are within the parabola |w| <= g. Almost to the end of the run ||grad||^2 is the first term of the
    bound D/(eta T) + beta eta G^2/2.
    """

    first: float = math.nan

    @classmethod
    def of(cls, horizon: int, eta: float, drop: float = 1.0) -> "HorizonHuber":
        """Return the one for so many steps of ``eta``."""
        slope = math.sqrt(drop / (eta * horizon))
        return cls(slope, drop / slope + slope / 2)

    @property
    def start(self) -> Array:  # type: ignore[override] # noqa: D102
        return np.array([self.first])


@dataclass(frozen=True)
class Coin(Problem):
    """d (w + 1) on [-1, 1], d = 1/(2 sqrt(T)): too flat for T tosses to tell it from d (1 - w) (Agarwal et al. 2012).

    Its oracle says heads or tails, +1 or -1 with mean d. Methods that treat both signs alike need only this one of the two.
    """

    horizon: int
    name = "biased_coin"
    convex = True
    start = np.zeros(1)
    minimizer = -np.ones(1)

    @property
    def slope(self) -> float:
        """The slope d."""
        return 0.5 / math.sqrt(self.horizon)

    def value(self, w: Array) -> Array:  # noqa: D102
        return self.slope * (w + 1).sum(-1)

    def gradient(self, w: Array) -> Array:  # noqa: D102
        return np.full_like(w, self.slope)


@dataclass(frozen=True)
class Slope(Problem):
    """(2/3) w on [-1, 1] from 0, for the oracle on which Adam goes the wrong way (Reddi, Kale & Kumar 2018)."""

    name = "adam_counterexample"
    convex = True
    optimum = -2 / 3
    start = np.zeros(1)
    minimizer = -np.ones(1)

    def value(self, w: Array) -> Array:  # noqa: D102
        return 2 / 3 * w.sum(-1)

    def gradient(self, w: Array) -> Array:  # noqa: D102
        return np.full_like(w, 2 / 3)


@dataclass(frozen=True)
class TwoPoint(Oracle):
    """The gradient is ``high`` with probability ``share``, else ``low``, at every w."""

    problem: Problem
    high: float
    low: float
    share: float

    def draw(self, w: Array, rng: np.random.Generator) -> Array:  # noqa: D102
        return np.where(rng.random(w.shape) < self.share, self.high, self.low)


def coin(horizon: int) -> TwoPoint:
    """Return the oracle of ``Coin``."""
    problem = Coin(horizon)
    return TwoPoint(problem, 1.0, -1.0, (1 + problem.slope) / 2)


def coin_average(horizon: int) -> float:
    """Return the mean over t < T of E w_t, for projected SGD with eta = 1/sqrt(T) on ``coin``, where sqrt(T) is whole.

    Its points are multiples of eta in [-1, 1], whose probabilities are known one step later; the loss is linear, so that the
    mean of the points gives the expected gap of the averaged iterate exactly.
    """
    cells = math.isqrt(horizon)
    share = coin(horizon).share
    points = np.linspace(-1, 1, 2 * cells + 1)
    probability = np.zeros_like(points)
    probability[cells] = 1.0
    total = 0.0
    for _ in range(horizon):
        total += float(points @ probability)
        down, up = share * probability, (1 - share) * probability
        probability = np.append(down[1:], 0) + np.append(0, up[:-1])
        probability[0] += down[0]
        probability[-1] += up[-1]
    return total / horizon


ADAM_COUNTEREXAMPLE = TwoPoint(Slope(), 4.0, -1.0, 1 / 3)
"""A large gradient once in three times outweighs two small ones, but not after division by its own size."""


@dataclass(frozen=True)
class Revealing(Oracle):
    """Shows the next coordinate of the chain with probability ``chance`` only (Arjevani et al. 2023, Math. Program. 199).

    Coordinates of the gradient past the last |w_i| > 1/4 are multiplied by z/p, z ~ Bernoulli(p). At most one of them is not
    0, so that no method within the span of its gradients advances by more than one coordinate per z = 1.
    """

    problem: Chain
    chance: float

    def draw(self, w: Array, rng: np.random.Generator) -> Array:  # noqa: D102
        seen = np.logical_or.accumulate(np.abs(w[:, ::-1]) > 0.25, axis=1)[:, ::-1]
        shown = rng.random((len(w), 1)) < self.chance
        return self.problem.gradient(w) * np.where(seen, 1.0, shown / self.chance)


class LeastSquares(Problem):
    """mean_i (x_i w - y_i)^2/2, from 0; stochastic gradients, of one sample, are not bounded.

    Inputs are (n, d), targets (n,). ``alpha`` is the smallest nonzero eigenvalue of H = X^T X/n: iterates stay within the span
    of the inputs, where the loss is strongly convex with it, and there is one minimiser.
    """

    convex = True
    quadratic = True

    def __init__(self, name: str, inputs: Array, targets: Array) -> None:
        self.name = name
        self.inputs, self.targets = inputs, targets
        self.hessian = inputs.T @ inputs / len(inputs)
        eigenvalues, vectors = np.linalg.eigh(self.hessian)
        self._span = vectors[:, eigenvalues > 1e-12 * eigenvalues[-1]]
        self.alpha = self.pl = float(eigenvalues[-self._span.shape[1]])
        self.beta = float(eigenvalues[-1])
        self._minimizer = np.linalg.lstsq(inputs, targets)[0]
        self.residuals = targets - inputs @ self._minimizer
        self.optimum = float((self.residuals**2).mean() / 2)

    @property
    def start(self) -> Array:  # noqa: D102
        return np.zeros(self.inputs.shape[1])

    @property
    def minimizer(self) -> Array:  # noqa: D102
        return self._minimizer

    def value(self, w: Array) -> Array:  # noqa: D102
        return ((w @ self.inputs.T - self.targets) ** 2).mean(-1) / 2

    def gradient(self, w: Array) -> Array:  # noqa: D102
        return (w @ self.inputs.T - self.targets) @ self.inputs / len(self.inputs)

    @property
    def largest_beta(self) -> float:
        """The smoothness of the least smooth sample, max ||x_i||^2."""
        return float((self.inputs**2).sum(1).max())

    @property
    def noise(self) -> float:
        """E||g||^2 at the minimiser, where the gradient is 0."""
        return float(((self.inputs**2).sum(1) * self.residuals**2).mean())

    @cached_property
    def growth(self) -> tuple[float, float]:
        """(M, M_G) with E||g||^2 <= M + M_G ||grad L||^2 everywhere.

        With e = w - w*, E||g||^2 = mean ||x_i||^2 (x_i e - r_i)^2 <= 2 e^T A e + 2 mean ||x_i||^2 r_i^2, A = mean ||x_i||^2
        x_i x_i^T, and ||grad L||^2 = e^T H^2 e: M_G is twice the largest eigenvalue of H^-1 A H^-1.
        """
        span = self.inputs @ self._span
        weighted = (span.T * (span**2).sum(1)) @ span / len(span)
        inverse = np.linalg.inv(span.T @ span / len(span))
        return 2 * self.noise, 2 * float(np.linalg.norm(inverse @ weighted @ inverse, 2))

    def moments(self, steps: int, step: Callable[[int], float]) -> Iterator[Array]:
        """Yield E[e_t e_t^T] (d, d), e_t = w_t - w*, for t = 0 ... steps of SGD with one sample: exactly, by recursion.

        e_{t+1} = e_t - eta x (x e_t - r), with E[x r] = 0 since w* is a minimiser. Within the span of the inputs nothing is
        kept but what contracts, so that rounding errors shrink with the moments.
        """
        span = self._span
        x, r, h = self.inputs @ span, self.residuals, span.T @ self.hessian @ span
        mean = span.T @ (self.start - self._minimizer)
        second = np.outer(mean, mean)
        yield span @ second @ span.T
        for t in range(steps):
            eta = step(t)
            squares = ((x @ second) * x).sum(1) - 2 * r * (x @ mean) + r**2  # E (x_i e_t - r_i)^2
            second = second - eta * (h @ second + second @ h) + eta**2 * (x.T * squares) @ x / len(x)
            mean = mean - eta * h @ mean
            yield span @ second @ span.T

    def factor(self, eta: float) -> float:
        """Return the factor per step by which E[e e^T] shrinks, or grows, in the end: a spectral radius.

        It is that of S -> E[(I - eta x x^T) S (I - eta x x^T)], which is what is left of the recursion without residuals.
        """
        x = self.inputs @ self._span
        d = x.shape[1]
        maps = np.eye(d) - eta * x[:, :, None] * x[:, None, :]
        return float(np.abs(np.linalg.eigvals(np.einsum("nij,nkl->ikjl", maps, maps).reshape(d**2, d**2) / len(x))).max())


@dataclass(frozen=True)
class OneSample(Oracle):
    """The gradient of one sample of ``problem``, each as likely."""

    problem: LeastSquares

    def draw(self, w: Array, rng: np.random.Generator) -> Array:  # noqa: D102
        chosen = rng.integers(len(self.problem.inputs), size=len(w))
        x = self.problem.inputs[chosen]
        return x * ((x * w).sum(1) - self.problem.targets[chosen])[:, None]


def regression(name: str, rng: np.random.Generator, n: int, d: int, residual: float) -> LeastSquares:
    """Return least squares on n normal inputs in R^d and labels with normal noise of standard deviation ``residual``."""
    inputs = rng.normal(size=(n, d))
    targets = inputs @ rng.normal(size=d) + residual * rng.normal(size=n)
    return LeastSquares(name, inputs, targets)
