"""The octopus of Du, Jin, Lee, Jordan, Poczos and Singh (2017): a tube past d strict saddles to a minimum."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from optprimer.rates.problems.base import Array, Problem


@dataclass(frozen=True)
class Octopus(Problem):
    """The octopus function on R^d (arXiv 1705.10412; its figures use gamma = 1, tau = e).

    With a = |x| and i the first coordinate with a_i <= 2 tau, the stage,

        L(x) = sum_{j<i} Lambda (a_j - 4 tau)^2 - (i - 1) nu + passage,
        passage = -gamma a_i^2 + sum_{j>i} Lambda a_j^2                                 for a_i <= tau, near saddle i,
        passage = g1(a_i) + g2(a_i) a_{i+1}^2 + sum_{j>i+1} Lambda a_j^2                for tau < a_i <= 2 tau, on the way on,

    and only the first two terms after the last stage. The splines g1 and g2 match their neighbours to second order, and
    nu = 4 Lambda tau^2 - g1(2 tau) joins the pieces. There are d strict saddles, (0, ..., 0), (4 tau, 0, ..., 0), ..., and
    2^d minima (+-4 tau, ..., +-4 tau) with the value -d nu. While stage i lasts, the coordinates after it shrink.

    The formulas, and ``beta``, hold in the tube: a_j in (2 tau, 6 tau] before the stage, a_j <= tau after it. Descent from
    [-1, 1]^d stays inside; Du et al. extend the function to R^d, which matters to no run that starts there.

    Attributes:
        dimension: d.
        attraction: Lambda, half the curvature towards the axis of the tube; at least ``repulsion``.
        repulsion: gamma, half the negative curvature at every saddle.
        tau: a quarter of the distance from one saddle to the next.
    """

    dimension: int
    attraction: float
    repulsion: float = 1.0
    tau: float = math.e

    @property
    def name(self) -> str:  # type: ignore[override]
        """Name it by its parameters."""
        return f"octopus_{self.attraction:g}_d{self.dimension}"

    @cached_property
    def beta(self) -> float:  # type: ignore[override]
        """A smoothness constant of the tube, by Gershgorin's theorem on the only block that is not diagonal.

        On the way from one saddle to the next the Hessian in (a_i, a_{i+1}) is [[g1'' + g2'' y^2, 2 g2' y], [2 g2' y, 2 g2]],
        y = a_{i+1} <= tau. With s = a_i/tau - 1 in [0, 1]: tau^2 g2'' = 60 (Lambda + gamma) s (1 - s) (1 - 2s) up to sign, at
        most 10/sqrt(3) (Lambda + gamma), tau g2' = -30 (Lambda + gamma) s^2 (1 - s)^2, at most 15/8 (Lambda + gamma) in size,
        -gamma <= g2 <= Lambda, and g1'' is a parabola in s, -2 gamma at 0, 2 Lambda at 1.
        """
        both = self.attraction + self.repulsion
        linear, square = -28 * self.attraction + 20 * self.repulsion, 30 * self.attraction - 18 * self.repulsion
        lowest = -2 * self.repulsion - linear**2 / (4 * square)
        return max(-lowest, 2 * self.attraction) + (10 / math.sqrt(3) + 15 / 4) * both

    @property
    def drop(self) -> float:
        """The height nu by which the bottom of the tube falls from one saddle to the next."""
        return self.tau**2 * (37 * self.attraction + 13 * self.repulsion) / 6

    @property
    def optimum(self) -> float:  # type: ignore[override]
        """The value -d nu of the minima."""
        return -self.dimension * self.drop

    @property
    def start(self) -> Array:
        """The middle of the part of [-1, 1]^d whose coordinates are positive."""
        return np.full(self.dimension, 0.5)

    @property
    def minimizer(self) -> Array:
        """The minimum of the positive orthant."""
        return np.full(self.dimension, 4 * self.tau)

    def stage(self, a: Array) -> np.ndarray:
        """Return how many leading coordinates have passed 2 tau, (...), for |x| = ``a`` (..., d)."""
        return np.minimum.accumulate(a > 2 * self.tau, axis=-1).sum(-1)

    def value(self, w: Array) -> Array:
        """Return L(w) for w (..., d) in the tube."""
        a = np.abs(w)
        stage, active, following = self._place(a)
        before, after = self._masks(stage)
        passed = np.where(before, self.attraction * (a - 4 * self.tau) ** 2, 0).sum(-1) - stage * self.drop
        waiting = np.where(after, self.attraction * a**2, 0).sum(-1)
        near = active <= self.tau
        slope = np.where(near, self.attraction, self._g2(active))
        height = np.where(near, -self.repulsion * active**2, self._g1(active)) + slope * following**2
        return passed + waiting + np.where(stage < self.dimension, height, 0)

    def gradient(self, w: Array) -> Array:
        """Return the gradient at w (..., d) in the tube."""
        return self.rates(np.abs(w)) * w

    def rates(self, a: Array) -> Array:
        """Return r (..., d) with grad L(x) = r * x, for a = |x| (..., d): descent multiplies x_j by 1 - eta r_j.

        It is found without division by small numbers, so it is exact where x_j has underflown to 0.
        """
        stage, active, following = self._place(a)
        before, after = self._masks(stage)
        near = active <= self.tau
        active = np.maximum(active, self.tau)  # used on the way on alone
        moving = (self._g1_slope(active) + self._g2_slope(active) * following**2) / active
        moving = np.where(near, -2 * self.repulsion, moving)[..., None]
        next_one = np.where(near, 2 * self.attraction, 2 * self._g2(active))[..., None]
        passed = 2 * self.attraction * (1 - 4 * self.tau / np.maximum(a, self.tau))
        is_active = np.arange(self.dimension) == stage[..., None]
        return np.select([before, is_active, after], [passed, moving, np.full_like(a, 2 * self.attraction)], next_one)

    def _place(self, a: Array) -> tuple[np.ndarray, Array, Array]:
        """Return the stage, the coordinate that is on its way, and the one after it (0 after the last)."""
        stage = self.stage(a)
        padded = np.concatenate([a, np.zeros((*a.shape[:-1], 2))], axis=-1)
        active, following = (np.take_along_axis(padded, stage[..., None] + k, axis=-1)[..., 0] for k in (0, 1))
        return stage, active, following

    def _masks(self, stage: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return which coordinates lie before the stage and which after the one that follows it."""
        index = np.arange(self.dimension)
        return index < stage[..., None], index > stage[..., None] + 1

    def _g1(self, a: Array) -> Array:
        s, (cubic, quartic) = a - self.tau, self._g1_coefficients
        return -self.repulsion * a**2 + cubic * s**3 + quartic * s**4

    def _g1_slope(self, a: Array) -> Array:
        s, (cubic, quartic) = a - self.tau, self._g1_coefficients
        return -2 * self.repulsion * a + 3 * cubic * s**2 + 4 * quartic * s**3

    @property
    def _g1_coefficients(self) -> tuple[float, float]:
        cubic = (-14 * self.attraction + 10 * self.repulsion) / (3 * self.tau)
        quartic = (5 * self.attraction - 3 * self.repulsion) / (2 * self.tau**2)
        return cubic, quartic

    def _g2(self, a: Array) -> Array:
        s = a / self.tau - 2
        return -self.repulsion - (self.attraction + self.repulsion) * s**3 * (10 + 15 * s + 6 * s**2)

    def _g2_slope(self, a: Array) -> Array:
        s = a / self.tau - 2
        return -30 * (self.attraction + self.repulsion) * (s * (1 + s)) ** 2 / self.tau
