"""The exact worst case of a method over a whole class of losses, by semidefinite programming.

Performance estimation (Drori & Teboulle 2014; Taylor, Hendrickx & Glineur 2017) maximises a quantity after t steps over all
losses of a class: what the class allows at finitely many points is a set of inequalities in the Gram matrix of the points and
gradients. PEPit writes them down. Since methods only add and scale points, the code that is solved for here is the very code
that runs on numbers.
"""

import math
import warnings
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from optprimer.rates.methods.base import Iterates, Method
from optprimer.rates.problems.convex import Huber

if TYPE_CHECKING:
    from PEPit import PEP, Function


STEP_FRACTIONS = (0.8, 0.9, 0.7)


@dataclass(frozen=True)
class Question:
    """The largest ``quantity`` after some steps of ``method`` on a loss of ``family`` with ``start`` equal to 1.

    Attributes:
        method: with beta = 1; its code runs on symbolic points.
        family: smooth; convex (and smooth); strongly_convex (and smooth); lipschitz (and convex); pl (and smooth).
        quantity: gap, distance and gradient_norm of the last point; best_gap and best_gradient of the best one.
        start: distance and gap of the start; decrease, the gap lost on the way; energy, D + alpha R^2/2.
        alpha: the constant of strong convexity or of the PL inequality.
    """

    method: Method
    family: str
    quantity: str
    start: str
    alpha: float = 0.0


@dataclass(frozen=True)
class Oracle:
    """What methods need of a problem and no more: gradients, be they numbers or symbols, and the constants."""

    start: Any
    gradient: Callable[[Any], Any]
    alpha: float = 0.0
    beta: float = 1.0


def worst_case(question: Question, steps: int) -> float:
    """Return the answer to ``question`` after ``steps`` steps, NaN where the solver did not reach its accuracy.

    It comes from the dual, so up to the solver's tolerance (relative errors of 1e-6 were seen) it is an upper bound; for
    ``pl`` it is no more than that, since the inequalities for that class are not known to be sufficient.
    """
    from PEPit import PEP

    pep = PEP()
    loss = _declare(pep, question)
    minimizer = loss.stationary_point()
    problem = Oracle(pep.set_initial_point(), loss.gradient, question.alpha)
    points = list(question.method.run(problem, steps))
    first, last = points[0], points[-1]

    gap, distance = loss(first) - loss(minimizer), (first - minimizer) ** 2
    pep.set_initial_condition(
        {
            "distance": distance,
            "gap": gap,
            "decrease": loss(first) - loss(last),
            "energy": gap + question.alpha / 2 * distance,
        }[question.start]
        <= 1
    )
    quantities = {
        "gap": lambda w: loss(w) - loss(minimizer),
        "distance": lambda w: (w - minimizer) ** 2,
        "gradient": lambda w: loss.gradient(w) ** 2,
    }
    kind, squared = question.quantity.removeprefix("best_").removesuffix("_norm"), "gap" not in question.quantity
    for point in points if question.quantity.startswith("best_") else [last]:
        pep.set_performance_metric(quantities[kind](point))  # of several, PEPit takes the least
    if question.family == "smooth":
        # Without convexity a stationary point is no minimiser; the infimum is below every gradient step.
        pep.add_constraint(loss(last) - loss(minimizer) >= loss.gradient(last) ** 2 / 2)

    value = _solve(pep)
    return math.sqrt(value) if squared else value


def worst_huber(method: Method, steps: int) -> Huber:
    """Return the Huber function with beta = R = 1 on which ``method`` ends highest after ``steps`` steps.

    Until a run reaches the parabola all its gradients are tau, the threshold, and the run travels S tau, where S is how far
    unit gradients carry it. It ends at the height tau (1 - S tau) - tau^2/2, which is largest for tau = 1/(2 S + 1).
    """
    slope = Oracle(np.zeros(1), lambda w: np.full_like(w, -1.0))
    return Huber(1 / (2 * float(final(method.run(slope, steps))[0]) + 1))


def final(iterates: Iterates) -> Any:  # noqa: ANN401 (numbers or symbols)
    """Return the last point of a run."""
    return deque(iterates, maxlen=1).pop()


def _declare(pep: "PEP", question: Question) -> "Function":
    from PEPit import functions

    q = question.alpha
    classes = {
        "smooth": (functions.SmoothFunction, {"L": 1.0}),
        "convex": (functions.SmoothConvexFunction, {"L": 1.0}),
        "strongly_convex": (functions.SmoothStronglyConvexFunction, {"L": 1.0, "mu": q}),
        "lipschitz": (functions.ConvexLipschitzFunction, {"M": 1.0}),
        # PEPit's free parameter as in Abbaszadehpeivasti, de Klerk & Zamani 2023, for which the closed form follows.
        "pl": (functions.SmoothQuadraticLojasiewiczFunctionCheap, {"L": 1.0, "mu": q, "alpha": 2 * q / (2 + q)}),
    }
    family, parameters = classes[question.family]
    return pep.declare_function(family, **parameters)


def _solve(pep: "PEP") -> float:
    # Clarabel stalls just short of its accuracy on a few programmes; smaller steps towards the boundary get it there.
    for fraction in STEP_FRACTIONS:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", "Solution may be inaccurate")
            try:
                value = pep.solve(wrapper="cvxpy", solver="CLARABEL", verbose=0, max_step_fraction=fraction)
            except UserWarning:
                continue
        return math.nan if value is None else float(value)
    return math.nan
