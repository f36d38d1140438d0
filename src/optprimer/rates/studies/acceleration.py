"""Momentum: from 1/t to 1/t^2, and no further.

Two families of losses that depend on the horizon t, since no fixed loss shows a worst-case power for ever. First, for each
method and each t, the Huber function that is worst for it: as long as all gradients are equal a method travels S_t of them,
and the threshold R/(2 S_t + 1) makes it end the farthest above the minimum. The values have to lie on the exact constants:
beta R^2/(4t + 2) for gradient descent, theirs for Nesterov's method with either momentum and for the optimized gradient
method, which nothing beats. Second, Nesterov's worst function in dimension 2t + 1: every method within the span of its
gradients has to stay above his bound 3 beta R^2/(32 (t + 1)^2), and none gets below the best point of that span, which
conjugate gradients find; the accelerated methods stay below their upper bounds, so that the exponent is -2 from both sides.
The order of the chapter's four rates is then a distance between intervals: of the exponents of the sawtooth that is worst for
smooth losses, of both kinds of Huber functions, and of a strongly convex quadratic, whose local exponent is no number but falls
without end, fitted over the same horizons. Controls: gradient descent on Nesterov's function has the exponent -3/2, and -2 is
excluded; in dimension t, which t gradients span, his bound is broken; when the dimension is fixed instead of matched to the
horizon, the distance R is practically infinite, and Nesterov's method shows -1 in place of -2; and the exponents of two methods
that both have 1/t^2 are not apart.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from optprimer.rates import fits
from optprimer.rates.bounds import gradient as plain
from optprimer.rates.bounds import momentum as bounds
from optprimer.rates.findings import Findings
from optprimer.rates.grids import octaves
from optprimer.rates.methods.base import Iterates, Method
from optprimer.rates.methods.gradient import GD
from optprimer.rates.methods.momentum import NESTEROV, NESTEROV_SIMPLIFIED, OGM
from optprimer.rates.problems.base import Array, Problem
from optprimer.rates.problems.convex import Quadratic
from optprimer.rates.problems.nonconvex import Sawtooth
from optprimer.rates.settings import Settings
from optprimer.rates.studies.nonconvex import gradient_norms
from optprimer.rates.worst_cases import final, worst_huber

LONGEST = 4096  # horizon; momentum sums up rounding to about eps t^1.5, which for longer ones is more than 1e-9
WINDOW = 32  # the last horizon of a fit over its first
FIXED_STEPS, FIXED_DIMENSION = 1024, 20_480  # a dimension that the runs do not feel


@dataclass(frozen=True)
class NesterovWorst(Problem):
    """Nesterov's worst function (his book, Thm 2.1.7) on R^k: a chain along which gradients pass one link per step.

    L(w) = [(w_1^2 + sum_{i<k} (w_i - w_{i+1})^2 + w_k^2)/2 - w_1]/4 from 0. The Hessian, a quarter of a second difference, has
    eigenvalues (1 - cos(pi j/(k + 1)))/2, so beta = 1; L* = (1/(k + 1) - 1)/8 at w_i = 1 - i/(k + 1).
    """

    k: int
    name = "nesterov_worst"
    beta = 1.0
    convex = True
    quadratic = True

    @property
    def optimum(self) -> float:  # noqa: D102 (the base class says what it is)
        return (1 / (self.k + 1) - 1) / 8

    @property
    def start(self) -> Array:  # noqa: D102
        return np.zeros(self.k)

    @property
    def minimizer(self) -> Array:  # noqa: D102
        return 1 - np.arange(1, self.k + 1) / (self.k + 1)

    def value(self, w: Array) -> Array:  # noqa: D102
        links = np.diff(w, prepend=0.0, append=0.0)
        return ((links**2).sum(-1) / 2 - w[..., 0]) / 4

    def gradient(self, w: Array) -> Array:  # noqa: D102
        links = np.diff(w, prepend=0.0, append=0.0)
        gradient = -np.diff(links) / 4
        gradient[..., 0] -= 1 / 4
        return gradient


def conjugate_gradient(problem: Problem, steps: int) -> Iterates:
    """Yield, on a quadratic, the best points of the spans of ever more gradients (Hestenes & Stiefel 1952)."""
    w, gradient = problem.start, problem.gradient(problem.start)
    direction = -gradient
    yield w
    for _ in range(steps):
        curved = problem.gradient(w + direction) - problem.gradient(w)
        step = (gradient @ gradient) / (direction @ curved)
        w = w + step * direction
        before, gradient = gradient, gradient + step * curved
        direction = (gradient @ gradient) / (before @ before) * direction - gradient
        yield w


CONJUGATE_GRADIENT = Method("conjugate_gradient", conjugate_gradient, lambda problem: problem.quadratic)


def best_of_span(t: Array) -> Array:
    """Return 3/(4 (2t + 1)(4t + 3)), the least (L_t - L*)/(beta R^2) on Nesterov's function with k = 2t + 1.

    The span of t gradients is that of the first t axes, on which L is the same function with k = t; so the gap is
    (1/(t + 1) - 1/(k + 1))/8 = 1/(16 (t + 1)), and R^2 = sum (i/(k + 1))^2 = k (2k + 1)/(6 (k + 1)).
    """
    return 3 / (4 * (2 * t + 1) * (4 * t + 3))


def study(settings: Settings) -> Findings:
    """Measure both families, the order of the rates, and the controls."""
    findings = Findings("acceleration")
    horizons = octaves(min(settings.horizon, LONGEST))
    _order(findings, horizons, _huber(findings, horizons))
    _chain(findings, horizons[horizons >= 4])
    _short_chain(findings, horizons[horizons >= 4])
    _fixed_chain(findings)
    return findings


def _huber(findings: Findings, horizons: Array) -> Mapping[str, fits.Fit]:
    found = {}
    for method, bound, exact, theory, neighbour in (
        (GD, plain.convex, plain.convex_exact, -1, -2),
        (NESTEROV, bounds.accelerated, bounds.nesterov_exact, -2, -1),
        (NESTEROV_SIMPLIFIED, bounds.accelerated, bounds.nesterov_simplified_exact, -2, -1),
        (OGM, bounds.ogm, bounds.ogm_output, -2, -1),
    ):
        problems = [worst_huber(method, int(t)) for t in horizons]
        values = np.array([_last_gap(method, problem, t) for problem, t in zip(problems, horizons, strict=True)])
        of = ("huber_envelope", method.name, "gap", "horizon")
        tight = exact(problems[0], horizons)
        findings.curve(*of, horizons, values, bound=bound(problems[0], horizons), tight_bound=tight)
        found[method.name] = _late(horizons, values)
        findings.exponent(*of, found[method.name], theory, neighbour=neighbour)
        findings.check("distance from the exact constant", method.name, np.abs(values / tight - 1).max(), "<=", 0, 1e-9)
        if method is GD:
            share = (values / bounds.accelerated(problems[0], horizons)).max()
            findings.check("largest share of momentum's upper bound", method.name, share, "<=", 1, role="control")
    return found


def _order(findings: Findings, horizons: Array, convex: Mapping[str, fits.Fit]) -> None:
    """Measure how far apart the intervals of neighbouring rates are; less than 0 where they overlap.

    The gap of (alpha/2) w^2 has the local exponent 2t ln(1 - alpha). With alpha = 4/t for the first horizon of the fit it is
    below -8 from there on: exp(-t alpha/beta) is faster than 1/t^2 once t is a few condition numbers, and not before.
    """
    smooth = np.array([gradient_norms(problem, problem.horizon).min() / np.sqrt(problem.gap)
                       for problem in map(Sawtooth, horizons.astype(int))])  # fmt: skip
    alpha = 4 / horizons[horizons >= horizons[-1] / WINDOW][0]
    strong = Quadratic("half_alpha", np.array([alpha]), beta=1.0)
    gaps = strong.value(np.array(list(GD.run(strong, int(horizons[-1])))))[horizons.astype(int)]
    rungs = {
        "1/sqrt(t)": _late(horizons, smooth),
        "1/t": convex["gd"],
        "1/t^2": convex["nesterov"],
        "exp(-t)": _late(horizons, gaps),
    }
    name = "distance between the intervals of two exponents"
    for (slower, above), (faster, below) in pairwise(rungs.items()):
        findings.check(name, f"{slower} and {faster}", above.low - below.high, ">=", 0)
    same = convex["nesterov"].low - convex["ogm"].high
    findings.check(name, "1/t^2 of two methods", same, ">=", 0, role="control")


def _chain(findings: Findings, horizons: Array) -> None:
    problems = [NesterovWorst(2 * int(t) + 1) for t in horizons]
    unit = np.array([problem.beta * problem.distance**2 for problem in problems])
    floor, best = _each(bounds.lower, problems, horizons) / unit, best_of_span(horizons)
    for method, upper in ((GD, plain.convex), (NESTEROV, bounds.accelerated), (OGM, bounds.ogm), (CONJUGATE_GRADIENT, None)):
        values = np.array([_last_gap(method, problem, t) for problem, t in zip(problems, horizons, strict=True)]) / unit
        of = ("nesterov_worst", method.name, "gap / (beta R^2)", "horizon")
        findings.curve(*of, horizons, values, bound=floor, tight_bound=best, relation=">=")
        fit = _late(horizons, values)
        if method is GD:
            findings.exponent(*of, fit, -2, role="control")
            off = max(fit.low + 1.5, -1.5 - fit.high, 0.0)
            findings.check("distance of the interval of gradient descent on Nesterov's function from -3/2", "gd", off, "<=", 0)
        else:
            findings.exponent(*of, fit, -2, neighbour=-1)
        if upper is None:
            findings.check("distance from the best of the span", method.name, np.abs(values / best - 1).max(), "<=", 0, 1e-9)
        else:
            share = (values * unit / _each(upper, problems, horizons)).max()
            findings.check("largest share of the upper bound on Nesterov's function", method.name, share, "<=", 1)


def _short_chain(findings: Findings, horizons: Array) -> None:
    """Let conjugate gradients run for as many steps as there are coordinates, where they end at the minimum."""
    problems = [NesterovWorst(int(t)) for t in horizons]
    values = [_last_gap(CONJUGATE_GRADIENT, problem, t) for problem, t in zip(problems, horizons, strict=True)]
    share = (values / _each(bounds.lower, problems, horizons)).max()
    findings.check("largest share of the lower bound in dimension t", CONJUGATE_GRADIENT.name, share, ">=", 1, role="control")


def _fixed_chain(findings: Findings) -> None:
    steps, problem = octaves(FIXED_STEPS), NesterovWorst(FIXED_DIMENSION)
    slopes = []
    for method, bound, theory in ((GD, plain.convex, -1), (NESTEROV, bounds.accelerated, -2)):
        chosen = [problem.value(w) for t, w in enumerate(method.run(problem, FIXED_STEPS)) if t in steps]
        of = ("nesterov_worst_fixed", method.name, "gap", "step")
        values = np.array(chosen) - problem.optimum
        findings.curve(*of, steps, values, bound=bound(problem, steps))
        fit = _late(steps, values)
        findings.exponent(*of, fit, theory, role="control")
        slopes.append(fit.estimate)
    name = "exponent of Nesterov's method over that of gradient descent"
    findings.check(name, "nesterov_worst_fixed", slopes[1] / slopes[0], "=", 2, 0.05)


def _last_gap(method: Method, problem: Problem, steps: float) -> float:
    return float(problem.value(final(method.run(problem, int(steps))))) - problem.optimum


def _each(bound: Callable[[Problem, Array], Array], problems: Iterable[Problem], t: Array) -> Array:
    return np.array([bound(problem, step) for problem, step in zip(problems, t, strict=True)], float)


def _late(t: Array, value: Array) -> fits.Fit:
    """Fit the last octaves: the first ones are still far from any power."""
    late = t >= t[-1] / WINDOW
    return fits.power(t[late], value[late])
