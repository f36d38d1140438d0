"""Without smoothness: 1/sqrt(t) for subgradients, which nothing beats, and the steps with which Adam goes wrong.

On max(max_i w_i, ||w|| - 1 - 1/sqrt(N + 1)) each of N subgradient steps finds a new coordinate, and the best value so far is
exactly G R/sqrt(N + 1), the bound of the class, at every N. On |w| with steps c/sqrt(t) the iterates hop over the kink for
ever, at the distance of a step: their largest value between two powers of 2 has the exponent -1/2, under the bound for
decreasing steps. With the same kind of steps, the projected methods SGD, AMSGrad and Adam minimise (2/3) w on [-1, 1] from
gradients that are 4 once in three times and else -1 (Reddi, Kale & Kumar 2018): Zinkevich's bound holds for the first two.
Controls: gradient descent with a constant step on |w| stays where it is, so that -1/2 is rejected; and Adam, which divides each
gradient by its own size, walks to the wrong end and breaks the bound that AMSGrad obeys.
"""

import math

import numpy as np

from optprimer.intervals import mean_interval
from optprimer.rates import fits
from optprimer.rates.bounds import stochastic as bounds
from optprimer.rates.findings import Findings
from optprimer.rates.methods.base import Iterates
from optprimer.rates.methods.gradient import SUBGRADIENT
from optprimer.rates.methods.stochastic import adam, sgd
from optprimer.rates.problems.base import Array
from optprimer.rates.problems.maximum import Maximum
from optprimer.rates.problems.stochastic import ADAM_COUNTEREXAMPLE, Absolute, Noisy
from optprimer.rates.settings import Settings

LARGEST = 256  # N of the maximum, whose subgradients are rows of a unit matrix
HOP = 1 / math.pi  # c of the steps on |w|; any c that does not hit the kink exactly
ADAM_STEP = 0.5  # c of the steps c/sqrt(t)
DECAY = 1 / 17  # 1/(1 + C^2) with C = 4, as in the paper


def study(settings: Settings) -> Findings:
    """Measure the subgradient method on its worst function and on |w|, and three methods on Adam's counterexample."""
    findings = Findings("nonsmooth")
    _maximum(findings, settings)
    _absolute(findings, settings)
    _adam(findings, settings)
    return findings


def _maximum(findings: Findings, settings: Settings) -> None:
    """Run N steps on the function of N, for N = 1, 2, 4, ..."""
    steps = 2 ** np.arange(int(np.log2(min(settings.horizon, LARGEST))) + 1)
    best = []
    for N in steps:  # noqa: N806 (the letter of the theorem)
        problem = Maximum(int(N))
        best.append(min(float(problem.value(w)) for w in SUBGRADIENT.run(problem, int(N))) - problem.optimum)
    exact = bounds.subgradient(steps)
    of = ("maximum", "subgradient", "best gap", "horizon")
    findings.curve(*of, steps, best, bound=exact, tight_bound=exact)
    findings.exponent(*of, fits.power(steps, best, shift=1), -0.5, neighbour=-1)
    findings.check("best gap against 1/sqrt(N + 1): largest distance", "maximum", np.abs(best - exact).max(), "<=", 0, 1e-12)


def _absolute(findings: Findings, settings: Settings) -> None:
    """Take the largest |w_t| over [2^k, 2^(k+1)), and the least so far, for steps that decrease and for a constant one."""
    oracle = Noisy(Absolute(), sigma=0.0)
    last = 2 ** int(np.log2(settings.stochastic_horizon)) - 1
    rng = settings.rng("nonsmooth", "absolute")  # of noise that is multiplied by 0
    blocks = 2.0 ** np.arange(4, int(np.log2(last + 1)))
    for method, step, role in (
        ("subgradient_decreasing", lambda t: HOP / np.sqrt(t + 1), "claim"),
        ("subgradient_constant", lambda _: HOP, "control"),
    ):
        gaps = np.array([np.abs(w[0, 0]) for w in sgd(oracle, last, step, 1, rng)])
        largest = [gaps[int(t) : 2 * int(t)].max() for t in blocks]
        of = ("absolute", method, "largest gap from t to 2t", "step")
        findings.curve(*of, blocks, largest, role=role)
        findings.exponent(*of, fits.power(blocks, largest), -0.5, neighbour=-1 if role == "claim" else math.nan, role=role)
        if role == "claim":
            best = np.minimum.accumulate(gaps)[blocks.astype(int)]
            findings.curve(*of[:2], "best gap", "step", blocks, best, bound=bounds.subgradient_decreasing(blocks, HOP))


def _adam(findings: Findings, settings: Settings) -> None:
    """Average the mean gap up to t over runs; E g^2 = 6 and E|g| = 2, and v is between (1 - decay) g^2 and 16."""
    rng = settings.rng("nonsmooth", "adam")
    steps = settings.stochastic_horizon
    common = (ADAM_COUNTEREXAMPLE, steps - 1, lambda t: ADAM_STEP / math.sqrt(t + 1), settings.seeds, rng)
    t = np.unique(np.geomspace(10, steps, 40).round().astype(int))
    of_amsgrad = bounds.regret(t, ADAM_STEP, 2.0, 4.0, 2 / math.sqrt(1 - DECAY))
    methods: dict[str, tuple[Iterates, Array, str]] = {
        "sgd": (sgd(*common, radius=1.0), bounds.regret(t, ADAM_STEP, 2.0, 1.0, 6.0), "claim"),
        "amsgrad": (adam(*common, decay=DECAY, amsgrad=True, radius=1.0), of_amsgrad, "claim"),
        "adam": (adam(*common, decay=DECAY, radius=1.0), of_amsgrad, "control"),
    }
    problem = ADAM_COUNTEREXAMPLE.problem
    for method, (iterates, bound, role) in methods.items():
        total, means = 0.0, []
        for done, w in enumerate(iterates, 1):
            gaps = problem.value(w) - problem.optimum
            total = total + gaps
            if done == t[len(means)]:
                means.append(total / done)
        mean, interval = mean_interval(np.stack(means, 1))
        of = (problem.name, method, "mean gap", "step")
        findings.curve(*of, t, mean, bound=bound, interval=interval, seeds=settings.seeds, role=role)
        findings.check("gap of the last iterate", f"{problem.name}, {method}", float(gaps.mean()), "<=", 0.1, role=role)
