"""Exact worst cases three times over: by formula, by semidefinite programming, and by running the method.

For every method and t, PEPit maximises what is left after t steps over the whole class of losses (rates.worst_cases); the
formula is the theorem's; and the run is the very same code on the loss said to be worst: a Huber function for convex losses, a
gradient in saw teeth for non-convex ones, (alpha/2) w^2 for strongly convex ones, a largest coordinate for Lipschitz ones. The
dual of the programme bounds the worst case from above and the run bounds it from below, so where the three agree, within the
solver's accuracy, the constant is exact. Control: that the valid bounds of the textbooks, such as beta R^2/(2t), were exact is
rejected by the same comparison. Under PL the programme itself gives no more than an upper bound, for which there is a formula
but no loss that attains it; for Nesterov's method on strongly convex losses there is a bound but no exact formula. Heavy ball
has no bound at all: the largest distance after t steps, over strongly convex losses with kappa = 100, grows with t.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from optprimer.rates.bounds import gradient as plain
from optprimer.rates.bounds import momentum as bounds
from optprimer.rates.bounds.base import Array
from optprimer.rates.findings import Findings
from optprimer.rates.methods.base import Method
from optprimer.rates.methods.gradient import GD, SUBGRADIENT
from optprimer.rates.methods.momentum import HEAVY_BALL, NESTEROV, NESTEROV_SIMPLIFIED, NESTEROV_STRONGLY_CONVEX, OGM
from optprimer.rates.problems.base import Problem
from optprimer.rates.problems.convex import Huber, Quadratic
from optprimer.rates.problems.maximum import Maximum
from optprimer.rates.problems.nonconvex import Sawtooth
from optprimer.rates.settings import Settings
from optprimer.rates.worst_cases import Question, worst_case, worst_huber

TOLERANCE = 1e-4  # relative, of the solver
PL, STRONG, HEAVY = 0.2, 0.1, 0.01  # alpha of the PL class, of strongly convex losses, and for heavy ball


@dataclass(frozen=True)
class Case:
    """A question, and what is known of its answer for t steps, in units of beta and the start.

    Attributes:
        question: what is asked.
        exact: the formula said to be the answer.
        worst: the loss said to attain it.
        upper: a valid bound, the chapter's where it has one, which is not exact.
    """

    question: Question
    exact: Callable[[int], float] | None = None
    worst: Callable[[int], Problem] | None = None
    upper: Callable[[int], float] | None = None


UNIT = Huber(1.0)  # with beta = R = 1
Bounding = Callable[[Problem, Array], Array]


def _of_huber(method: Method, exact: Bounding, upper: Bounding) -> Case:
    return Case(
        Question(method, "convex", "gap", "distance"),
        lambda t: float(exact(UNIT, np.array(t))),
        lambda t: worst_huber(method, t),
        lambda t: float(upper(UNIT, np.array(t))),
    )


CASES = (
    _of_huber(GD, plain.convex_exact, plain.convex),
    _of_huber(NESTEROV, bounds.nesterov_exact, bounds.accelerated),
    _of_huber(NESTEROV_SIMPLIFIED, bounds.nesterov_simplified_exact, bounds.accelerated),
    _of_huber(OGM, bounds.ogm_output, bounds.ogm),
    # Tight for Huber with threshold R/(t + 1), whose gradient the run just keeps (Taylor, Hendrickx & Glineur 2017).
    Case(Question(GD, "convex", "gradient_norm", "distance"), lambda t: 1 / (t + 1), lambda t: Huber(1 / (t + 1))),
    # Abbaszadehpeivasti, de Klerk & Zamani 2022: with the infimum counted, and with the last value in its place.
    Case(
        Question(GD, "smooth", "best_gradient", "gap"),
        lambda t: math.sqrt(4 / (3 * t + 2)),
        Sawtooth,
        lambda t: math.sqrt(2 / (t + 1)),
    ),
    Case(Question(GD, "smooth", "best_gradient", "decrease"), lambda t: math.sqrt(4 / (3 * t)), Sawtooth),
    Case(
        Question(GD, "strongly_convex", "gap", "gap", STRONG),
        lambda t: (1 - STRONG) ** (2 * t),
        lambda _: Quadratic("half_alpha", np.array([STRONG]), beta=1.0),
        lambda t: (1 - STRONG) ** t,
    ),
    # Abbaszadehpeivasti, de Klerk & Zamani 2023, Thm 3: an upper bound, which no known loss attains.
    Case(
        Question(GD, "pl", "gap", "gap", PL),
        lambda t: ((2 - 2 * PL) / (2 + PL)) ** t,
        upper=lambda t: (1 - PL) ** t,
    ),
    Case(Question(SUBGRADIENT, "lipschitz", "best_gap", "distance"), lambda t: 1 / math.sqrt(t + 1), Maximum),
    Case(
        Question(NESTEROV_STRONGLY_CONVEX, "strongly_convex", "gap", "energy", STRONG),
        upper=lambda t: (1 - math.sqrt(STRONG)) ** t,
    ),
    Case(Question(HEAVY_BALL, "strongly_convex", "distance", "distance", HEAVY)),
)


def study(settings: Settings) -> Findings:
    """Answer every case for t = 1 ... worst_case_steps."""
    findings = Findings("worst_case")
    steps = range(1, settings.worst_case_steps + 1)
    for case in CASES:
        question = case.question
        solved = {t: value for t in steps if not math.isnan(value := worst_case(question, t))}
        t, pepit = np.array(list(solved)), np.array(list(solved.values()))
        exact = np.array([case.exact(s) if case.exact else math.nan for s in solved])
        measured = np.array([measure(question, case.worst(s), s) if case.worst else math.nan for s in solved])
        differences = {"relative_difference": np.abs(pepit / exact - 1), "measured_difference": np.abs(measured / pepit - 1)}
        quantity = f"{question.quantity} from {question.start} 1"
        findings.add(
            "worst_case", method=question.method.name, **{"class": question.family}, quantity=quantity, t=t, pepit=pepit,
            closed_form=exact, measured=measured, **differences,
        )  # fmt: skip
        name = f"{question.method.name}, {question.family}, {quantity}"
        findings.check("programmes solved", name, len(solved), "=", len(steps))
        for difference, values in differences.items():
            if not np.isnan(values).all():
                findings.check(f"largest {difference}", name, values.max(), "<=", TOLERANCE)
        if case.upper:
            shares = pepit / [case.upper(s) for s in solved]
            findings.check("largest share of the upper bound", name, shares.max(), "<=", 1, TOLERANCE)
            findings.check("upper bound is exact", name, shares.min(), ">=", 1, TOLERANCE, role="control")
        if question.method is HEAVY_BALL:
            findings.check("distance at the end over that after one step", name, pepit[-1] / pepit[0], ">=", 1)
    return findings


def measure(question: Question, problem: Problem, steps: int) -> float:
    """Run the method of ``question`` on ``problem`` and return the quantity in units of the start, with beta = 1."""
    points = np.array(list(question.method.run(problem, steps)))
    gaps = problem.value(points) - problem.optimum
    gradients = np.linalg.norm(problem.gradient(points), axis=-1)
    start = {"distance": problem.distance, "gap": math.sqrt(gaps[0]), "decrease": math.sqrt(gaps[0] - gaps[-1])}
    unit = start[question.start]
    return {
        "gap": gaps[-1] / unit**2,
        "best_gap": gaps.min() / unit,  # Lipschitz losses, not smooth ones, grow linearly with the distance
        "gradient_norm": gradients[-1] / unit,
        "best_gradient": gradients.min() / unit,
    }[question.quantity]
