"""Smooth losses without convexity."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import expit, ndtr

from optprimer.rates.problems.base import Array, Problem
from optprimer.seeds import derive


@dataclass(frozen=True)
class Cosine(Problem):
    """1 - cos w, from a point in (-pi, pi): concave far from 0, and flat at the end of that interval."""

    first: float = 3.0
    name = "cosine"
    beta = 1.0
    minimizer = np.zeros(1)

    @property
    def start(self) -> Array:  # noqa: D102 (the base class says what it is)
        return np.array([self.first])

    def value(self, w: Array) -> Array:  # noqa: D102
        return (2 * np.sin(w / 2) ** 2).sum(-1)  # exact to rounding near 0 as well

    def gradient(self, w: Array) -> Array:  # noqa: D102
        return np.sin(w)


@dataclass(frozen=True)
class Tail(Problem):
    """(1 + w^2)^(-p/2) from 1, with its infimum 0 at infinity: gradients fall like t^-(p + 1)/(p + 2).

    That is the slope along the gradient flow, w' = p w^-(p + 1) far out. beta = p is met at 0, where the loss is concave. The
    smaller p, the nearer to the exponent -1/2, which no fixed loss has: squared gradients have a finite sum.
    """

    p: float
    start = np.ones(1)

    @property
    def name(self) -> str:  # type: ignore[override] # noqa: D102
        return f"tail_{self.p:g}"

    @property
    def beta(self) -> float:  # type: ignore[override] # noqa: D102
        return self.p

    def value(self, w: Array) -> Array:  # noqa: D102
        return ((1 + w**2) ** (-self.p / 2)).sum(-1)

    def gradient(self, w: Array) -> Array:  # noqa: D102
        return -self.p * w * (1 + w**2) ** (-self.p / 2 - 1)


@dataclass(frozen=True)
class Sawtooth(Problem):
    """The worst loss for the least gradient of N = ``horizon`` steps of 1/beta (Abbaszadehpeivasti et al. 2022).

    On the way u = -w from 0 the slope is 1 at every whole number and dips to 1/2 in between, until it fades to 0 from N to
    N + 1. Steps of 1 see the slope 1 every time, while each lowers the loss by 3/4 only: D = (3N + 2)/4. Whole nodes make all
    of it exact in floating point; other scales double rounding errors in every step, as slopes change by 2 per unit.
    """

    horizon: int
    beta = 1.0
    start = np.zeros(1)

    @property
    def name(self) -> str:  # type: ignore[override] # noqa: D102
        return f"sawtooth_{self.horizon}"

    @property
    def minimizer(self) -> Array:  # noqa: D102
        return np.array([-self.horizon - 1.0])

    def value(self, w: Array) -> Array:  # noqa: D102
        u, whole, rest = self._split(w)
        fallen = np.where((rest > 0.5) & (u < self.horizon), 0.25 + rest**2 / 2, rest - np.maximum(rest, 0) ** 2 / 2)
        return (0.75 * (self.horizon - whole) + 0.5 - fallen)[..., 0]

    def gradient(self, w: Array) -> Array:  # noqa: D102
        u, _, rest = self._split(w)
        return np.where((rest > 0.5) & (u < self.horizon), rest, 1 - np.maximum(rest, 0))

    def _split(self, w: Array) -> tuple[Array, Array, Array]:
        u = np.minimum(-w, self.horizon + 1)  # beyond, the loss is 0
        whole = np.clip(np.floor(u), 0, self.horizon)
        return u, whole, u - whole


@dataclass(frozen=True)
class Chain(Problem):
    """A chain of T = ``length`` coordinates that gradients reveal one by one (Carmon, Duchi, Hinder & Sidford 2020).

    F(w) = sum_i Psi(-w_{i-1}) Phi(-w_i) - Psi(w_{i-1}) Phi(w_i) with w_0 = 1, where Psi(x) is 0 up to 1/2 and
    exp(1 - 1/(2x - 1)^2) beyond, and Phi is sqrt(2 pi e) times the normal distribution function. They prove (Math. Program.
    184) that the gradient is 152-Lipschitz, that it is longer than 1 as long as |w_T| < 1, and that F(0) - inf F <= 12 T;
    ``optimum`` is the lower bound of inf F which that gives.
    """

    length: int
    beta = 152.0

    @property
    def name(self) -> str:  # type: ignore[override] # noqa: D102
        return f"chain_{self.length}"

    @property
    def start(self) -> Array:  # noqa: D102
        return np.zeros(self.length)

    @property
    def optimum(self) -> float:  # type: ignore[override] # noqa: D102
        return float(self.value(self.start)) - 12 * self.length

    def value(self, w: Array) -> Array:  # noqa: D102
        before = _before(w)
        return (_psi(-before) * _phi(-w) - _psi(before) * _phi(w)).sum(-1)

    def gradient(self, w: Array) -> Array:  # noqa: D102
        before = _before(w)
        density = math.sqrt(math.e) * np.exp(-(w**2) / 2)
        gradient = -(_psi(-before) + _psi(before)) * density
        gradient[..., :-1] -= (_psi_slope(-before) * _phi(-w) + _psi_slope(before) * _phi(w))[..., 1:]
        return gradient


def _before(w: Array) -> Array:
    return np.concatenate([np.ones_like(w[..., :1]), w[..., :-1]], -1)


def _psi(x: Array) -> Array:
    beyond = np.maximum(2 * x - 1, 1e-3)  # below that exp(-1/x^2) is 0 in floating point
    return np.where(2 * x > 1, np.exp(1 - beyond**-2), 0)


def _psi_slope(x: Array) -> Array:
    return 4 * _psi(x) * np.maximum(2 * x - 1, 1e-3) ** -3


def _phi(x: Array) -> Array:
    return math.sqrt(2 * math.pi * math.e) * ndtr(x)


@dataclass(frozen=True)
class SigmoidNeuron(Problem):
    """Squared loss of one sigmoid neuron on 40 points x in R^3 that a plane separates, the smallest smooth net.

    L(w) = mean of sigma(-z)^2/2 over the margins z = y <x, w>, with infimum 0 at infinity. As a function of z it has the second
    derivative s^2 (1 - s) (2 - 3s), s = sigma(-z), largest at s = (15 - sqrt(33))/24, and negative for s > 2/3. The points
    times their labels lie in the plane x_1 = 1, so that a multiple of the first axis puts all margins where it is largest: beta
    is exactly that times the largest eigenvalue of X^T X/n.
    """

    name = "sigmoid_neuron"
    start = np.zeros(3)

    @cached_property
    def margins(self) -> Array:
        """Inputs times labels (n, d)."""
        rng = np.random.default_rng(derive(0, "rates", "neuron"))
        return np.concatenate([np.ones((40, 1)), rng.normal(size=(40, 2))], 1)

    @cached_property
    def beta(self) -> float:  # type: ignore[override] # noqa: D102
        s = (15 - math.sqrt(33)) / 24
        return s**2 * (1 - s) * (2 - 3 * s) * float(np.linalg.norm(self.margins, 2)) ** 2 / len(self.margins)

    def value(self, w: Array) -> Array:  # noqa: D102
        return (expit(-w @ self.margins.T) ** 2).mean(-1) / 2

    def gradient(self, w: Array) -> Array:  # noqa: D102
        s = expit(-w @ self.margins.T)
        return -(s**2 * (1 - s)) @ self.margins / len(self.margins)
