"""Strong convexity: exp(-t), with the exact factors, and what momentum makes of them.

On (alpha/2) w^2 gradient descent multiplies the gap by exactly (1 - q)^2 per step, q = alpha/beta, which is the worst that any
alpha-strongly convex loss allows (Taylor, Hendrickx & Glineur 2018); the (1 - q) that follows from the PL inequality is valid,
but a square root too slow. On a quadratic whose curvatures are spread evenly on a logarithmic axis over two decades, and on
regularised logistic regression, four methods run for as long as floating point lasts: gradient descent with the steps 1/beta
and 2/(alpha + beta), heavy ball, and Nesterov's method with constant momentum. Every bound is checked at every step; the slope
of ln(L - L*) against the step has to be the one of the theory on the quadratic. Controls: on w^4, which is merely convex, that
slope tends to 0, so what fits the first steps is rejected by the last; and heavy ball, whose rate is true of quadratics only,
cycles for ever on a strongly convex function of Lessard, Recht & Packard (2016).
"""

import math
from dataclasses import dataclass
from itertools import islice

import numpy as np

from optprimer.rates import fits
from optprimer.rates.bounds import momentum as bounds
from optprimer.rates.bounds.base import Bound
from optprimer.rates.findings import Findings
from optprimer.rates.methods.base import Method
from optprimer.rates.methods.gradient import GD, gradient_descent
from optprimer.rates.methods.momentum import HEAVY_BALL, NESTEROV_STRONGLY_CONVEX, shrinkage
from optprimer.rates.problems.base import Array, Problem
from optprimer.rates.problems.convex import LogisticRegression, Power, Quadratic
from optprimer.rates.settings import Settings

KAPPA = 100
CYCLE = np.array([-2208, 2592, 792]) / 1225  # of heavy ball, exactly
CYCLING, CONVERGING = (3.07, 3.3, 3.46), 5.0  # starts
FLOOR = 1e-12  # share of the first gap below which rounding of L - L* shows


@dataclass(frozen=True)
class Lessard(Problem):
    """A loss on R with L' = 25 w below 1, w + 24 up to 2, 25 w - 24 beyond (Lessard, Recht & Packard 2016)."""

    first: float
    name = "lessard"
    alpha = 1.0
    beta = 25.0
    convex = True

    @property
    def start(self) -> Array:  # noqa: D102 (the base class says what it is)
        return np.array([self.first])

    @property
    def minimizer(self) -> Array:  # noqa: D102
        return np.zeros(1)

    def value(self, w: Array) -> Array:  # noqa: D102
        u = w[..., 0]
        flat = np.clip(u - 1, 0, 1)
        return 12.5 * u**2 - 24 * flat * (u - 1 - flat / 2)

    def gradient(self, w: Array) -> Array:  # noqa: D102
        return 25 * w - 24 * np.clip(w - 1, 0, 1)


def best_step(problem: Problem) -> float:
    """Return 2/(alpha + beta), the constant step with the smallest factor, ((kappa - 1)/(kappa + 1))^2."""
    return 2 / (problem.alpha + problem.beta)


GD_BEST_STEP = Method(
    "gd_best_step",
    lambda problem, steps: gradient_descent(problem, steps, best_step(problem)),
    lambda problem: problem.alpha > 0 and math.isfinite(problem.beta),
)
METHODS = (GD, GD_BEST_STEP, HEAVY_BALL, NESTEROV_STRONGLY_CONVEX)
BOUNDS = {bound.method: bound for bound in bounds.BOUNDS if bound.quantity == "gap"} | {
    "gd_best_step": Bound(
        "gd_best_step", "gap", GD_BEST_STEP.suits, lambda problem, t: bounds.linear_exact(problem, t, best_step(problem))
    )
}


def study(settings: Settings) -> Findings:
    """Measure factors on quadratics and logistic regression, and the two controls."""
    findings = Findings("strongly_convex")
    steps = min(settings.steps, 1000)
    _half_quadratic(findings)
    spectrum = Quadratic("quadratic_two_decades", np.geomspace(1 / KAPPA, 1, 50))
    for problem in (spectrum, LogisticRegression(KAPPA)):
        for method in METHODS:
            t, values = _run(findings, problem, method, steps)
            if problem is spectrum:
                of = (problem.name, method.name, "gap", "step, semilog")
                findings.exponent(*of, _late(t, values), _slope(problem, method), neighbour=0)
    _merely_convex(findings, min(settings.steps, 100_000))
    _cycle(findings)
    return findings


def _half_quadratic(findings: Findings, alpha: float = 0.1) -> None:
    """Measure the factor of one step on (alpha/2) w^2 and on (beta/2) w^2, of which the larger is the exact factor."""
    slow = Quadratic("half_alpha", np.array([alpha]), beta=1.0)
    fast = Quadratic("half_beta", np.array([1.0]), alpha=alpha)
    t, values = np.arange(151.0), _gaps(slow, GD, 150)
    bound, exact = bounds.linear(slow, t), bounds.linear_exact(slow, t)
    findings.curve(slow.name, GD.name, "gap", "step", t, values, bound=bound, tight_bound=exact)
    of = (slow.name, GD.name, "gap", "step, semilog")
    findings.exponent(*of, fits.exponential(t, values), 2 * math.log(1 - alpha), neighbour=math.log(1 - alpha))
    factor = values[1] / values[0]
    findings.check("factor of the gap per step: (1 - q)^2", slow.name, factor, "=", (1 - alpha) ** 2, 1e-12)
    findings.check("factor of the gap per step: 1 - q", slow.name, factor, "=", 1 - alpha, 1e-12, role="control")

    etas = np.array([0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, best_step(slow), 1.9, 1.95])
    factors = np.array([max(_factor(problem, eta) for problem in (slow, fast)) for eta in etas])
    exact = np.array([bounds.linear_exact(slow, 1, eta) for eta in etas]) / slow.gap
    findings.curve("half_quadratics", GD.name, "factor of the gap", "eta beta", etas, factors, bound=exact)
    worst = np.abs(factors - exact).max()
    findings.check("distance from the exact factor over all steps", "half_quadratics", worst, "<=", 0, 1e-12)


def _factor(problem: Problem, eta: float) -> float:
    _, w = gradient_descent(problem, 1, eta)
    return float(problem.value(w)) / problem.gap


def _run(findings: Findings, problem: Problem, method: Method, steps: int) -> tuple[Array, Array]:
    """Record the gap of ``method`` at up to 100 steps, as long as rounding does not show, and return it."""
    values = _gaps(problem, method, steps)
    if not problem.quadratic:
        values = values[: int(np.argmax(np.append(values, 0) < FLOOR * problem.gap))]
    t = np.unique(np.linspace(0, len(values) - 1, 101).round())
    values = values[t.astype(int)]
    bound = BOUNDS[method.name]
    theory = {"bound": bound.chapter(problem, t)} if bound.assumes(problem) else {}
    if bound.tight:
        theory["tight_bound"] = bound.tight(problem, t)
    findings.curve(problem.name, method.name, "gap", "step", t, values, **theory)
    return t, values


def _merely_convex(findings: Findings, steps: int) -> None:
    problem = Power(4)
    values = _gaps(problem, GD, steps)
    t = np.unique(np.geomspace(1, steps, 60).round())
    values = values[t.astype(int)]
    findings.curve(problem.name, GD.name, "gap", "step", t, values)
    early, late = (fits.exponential(t[part], values[part]) for part in (t <= 10, t >= steps / 10))
    of = (problem.name, GD.name, "gap", "step, semilog")
    findings.exponent(*of, late, early.estimate, role="control")
    findings.check("last slope of ln(L - L*) as a share of the first", problem.name, late.estimate / early.estimate, "<=", 0.01)


def _cycle(findings: Findings) -> None:
    t = np.arange(61.0)
    for first in (*CYCLING, CONVERGING):
        problem, name = Lessard(first), f"lessard_from_{first}"
        gaps, cycles = _gaps(problem, HEAVY_BALL, 3000), first in CYCLING
        # The bound for quadratics, which the cycle breaks: the control of "its rate holds for quadratics only".
        promised = bounds.heavy_ball_quadratic(problem, t) if cycles else math.nan
        role = "control" if cycles else "claim"
        findings.curve(name, HEAVY_BALL.name, "gap", "step", t, gaps[:61], bound=promised, role=role)
        if cycles:
            last = sorted(float(w[0]) for w in islice(HEAVY_BALL.run(problem, 3000), 2998, None))
            off = np.abs(np.array(last) - np.sort(CYCLE)).max()
            findings.check("distance of heavy ball's last three points from its cycle", name, off, "<=", 0, 1e-9)
        theory = {"bound": bounds.linear(problem, t), "tight_bound": bounds.linear_exact(problem, t)}
        findings.curve(name, GD.name, "gap", "step", t, _gaps(problem, GD, 60), **theory)


def _gaps(problem: Problem, method: Method, steps: int) -> Array:
    return problem.value(np.array(list(method.run(problem, steps)))) - problem.optimum


def _late(t: Array, value: Array) -> fits.Fit:
    """Fit the last three quarters of a run."""
    late = t >= t[-1] / 4
    return fits.exponential(t[late], value[late])


def _slope(problem: Problem, method: Method) -> float:
    """Return the slope of ln(L - L*) that a quadratic of many curvatures tends to: twice ln of the slowest one's factor.

    For both methods with momentum it is a double root, so that a factor t^2 remains.
    """
    q = problem.alpha / problem.beta
    factors = {
        "gd": 1 - q,
        "gd_best_step": (1 - q) / (1 + q),
        "heavy_ball": shrinkage(problem),
        "nesterov_strongly_convex": 1 - math.sqrt(q),
    }
    return 2 * math.log(factors[method.name])
