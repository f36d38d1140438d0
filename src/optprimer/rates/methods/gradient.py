"""Gradient descent."""

import math

from optprimer.rates.methods.base import Array, Iterates, Method
from optprimer.rates.problems.base import Problem


def gradient_descent(problem: Problem, steps: int, step: Array | float, start: Array | None = None) -> Iterates:
    """Yield w_0 ... w_steps of w_{t+1} = w_t - eta grad L(w_t).

    Where ``problem.gradient`` is a subgradient, this is the subgradient method.

    Args:
        problem: what is minimised.
        steps: how many.
        step: eta, or one for each of many runs, an array that broadcasts with the points.
        start: w_0, one (d,) or many (..., d); by default the problem's own.
    """
    w = problem.start if start is None else start
    yield w
    for _ in range(steps):
        w = w - step * problem.gradient(w)
        yield w


def _with_inverse_smoothness(problem: Problem, steps: int) -> Iterates:
    return gradient_descent(problem, steps, 1 / problem.beta)


def _with_best_constant(problem: Problem, steps: int) -> Iterates:
    return gradient_descent(problem, steps, 1 / math.sqrt(steps + 1))


def _smooth(problem: Problem) -> bool:
    return math.isfinite(problem.beta)


GD = Method("gd", _with_inverse_smoothness, _smooth)
"""With eta = 1/beta, the step that minimises the quadratic upper bound."""

SUBGRADIENT = Method("subgradient", _with_best_constant, lambda problem: problem.convex)
"""With eta = R/(G sqrt(N + 1)), the best constant step for N steps, where R = G = 1."""

METHODS: tuple[Method, ...] = (GD,)
