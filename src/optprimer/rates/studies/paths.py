"""Every method on every problem, against every bound whose assumptions the pair meets.

A method runs on each fixed problem that it suits, and the gap L(w_t) - L*, the least gradient norm so far and the distance to
the minimiser are compared with each theorem on them at every step, not only at those that the curves keep. A run is judged
until its gap is 1e-12 of the first one, beyond which L - L* is mostly rounding. Since problems are fixed, all of them are
faster than their bounds in the end: here bounds are checked, exponents in the studies of families that depend on the horizon.
Where several theorems bound one quantity the curve has the least. The controls are in those studies as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optprimer.rates.bounds import BOUNDS
from optprimer.rates.bounds.base import Bound
from optprimer.rates.findings import Findings
from optprimer.rates.grids import octaves
from optprimer.rates.methods import METHODS
from optprimer.rates.methods.base import Method
from optprimer.rates.problems import PROBLEMS
from optprimer.rates.problems.base import Array, Problem
from optprimer.rates.settings import Settings

FLOOR = 1e-12  # share of the first gap
TOLERANCE = 1e-9  # relative, of a bound


@dataclass(frozen=True)
class Path:
    """The quantities that bounds are about at the steps ``t`` = 0 ... T of one run, each (T + 1,)."""

    t: Array
    gap: Array
    best_gradient: Array
    distance: Array | None

    def quantity(self, name: str) -> Array:
        """Return the quantity that a bound names."""
        return getattr(self, name)


def walk(method: Method, problem: Problem, steps: int) -> Path:
    """Run ``method`` and measure, until the gap stays below ``FLOOR`` of the first."""
    points = np.array(list(method.run(problem, steps)))
    gap = problem.value(points) - problem.optimum
    last = max(np.flatnonzero(gap > FLOOR * problem.gap)[-1], 1)
    points, gap = points[: last + 1], gap[: last + 1]
    best = np.minimum.accumulate(np.linalg.norm(problem.gradient(points), axis=-1))
    distance = None if problem.minimizer is None else np.linalg.norm(points - problem.minimizer, axis=-1)
    return Path(np.arange(last + 1.0), gap, best, distance)


def study(settings: Settings) -> Findings:
    """Run all suitable pairs."""
    findings = Findings("paths")
    for problem in PROBLEMS:
        for method in METHODS:
            theorems = [bound for bound in BOUNDS if bound.method == method.name and bound.assumes(problem)]
            if method.suits(problem) and theorems:
                _judge(findings, problem, method, walk(method, problem, settings.steps), theorems)
    return findings


def _judge(findings: Findings, problem: Problem, method: Method, path: Path, theorems: Sequence[Bound]) -> None:
    for bound in theorems:
        for theorem in filter(None, (bound.chapter, bound.tight)):
            share = path.quantity(bound.quantity)[1:] / theorem(problem, path.t[1:])  # before the first step all is trivial
            name = f"{method.name}, {bound.quantity}: largest share of {theorem.__name__}"
            findings.check(name, problem.name, share.max(), "<=", 1, TOLERANCE)
    kept = octaves(path.t[-1])
    for quantity in dict.fromkeys(bound.quantity for bound in theorems):
        value = path.quantity(quantity)[kept.astype(int)]
        on = [bound for bound in theorems if bound.quantity == quantity]
        chapter = np.min([bound.chapter(problem, kept) for bound in on], axis=0)
        tight = np.min([(bound.tight or bound.chapter)(problem, kept) for bound in on], axis=0)
        findings.curve(problem.name, method.name, quantity, "step", kept, value, bound=chapter, tight_bound=tight)
