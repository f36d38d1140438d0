"""Beyond the chapter's two rates of SGD: faster ones, the floor of a constant step, and rates without bounded gradients.

Strongly convex: with steps 1/(alpha t) the gap on alpha w^2/2 is sigma^2/(2 alpha T) exactly, and |w| + w^2/2 stays below the
bound of Lacoste-Julien, Schmidt & Bach; steps c/t with c alpha < 1/2 give T^(-2c) only (control: 1/T is rejected there).
Constant steps end on a floor proportional to eta, known exactly for quadratics and bounded under PL, so for the chapter's x^2 +
3 sin^2 x too. Where every sample can be
fitted there is no floor: least squares with more weights than samples (PL, not strongly convex) falls exponentially, at the
factor that the spectral radius of the second-moment recursion gives (control: with noisy labels the slope tends to 0).
Least squares also has unbounded stochastic gradients. With the second moment of its samples bounded by M + M_G ||grad L||^2
(Bottou, Curtis & Nocedal 2018), or by smoothness alone (Nguyen et al. 2018), the same rates hold, and they are checked without
noise, since the moments obey an exact recursion; Monte Carlo confirms it (control: above the limit of stability, which the
theorems' steps stay below, second moments explode and the formulas are broken).
"""

import math

import numpy as np

from optprimer.intervals import mean_interval
from optprimer.rates import fits
from optprimer.rates.bounds import stochastic as bounds
from optprimer.rates.findings import Findings
from optprimer.rates.methods.stochastic import averaged, sgd
from optprimer.rates.problems.base import Array
from optprimer.rates.problems.convex import Quadratic
from optprimer.rates.problems.pl import SineWell
from optprimer.rates.problems.stochastic import Absolute, LeastSquares, Noisy, OneSample, regression
from optprimer.rates.settings import Settings
from optprimer.rates.significance import critical, largest_deviation
from optprimer.rates.studies.sgd import horizons

UNIT = Noisy(Quadratic("quadratic", np.ones(1)))  # alpha = beta = sigma = 1
POINTS = 60  # of a curve


def study(settings: Settings) -> Findings:
    """Measure the other rates, by exact moments where there are any and by independent runs."""
    findings = Findings("sgd_beyond")
    _inverse_steps(findings, settings)
    _weighted_average(findings, settings)
    _floor(findings, settings)
    _pl(findings, settings)
    _interpolation(findings, settings)
    _unbounded_gradients(findings, settings)
    return findings


def logarithmic(last: int, points: int = POINTS) -> Array:
    """Return at most ``points`` whole numbers from 1 to ``last``, evenly on a logarithmic axis."""
    return np.unique(np.geomspace(1, last, points).round().astype(int))


def _inverse_steps(findings: Findings, settings: Settings) -> None:
    """Take steps c/t on w^2/2: sampled for c = 1, and by the recursion of the second moment for c = 1/4, 1 and 2."""
    rng = settings.rng("sgd_beyond", "inverse_steps")
    horizon = horizons(settings)
    runs = _recorded(sgd(UNIT, horizon[-1], lambda t: 1 / (t + 1), settings.seeds, rng), horizon)[..., 0].T ** 2 / 2
    mean, interval = mean_interval(runs)
    of = ("quadratic", "sgd_1/t, sampled", "gap", "step")
    findings.curve(*of, horizon, mean, interval=interval, seeds=settings.seeds)
    deviation = largest_deviation(runs, bounds.strongly_convex_exact(horizon, 1.0, UNIT.variance))
    limit = critical(len(horizon), settings.seeds)
    findings.check("gap against sigma^2/(2 alpha T): largest deviation in standard errors", "quadratic", deviation, "<=", limit)

    t = logarithmic(settings.stochastic_horizon)
    late = t >= settings.stochastic_horizon / 64
    for c, theory, role in ((0.25, -1.0, "control"), (1.0, -1.0, "claim"), (2.0, -1.0, "claim")):
        gaps = _moments_of_inverse_steps(c, t[-1])[t] / 2
        of = ("quadratic", f"sgd_{c:g}/t", "gap", "step")
        exact = bounds.strongly_convex_exact(t, 1.0, UNIT.variance) if c == 1 else math.nan
        findings.curve(*of, t, gaps, tight_bound=exact, role=role)
        fit = fits.power(t[late], gaps[late])
        findings.exponent(*of, fit, theory, neighbour=-0.5 if role == "claim" else math.nan, role=role)
        if c < 0.5:
            findings.check("exponent of the gap with steps c/t: -2 c alpha", f"c = {c:g}", fit.estimate, "=", -2 * c, 0.02)


def _moments_of_inverse_steps(c: float, steps: int) -> Array:
    second = np.ones(steps + 1)
    for t in range(1, steps + 1):
        second[t] = (1 - c / t) ** 2 * second[t - 1] + (c / t) ** 2
    return second


def _weighted_average(findings: Findings, settings: Settings) -> None:
    """Check the bound of Lacoste-Julien, Schmidt & Bach on |w| + w^2/2 over [-1, 1], whose gradients are at most 2 there."""
    rng = settings.rng("sgd_beyond", "weighted_average")
    problem, square = Absolute(alpha=1.0), 5.0
    horizon = horizons(settings)
    iterates = sgd(Noisy(problem), horizon[-1] - 1, lambda t: 2 / (t + 2), settings.seeds, rng, radius=1.0)
    runs = problem.value(_recorded(averaged(iterates, lambda t: t + 1), horizon - 1)).T
    mean, interval = mean_interval(runs)
    bound = bounds.strongly_convex(horizon, problem.alpha, square)
    of = (problem.name, "sgd_weighted_average", "gap", "step")
    findings.curve(*of, horizon, mean, bound=bound, interval=interval, seeds=settings.seeds)


def _recorded(iterates: object, at: Array) -> Array:
    """Return the points of a run at the steps ``at``, (len(at), runs, d)."""
    wanted = set(at.tolist())
    return np.array([w for t, w in enumerate(iterates) if t in wanted])


def _floor(findings: Findings, settings: Settings) -> None:
    """Measure where constant steps end: on w^2/2 for many eta at once, a coordinate each, and on (w_1^2 + 10 w_2^2)/2.

    Runs start with the second moment that they end with, so that the mean gap over all steps is that of the floor.
    """
    rng = settings.rng("sgd_beyond", "floor")
    etas = 2.0 ** -np.arange(1, 9)[::-1]
    of = ("quadratic", "sgd, exact", "floor of the gap", "eta")
    exact = _exact_floor(etas, np.ones(1))
    findings.curve(*of, etas, exact, bound=[bounds.growth(math.inf, eta, 0.0, 1.0, 1.0, 1.0) for eta in etas])
    findings.exponent(*of[:3], "1/eta", fits.power(1 / etas[4::-1], exact[4::-1]), -1, neighbour=-0.5)

    many = Noisy(Quadratic("quadratic", np.ones(len(etas)), start=np.sqrt(2 * exact)))
    runs = _mean_squares(many, settings.stochastic_horizon, etas, settings.seeds, rng) / 2
    mean, interval = mean_interval(runs)
    findings.curve("quadratic", "sgd", *of[2:], etas, mean, interval=interval, seeds=settings.seeds)
    deviation, limit = largest_deviation(runs, exact), critical(len(etas), settings.seeds)
    findings.check("floor against its exact value: largest deviation in standard errors", "quadratic", deviation, "<=", limit)

    curvatures, eta = np.array([1.0, 10.0]), 0.05
    exact = _exact_floor(eta, curvatures) / 2  # variance 1/2 in each coordinate
    two = Noisy(Quadratic("quadratic_1_10", curvatures, start=np.sqrt(2 * exact / curvatures)), sigma=math.sqrt(0.5))
    runs = _mean_squares(two, settings.stochastic_horizon, eta, settings.seeds, rng) @ curvatures[:, None] / 2
    deviation, limit = largest_deviation(runs, exact.sum()), critical(1, settings.seeds)
    name = two.problem.name
    findings.check("floor against its exact value: largest deviation in standard errors", name, deviation, "<=", limit)
    bound = bounds.growth(math.inf, eta, 0.0, two.problem.alpha, two.problem.beta, two.variance)
    findings.check("floor against the bound under PL", name, float(runs.mean()), "<=", float(bound))

    t = logarithmic(settings.stochastic_horizon)
    for eta in (1 / 4, 1 / 16, 1 / 64):
        gaps = bounds.second_moment(t, eta, first=2.0) / 2
        method = f"sgd, eta = {eta:g}"
        findings.curve("quadratic", method, "gap", "step", t, gaps, bound=bounds.growth(t, eta, 2.0, 1.0, 1.0, 1.0))


def _pl(findings: Findings, settings: Settings) -> None:
    """Check the bound with a constant step of 1/beta on the chapter's PL function, which is not convex."""
    rng = settings.rng("sgd_beyond", "pl")
    problem = SineWell()
    oracle, eta, t = Noisy(problem), 1 / problem.beta, logarithmic(settings.stochastic_horizon)
    runs = problem.value(_recorded(sgd(oracle, t[-1], lambda _: eta, settings.seeds, rng), t)).T
    mean, interval = mean_interval(runs)
    bound = bounds.growth(t, eta, problem.gap, problem.pl, problem.beta, oracle.variance)
    findings.curve(problem.name, "sgd", "gap", "step", t, mean, bound=bound, interval=interval, seeds=settings.seeds)


def _exact_floor(eta: Array | float, curvature: Array) -> Array:
    """Return E c w^2/2 at the end, for noise of variance 1: bounds.second_moment in the units eta c and 1/c^2."""
    return curvature / 2 * bounds.second_moment(math.inf, eta * curvature, 0.0, curvature**-2.0)


def _mean_squares(oracle: Noisy, steps: int, eta: Array | float, runs: int, rng: np.random.Generator) -> Array:
    """Return the mean of w_t^2 over all steps, for each run and coordinate."""
    return sum(w**2 for w in sgd(oracle, steps - 1, lambda _: eta, runs, rng)) / steps


def _interpolation(findings: Findings, settings: Settings) -> None:
    """Follow E||w_t - w*||^2 for one sample per step of 1/max beta_i, with labels that 16 weights fit, and with noisy ones."""
    fitted = regression("interpolation", settings.rng("sgd_beyond", "interpolation"), 8, 16, residual=0.0)
    noisy = regression("noisy_labels", settings.rng("sgd_beyond", "noisy_labels"), 32, 8, residual=0.5)
    for problem, role in ((fitted, "claim"), (noisy, "control")):
        eta = 1 / problem.largest_beta
        slope = math.log(problem.factor(eta))
        steps = min(settings.stochastic_horizon, int(-40 / slope))  # until e^-40 is left, which rounding does not touch
        t = np.unique(np.linspace(0, steps, POINTS).round().astype(int))
        late = t >= steps / 8  # the slope then still drifts by more than rounding
        distances = _distances(problem, eta, steps)
        bound = bounds.interpolation(t, problem.distance, problem.alpha, problem.largest_beta)
        of = (problem.name, "sgd_one_sample", "squared distance")
        findings.curve(*of, "step", t, distances[t], bound=bound, role=role)
        fit = fits.exponential(t[late], distances[t[late]])
        findings.exponent(*of, "step, semilog", fit, slope, neighbour=0.0 if role == "claim" else math.nan, role=role)
    early = np.array([1, 2, 4, 8, 16, 32])
    _against_recursion(findings, settings, fitted, 1 / fitted.largest_beta, early)


def _distances(problem: LeastSquares, eta: float, steps: int) -> Array:
    return np.array([np.trace(second) for second in problem.moments(steps, lambda _: eta)])


def _against_recursion(findings: Findings, settings: Settings, problem: LeastSquares, eta: float, at: Array) -> None:
    """Compare ||w_t - w*||^2 of runs with the exact recursion, at steps early enough for its mean not to hang on rare runs."""
    rng = settings.rng("sgd_beyond", "recursion", problem.name)
    points = _recorded(sgd(OneSample(problem), at[-1], lambda _: eta, settings.seeds, rng), at)
    runs = ((points - problem.minimizer) ** 2).sum(-1).T
    deviation = largest_deviation(runs, _distances(problem, eta, at[-1])[at])
    limit = critical(len(at), settings.seeds)
    findings.check("runs against exact moments: largest deviation in standard errors", problem.name, deviation, "<=", limit)


def _unbounded_gradients(findings: Findings, settings: Settings) -> None:
    """Check the bounds that need no bounded gradients on least squares with noisy labels, a sample per step."""
    problem = regression("least_squares", settings.rng("sgd_beyond", "least_squares"), 60, 4, residual=2.0)
    noise, share = problem.growth
    limit = 1 / (problem.beta * share)  # of Bottou, Curtis & Nocedal
    horizon, name = horizons(settings), problem.name

    etas = limit * np.sqrt(horizon[0] / horizon)
    squares = [
        np.mean(
            [np.vdot(problem.hessian @ problem.hessian, second) for second in problem.moments(T - 1, lambda _, eta=eta: eta)]
        )
        for T, eta in zip(horizon, etas, strict=True)
    ]
    of = (name, "sgd_one_sample", "mean squared gradient", "horizon")
    bound = bounds.nonconvex_growth(horizon, etas, problem.gap, problem.beta, noise)
    findings.curve(*of, horizon, squares, bound=bound)
    findings.exponent(*of, fits.power(horizon, squares), -0.5, neighbour=-1)

    t = logarithmic(settings.stochastic_horizon)
    gaps = _gaps(problem, limit, t)
    bound = bounds.growth(t, limit, problem.gap, problem.alpha, problem.beta, noise)
    findings.curve(name, "sgd_one_sample", "gap", "step", t, gaps, bound=bound)

    of = (name, "sgd_one_sample", "squared distance", "step")
    at_minimum, largest = 2 * problem.noise, problem.largest_beta
    eta = 1 / (2 * largest)
    bound = bounds.smoothness(t, eta, problem.distance, problem.alpha, at_minimum)
    findings.curve(*of, t, _distances(problem, eta, t[-1])[t], bound=bound)
    of = (name, "sgd_decreasing", "squared distance", "step")
    step = [float(bounds.smoothness_step(s, problem.alpha, largest)) for s in range(t[-1])]
    distances = np.array([np.trace(second) for second in problem.moments(t[-1], step.__getitem__)])[t]
    bound = bounds.smoothness_decreasing(t, problem.distance, problem.alpha, largest, at_minimum)
    findings.curve(*of, t, distances, bound=bound)
    late = t >= t[-1] / 4
    findings.exponent(*of, fits.power(t[late], distances[late], shift=4 * largest / problem.alpha), -1, neighbour=-0.5)
    _against_recursion(findings, settings, problem, eta, np.array([1, 4, 16, 64]))

    unstable = 1.2 * stability_limit(problem)
    steps = np.unique(np.linspace(1, 60, POINTS // 2).round().astype(int))
    bound = bounds.growth(steps, unstable, problem.gap, problem.alpha, problem.beta, noise)
    findings.curve(name, "sgd_above_limit", "gap", "step", steps, _gaps(problem, unstable, steps), bound=bound, role="control")
    findings.check("limit of Bottou et al. over that of stability", name, limit / stability_limit(problem), "<=", 1)
    findings.check("1/(2 max beta_i) over the limit of stability", name, eta / stability_limit(problem), "<=", 1)


def stability_limit(problem: LeastSquares) -> float:
    """Return the eta above which the second moment of SGD with one sample grows, by bisection to rounding."""
    low, high = 0.0, 2 / problem.beta  # beyond 2/beta even the mean grows
    for _ in range(60):
        eta = (low + high) / 2
        low, high = (eta, high) if problem.factor(eta) < 1 else (low, eta)
    return low


def _gaps(problem: LeastSquares, eta: float, t: Array) -> Array:
    return np.array([np.vdot(problem.hessian, second) / 2 for second in problem.moments(t[-1], lambda _: eta)])[t]
