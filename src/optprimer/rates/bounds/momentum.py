"""What acceleration and strong convexity promise, and what no method can beat.

R is the distance from the start to a minimiser, D the gap L(start) - L*, q = alpha/beta = 1/kappa.
"""

import math
from itertools import islice

import numpy as np

from optprimer.rates.bounds.base import Array, Bound
from optprimer.rates.methods.momentum import shrinkage, weights
from optprimer.rates.problems.base import Problem


def accelerated(problem: Problem, t: Array) -> Array:
    """Return 2 beta R^2/(t + 1)^2, for Nesterov's method with either momentum.

    With a weight theta >= 1 and z = x + theta (y - x), the descent lemma at y and convexity between y and x and between y and
    w* make theta_t^2 (L(x_{t+1}) - L*) + (beta/2) ||z_{t+1} - w*||^2 nonincreasing as long as theta_{t+1}^2 - theta_{t+1} <=
    theta_t^2 (Beck & Teboulle 2009, Thm 4.4). So L(x_t) - L* <= beta R^2/(2 theta_{t-1}^2), where theta_{t-1} is at least
    (t + 1)/2 for the weights of FISTA and equal to it for t/(t + 3).
    """
    return 2 * problem.beta * problem.distance**2 / (t + 1) ** 2


def nesterov_exact(problem: Problem, t: Array) -> Array:
    """Return beta R^2/(2 (2 S_t + 1)), S_t the number of gradients that Nesterov's method travels where they are all equal.

    A Huber function of threshold R/(2 S_t + 1) attains it. That none is worse is what performance estimation finds at every
    t that was computed (Taylor, Hendrickx & Glineur 2017, SIAM J. Optim. 27; study worst_case); no proof is known to us.
    """
    theta = _weights(t)
    velocity, travelled = 0.0, [0.0]
    for before, now in zip([1.0, *theta], theta, strict=False):
        velocity = 1 + (before - 1) / now * velocity
        travelled.append(travelled[-1] + velocity)
    return problem.beta * problem.distance**2 / (4 * _at(travelled, t) + 2)


def nesterov_simplified_exact(problem: Problem, t: Array) -> Array:
    """Return 2 beta R^2/(t^2 + 5t + 6): ``nesterov_exact`` for the momentum t/(t + 3), where S_t = (t^2 + 5t + 2)/8.

    The same evidence and source (their Table 1): attained by a Huber function, never exceeded, not proved for all t. At t = 0,
    where S_t = 0, it is beta R^2/2.
    """
    return 2 * problem.beta * problem.distance**2 / np.where(t == 0, 4, t**2 + 5 * t + 6)


def ogm(problem: Problem, t: Array) -> Array:
    """Return beta R^2/(4 theta_{t-1}^2) for the primary sequence of the optimized gradient method (Kim & Fessler 2017, JOTA).

    Its proof in one line: 2 theta_t^2 (L(x_t) - L* - ||grad L(x_t)||^2/(2 beta)) + (beta/2) ||z_{t+1} - w*||^2 does not
    increase, and a gradient step from x_t removes the gradient's term. It covers the output of any horizon, since theta_N^2
    >= 2 theta_{N-1}^2. At t = 0 smoothness gives beta R^2/2.
    """
    squares = np.array([0.5, *np.square(_weights(t))])
    return problem.beta * problem.distance**2 / (4 * _at(squares, t))


def ogm_output(problem: Problem, t: Array) -> Array:
    """Return beta R^2/(2 theta_t^2), exact for the output of the optimized gradient method after t steps in all.

    theta_t is the last weight. Upper bound by Kim & Fessler 2016, attained by a Huber function; no first-order method does
    better in high dimension (Drori 2017, J. Complexity 39).
    """
    theta = np.array([0.0, *_weights(t)])
    return 2 * problem.beta * problem.distance**2 / (1 + np.sqrt(1 + 8 * _at(theta, t) ** 2)) ** 2


def lower(problem: Problem, t: Array) -> Array:
    """Return 3 beta R^2/(32 (t + 1)^2), which no method within the span of its gradients beats on all of dimension 2t + 1.

    Nesterov's book, Thm 2.1.7; his function is ``optprimer.rates.studies.acceleration.NesterovWorst``.
    """
    return 3 * problem.beta * problem.distance**2 / (32 * (t + 1) ** 2)


def linear(problem: Problem, t: Array) -> Array:
    """Return (1 - q)^t D for gradient descent with eta = 1/beta: the rate under PL, which strong convexity implies."""
    return (1 - problem.alpha / problem.beta) ** t * problem.gap


def linear_exact(problem: Problem, t: Array, step: float | None = None) -> Array:
    """Return max((1 - alpha eta)^2, (1 - beta eta)^2)^t D, exact for gradient descent with eta = ``step`` in (0, 2/beta).

    Without ``step``, eta = 1/beta and the factor is (1 - q)^2, the square of the chapter's. Taylor, Hendrickx & Glineur 2018,
    JOTA 178; attained by (alpha/2) w^2.
    """
    eta = 1 / problem.beta if step is None else step
    return max((1 - problem.alpha * eta) ** 2, (1 - problem.beta * eta) ** 2) ** t * problem.gap


def contraction(problem: Problem, t: Array) -> Array:
    """Return (1 - q)^t R, for the distance of gradient descent with eta = 1/beta to the minimiser.

    The step w - grad L(w)/beta is a contraction by max(1 - q, 0): its Jacobian has eigenvalues in [0, 1 - q].
    """
    return (1 - problem.alpha / problem.beta) ** t * problem.distance


def nesterov_linear(problem: Problem, t: Array) -> Array:
    """Return (1 - 1/sqrt kappa)^t (D + alpha R^2/2), for Nesterov's method with constant momentum.

    d'Aspremont, Scieur & Taylor 2021, Acceleration Methods, Cor. 4.15. Valid, not exact.
    """
    factor = 1 - math.sqrt(problem.alpha / problem.beta)
    return factor**t * (problem.gap + problem.alpha * problem.distance**2 / 2)


def heavy_ball_quadratic(problem: Problem, t: Array) -> Array:
    """Return (rho^t (1 + t + rho t))^2 D, exact for heavy ball on quadratics, with rho = (sqrt kappa - 1)/(sqrt kappa + 1).

    Along an eigenvector the error is multiplied by p_t, p_{t+1} = 2 rho c p_t - rho^2 p_{t-1} with c in [-1, 1], p_0 = 1 and
    p_1 = 2 rho c - rho^2. Hence p_t = rho^t (U_t(c) - rho U_{t-1}(c)) with Chebyshev's polynomials of the second kind, and
    |U_t| <= t + 1, attained at c = -1, where the eigenvalue is beta. On other functions heavy ball may cycle for ever
    (Lessard, Recht & Packard 2016, SIAM J. Optim. 26).
    """
    rho = shrinkage(problem)
    return (rho**t * (1 + (1 + rho) * t)) ** 2 * problem.gap


def _weights(t: Array) -> list[float]:
    return list(islice(weights(), int(np.max(t))))


def _at(sequence: list[float] | Array, t: Array) -> Array:
    return np.asarray(sequence, float)[np.asarray(t, int)]


def _finite_distance(problem: Problem) -> bool:
    return problem.convex and math.isfinite(problem.beta * problem.distance)


def _strongly_convex(problem: Problem) -> bool:
    return problem.alpha > 0 and math.isfinite(problem.beta)


def _quadratic(problem: Problem) -> bool:
    return problem.quadratic and problem.alpha > 0


BOUNDS: tuple[Bound, ...] = (
    Bound("nesterov", "gap", _finite_distance, accelerated, nesterov_exact),
    Bound("nesterov_simplified", "gap", _finite_distance, accelerated, nesterov_simplified_exact),
    Bound("ogm", "gap", _finite_distance, ogm),
    Bound("gd", "gap", _strongly_convex, linear, linear_exact),
    Bound("gd", "distance", _strongly_convex, contraction),
    Bound("nesterov_strongly_convex", "gap", _strongly_convex, nesterov_linear),
    Bound("heavy_ball", "gap", _quadratic, heavy_ball_quadratic),
)
