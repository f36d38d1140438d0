"""Stochastic gradient descent at the chapter's two rates: 1/T^(1/4) for gradients of smooth losses, 1/sqrt(T) for convex gaps.

Each horizon T has its own constant step, proportional to 1/sqrt(T). Smooth: on w^2/2, where the descent lemma is an equality,
the moments are known in closed form and Monte Carlo confirms them; a Huber function that T steps barely cross holds the
gradient up for the whole run, so that here too the exponent is the theorem's (-1/2 for the squared norm, -1/4 for the norm).
On three losses that are not convex the bound is checked with the same steps. That no method does better is shown with the
oracle of Arjevani et al. on a chain of length l, which reveals a coordinate with probability 1/l: the steps needed grow like
l^2, that is eps^-4. Convex: |w| with noise, where the mean gap attains R G/sqrt(T), and tosses of a coin too fair for T tosses
to tell its bias, for which a bound from below is known. Controls: without noise the horizon's Huber function falls like 1/T and
the chain takes a multiple of l steps; and averaging on the strongly convex w^2/2 gives 1/T. None of the three has the exponent.
"""

from itertools import islice

import numpy as np

from optprimer.intervals import mean_interval
from optprimer.rates import fits
from optprimer.rates.bounds import stochastic as bounds
from optprimer.rates.findings import Findings
from optprimer.rates.methods.gradient import gradient_descent
from optprimer.rates.methods.stochastic import sgd
from optprimer.rates.problems.base import Array, Problem
from optprimer.rates.problems.convex import Quadratic
from optprimer.rates.problems.nonconvex import Chain, Cosine, SigmoidNeuron, Tail
from optprimer.rates.problems.stochastic import Absolute, HorizonHuber, Noisy, Oracle, Revealing, coin, coin_average
from optprimer.rates.settings import Settings
from optprimer.rates.significance import critical, largest_deviation
from optprimer.rates.worst_cases import final

FIRST = 2.0  # w_0 of the quadratic
CHAIN_RUNS = 16  # at most, and their lengths: powers of 2 whose square is at most the largest horizon, and at most 64


def study(settings: Settings) -> Findings:
    """Measure both rates, by exact moments where there are any and by independent runs."""
    findings = Findings("sgd")
    _quadratic(findings, settings)
    _horizon_huber(findings, settings)
    _not_convex(findings, settings)
    _chain(findings, settings)
    _absolute(findings, settings)
    _coin(findings, settings)
    _strongly_convex_control(findings, settings)
    return findings


def horizons(settings: Settings) -> Array:
    """Return seven horizons, each twice the one before, up to the largest."""
    return settings.stochastic_horizon // 2 ** np.arange(7)[::-1]


def _quadratic(findings: Findings, settings: Settings) -> None:
    """Compute the least E||grad||^2 and E||grad|| exactly; sample the mean of ||grad||^2 over the second half.

    A least mean over sampled runs would be biased: the least of noisy numbers is too small.
    """
    rng = settings.rng("sgd", "quadratic")
    problem = Quadratic("quadratic", np.ones(1), start=np.array([FIRST]))
    horizon = horizons(settings)
    square = FIRST**2 + 1  # E w_t^2 + sigma^2, which only falls
    etas = bounds.nonconvex_step(horizon, problem.gap, problem.beta, square)
    chapter = bounds.nonconvex_tuned(horizon, problem.gap, problem.beta, square)
    exact = bounds.nonconvex_variance(horizon, etas, problem.gap, problem.beta, 1.0)

    steps = [np.arange(T) for T in horizon]
    squares = [bounds.second_moment(t, eta, FIRST) for t, eta in zip(steps, etas, strict=True)]
    norms = [bounds.first_moment(t, eta, FIRST).min() for t, eta in zip(steps, etas, strict=True)]
    least = [moments.min() for moments in squares]
    of = (problem.name, "sgd_tuned")
    findings.curve(*of, "least squared gradient", "horizon", horizon, least, bound=chapter, tight_bound=exact)
    findings.exponent(*of, "least squared gradient", "horizon", fits.power(horizon, least), -0.5, neighbour=-1)
    findings.curve(*of, "least gradient norm", "horizon", horizon, norms, bound=np.sqrt(chapter), tight_bound=np.sqrt(exact))
    findings.exponent(*of, "least gradient norm", "horizon", fits.power(horizon, norms), -0.25, neighbour=-0.5)

    runs = np.stack(
        [
            _mean_squared_gradient(Noisy(problem), T, eta, settings.seeds, rng, T // 2)
            for T, eta in zip(horizon, etas, strict=True)
        ],
        1,
    )
    late = "mean squared gradient of the second half"
    _sampled(findings, problem, "sgd_tuned", late, horizon, runs, chapter)
    expected = [moments[len(moments) // 2 :].mean() for moments in squares]
    deviation = largest_deviation(runs, expected)
    limit = critical(len(horizon), settings.seeds)
    findings.check("runs against exact moments: largest deviation in standard errors", problem.name, deviation, "<=", limit)


def _horizon_huber(findings: Findings, settings: Settings) -> None:
    """Sample ||grad||^2 at w_{T-1}, where it is least in the mean; without noise, let the steps of 1/beta meet their own."""
    rng = settings.rng("sgd", "horizon_huber")
    horizon = horizons(settings)
    etas = 1 / np.sqrt(horizon)
    problems = [HorizonHuber.of(T, eta) for T, eta in zip(horizon, etas, strict=True)]
    runs = np.stack(
        [
            _mean_squared_gradient(Noisy(p), T, eta, settings.seeds, rng, T - 1)
            for p, T, eta in zip(problems, horizon, etas, strict=True)
        ],
        1,
    )
    squares = 1 + np.array([problem.threshold**2 for problem in problems])
    tight = bounds.nonconvex_variance(horizon, etas, 1.0, 1.0, 1.0)
    of = ("horizon_huber", "sgd", "squared gradient at the end", "horizon")
    mean, interval = mean_interval(runs)
    chapter = bounds.nonconvex(horizon, etas, 1.0, 1.0, squares)
    findings.curve(*of, horizon, mean, bound=chapter, tight_bound=tight, interval=interval, seeds=settings.seeds)
    # Runs arrive at the parabola earlier or later by T^(3/4) steps, a share of T that takes long to vanish.
    findings.exponent(*of, fits.resampled_power(horizon[2:], runs[:, 2:], rng), -0.5, neighbour=-1)

    noiseless = [_last_squared_gradient(HorizonHuber.of(T, 1.0), T) for T in horizon]
    of = ("horizon_huber", "gd", "squared gradient at the end", "horizon")
    findings.curve(*of, horizon, noiseless, role="control")
    findings.exponent(*of, fits.power(horizon, noiseless), -0.5, role="control")


def _last_squared_gradient(problem: Problem, steps: int) -> float:
    return float((problem.gradient(final(gradient_descent(problem, steps - 1, 1.0))) ** 2).sum())


def _not_convex(findings: Findings, settings: Settings) -> None:
    """Check the bound on losses that are not convex, with noise and the largest gradient in G^2, at every eighth horizon."""
    rng = settings.rng("sgd", "not_convex")
    horizon = horizons(settings)[::3]
    flat = Tail(0.5)
    neuron = SigmoidNeuron()
    largest = (  # of ||grad L||^2
        (Cosine(), 1.0),
        (flat, float(flat.gradient(np.full(1, (flat.p + 1) ** -0.5))[0]) ** 2),
        (neuron, (4 / 27 * np.linalg.norm(neuron.margins, axis=1).mean()) ** 2),  # s^2 (1 - s) is at most 4/27
    )
    for problem, gradient in largest:
        oracle = Noisy(problem, sigma=0.5)
        square = gradient + oracle.variance
        etas = bounds.nonconvex_step(horizon, problem.gap, problem.beta, square)
        runs = [_mean_squared_gradient(oracle, T, eta, settings.seeds, rng) for T, eta in zip(horizon, etas, strict=True)]
        chapter = bounds.nonconvex_tuned(horizon, problem.gap, problem.beta, square)
        _sampled(findings, problem, "sgd_tuned", "mean squared gradient", horizon, np.stack(runs, 1), chapter)


def _mean_squared_gradient(
    oracle: Oracle, horizon: int, eta: float, runs: int, rng: np.random.Generator, first: int = 0
) -> Array:
    """Return the mean of ||grad L(w_t)||^2 over first <= t < horizon, for each run."""
    iterates = islice(sgd(oracle, horizon - 1, lambda _: eta, runs, rng), first, None)
    return sum((oracle.problem.gradient(w) ** 2).sum(-1) for w in iterates) / (horizon - first)


def _chain(findings: Findings, settings: Settings) -> None:
    """Count steps until the last coordinate of the chain reaches 1, before which the gradient is longer than 1.

    A coordinate takes a success of probability 1/l and, since the step is 1/l as well, of the order of l steps: l^2 in all,
    besides a start-up of the order of l, which the difference steps(2l) - 2 steps(l) is free of.
    """
    rng = settings.rng("sgd", "chain")
    count = min(settings.seeds, CHAIN_RUNS)
    lengths = [length for length in (4, 8, 16, 32, 64) if length**2 <= settings.stochastic_horizon]
    for method, role, random in (("sgd", "claim", True), ("gd", "control", False)):
        chances = [1 / length if random else 1.0 for length in lengths]
        runs = count if random else 1
        steps = np.stack([_steps_to_the_end(length, p, runs, rng) for length, p in zip(lengths, chances, strict=True)], 1)
        lowest = np.array(lengths) / chances  # each coordinate waits 1/p steps
        mean, interval = mean_interval(steps) if random else (steps[0], (steps[0], steps[0]))
        of = ("chain", method, "steps to a gradient of 1", "length")
        findings.curve(*of, lengths, mean, bound=lowest, relation=">=", interval=interval, seeds=runs, role=role)
        added = steps[:, 1:] - 2 * steps[:, :-1] if random else np.diff(steps)
        fit = fits.resampled_power(lengths[1:], added, rng) if random else fits.power(lengths[1:], added[0])
        findings.exponent(*of, fit, 2, neighbour=1 if random else np.nan, role=role)


def _steps_to_the_end(length: int, chance: float, runs: int, rng: np.random.Generator) -> Array:
    steps = np.zeros(runs)
    for w in sgd(Revealing(Chain(length), chance), 10**6, lambda _: chance / 10, runs, rng):
        waiting = np.abs(w[:, -1]) < 1
        if not waiting.any():
            return steps
        steps += waiting
    raise ArithmeticError("a chain that does not end")


def _absolute(findings: Findings, settings: Settings) -> None:
    """Sample |w| from 1 with normal noise: the averaged iterate, the last one, and the mean gap, which attains the bound."""
    rng = settings.rng("sgd", "absolute")
    problem, square = Absolute(), 2.0
    horizon = horizons(settings)
    bound = bounds.convex(horizon, problem.distance, square)
    measured = [_gaps(Noisy(problem), T, bounds.convex_step(T, problem.distance, square), settings.seeds, rng) for T in horizon]
    of_average, of_last, means = (np.stack(each, 1) for each in zip(*measured, strict=True))
    _sampled(findings, problem, "sgd_average", "gap", horizon, of_average, bound)
    _sampled(findings, problem, "sgd", "gap", horizon, of_last)
    _sampled(findings, problem, "sgd", "mean gap", horizon, means)
    findings.exponent(problem.name, "sgd", "mean gap", "horizon", fits.resampled_power(horizon, means, rng), -0.5, neighbour=-1)
    # R^2 less what is left of it, E w_T^2 = R^2/T, is what the sum of the distance line really has.
    deviation = largest_deviation(means, bound * (1 - 1 / (2 * horizon)))
    limit = critical(len(horizon), settings.seeds)
    findings.check("mean gap against R G/sqrt(T): largest deviation in standard errors", problem.name, deviation, "<=", limit)


def _coin(findings: Findings, settings: Settings) -> None:
    """Compute the gap of the averaged iterate between the bounds from above and below, of which the best guess attains one.

    Horizons are squares, for which the distribution of w_t is on a lattice; runs confirm it.
    """
    rng = settings.rng("sgd", "coin")
    horizon = np.round(np.sqrt(horizons(settings))).astype(int) ** 2
    bound, best = bounds.convex(horizon, 1.0, 1.0), bounds.coin(horizon)
    gaps = np.array([coin(T).problem.slope * (1 + coin_average(T)) for T in horizon])
    for method, values in (("sgd_average, exact", gaps), ("best_guess", best)):
        of = ("biased_coin", method, "gap", "horizon")
        findings.curve(*of, horizon, values, bound=bound)
    of = ("biased_coin", "sgd_average, exact", "gap", "horizon")
    findings.exponent(*of, fits.power(horizon, gaps), -0.5, neighbour=-1)
    findings.check("least ratio of SGD's gap to the best possible", "biased_coin", float((gaps / best).min()), ">=", 1)
    runs = np.stack([_gaps(coin(T), T, 1 / np.sqrt(T), settings.seeds, rng, radius=1.0)[0] for T in horizon], 1)
    _sampled(findings, coin(1).problem, "sgd_average", "gap", horizon, runs, bound)
    deviation, limit = largest_deviation(runs, gaps), critical(len(horizon), settings.seeds)
    findings.check("runs against the exact gap: largest deviation in standard errors", "biased_coin", deviation, "<=", limit)


def _strongly_convex_control(findings: Findings, settings: Settings) -> None:
    rng = settings.rng("sgd", "strongly_convex")
    problem = Quadratic("quadratic", np.ones(1))
    horizon = horizons(settings)
    gaps = np.stack([_gaps(Noisy(problem), T, bounds.convex_step(T, 1.0, 2.0), settings.seeds, rng)[0] for T in horizon], 1)
    _sampled(findings, problem, "sgd_average", "gap", horizon, gaps, role="control")
    of = ("quadratic", "sgd_average", "gap", "horizon")
    findings.exponent(*of, fits.resampled_power(horizon, gaps, rng), -0.5, role="control")


def _gaps(
    oracle: Oracle, horizon: int, eta: float, runs: int, rng: np.random.Generator, radius: float = np.inf
) -> tuple[Array, Array, Array]:
    """Return the gap of the mean of w_0 ... w_{T-1}, that of w_{T-1}, and the mean gap, for each run."""
    problem = oracle.problem
    optimum = float(problem.value(problem.minimizer))
    point, loss = 0.0, 0.0
    for w in sgd(oracle, horizon - 1, lambda _: eta, runs, rng, radius=radius):
        point, loss = point + w / horizon, loss + problem.value(w) / horizon
    return problem.value(point) - optimum, problem.value(w) - optimum, loss - optimum


def _sampled(
    findings: Findings,
    problem: Problem,
    method: str,
    quantity: str,
    horizon: Array,
    runs: Array,
    bound: Array | float = np.nan,
    role: str = "claim",
) -> None:
    mean, interval = mean_interval(runs)
    of = (problem.name, method, quantity, "horizon")
    findings.curve(*of, horizon, mean, bound=bound, interval=interval, seeds=len(runs), role=role)
