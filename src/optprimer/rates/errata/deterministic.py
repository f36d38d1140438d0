"""Errata of the sections on gradient descent and on the PL condition.

All runs are in one dimension, where each step of a proof can be followed by hand; beta = 1 where nothing else is said.
"""

import math
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from optprimer.rates.errata.base import Erratum, slope

Array = NDArray[np.float64]

GRADIENT_DESCENT = "Gradient descent"
PL = "The Polyak-Lojasiewicz (PL) condition"


def _descend(gradient: Callable[[float], float], start: float, steps: Iterable[float]) -> Array:
    """Return w_0, w_1, ... of w_{i+1} = w_i - eta_i L'(w_i), for the given eta_i."""
    path = [start]
    for eta in steps:
        path.append(path[-1] - eta * gradient(path[-1]))
    return np.array(path)


def strictness() -> tuple[float, float]:
    """Count the eigenvalues of a beta-smooth quadratic, beta = 1, that are not less than beta and not at most beta."""
    eigenvalues = np.linalg.eigvalsh(np.diag([0.25, 0.5, 1.0]))
    return float((eigenvalues >= 1).sum()), float((eigenvalues > 1).sum())


def one_sidedness() -> tuple[float, float]:
    """Compare the least beta of the quadratic bound with the Lipschitz constant of L' and with sup L''.

    L = w^2/2 - sqrt(w^2 + s^2), s = 1/10, has L'' = 1 - s^2/(w^2 + s^2)^(3/2), in [1 - 1/s, 1). All three constants are
    suprema of quotients over the pairs of a grid, or of L'' over it.
    """
    s = 0.1
    w = np.linspace(-10, 10, 1601)
    loss, gradient = w**2 / 2 - np.hypot(w, s), w - w / np.hypot(w, s)
    curvature = 1 - s**2 / np.hypot(w, s) ** 3
    first, second = np.triu_indices(len(w), 1)
    step = w[second] - w[first]
    lipschitz = np.abs((gradient[second] - gradient[first]) / step).max()
    forward = 2 * (loss[second] - loss[first] - gradient[first] * step) / step**2
    backward = 2 * (loss[first] - loss[second] + gradient[second] * step) / step**2
    quadratic = max(forward.max(), backward.max())
    return abs(lipschitz - quadratic), abs(curvature.max() - quadratic)


def decrease_is_not_convergence() -> tuple[float, float]:
    """Return |L'| after 200 steps on w^2/2 from w = 1, with eta_i = 2^-(i+1) and with eta = 1/2.

    Every step of either run decreases L >= 0 strictly and has eta < 2/beta, which is all that the printed argument uses. The
    first run stops at the product of 1 - 2^-k, about 0.289.
    """
    steps = 200
    shrinking = _descend(lambda w: w, 1.0, (0.5 ** (i + 1) for i in range(steps)))
    constant = _descend(lambda w: w, 1.0, [0.5] * steps)
    return abs(shrinking[-1]), abs(constant[-1])


def iterates_may_leave() -> tuple[float, float]:
    """Return |w_{2t} - w_t| and |L'(w_{2t})| at t = 10^4 on log(1 + e^-w), where w_t grows like log t (beta = 1/4)."""

    def gradient(w: float) -> float:
        return -1 / (1 + math.exp(w))

    t = 10_000
    path = _descend(gradient, 0.0, [4.0] * (2 * t))
    return abs(path[2 * t] - path[t]), abs(gradient(path[2 * t]))


def gradient_of_the_norm() -> tuple[float, float]:
    """Return by how much |L'|^2 at the iterate that each rule picks exceeds the least, on w^2/2 from w = -1.

    The gradient of L^2 is 2 L L', here w^3: negative, and least at the start.
    """
    path = _descend(lambda w: w, -1.0, [0.5] * 20)[:-1]
    squared = path**2
    picked = [(path**3).argmin(), squared.argmin()]
    printed, corrected = squared[picked] - squared.min()
    return float(printed), float(corrected)


def dropped_constant() -> tuple[float, float]:
    """Compare the exponent of min |L'| in D = L_0 - L* at fixed beta and t with 0 and with 1/2.

    A Huber function of slope g with t steps' length of slope: L' = g throughout and D = g^2 (t + 1/2)/beta.
    """
    t = 16
    slopes = 2.0 ** np.arange(-4, 5)
    gaps, least = [], []
    for g in slopes:
        path = _descend(lambda w, g=g: min(w, g), (t + 1) * g, [1.0] * t)[:-1]
        gaps.append(g * path[0] - g**2 / 2)
        least.append(np.minimum(path, g).min())
    measured = slope(gaps, least)
    return abs(measured), abs(measured - 0.5)


def _soft_label(w: Array) -> Array:
    return np.logaddexp(0, w) - w / 3


def telescoping_index() -> tuple[float, float]:
    """Compare the sum of the inequality's left sides over i < t with the two displays, relative to L_0 - L*.

    The left side that is summed is L_{i+1} - L*, on the logistic loss against a soft label 1/3: log(1 + e^w) - w/3.
    """
    t = 20
    path = _descend(lambda w: 1 / (1 + math.exp(-w)) - 1 / 3, 3.0, [4.0] * t)
    gap = _soft_label(path) - _soft_label(np.array(-math.log(2)))
    summed = sum(gap[i + 1] for i in range(t))
    return abs(summed - gap[:t].sum()) / gap[0], abs(summed - gap[1 : t + 1].sum()) / gap[0]


def weights_without_a_rate() -> tuple[float, float]:
    """Return the share of the weight error left after 10^4 steps on w^32 from w = 1, and the largest increase in a step.

    The exponent is -1/(p - 2) = -1/30, since w_{t+1} = w_t - w_t^(p-1)/(p - 1) when eta = 1/(p (p - 1)).
    """
    path = _descend(lambda w: 32 * w**31, 1.0, [1 / (32 * 31)] * 10_000)
    return path[-1] / path[0], max(0.0, np.diff(np.abs(path)).max())


def strongly_convex_time() -> tuple[float, float]:
    """Return by how much the decrease of log L per step falls short of 1 and of alpha/beta = 1/100, on (alpha/2) w^2."""
    q = 0.01
    path = _descend(lambda w: q * w, 1.0, [1.0] * 200)
    rate = -np.log((path[1:] / path[:-1]) ** 2).max()
    return max(0.0, 1 - rate), max(0.0, q - rate)


def _pl_example(x: Array) -> Array:
    return (2 * x + 3 * np.sin(2 * x)) ** 2 / (2 * (x**2 + 3 * np.sin(x) ** 2))


def loose_constant() -> tuple[float, float]:
    """Compare 1/32 and 0.17553 with inf L'^2/(2 (L - L*)) of x^2 + 3 sin^2 x, relative to it.

    The least ratio is that of a fine grid, polished; beyond 30 the ratio exceeds (2x - 3)^2/(2 (x^2 + 3)) > 1.
    """
    grid = np.linspace(1e-3, 30, 100_001)
    nearest = grid[_pl_example(grid).argmin()]
    window = (nearest - 0.01, nearest + 0.01)
    sharp = optimize.minimize_scalar(_pl_example, bounds=window, method="bounded", options={"xatol": 1e-10}).fun
    return abs(1 / 32 - sharp) / sharp, abs(0.17553 - sharp) / sharp


def pl_index() -> tuple[float, float]:
    """Compare ||grad L(w_t)||^2/(2 beta) with (alpha/beta) times the gap after and before the step, relative to itself.

    On (alpha/2) w^2, where the PL inequality is an equality, with alpha/beta = 1/4.
    """
    alpha = 0.25
    path = _descend(lambda w: alpha * w, 1.0, [1.0] * 10)
    gap = alpha * path**2 / 2
    half = (alpha * path[:-1]) ** 2 / 2
    printed, corrected = ((np.abs(half - alpha * each) / half).max() for each in (gap[1:], gap[:-1]))
    return float(printed), float(corrected)


DETERMINISTIC = (
    Erratum(
        GRADIENT_DESCENT,
        "lemma on smoothness",
        "the eigenvalues of the Hessian are less than beta",
        "they are at most beta, and at least -beta",
        "quadratic with eigenvalues beta/4, beta/2, beta: how many contradict the statement",
        strictness,
    ),
    Erratum(
        GRADIENT_DESCENT,
        "lemma on smoothness",
        "equivalently, L is bounded above by a quadratic with constant beta",
        "the quadratic bound is equivalent to Hessian <= beta alone, all that the proofs need; to beta-smoothness it is so "
        "where L is convex",
        "w^2/2 - sqrt(w^2 + 1/100): least beta of the bound against the Lipschitz constant of the gradient (printed) and "
        "against the largest second derivative (corrected)",
        one_sidedness,
        1e-3,
    ),
    Erratum(
        GRADIENT_DESCENT,
        "theorem on smooth losses, and again on convex ones",
        "L decreases in every step and is bounded below, which proves convergence",
        "the decreases add up to at least a constant times the sum of squared gradients, which is therefore finite",
        "w^2/2: |gradient| after 200 strictly decreasing steps, with eta_i = 2^-(i+1)/beta, to which the printed argument "
        "applies as well, and with eta = 1/(2 beta)",
        decrease_is_not_convergence,
        1e-6,
    ),
    Erratum(
        GRADIENT_DESCENT,
        "theorem on smooth losses",
        "gradient descent converges to stationary points",
        "its gradients converge to 0; its iterates need not converge",
        "log(1 + exp(-w)), t = 10^4: |w_2t - w_t| (printed), |gradient| (corrected)",
        iterates_may_leave,
        1e-3,
    ),
    Erratum(
        GRADIENT_DESCENT,
        "theorem on smooth losses, choice of i",
        "argmin over i < t of grad ||L(w_i)||^2",
        "argmin over i < t of ||grad L(w_i)||^2",
        "w^2/2 from w = -1: squared gradient at the iterate picked, less the smallest",
        gradient_of_the_norm,
    ),
    Erratum(
        GRADIENT_DESCENT,
        "theorem on smooth losses, rate",
        "gradient norm of order sqrt(beta/t), so beta/eps^2 steps",
        "sqrt(2 beta (L_0 - L_opt)/t), so 2 beta (L_0 - L_opt)/eps^2 steps",
        "Huber functions, beta = 1, t = 16: exponent of the least gradient norm in L_0 - L_opt, against 0 and 1/2",
        dropped_constant,
    ),
    Erratum(
        GRADIENT_DESCENT,
        "theorem on convex losses, telescoped sum",
        "sum of L_i over i = 0 ... t-1",
        "sum of L_i over i = 1 ... t; the printed sum obeys the same bound, but not by the line before it",
        "logistic loss, soft label 1/3, t = 20: sum of the left sides of the line before, against the display, relative to the "
        "initial gap",
        telescoping_index,
    ),
    Erratum(
        GRADIENT_DESCENT,
        "remarks on convex losses",
        "convexity gives parameter estimation guarantees",
        "the distance to a minimiser does not increase; nothing is said of how fast it falls, if it does",
        "w^32, 10^4 steps: share of the weight error that is left (printed), its largest increase in a step (corrected)",
        weights_without_a_rate,
        1e-2,
    ),
    Erratum(
        GRADIENT_DESCENT,
        "hierarchy of rates",
        "smooth and strongly convex: exp(-t)",
        "exp(-t alpha/beta): the rate per step is the inverse of the condition number",
        "(alpha/2) w^2, alpha/beta = 1/100: by how much the decrease of log L per step falls short of the statement",
        strongly_convex_time,
    ),
    Erratum(
        PL,
        "example x^2 + 3 sin^2 x",
        "PL with alpha = 1/32 (true, and 5.6 times too small)",
        "PL with alpha = 0.17553",
        "relative distance from the least ratio L'^2/(2 (L - L_opt)) found",
        loose_constant,
        1e-5,
    ),
    Erratum(
        PL,
        "theorem on PL losses, second display",
        "L(w_t+1) <= L(w_t) - (alpha/beta) (L(w_t+1) - L_opt), which yields the factor 1/(1 + alpha/beta) only",
        "L(w_t+1) <= L(w_t) - (alpha/beta) (L(w_t) - L_opt), which yields 1 - alpha/beta",
        "(alpha/2) w^2, alpha/beta = 1/4, where PL is an equality: last term against ||grad L(w_t)||^2/(2 beta), relative",
        pl_index,
    ),
)
