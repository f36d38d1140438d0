"""What smoothness, and convexity on top of it, promise gradient descent.

R is the distance from the start to a minimiser, D the gap L(start) - L*; eta = 1/beta where no step is given. All proofs rest
on the quadratic upper bound L(v) <= L(w) + <grad L(w), v - w> + (beta/2) ||v - w||^2.
"""

import math

import numpy as np

from optprimer.rates.bounds.base import Array, Bound
from optprimer.rates.problems.base import Problem


def decrease(beta: float, step: Array | float, squared_gradient: Array) -> Array:
    """Return eta (1 - beta eta/2) ||grad L||^2, by which one step lowers the loss at least.

    Put v = w - eta grad L(w) into the quadratic upper bound. An equality where the curvature is beta all along the step.
    """
    return step * (1 - beta * step / 2) * squared_gradient


def smooth(problem: Problem, t: Array) -> Array:
    """Return sqrt(2 beta D/(t + 1)) for the least of the t + 1 gradient norms at w_0 ... w_t.

    Add up ``decrease`` over t + 1 steps of eta = 1/beta: the least squared gradient is at most their mean. The chapter counts
    the t gradients before w_t, and so has t instead of t + 1.
    """
    return np.sqrt(2 * problem.beta * problem.gap / (np.asarray(t) + 1))


def smooth_exact(problem: Problem, t: Array, step: float | None = None) -> Array:
    """Return the exact worst case of the same for eta = ``step`` in (0, sqrt(3)/beta); sqrt(4 beta D/(3t + 2)) for 1/beta.

    Squared it is 4D/(t min(4 eta - beta^2 eta^3, 4 eta - beta eta^2) + 2/beta): Abbaszadehpeivasti, de Klerk & Zamani 2022,
    Optim. Lett. 16. For eta = 1/beta it is attained by optprimer.rates.problems.nonconvex.Sawtooth.
    """
    beta, eta = problem.beta, 1 / problem.beta if step is None else step
    each = min(4 * eta - beta**2 * eta**3, 4 * eta - beta * eta**2)
    return np.sqrt(4 * problem.gap / (np.asarray(t) * each + 2 / beta))


def convex(problem: Problem, t: Array) -> Array:
    """Return beta R^2/(2t) for the gap of the last iterate.

    The descent lemma and the tangent at w_i give L_{i+1} - L* <= <g, w_i - w*> - ||g||^2/(2 beta) = (beta/2) (||w_i - w*||^2 -
    ||w_{i+1} - w*||^2). Add up over i < t; the last gap is the least, hence at most their mean.
    """
    with np.errstate(divide="ignore"):
        return problem.beta * problem.distance**2 / (2 * np.asarray(t, float))


def convex_exact(problem: Problem, t: Array, step: float | None = None) -> Array:
    """Return the exact worst case of the same for eta = ``step`` in (0, 2/beta); beta R^2/(4t + 2) for 1/beta.

    It is (beta R^2/2) max(1/(2 t eta beta + 1), (1 - eta beta)^(2t)): Drori & Teboulle 2014, Math. Program. 145, who prove it
    up to 1/beta; Rotaru, Glineur & Patrinos 2024 for all constant steps. Attained by a Huber function of threshold
    R/(2 t eta beta + 1) or by (beta/2) w^2, whichever is worse.
    """
    eta = 1.0 if step is None else step * problem.beta  # in units of 1/beta
    t = np.asarray(t, float)
    return problem.beta * problem.distance**2 / 2 * np.maximum(1 / (2 * t * eta + 1), (1 - eta) ** (2 * t))


def convex_gradient(problem: Problem, t: Array) -> Array:
    """Return beta R/(t + 1) for the gradient norm at w_t, on a convex loss the least so far.

    Attained by a Huber function of threshold R/(t + 1) (Taylor, Hendrickx & Glineur 2017, Math. Program. 161).
    """
    return problem.beta * problem.distance / (np.asarray(t) + 1)


def no_farther(problem: Problem, t: Array) -> Array:
    """Return R for ||w_t - w*||: by the proof of ``convex``, whose left side is nonnegative, the distance never increases."""
    return np.full(np.shape(t), problem.distance)


def _smooth(problem: Problem) -> bool:
    return math.isfinite(problem.beta)


def _convex_with_minimizer(problem: Problem) -> bool:
    return problem.convex and math.isfinite(problem.beta * problem.distance)


BOUNDS: tuple[Bound, ...] = (
    Bound("gd", "best_gradient", _smooth, smooth, smooth_exact),
    Bound("gd", "gap", _convex_with_minimizer, convex, convex_exact),
    Bound("gd", "best_gradient", _convex_with_minimizer, convex_gradient),
    Bound("gd", "distance", _convex_with_minimizer, no_farther),
)
