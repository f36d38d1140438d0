"""What an erratum is."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Erratum:
    """A statement of the chapter, what it should say, and a measurement in which the two differ.

    ``errors()`` returns how far what is printed and what is corrected are from what was measured, in the sense that ``check``
    says; a statement stands when its error is at most ``tolerance``.
    """

    section: str
    place: str
    printed: str
    corrected: str
    check: str
    errors: Callable[[], tuple[float, float]]
    tolerance: float = 1e-9


def slope(x: ArrayLike, y: ArrayLike) -> float:
    """Return the least-squares slope of log y against log x."""
    return float(np.polynomial.polynomial.polyfit(np.log(x), np.log(y), 1)[1])
