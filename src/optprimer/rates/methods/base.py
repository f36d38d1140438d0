"""What a method is: a rule that turns gradients into iterates."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from optprimer.rates.problems.base import Problem

Array = NDArray[np.float64]
Gradient = Callable[[Array], Array]
Iterates = Iterator[Array]


@dataclass(frozen=True)
class Method:
    """A deterministic first-order method with the step sizes that theory gives it for a problem.

    ``run(problem, steps)`` yields w_0 ... w_steps, the points at which the method is judged; a method that fixes its steps by
    the horizon yields them for that horizon. ``suits(problem)`` tells whether the step sizes exist (smooth, convex, ...).
    """

    name: str
    run: Callable[[Problem, int], Iterates] = field(repr=False)
    suits: Callable[[Problem], bool] = field(repr=False)
