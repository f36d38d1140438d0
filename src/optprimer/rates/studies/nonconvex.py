"""Smooth losses: the least gradient of t steps falls like 1/sqrt(t), and why no fixed loss shows it.

For any fixed loss the squared gradients have a finite sum, so the least one is o(1/t). The exponent -1/2 of the norm belongs to
the worst loss for each horizon N: one with a gradient in saw teeth, on which N steps of 1/beta meet the same slope N + 1 times,
and the squared norm is 4 beta D/(3N + 2) exactly, which tends to two thirds of the chapter's 2 beta D/(N + 1). Fixed losses
with tails of order |w|^-p have the exponent -(p + 1)/(p + 2), which tends to -1/2 as p falls to 0, and exclude it. That eps^-2
steps are needed is no fault of gradient descent: on a chain of T coordinates, scaled to have T of order beta D/eps^2, each
gradient reveals one more coordinate, and all are needed by any method that moves along revealed ones only. Measured are the
steps of gradient descent on the chain until the norm is 1, whose increments are linear in T. Controls: the exponent -1 of the
next rate in the hierarchy is rejected on the sawtooth; eta = 2.1/beta breaks the bound.
"""

import numpy as np

from optprimer.rates import fits
from optprimer.rates.bounds import gradient as bounds
from optprimer.rates.findings import Findings
from optprimer.rates.grids import octaves
from optprimer.rates.methods.gradient import GD, gradient_descent
from optprimer.rates.problems.base import Array, Problem
from optprimer.rates.problems.convex import Quadratic
from optprimer.rates.problems.nonconvex import Chain, Cosine, Sawtooth, Tail
from optprimer.rates.settings import Settings

TAILS = (0.1, 0.25, 0.5, 1.0, 2.0)
LENGTHS = np.array([4, 8, 16, 32, 64, 128])  # of chains
SHIFT = 2 / 3  # 3N + 2 = 3 (N + 2/3)
TOO_LONG = 2.1  # eta beta of the control


def study(settings: Settings) -> Findings:
    """Measure the sawtooth, the tails, the chain and the controls."""
    findings = Findings("nonconvex")
    _sawtooth(findings, octaves(settings.horizon))
    for p in TAILS:
        _tail(findings, Tail(p), settings.steps)
    _chain(findings)
    for problem in (Quadratic("quadratic_1d", np.ones(1)), Cosine()):
        _too_long(findings, problem, min(settings.steps, 1000))
    return findings


def gradient_norms(problem: Problem, steps: int, scaled_step: float = 1.0) -> Array:
    """Return the gradient norms at w_0 ... w_steps of gradient descent with eta = ``scaled_step``/beta, (steps + 1,)."""
    points = np.array(list(gradient_descent(problem, steps, scaled_step / problem.beta)))
    return np.linalg.norm(problem.gradient(points), axis=-1)


def steps_to_unit_gradient(problem: Problem) -> int:
    """Return the first t with ||grad L(w_t)|| <= 1 of gradient descent with eta = 1/beta."""
    w, t = problem.start, 0
    while np.linalg.norm(gradient := problem.gradient(w)) > 1:
        w, t = w - gradient / problem.beta, t + 1
    return t


def _sawtooth(findings: Findings, horizons: Array) -> None:
    problems = [Sawtooth(int(n)) for n in horizons]
    least = [gradient_norms(problem, problem.horizon).min() for problem in problems]
    value = np.array([norm / np.sqrt(problem.gap) for norm, problem in zip(least, problems, strict=True)])
    chapter, exact = np.sqrt(2 / (horizons + 1)), np.sqrt(4 / (3 * horizons + 2))
    of = ("sawtooth_envelope", GD.name, "best_gradient / sqrt(beta D)", "horizon")
    findings.curve(*of, horizons, value, bound=chapter, tight_bound=exact)
    late = horizons >= horizons[-1] / 400
    fit = fits.power(horizons[late], value[late], shift=SHIFT)
    findings.exponent(*of, fit, -1 / 2, neighbour=-1)
    findings.exponent(of[0], of[1], f"{of[2]}, as if it were 1/t", of[3], fit, -1, role="control")
    findings.check("distance from the exact constant", of[0], np.abs(value / exact - 1).max(), "<=", 0, 1e-12)


def _tail(findings: Findings, problem: Tail, steps: int) -> None:
    norms = gradient_norms(problem, steps)
    best = np.minimum.accumulate(norms)
    t = octaves(steps, 4)
    value = best[t.astype(int)]
    of = (problem.name, GD.name, "best_gradient", "step")
    findings.curve(*of, t, value, bound=bounds.smooth(problem, t), tight_bound=bounds.smooth_exact(problem, t))
    late = t >= steps / 30
    theory = -(problem.p + 1) / (problem.p + 2)
    findings.exponent(*of, fits.power(t[late], value[late]), theory, neighbour=-1 / 2)
    share = (best / bounds.smooth(problem, np.arange(steps + 1))).max()
    findings.check("largest share of the chapter's bound", problem.name, share, "<=", 1)
    spent = (norms**2).sum() / (2 * problem.beta * problem.gap)
    findings.check("sum of squared gradients / 2 beta D", problem.name, spent, "<=", 1)


def _chain(findings: Findings) -> None:
    chains = [Chain(int(n)) for n in LENGTHS]
    steps = np.array([steps_to_unit_gradient(chain) for chain in chains])
    allowed = np.array([2 * chain.beta * chain.gap for chain in chains])  # the chapter's 2 beta D/eps^2
    findings.curve("chain", GD.name, "steps to a unit gradient", "coordinates", LENGTHS, steps, bound=LENGTHS, relation=">=")
    findings.check("largest share of the chapter's number of steps", "chain", (steps / allowed).max(), "<=", 1)
    # The first coordinates cost more than later ones, so counts lag behind their order; increments do not.
    increments = np.diff(steps)
    of = ("chain", GD.name, "steps more to a unit gradient on twice the length", "coordinates")
    findings.curve(*of, LENGTHS[:-1], increments, bound=LENGTHS[:-1], relation=">=")
    findings.exponent(*of, fits.power(LENGTHS[:-1], increments), 1, neighbour=1 / 2)
    per_coordinate = increments / LENGTHS[:-1]
    findings.check("steps per further coordinate, the last doubling over the one before", "chain",
                   per_coordinate[-1] / per_coordinate[-2], "=", 1, 0.05)  # fmt: skip


def _too_long(findings: Findings, problem: Problem, steps: int) -> None:
    best = np.minimum.accumulate(gradient_norms(problem, steps, TOO_LONG))
    t = octaves(steps, 4)
    of = (problem.name, "gd_too_long", "best_gradient", "step")
    findings.curve(*of, t, best[t.astype(int)], bound=bounds.smooth(problem, t), role="control")
    share = (best[t.astype(int)] / bounds.smooth(problem, t)).max()
    findings.check(f"largest share of the chapter's bound, eta = {TOO_LONG}/beta", problem.name, share, "<=", 1, role="control")
