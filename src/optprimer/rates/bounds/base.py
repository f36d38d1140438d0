"""What a bound is: a theorem as a function of the step."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optprimer.rates.problems.base import Problem

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Bound:
    """After t steps of ``method``, ``quantity`` is at most ``chapter(problem, t)``, and at most ``tight(problem, t)``.

    ``quantity`` is one of
        gap: L(w_t) - L*;
        best_gradient: min over i <= t of ||grad L(w_i)||, which counts the gradient at w_t as well;
        distance: ||w_t - w*||.
    ``chapter`` is the bound that the chapter proves or asks for, ``tight`` the best constant known (None where that is the
    same); both map an array of steps t >= 0 to an array, inf where nothing is claimed. Their functions say where the theorem
    is from, or prove it.
    """

    method: str
    quantity: str
    assumes: Callable[[Problem], bool]
    chapter: Callable[[Problem, Array], Array]
    tight: Callable[[Problem, Array], Array] | None = None
