"""What smoothness and convexity say of a loss (figure 2), and why a gradient step is what it is.

The drawn loss is the cross-entropy of a logistic prediction against a soft label, convex, with the largest curvature beta known
exactly. From base points all along the axis, the tangent has to stay below it and the parabola of curvature beta that touches
it above it, at every point of a grid; the control is the parabola of curvature beta/2, from the base points at which the loss
curves more than that. Then, on this loss and all smooth problems of the package, random pairs of points, in random directions
and in that of the largest curvature: the largest second derivative, the largest quotient of gradients and the least constant of
the quadratic bound are three suprema that the lemma says are one, beta; the control is 0.9 beta, which must be exceeded. The
tangent has to stay below where the problem is convex, and the control is those that are not. Last, the minimiser of the
quadratic bound, found by a general-purpose optimiser from values of the bound alone, against the step of gradient descent; the
control is a step size of 0.9/beta.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import optimize
from scipy.special import expit

from optprimer.rates.findings import Findings
from optprimer.rates.problems import PROBLEMS
from optprimer.rates.problems.base import Array, Problem
from optprimer.rates.settings import Settings

GRID = np.linspace(-1.5, 1.5, 49)
BASES = GRID[::2]
POINTS = 1000
ROUNDING = 1e-9  # of quotients, relative to beta


@dataclass(frozen=True)
class SoftLabel(Problem):
    """The cross-entropy of the prediction 1/(1 + e^-3w) against the label 1/3, log(1 + e^3w) - w.

    L'' = 9 p (1 - p) for the prediction p, at most 9/4, at w = 0; minimal where p = 1/3.
    """

    name = "soft_label"
    beta = 9 / 4
    convex = True
    optimum = math.log(3) - 2 / 3 * math.log(2)

    @property
    def start(self) -> Array:  # noqa: D102 (the base class says what it is)
        return np.array([1.0])

    @property
    def minimizer(self) -> Array:  # noqa: D102
        return np.array([-math.log(2) / 3])

    def value(self, w: Array) -> Array:  # noqa: D102
        return (np.logaddexp(0, 3 * w) - w).sum(-1)

    def gradient(self, w: Array) -> Array:  # noqa: D102
        return 3 * expit(3 * w) - 1


def tangent(problem: Problem, u: Array, w: Array) -> Array:
    """Return L(u) + <grad L(u), w - u>, which is at most L(w) where L is convex; u and w are (..., d)."""
    return problem.value(u) + (problem.gradient(u) * (w - u)).sum(-1)


def parabola(problem: Problem, u: Array, w: Array, beta: float) -> Array:
    """Return L(u) + <grad L(u), w - u> + (beta/2) ||w - u||^2, which is at least L(w) where L is beta-smooth."""
    return tangent(problem, u, w) + beta / 2 * ((w - u) ** 2).sum(-1)


@dataclass(frozen=True)
class Suprema:
    """The largest of three quotients over points and pairs of points, and the least of the fourth, in units of beta.

    Attributes:
        curvature: largest eigenvalue of the Hessian.
        lipschitz: ||grad L(w) - grad L(u)|| / ||w - u||.
        quadratic: 2 (L(w) - tangent) / ||w - u||^2, the least constant with which the quadratic bound holds.
        tangent: the least of that quotient, nonnegative where the tangent is below.
    """

    curvature: float
    lipschitz: float
    quadratic: float
    tangent: float


def suprema(problem: Problem, points: int, rng: np.random.Generator) -> Suprema:
    """Search for the suprema over ``points`` random points and as many pairs of either of two kinds.

    Points lie around the origin, the start and the minimiser, at distances from 1/1000 to 1. Pairs of the first kind go from
    them in random directions, those of the second from the tenth of them with the largest curvatures, in its direction; the
    second point is 1/100 to 1 away, far enough for quotients to have nine correct digits.
    """
    dimension = len(problem.start)
    centres = [np.zeros(dimension), problem.start] + ([] if problem.minimizer is None else [problem.minimizer])
    scale = 10 ** rng.uniform(-3, 0, (points, 1))
    u = rng.permutation(np.resize(centres, (points, dimension))) + scale * _directions(rng, points, dimension)
    curvatures, axes = np.linalg.eigh(hessian(problem, u))
    best = np.resize(curvatures[:, -1].argsort()[-points // 10 :], points)
    steepest = axes[best, :, -1] * rng.choice([-1, 1], (points, 1))
    u = np.concatenate([u, u[best]])
    distance = 10 ** rng.uniform(-2, 0, 2 * points)
    w = u + distance[:, None] * np.concatenate([_directions(rng, points, dimension), steepest])
    change = np.linalg.norm(problem.gradient(w) - problem.gradient(u), axis=-1) / distance
    quotient = 2 * (problem.value(w) - tangent(problem, u, w)) / distance**2
    found = np.array([curvatures.max(), change.max(), quotient.max(), quotient.min()]) / problem.beta
    return Suprema(*found.tolist())


def hessian(problem: Problem, w: Array, h: float = 1e-5) -> Array:
    """Return the Hessians at ``w`` (n, d) by central differences of gradients, (n, d, d), symmetrised."""
    shift = h * np.eye(w.shape[-1])
    rows = (problem.gradient(w[:, None] + shift) - problem.gradient(w[:, None] - shift)) / (2 * h)
    return (rows + rows.swapaxes(-1, -2)) / 2


def least_point(problem: Problem, u: Array) -> Array:
    """Minimise the quadratic bound at ``u`` (d,) by BFGS with differences of its values, which knows nothing of its form."""
    gradient = problem.gradient(u)

    def above(step: Array) -> float:
        return gradient @ step + problem.beta / 2 * step @ step

    return u + optimize.minimize(above, np.zeros_like(u), method="BFGS", jac="3-point", options={"gtol": 1e-12}).x


def study(settings: Settings) -> Findings:
    """Draw the sandwich, search for its violations, and compare its lowest point with a step."""
    findings = Findings("sandwich")
    _drawn(findings, SoftLabel())
    for problem in (SoftLabel(), *(each for each in PROBLEMS if math.isfinite(each.beta))):
        _equivalence(findings, problem, suprema(problem, POINTS, settings.rng("sandwich", problem.name)))
        _step(findings, problem, settings.rng("sandwich", problem.name, "step"))
    return findings


def _drawn(findings: Findings, problem: Problem) -> None:
    w = GRID[:, None]
    value = problem.value(w)
    curvature = hessian(problem, BASES[:, None])[:, 0, 0]
    for u, curves in zip(BASES, curvature, strict=True):
        names, base = ("loss", "w"), np.array([u])
        lower, upper = tangent(problem, base, w), parabola(problem, base, w, problem.beta)
        findings.curve(problem.name, f"tangent at {u}", *names, GRID, value, bound=lower, relation=">=")
        findings.curve(problem.name, f"parabola at {u}", *names, GRID, value, bound=upper)
        if curves > problem.beta / 2:
            half = parabola(problem, base, w, problem.beta / 2)
            findings.curve(problem.name, f"half parabola at {u}", *names, GRID, value, bound=half, role="control")


def _equivalence(findings: Findings, problem: Problem, found: Suprema) -> None:
    name = problem.name
    for quantity, quotient in (
        ("largest second derivative", found.curvature),
        ("Lipschitz constant of the gradient", found.lipschitz),
        ("least constant of the quadratic bound", found.quadratic),
    ):
        findings.check(f"{quantity}, over beta", name, quotient, "<=", 1, ROUNDING)
        findings.check(f"{quantity}, over 0.9 beta", name, quotient / 0.9, "<=", 1, ROUNDING, role="control")
    role = "claim" if problem.convex else "control"
    findings.check("least excess over the tangent, over beta", name, found.tangent, ">=", 0, ROUNDING, role=role)


def _step(findings: Findings, problem: Problem, rng: np.random.Generator) -> None:
    """Compare the lowest point with either step at random points, in units of the step's length."""
    points = problem.start + _directions(rng, 5, len(problem.start)) / 4
    for factor, role in ((1.0, "claim"), (0.9, "control")):
        apart = max(_apart(problem, u, factor) for u in points)
        name = f"distance of the lowest point of the quadratic bound from a step of {factor:g}/beta"
        findings.check(name, problem.name, apart, "<=", 0, 1e-8, role=role)


def _apart(problem: Problem, u: Array, factor: float) -> float:
    step = problem.gradient(u) / problem.beta
    return float(np.linalg.norm(least_point(problem, u) - (u - factor * step)) / np.linalg.norm(step))


def _directions(rng: np.random.Generator, count: int, dimension: int) -> Array:
    directions = rng.standard_normal((count, dimension))
    return directions / np.linalg.norm(directions, axis=-1, keepdims=True)
