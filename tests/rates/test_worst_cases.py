"""Exact worst cases: semidefinite programmes against formulas and runs, and the study that compares the three."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from optprimer.rates import worst_cases
from optprimer.rates.methods.base import Method
from optprimer.rates.methods.gradient import GD, gradient_descent
from optprimer.rates.methods.momentum import HEAVY_BALL, NESTEROV, NESTEROV_SIMPLIFIED, NESTEROV_STRONGLY_CONVEX, OGM
from optprimer.rates.problems.convex import Huber
from optprimer.rates.problems.maximum import Maximum
from optprimer.rates.settings import Settings
from optprimer.rates.studies.worst_case import CASES, measure, study
from optprimer.rates.worst_cases import Question, final, worst_case, worst_huber

SETTINGS = Settings(
    steps=100, horizon=64, seeds=10, stochastic_horizon=100, worst_case_steps=3, dimensions=3, width=50, images=100, seed=0,
    folder=Path("nowhere"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("question", "steps", "expected"),
    [
        (Question(GD, "convex", "gap", "distance"), 5, 1 / 22),
        (Question(NESTEROV, "convex", "gap", "distance"), 5, 0.0348936),
        (Question(NESTEROV_SIMPLIFIED, "convex", "gap", "distance"), 5, 1 / 28),
        (Question(OGM, "convex", "gap", "distance"), 5, 0.0185881),
        (Question(GD, "convex", "gradient_norm", "distance"), 3, 0.25),
        (Question(GD, "smooth", "best_gradient", "gap"), 4, math.sqrt(4 / 14)),
        (Question(GD, "smooth", "best_gradient", "decrease"), 4, math.sqrt(1 / 3)),
        (Question(GD, "strongly_convex", "gap", "gap", 0.1), 5, 0.9**10),
        (Question(GD, "strongly_convex", "distance", "distance", 0.1), 5, 0.9**5),
        (Question(GD, "pl", "gap", "gap", 0.2), 3, 0.3846732),
        (Question(NESTEROV_STRONGLY_CONVEX, "strongly_convex", "gap", "energy", 0.04), 4, 0.322305),
        (Question(HEAVY_BALL, "strongly_convex", "distance", "distance", 0.04), 2, math.sqrt(7.923182)),
    ],
    ids=str,
)
def test_programmes_give_the_known_values(question, steps, expected):
    assert worst_case(question, steps) == pytest.approx(expected, rel=2e-5)


def test_another_step_size_is_another_worst_case():
    """(beta R^2/2) max(1/(2 t eta beta + 1), (1 - eta beta)^(2t)) at eta beta = 1.9 and t = 5."""
    long = Method("long", lambda problem, steps: gradient_descent(problem, steps, 1.9), lambda _: True)
    assert worst_case(Question(long, "convex", "gap", "distance"), 5) == pytest.approx(0.1743392, rel=1e-5)


def test_what_is_unbounded_or_inaccurate_is_nan(monkeypatch):
    diverging = Method("diverging", lambda problem, steps: gradient_descent(problem, steps, 2.5), lambda _: True)
    assert math.isnan(worst_case(Question(diverging, "smooth", "gap", "decrease"), 2))
    monkeypatch.setattr(worst_cases, "STEP_FRACTIONS", ())
    assert math.isnan(worst_case(Question(GD, "convex", "gap", "distance"), 1))


@pytest.mark.parametrize("method", [GD, NESTEROV, NESTEROV_SIMPLIFIED, OGM], ids=lambda method: method.name)
@pytest.mark.parametrize("steps", [1, 4, 33])
def test_no_huber_function_is_worse_than_the_one_said_to_be(method, steps):
    worst = worst_huber(method, steps)
    gap = {tau: float(Huber(tau).value(final(method.run(Huber(tau), steps)))) for tau in np.geomspace(1e-4, 1, 400)}
    best = float(worst.value(final(method.run(worst, steps))))
    assert max(gap.values()) <= best * (1 + 1e-12)
    assert max(gap.values()) >= 0.99 * best


def test_the_maximum_of_coordinates_is_lipschitz_with_its_minimum_at_distance_one():
    problem = Maximum(8)
    assert problem.distance == pytest.approx(1)
    assert problem.value(problem.minimizer) == pytest.approx(problem.optimum)
    points = np.random.default_rng(0).normal(size=(200, 2, 9))
    rise = np.abs(np.diff(problem.value(points), axis=1)).ravel()
    assert (rise <= np.linalg.norm(points[:, 0] - points[:, 1], axis=-1) + 1e-12).all()
    assert (problem.value(points) >= problem.optimum - 1e-12).all()


@pytest.mark.parametrize("case", [case for case in CASES if case.worst], ids=lambda case: str(case.question)[:60])
@pytest.mark.parametrize("steps", [1, 9, 40])
def test_runs_reach_the_formulas(case, steps):
    assert measure(case.question, case.worst(steps), steps) == pytest.approx(case.exact(steps), rel=1e-11)


def test_study():
    rows = study(SETTINGS).rows
    table, checks = pd.concat(rows["worst_case"]), pd.concat(rows["checks"])
    assert len(table) == 3 * len(CASES)
    assert table["relative_difference"].max() < 1e-4
    assert table["measured_difference"].max() < 1e-4
    assert table["relative_difference"].notna().sum() == 3 * 10
    assert table["measured_difference"].notna().sum() == 3 * 9
    assert checks[checks["role"] == "claim"]["holds"].all()
    controls = checks[checks["role"] == "control"]
    assert len(controls) == 8
    assert not controls["holds"].any()
