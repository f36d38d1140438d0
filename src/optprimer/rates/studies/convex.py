"""Smooth convex losses: L_t - L* falls like 1/t, exactly as fast as beta R^2/(4t + 2).

For each horizon t, the Huber function of threshold R/(2t + 1) keeps the largest slope that lets t steps of 1/beta just miss its
parabola, and ends exactly at beta R^2/(4t + 2), half of the chapter's bound; that of threshold R/(t + 1) ends with the gradient
beta R/(t + 1), the largest there is. Quadratics are not bad enough: among all curvatures at once the largest gap after t steps
is 1/e of the exact constant, a value that is known and met. Fixed losses with a minimiser are o(1/t), so they have steeper
exponents of their own: -p/(p - 2) for |w|^p, -(1 + s) for a quadratic whose spectrum has the density c^(s - 1) near 0. The
logistic loss of separable data, whose minimiser is at infinity, is outside the theorem and has the exponent -1. On all losses
with a minimiser the distance to it never increases. Controls: 1 - cos w from near its maximum breaks the bound, the exponent -2
of momentum is rejected on the worst case, and on a quadratic a step of 2.1/beta lets the distance increase.
"""

import numpy as np

from optprimer.rates import fits
from optprimer.rates.bounds import gradient as bounds
from optprimer.rates.findings import Findings
from optprimer.rates.grids import octaves
from optprimer.rates.methods.gradient import GD, gradient_descent
from optprimer.rates.problems.base import Array, Problem
from optprimer.rates.problems.convex import (
    Huber,
    LogisticRegression,
    Power,
    Quadratic,
    SeparableLogistic,
    power_law_spectrum,
)
from optprimer.rates.problems.nonconvex import Cosine
from optprimer.rates.settings import Settings

POWERS = (4, 8, 16, 32)
SPECTRA = (0.05, 0.25, 0.5, 1.0)
UNIT = Huber(1.0)  # with beta = R = 1
ROUNDING = 1e-12


def study(settings: Settings) -> Findings:
    """Measure the envelopes, the fixed losses and the controls."""
    findings = Findings("convex")
    horizons = octaves(settings.horizon)
    _huber(findings, horizons)
    _gradient(findings, settings.horizon)
    _quadratics(findings, horizons)
    for p in POWERS:
        _fixed(findings, Power(p), settings.steps, -p / (p - 2))
    for s in SPECTRA:
        _fixed(findings, power_law_spectrum(s), settings.steps, -(1 + s))
    _fixed(findings, SeparableLogistic(), settings.steps, -1)
    for problem in (*map(Power, POWERS), *map(power_law_spectrum, SPECTRA), LogisticRegression()):
        _distance(findings, problem, min(settings.steps, 1000), 1.0, "claim")
    _distance(findings, power_law_spectrum(1.0), 100, 2.1, "control")
    _without_convexity(findings)
    return findings


def walk(problem: Problem, steps: int, scaled_step: float = 1.0) -> Array:
    """Return w_0 ... w_steps of gradient descent with eta = ``scaled_step``/beta, (steps + 1, d)."""
    return np.array(list(gradient_descent(problem, steps, scaled_step / problem.beta)))


def _huber(findings: Findings, horizons: Array) -> None:
    problems = [Huber(1 / (2 * n + 1)) for n in horizons]
    value = np.array([float(problem.value(walk(problem, int(n))[-1])) for problem, n in zip(problems, horizons, strict=True)])
    of = ("huber_envelope", GD.name, "gap", "horizon")
    exact = bounds.convex_exact(UNIT, horizons)
    findings.curve(*of, horizons, value, bound=bounds.convex(UNIT, horizons), tight_bound=exact)
    fit = _late(horizons, value, shift=1 / 2)  # 4t + 2 = 4 (t + 1/2)
    findings.exponent(*of, fit, -1, neighbour=-2)
    findings.exponent(of[0], of[1], "gap, as if it were 1/t^2", of[3], fit, -2, role="control")
    rounding = horizons[-1] * np.finfo(float).eps
    findings.check("distance from the exact constant", of[0], np.abs(value / exact - 1).max(), "<=", 0, rounding)


def _gradient(findings: Findings, horizon: int) -> None:
    """Take horizons t with powers of 2 for t + 1, so that the last point, on the kink of the gradient, is exact."""
    horizons = 2.0 ** np.arange(1, int(np.log2(horizon)) + 1) - 1
    problems = [Huber(1 / (n + 1)) for n in horizons]
    last = [walk(problem, int(n))[-1] for problem, n in zip(problems, horizons, strict=True)]
    value = np.array([float(np.abs(problem.gradient(w))[0]) for problem, w in zip(problems, last, strict=True)])
    of = ("huber_gradient_envelope", GD.name, "gradient_norm", "horizon")
    exact = bounds.convex_gradient(UNIT, horizons)
    findings.curve(*of, horizons, value, bound=bounds.smooth(UNIT, horizons), tight_bound=exact)
    findings.exponent(*of, _late(horizons, value, shift=1), -1, neighbour=-1 / 2)
    findings.check("distance from the exact constant", of[0], np.abs(value / exact - 1).max(), "<=", 0, ROUNDING)


def _quadratics(findings: Findings, horizons: Array) -> None:
    """Run c w^2/2 for many c <= beta = 1 at once, among them the worst, c = 1/(2t + 1), for each horizon t."""
    curvatures = np.concatenate([1 / (2 * horizons + 1), np.geomspace(0.1 / horizons[-1], 1, 500)])
    family = Quadratic("quadratic_envelope", curvatures, beta=1.0)
    points = walk(family, int(horizons[-1]))[horizons.astype(int)]
    value = (curvatures * points**2 / 2).max(-1)
    of = (family.name, GD.name, "gap", "horizon")
    exact = bounds.convex_exact(UNIT, horizons)
    findings.curve(*of, horizons, value, bound=bounds.convex(UNIT, horizons), tight_bound=exact)
    findings.exponent(*of, _late(horizons, value), -1, neighbour=-2)
    expected = (2 * horizons / (2 * horizons + 1)) ** (2 * horizons)
    off = np.abs(value / (exact * expected) - 1).max()
    findings.check("distance from (2t/(2t + 1))^(2t) of the exact constant", family.name, off, "<=", 0, 1e-10)
    findings.check("share of the exact constant at the last horizon", family.name, value[-1] / exact[-1], "=", np.exp(-1),
                   1 / horizons[-1])  # fmt: skip


def _fixed(findings: Findings, problem: Problem, steps: int, theory: float) -> None:
    every = problem.value(walk(problem, steps)) - problem.optimum
    t = octaves(steps, 4)
    value = every[t.astype(int)]
    of = (problem.name, GD.name, "gap", "step")
    attained = problem.minimizer is not None
    theorem = {"bound": bounds.convex(problem, t), "tight_bound": bounds.convex_exact(problem, t)} if attained else {}
    findings.curve(*of, t, value, **theorem)
    late = t >= steps / 30
    findings.exponent(*of, fits.power(t[late], value[late]), theory, neighbour=-1 if attained else -2)
    if attained:
        share = (every / bounds.convex_exact(problem, np.arange(steps + 1))).max()
        findings.check("largest share of the exact worst case", problem.name, share, "<=", 1, ROUNDING)


def _distance(findings: Findings, problem: Problem, steps: int, scaled_step: float, role: str) -> None:
    distance = np.linalg.norm(walk(problem, steps, scaled_step) - problem.minimizer, axis=-1)
    name = f"largest increase of the distance to the minimiser over R, eta = {scaled_step:g}/beta"
    findings.check(name, problem.name, np.diff(distance).max() / problem.distance, "<=", 0, ROUNDING, role=role)


def _without_convexity(findings: Findings) -> None:
    problem = Cosine(3.141)
    t = octaves(12, 4)
    value = problem.value(walk(problem, 12))[t.astype(int)]
    chapter, exact = bounds.convex(problem, t), bounds.convex_exact(problem, t)
    findings.curve(problem.name, GD.name, "gap", "step", t, value, bound=chapter, tight_bound=exact, role="control")
    findings.check("largest share of the chapter's bound", problem.name, (value / chapter).max(), "<=", 1, role="control")


def _late(horizons: Array, value: Array, shift: float = 0.0) -> fits.Fit:
    late = horizons >= horizons[-1] / 400
    return fits.power(horizons[late], value[late], shift=shift)
