"""Gradient descent sits near saddles, ever longer, and leaves (claim G6).

On the octopus (Octopus; gamma = 1, tau = e, Lambda in ATTRACTIONS) with up to settings.dimensions saddles in a row, gradient
descent with eta = 1/(4 Lambda) starts from points uniform in [-1, 1]^d, one per seed. Its exit times T_k, the steps at which
|x_k| first passes 2 tau, are found in logarithms (descend), so that underflow decides nothing; the waits T_{k+1} - T_k grow
by the factor F = 1 + |log(1 - 2 eta Lambda)|/log(1 + 2 eta gamma) from saddle to saddle, for T_{k+1} = F T_k + c_k with c_k
whose mean does not depend on k. They are fitted run by run from the third on, and compared with the lower bound of
``least_exit_times``; the escape time is the last exit, for d = 2 ... settings.dimensions by runs of their own.
Perturbed gradient descent, with the settings of Du et al., leaves every saddle after an equal time: its exits are linear in k,
and its escape time is linear in d but for the logarithm of d by which a kick of fixed length has shorter coordinates. One run
of each with five saddles shows the gradient norm along the way. Below 1e-13 that norm is rounding: of coordinates at rest
at 4 tau, which no exit depends on. Controls: a strictly convex function (the last piece of the same octopus), on which
nothing waits; and float64, in which a waiting coordinate soon sticks at 5e-324 and would never leave.

The two-dimensional L = x^2/2 + y^4/4 - y^2/2 from (1, delta) shows the same in a formula: y leaves for a minimum after at
least log(1/(2 delta))/log(1 + eta) steps, and the gradient norm meanwhile falls to about delta^p before it grows again.
"""

import math

import numpy as np

from optprimer.intervals import LEVEL, mean_interval
from optprimer.rates.findings import Findings
from optprimer.rates.fits import Fit, power
from optprimer.rates.methods.base import Array
from optprimer.rates.methods.escapes import Path, descend, exit_times, growth_factor, least_exit_times, perturb
from optprimer.rates.methods.gradient import gradient_descent
from optprimer.rates.problems.convex import Quadratic
from optprimer.rates.problems.octopus import Octopus
from optprimer.rates.settings import Settings

ATTRACTIONS = (1.0, 1.5, 2.0, 3.0)
SHOWN = Octopus(5, 2.0)  # of which a trajectory is recorded
KICK = {"radius": math.e / 100, "threshold": math.e / 100, "patience": 1}  # r, g_thres and t_thres of Du et al.
RECORDED = 200  # points of a trajectory
STEP_2D = 0.1
DELTAS = np.logspace(-16, -1, 16)


def study(settings: Settings) -> Findings:
    """Measure exit and escape times of both methods, and how long small gradients last."""
    findings = Findings("saddles")
    for attraction in ATTRACTIONS:
        by_dimension = _escapes(findings, settings, attraction)
        _growth(findings, Octopus(settings.dimensions, attraction), *by_dimension[-1])
        _dimensions(findings, attraction, by_dimension)
    _trajectories(findings, settings)
    _underflow(findings, settings)
    _plane_saddle(findings)
    return findings


def step_size(problem: Octopus) -> float:
    """Return eta = 1/(4 Lambda), the step of Du et al.: half the inverse curvature across the tube."""
    return 1 / (4 * problem.attraction)


def log_starts(problem: Octopus, settings: Settings) -> Array:
    """Return log |x| (seeds, d) of points uniform in [-1, 1]^d."""
    rng = settings.rng("saddles", problem.name, "start")
    return np.log(rng.uniform(size=(settings.seeds, problem.dimension)))


def perturbed(problem: Octopus, log_start: Array, rng: np.random.Generator) -> Path:
    """Run perturbed gradient descent from the same points as gradient descent."""
    return perturb(problem, np.exp(log_start), step_size(problem), **KICK, rng=rng)


def _escapes(findings: Findings, settings: Settings, attraction: float) -> list[tuple[Array, Array]]:
    """Record the escape times for every dimension; return the exits (seeds, d) of both methods."""
    found = []
    for dimension in range(2, settings.dimensions + 1):
        problem = Octopus(dimension, attraction)
        starts, step = log_starts(problem, settings), step_size(problem)
        exits = exit_times(problem, descend(problem, starts, step))
        kicked = exit_times(problem, perturbed(problem, starts, settings.rng("saddles", problem.name, "kicks")))
        anywhere = least_exit_times(problem, np.zeros((1, dimension)), step)[0]  # log a <= 0 in [-1, 1]^d
        from_starts = least_exit_times(problem, starts, step).mean(0)
        quantities = {("escape_time", "dimension"): (slice(-1, None), [dimension])}
        if dimension == settings.dimensions:
            quantities["exit_time", "saddle"] = (slice(None), np.arange(1, dimension + 1))
        for (quantity, variable), (columns, t) in quantities.items():
            theory = {"bound": anywhere[columns], "tight_bound": from_starts[columns], "relation": ">="}
            for method, times, bounds in (("gd", exits, theory), ("pgd", kicked, {})):
                mean, interval = mean_interval(times[:, columns])
                findings.curve(f"octopus_{attraction:g}", method, quantity, variable, t, mean,
                               interval=interval, seeds=settings.seeds, **bounds)  # fmt: skip
        findings.check("exit times over their lower bound, least", problem.name,
                       float((exits / least_exit_times(problem, starts, step)).min()), ">=", 1)  # fmt: skip
        found.append((exits, kicked))
    return found


def _growth(findings: Findings, problem: Octopus, exits: Array, kicked: Array) -> None:
    """Fit how the waits of gradient descent, and the exits of perturbed descent, grow with the number of the saddle."""
    name, factor = f"octopus_{problem.attraction:g}", growth_factor(problem, step_size(problem))
    saddles = np.arange(3, problem.dimension + 1)
    # The second saddle is left sooner, while its coordinate is still about as large as at the start.
    waits, kicked_waits = (np.diff(times, axis=1)[:, 1:] for times in (exits, kicked))
    fit = over_runs(saddles, saddles, waits)
    findings.exponent(name, "gd", "wait", "saddle, semilog", fit, math.log(factor), neighbour=0)
    findings.check("growth factor of the waits", name, math.exp(fit.estimate), "=", factor, 0.03 * factor)
    last = exits[:, -1].mean() / exits[:, -2].mean()
    findings.check("ratio of the last two exit times", name, last, "=", factor, 0.03 * factor)
    control = over_runs(saddles, saddles, kicked_waits)
    findings.exponent(name, "pgd", "wait", "saddle, semilog", control, math.log(factor), role="control")
    findings.check("growth factor of the waits, pgd", name, math.exp(control.estimate), "=", factor, 0.03 * factor,
                   role="control")  # fmt: skip
    since = saddles - 2
    linear = over_runs(since, np.log(since), kicked_waits.cumsum(axis=1))
    findings.exponent(name, "pgd", "steps_since_second_exit", "saddles_since_second", linear, 1, neighbour=2)


def over_runs(t: Array, x: Array, runs: Array) -> Fit:
    """Fit log runs (seeds, m) linearly in x(t) (m,) run by run; the interval is the one in which 95 % of the slopes lie."""
    slopes = np.polynomial.polynomial.polyfit(x, np.log(runs).T, 1)[1]
    low, high = np.quantile(slopes, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Fit(float(slopes.mean()), float(low), float(high), float(t[0]), float(t[-1]), len(t), len(runs))


def _dimensions(findings: Findings, attraction: float, by_dimension: list[tuple[Array, Array]]) -> None:
    """Check the power of d - 2 by which the escape takes longer than with two saddles: 1 for perturbed descent only.

    The tolerance is four standard errors with 20 seeds, and leaves room for the factor log d; a power of 2 is far outside.
    """
    for column, method, role in ((0, "gd", "control"), (1, "pgd", "claim")):
        escape = np.array([exits[column][:, -1].mean() for exits in by_dimension])
        fit = power(np.arange(1, len(escape)), escape[1:] - escape[0])
        findings.check(f"power of d - 2 in the escape time, {method}", f"octopus_{attraction:g}",
                       fit.estimate, "=", 1, 0.25, role=role)  # fmt: skip


def _trajectories(findings: Findings, settings: Settings) -> None:
    """Record the gradient norm and the gap along one run of each method, and of descent on a strictly convex function."""
    start, step = log_starts(SHOWN, settings)[:1], step_size(SHOWN)
    runs = {
        "gd": descend(SHOWN, start, step, stride=1),
        "pgd": perturbed(SHOWN, start, settings.rng("saddles", "trajectory")),
    }
    for method, path in runs.items():
        points = np.concatenate([a for _, a in path])
        gradients, gaps = np.linalg.norm(SHOWN.gradient(points), axis=-1), SHOWN.value(points) - SHOWN.optimum
        _record(findings, SHOWN.name, method, gradients, gaps)
        findings.check(f"gradient norm over the least before, {method}", SHOWN.name, rebound(gradients), ">=", 100)
    # The control starts as far from its only stationary point, and curves as much as the octopus does at its minima, or less.
    curvatures = 2 * SHOWN.attraction * np.geomspace(1, 0.1, SHOWN.dimension)
    convex = Quadratic("strictly_convex", curvatures, start=np.exp(start[0]) - 4 * SHOWN.tau)
    points = np.array(list(gradient_descent(convex, 400, step)))
    gradients = np.linalg.norm(convex.gradient(points), axis=-1)
    _record(findings, convex.name, "gd", gradients, convex.value(points))
    findings.check("gradient norm over the least before, gd", convex.name, rebound(gradients), ">=", 100, role="control")


def rebound(gradients: Array) -> float:
    """Return the largest ratio of a gradient norm to the least before it; 1 for descent on a convex function."""
    return float((gradients / np.minimum.accumulate(gradients)).max())


def _record(findings: Findings, problem: str, method: str, gradients: Array, gaps: Array) -> None:
    t = np.unique(np.geomspace(1, len(gaps) - 1, RECORDED).round().astype(int))
    for quantity, values in (("gradient_norm", gradients), ("gap", gaps)):
        role = "control" if problem == "strictly_convex" else "claim"
        findings.curve(problem, method, quantity, "step", t, values[t], role=role)


def _underflow(findings: Findings, settings: Settings) -> None:
    """Count the steps for which float64 knows the last coordinate of five, against those that gradient descent needs."""
    problem = Octopus(5, 3.0)
    start, step = log_starts(problem, settings)[:1], step_size(problem)
    needed = exit_times(problem, descend(problem, start, step))[0, -1]
    in_float64 = perturb(problem, np.exp(start), step, radius=0, threshold=0, patience=0, rng=settings.rng())
    lost = next(t[0] for t, a in in_float64 if a[0, -1] < np.finfo(float).tiny)  # now it loses digits, and sticks at 5e-324
    findings.check("steps until the last coordinate underflows in float64", problem.name, lost, ">=", needed, role="control")


def _plane_saddle(findings: Findings) -> None:
    """Count the steps until |y| >= 1/2 from (1, delta) against the formula, and the least gradient norm on the way."""
    x, y = np.ones_like(DELTAS), DELTAS.copy()
    steps, least = np.zeros_like(DELTAS), np.full_like(DELTAS, np.inf)
    while (inside := y < 0.5).any():
        gradient_x, gradient_y = x, y**3 - y
        least = np.where(inside, np.minimum(least, np.hypot(gradient_x, gradient_y)), least)
        steps += inside
        x, y = x - STEP_2D * gradient_x, y - STEP_2D * gradient_y
    grown, shrunk = math.log1p(STEP_2D), -math.log1p(-STEP_2D)
    # y is multiplied by 1 + eta (1 - y^2) in each step: at most 1 + eta, and at least 1 + 3/4 eta below 1/2.
    formula = np.log(0.5 / DELTAS) / grown
    findings.curve("plane_saddle", "gd", "exit_time", "offset", DELTAS, steps, bound=formula, relation=">=")
    findings.check("steps beyond the formula, most", "plane_saddle", float((steps - formula).max()), "<=", 3)
    # |gradient| is about (1 - eta)^t + delta (1 + eta)^t, least where both are equal.
    findings.curve("plane_saddle", "gd", "least_gradient_norm", "offset", DELTAS, least)
    theory = shrunk / (shrunk + grown)
    findings.exponent("plane_saddle", "gd", "least_gradient_norm", "offset", power(DELTAS, least), theory, neighbour=1)
