"""Methods with memory: heavy ball, Nesterov's acceleration and the optimized gradient method.

They use a problem's ``start``, ``gradient``, ``beta`` and ``alpha`` only, and no more arithmetic than sums and multiples of
points; so the same code runs on numbers and on the symbolic points of a performance estimation problem (worst_cases).
"""

import math
from collections.abc import Iterable, Iterator
from itertools import islice, pairwise, repeat

from optprimer.rates.methods.base import Iterates, Method
from optprimer.rates.problems.base import Problem


def weights() -> Iterator[float]:
    """Yield theta_0 = 1, theta_1, ... with theta_{t+1}^2 - theta_{t+1} = theta_t^2 (Nesterov 1983; Beck & Teboulle 2009).

    theta_t >= (t + 2)/2, since each step adds at least 1/2.
    """
    theta = 1.0
    while True:
        yield theta
        theta = (1 + math.sqrt(1 + 4 * theta**2)) / 2


def accelerated(problem: Problem, momenta: Iterable[float]) -> Iterates:
    """Yield x_0, x_1, ... of x_{t+1} = y_t - grad L(y_t)/beta, y_{t+1} = x_{t+1} + m_t (x_{t+1} - x_t), one per momentum m_t.

    The first momentum acts from the second step on. Losses are taken at x, not at y, where no bound holds; they need not fall
    in every step.
    """
    x = y = problem.start
    yield x
    for momentum in momenta:
        x, previous = y - problem.gradient(y) / problem.beta, x
        y = x + momentum * (x - previous)
        yield x


def nesterov(problem: Problem, steps: int) -> Iterates:
    """Run Nesterov's method of 1983: m_t = (theta_t - 1)/theta_{t+1}, the weights of FISTA."""
    return accelerated(problem, ((theta - 1) / following for theta, following in islice(pairwise(weights()), steps)))


def nesterov_simplified(problem: Problem, steps: int) -> Iterates:
    """Run Nesterov's method with m_t = t/(t + 3), to which the weights of FISTA tend."""
    return accelerated(problem, (t / (t + 3) for t in range(steps)))


def nesterov_strongly_convex(problem: Problem, steps: int) -> Iterates:
    """Run Nesterov's method with the constant momentum (sqrt kappa - 1)/(sqrt kappa + 1), kappa = beta/alpha."""
    return accelerated(problem, repeat(shrinkage(problem), steps))


def ogm(problem: Problem, steps: int) -> Iterates:
    """Run the optimized gradient method (Kim & Fessler 2016, Math. Program. 159) for the horizon ``steps``.

    Yields its primary sequence y_0 ... y_{N-1}, which is x_t - grad L(x_t)/beta, and last its output x_N, of which the
    optimal bound is true. Only the last weight theta_N, that of N steps, differs from ``weights``.
    """
    x = y = problem.start
    yield y
    theta = list(islice(weights(), steps))
    theta.append(last_weight(theta[-1]) if theta else 1.0)
    for t in range(steps):
        y, previous = x - problem.gradient(x) / problem.beta, y
        x = y + (theta[t] - 1) / theta[t + 1] * (y - previous) + theta[t] / theta[t + 1] * (y - x)
        yield x if t == steps - 1 else y


def last_weight(theta: float) -> float:
    """Return the last weight of the optimized gradient method after ``theta``: theta_N^2 - theta_N = 2 theta_{N-1}^2."""
    return (1 + math.sqrt(1 + 8 * theta**2)) / 2


def heavy_ball(problem: Problem, steps: int) -> Iterates:
    """Run Polyak's w_{t+1} = w_t - eta grad L(w_t) + m (w_t - w_{t-1}) with the parameters that are best for quadratics.

    These are eta = 4/(sqrt alpha + sqrt beta)^2 and m = ((sqrt kappa - 1)/(sqrt kappa + 1))^2 (Polyak 1964).
    """
    step = 4 / (math.sqrt(problem.alpha) + math.sqrt(problem.beta)) ** 2
    momentum = shrinkage(problem) ** 2
    w = previous = problem.start
    yield w
    for _ in range(steps):
        w, previous = w - step * problem.gradient(w) + momentum * (w - previous), w
        yield w


def shrinkage(problem: Problem) -> float:
    """Return (sqrt kappa - 1)/(sqrt kappa + 1), the factor per step that no method beats in high dimension."""
    root = math.sqrt(problem.beta / problem.alpha)
    return (root - 1) / (root + 1)


def _smooth_convex(problem: Problem) -> bool:
    return problem.convex and math.isfinite(problem.beta)


def _smooth_strongly_convex(problem: Problem) -> bool:
    return problem.alpha > 0 and math.isfinite(problem.beta)


NESTEROV = Method("nesterov", nesterov, _smooth_convex)
NESTEROV_SIMPLIFIED = Method("nesterov_simplified", nesterov_simplified, _smooth_convex)
OGM = Method("ogm", ogm, _smooth_convex)
NESTEROV_STRONGLY_CONVEX = Method("nesterov_strongly_convex", nesterov_strongly_convex, _smooth_strongly_convex)
HEAVY_BALL = Method("heavy_ball", heavy_ball, _smooth_strongly_convex)

METHODS: tuple[Method, ...] = (NESTEROV, NESTEROV_SIMPLIFIED, OGM, NESTEROV_STRONGLY_CONVEX, HEAVY_BALL)
