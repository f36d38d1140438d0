"""How far a step may go: descent whenever eta < 2/beta, and what happens beyond.

Gradient descent runs from 200 random starts on four losses with eta beta from 0 to 8, to find the largest step with which all
runs converge. On the quadratic, on 1 - cos w and on sqrt(1 + w^2) it is 2/beta, since their curvature is beta at the minimiser;
on a quartic that goes on in straight lines it is 6/beta: eta < 2/beta suffices everywhere but is not necessary. Below 2/beta
the descent inequality L(w_t) - L(w_{t+1}) >= eta (1 - beta eta/2) ||grad L||^2 is checked at every step of every run, on these
losses and on a small smooth net, as the least ratio of the two sides; on the quadratic it is 1. Controls: with 0.9 beta in
place of beta the inequality fails, and just beyond the threshold the loss increases in some step, while it does not just below.
The step with the largest guarantee, 1/beta, is then set against the steps that are best for the exact worst cases:
2/(sqrt(3) beta) for the least gradient, and for convex losses the one at which a Huber function and the quadratic are equally
bad, which is found by runs on both.
"""

import math

import numpy as np
from scipy import optimize

from optprimer.rates.bounds import gradient as bounds
from optprimer.rates.findings import Findings
from optprimer.rates.methods.gradient import gradient_descent
from optprimer.rates.problems.base import Array, Problem
from optprimer.rates.problems.convex import Huber, Power, PseudoHuber, Quadratic
from optprimer.rates.problems.nonconvex import Cosine, SigmoidNeuron
from optprimer.rates.settings import Settings

QUADRATIC = Quadratic("quadratic_1d", np.ones(1))
THRESHOLDS: dict[Problem, float] = {QUADRATIC: 2, Cosine(): 2, PseudoHuber(): 2, Power(4): 6}  # eta beta
SWEEP = np.arange(1, 81) / 10  # eta beta
BELOW = np.array([0.25, 0.5, 1.0, 1.5, 1.9, 1.99])  # eta beta
BEYOND = np.array([2.1, 2.2, 2.3, 2.4, 2.5])  # eta beta
STEPS = 1000
CONVERGED = 1e-2  # largest gradient norm of a run that converges, however slowly
DIVERGED = 1e3  # least gradient norm of one that diverges
RESOLUTION = 1e-6  # share of the loss above which a decrease has nine correct digits
TOLERANCE = 1e-9
UNIT = Huber(1.0)  # beta = R = 1


def study(settings: Settings) -> Findings:
    """Sweep the step sizes, look at every step below 2/beta, and find the best."""
    findings = Findings("descent")
    rng = settings.rng("descent", "starts")
    # The quartic's cycles just beyond its threshold are just beyond |w| = 1, and few runs from far away fall onto them.
    starts = np.concatenate([rng.uniform(-5, 5, (150, 1)), rng.uniform(1, 1.1, (50, 1))])
    for problem, threshold in THRESHOLDS.items():
        _sweep(findings, problem, threshold, starts)
    for problem in (*THRESHOLDS, SigmoidNeuron()):
        _ratio(findings, problem, settings.rng("descent", problem.name).uniform(-3, 3, (50, len(problem.start))))
    for t in (1, 5, 10):
        _best_convex_step(findings, t)
    return findings


def remaining(problem: Problem, scaled_steps: Array, starts: Array) -> Array:
    """Return the largest gradient norm over ``starts`` (n, d) after ``STEPS`` steps eta of ``scaled_steps`` (m,)/beta, (m,).

    Of a run that diverges it is NaN.
    """
    eta = scaled_steps[:, None, None] / problem.beta
    with np.errstate(over="ignore", invalid="ignore"):
        *_, last = gradient_descent(problem, STEPS, eta, starts)
        norm = np.linalg.norm(problem.gradient(last), axis=-1).max(1)
    return np.where(norm < DIVERGED, norm, math.nan)


def growth(problem: Problem, scaled_steps: Array, starts: Array) -> float:
    """Return the least factor, over ``starts`` (n, d) and steps, by which the gradient norm grows in ``STEPS`` steps."""
    eta = scaled_steps[:, None, None] / problem.beta
    *_, last = gradient_descent(problem, STEPS, eta, starts)
    with np.errstate(over="ignore"):
        after, before = (np.linalg.norm(problem.gradient(w), axis=-1) for w in (last, starts))
    return float((after / before).min())


def largest_rise(problem: Problem, scaled_step: float, starts: Array) -> float:
    """Return the largest increase of the loss in one of 200 steps of ``scaled_step``/beta from any start."""
    points = np.array(list(gradient_descent(problem, 200, scaled_step / problem.beta, starts)))
    return float(np.diff(problem.value(points), axis=0).max())


def least_ratio(problem: Problem, beta: float, scaled_step: float, starts: Array) -> float:
    """Return the least ratio of decrease to guarantee over 200 steps of ``scaled_step``/beta, if the smoothness were ``beta``.

    Where the guarantee is so small that rounding of the losses would show, it is not looked at.
    """
    eta = scaled_step / problem.beta
    points = np.array(list(gradient_descent(problem, 200, eta, starts)))
    loss = problem.value(points)
    guarantee = bounds.decrease(beta, eta, (problem.gradient(points[:-1]) ** 2).sum(-1))
    visible = guarantee > RESOLUTION * np.abs(loss[:-1])
    return float((-np.diff(loss, axis=0)[visible] / guarantee[visible]).min())


def worst_convex_runs(scaled_step: float, t: int) -> tuple[float, float]:
    """Return the gaps after ``t`` steps on the slowest Huber function and on w^2/2, both with beta = R = 1."""
    gaps = []
    for problem in (Huber(1 / (2 * t * scaled_step + 1)), QUADRATIC):
        *_, last = gradient_descent(problem, t, scaled_step)
        gaps.append(float(problem.value(last)))
    return gaps[0], gaps[1]


def _sweep(findings: Findings, problem: Problem, expected: float, starts: Array) -> None:
    norms = remaining(problem, SWEEP, starts)
    findings.curve(problem.name, "gd", f"largest gradient norm after {STEPS} steps", "eta beta", SWEEP, norms)
    first = int(np.argmin(norms < CONVERGED))
    fine = np.linspace(SWEEP[first - 1], SWEEP[first], 41)
    threshold = fine[int(np.argmin(remaining(problem, fine, starts) < CONVERGED)) - 1]
    findings.check("largest eta beta with which all runs converge", problem.name, threshold, "=", expected, 0.05)
    for factor, role in ((0.95, "claim"), (1.05, "control")):
        rise = largest_rise(problem, factor * expected, starts)
        name = f"largest increase of the loss in a step, eta {factor} times the threshold"
        findings.check(name, problem.name, rise, "<=", 0, TOLERANCE, role=role)
    name = f"least growth of the gradient norm in {STEPS} steps, eta beta from {BEYOND[0]:g} to {BEYOND[-1]:g}"
    role = "claim" if problem is QUADRATIC else "control"
    findings.check(name, problem.name, growth(problem, BEYOND, starts), ">=", DIVERGED, role=role)


def _ratio(findings: Findings, problem: Problem, starts: Array) -> None:
    quantity = "decrease / guaranteed decrease"
    ratios = np.array([least_ratio(problem, problem.beta, step, starts) for step in BELOW])
    findings.curve(problem.name, "gd", quantity, "eta beta", BELOW, ratios, bound=1.0, relation=">=")
    findings.check(f"least {quantity}", problem.name, ratios.min(), ">=", 1, TOLERANCE)
    if problem is QUADRATIC:
        findings.check(f"least {quantity}, for the eta where it is largest", problem.name, ratios.max(), "=", 1, TOLERANCE)
    if problem in THRESHOLDS:  # on the net no run meets the largest curvature
        smaller = min(least_ratio(problem, 0.9 * problem.beta, step, starts) for step in BELOW)
        findings.check(f"least {quantity}, with 0.9 beta", problem.name, smaller, ">=", 1, TOLERANCE, role="control")


def _best_convex_step(findings: Findings, t: int) -> None:
    family, of = "huber_or_quadratic", f"{t} steps"
    scaled_steps = np.arange(2, 40) / 20
    gaps = np.array([max(worst_convex_runs(step, t)) for step in scaled_steps])
    exact = np.array([bounds.convex_exact(UNIT, t, step) for step in scaled_steps])
    findings.curve(family, "gd", f"gap after {of}", "eta beta", scaled_steps, gaps, tight_bound=exact)
    findings.check(f"distance from the exact constant, {of}", family, np.abs(gaps / exact - 1).max(), "<=", 0, TOLERANCE)

    def balance(step: float) -> float:
        huber, quadratic = worst_convex_runs(step, t)
        return huber - quadratic

    best = optimize.brentq(balance, 1.0, 2.0, xtol=1e-12)
    findings.check(f"eta beta with the least worst gap, {of}", family, best, "=", optimum(t), 1e-6)
    shares = max(worst_convex_runs(best, t)) / max(worst_convex_runs(1.0, t))
    findings.check(f"worst gap at that step over that at 1/beta, {of}", family, shares, "<=", 1)


def optimum(t: int) -> float:
    """Return the root x in (1, 2) of (1 - x)^(2t) (2 t x + 1) = 1, the best eta beta for ``t`` steps on convex losses."""
    coefficients = np.polynomial.Polynomial([1, -1]) ** (2 * t) * np.polynomial.Polynomial([1, 2 * t]) - 1
    roots = coefficients.roots()
    return float(next(root.real for root in roots if abs(root.imag) < 1e-9 and 1 < root.real < 2))
