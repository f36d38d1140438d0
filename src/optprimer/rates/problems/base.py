"""What a problem is: a loss with everything that theory wants to know of it.

To add one, write a dataclass of this kind in a module of this package and name it in ``optprimer.rates.problems.PROBLEMS``;
every method that suits it is then run on it, and every bound whose assumptions it meets is checked.
"""

import math
from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Problem(ABC):
    """A loss L on R^d. Points are arrays (..., d), so that many runs advance at once; losses are (...).

    Constants are exact, not estimates: a bound that fails with them is a finding. They hold on the set that descent from
    ``start`` cannot leave where they do not hold everywhere; the docstring of such a problem says so.
    """

    name: str
    beta: float = math.inf
    """Smoothness: the gradient is beta-Lipschitz; inf where it is not."""
    alpha: float = 0.0
    """Strong convexity; 0 where there is none."""
    pl: float = 0.0
    """Largest known constant of the PL inequality ||grad L||^2 >= 2 pl (L - L*); 0 where there is none."""
    convex: bool = False
    quadratic: bool = False
    optimum: float = 0.0
    """L*, the infimum."""

    def __repr__(self) -> str:
        return self.name

    @property
    @abstractmethod
    def start(self) -> Array:
        """The point (d,) from which runs start."""

    @property
    def minimizer(self) -> Array | None:
        """A minimiser (d,) as near to the start as any; None where the infimum is not attained."""
        return None

    @abstractmethod
    def value(self, w: Array) -> Array:
        """Return L(w)."""

    @abstractmethod
    def gradient(self, w: Array) -> Array:
        """Return the gradient at ``w``, (..., d)."""

    @property
    def distance(self) -> float:
        """R, from the start to the minimiser; inf where there is none."""
        return math.inf if self.minimizer is None else float(np.linalg.norm(self.start - self.minimizer))

    @property
    def gap(self) -> float:
        """D = L(start) - L*."""
        return float(self.value(self.start)) - self.optimum
