"""The studies of gradient descent find what theory says, and their controls fail."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from optprimer.rates.bounds.base import Bound
from optprimer.rates.methods.gradient import GD
from optprimer.rates.problems.convex import Huber, LogisticRegression, Power, Quadratic
from optprimer.rates.problems.nonconvex import Chain, Cosine, Sawtooth
from optprimer.rates.registry import load
from optprimer.rates.settings import Settings
from optprimer.rates.studies import convex, descent, nonconvex, paths

SETTINGS = Settings(
    steps=5000, horizon=512, seeds=10, stochastic_horizon=100, worst_case_steps=3, dimensions=3, width=50, images=100, seed=0,
    folder=Path("nowhere"),
)  # fmt: skip
STUDIES = ("descent", "nonconvex", "convex", "paths")


@pytest.fixture(scope="module")
def found():
    return {name: load(name)(SETTINGS) for name in STUDIES}


def table(findings, name, **columns):
    rows = pd.concat(findings.rows[name], ignore_index=True)
    for column, value in columns.items():
        rows = rows[rows[column] == value]
    return rows


@pytest.mark.parametrize("name", STUDIES)
def test_bounds_hold_at_every_recorded_point_of_a_claim(found, name):
    curves = table(found[name], "curves", role="claim")
    sign = curves["relation"].map({"<=": 1, ">=": -1})
    compared = 0
    for theory in ("bound", "tight_bound"):
        excess = sign * (curves["value"] - curves[theory])
        assert not (excess > 1e-9 * curves[theory].abs()).any()
        compared += excess.notna().sum()
    assert compared > 10


@pytest.mark.parametrize("name", STUDIES)
def test_checks_hold_and_controls_do_not(found, name):
    checks = table(found[name], "checks")
    assert checks[checks["role"] == "claim"]["holds"].all()
    assert not checks[checks["role"] == "control"]["holds"].any()
    assert (checks["role"] == "control").any() or name == "paths"


@pytest.mark.parametrize("name", ["nonconvex", "convex"])
def test_exponents_contain_theory_and_exclude_neighbours(found, name):
    exponents = table(found[name], "exponents")
    inside = exponents["theory"].between(exponents["ci_low"], exponents["ci_high"])
    assert inside[exponents["role"] == "claim"].all()
    controls = exponents["role"] == "control"
    assert controls.any()
    assert not inside[controls].any()
    assert not exponents["neighbour"].between(exponents["ci_low"], exponents["ci_high"]).any()


def test_the_same_seed_writes_the_same_bytes(found, tmp_path):
    found["descent"].write(tmp_path / "a")  # the study that draws at random
    descent.study(SETTINGS).write(tmp_path / "b")
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_thresholds_are_two_two_two_and_six(found):
    measured = table(found["descent"], "checks", check="largest eta beta with which all runs converge")
    assert measured.set_index("problem")["measured"].round(1).to_dict() == {
        "quadratic_1d": 2.0, "cosine": 2.0, "pseudo_huber": 2.0, "power_4": 6.0
    }  # fmt: skip


def test_beyond_the_threshold_runs_end_on_the_cycles_that_are_known():
    starts = np.random.default_rng(0).uniform(-5, 5, (50, 1))
    pseudo_huber = next(problem for problem in descent.THRESHOLDS if problem.name == "pseudo_huber")
    (norm,) = descent.remaining(pseudo_huber, np.array([4.0]), starts)
    assert norm == pytest.approx(np.sqrt(3) / 2)  # |w| = sqrt(eta^2/4 - 1)
    assert np.isnan(descent.remaining(descent.QUADRATIC, np.array([2.5]), starts)).all()


def test_beyond_two_over_beta_the_quadratic_diverges_and_others_do_not():
    starts = np.array([[0.5], [-3.0]])
    steps = np.array([2.1, 2.5])
    assert descent.growth(descent.QUADRATIC, steps, starts) == pytest.approx(1.1**1000)
    assert descent.growth(Power(4), steps, starts) < 1


def test_a_smaller_beta_breaks_the_descent_inequality_and_a_larger_one_loosens_it():
    problem, starts = Quadratic("q", np.array([2.0])), np.array([[1.0], [3.0]])
    assert descent.least_ratio(problem, 2.0, 0.5, starts) == pytest.approx(1)
    assert descent.least_ratio(problem, 1.0, 0.5, starts) == pytest.approx(0.75 / 0.875)
    assert descent.least_ratio(problem, 4.0, 0.5, starts) == pytest.approx(0.75 / 0.5)


@pytest.mark.parametrize(("t", "best"), [(1, 1.5), (5, 1.74705), (10, 1.83405)])
def test_the_best_convex_step(t, best):
    assert descent.optimum(t) == pytest.approx(best, abs=1e-5)


def test_the_chain_costs_as_many_steps_as_were_counted_elsewhere():
    """An independent run of the same experiment: 326, 515, 867."""
    assert [nonconvex.steps_to_unit_gradient(Chain(n)) for n in (4, 8, 16)] == [326, 515, 867]


def test_the_sawtooth_at_its_exact_constant(found):
    curve = table(found["nonconvex"], "curves", problem="sawtooth_envelope")
    np.testing.assert_allclose(curve["value"] ** 2, 4 / (3 * curve["t"] + 2), rtol=1e-14)


def test_a_step_too_long_breaks_the_bound(found):
    curves = table(found["nonconvex"], "curves", role="control")
    assert set(curves["problem"]) == {"quadratic_1d", "cosine"}
    for _, curve in curves.groupby("problem"):
        assert (curve["value"] > curve["bound"]).any()


def test_convex_envelopes_at_their_exact_constants(found):
    curves = table(found["convex"], "curves")
    t = curves["t"]
    for problem, exact in (
        ("huber_envelope", 1 / (4 * t + 2)),
        ("huber_gradient_envelope", 1 / (t + 1)),
        ("quadratic_envelope", (2 * t / (2 * t + 1)) ** (2 * t) / (4 * t + 2)),
    ):
        chosen = curves["problem"] == problem
        assert chosen.any()
        np.testing.assert_allclose(curves[chosen]["value"], exact[chosen], rtol=1e-10)


def test_without_convexity_the_bound_is_broken(found):
    control = table(found["convex"], "curves", role="control")
    assert set(control["problem"]) == {"cosine"}
    assert (control["value"] > control["bound"]).sum() >= 3


def test_the_quadratic_envelope_is_a_maximum_over_curvatures():
    horizons = np.array([1.0, 4.0, 16.0])
    findings = convex.Findings("convex")
    convex._quadratics(findings, horizons)
    c = np.linspace(0, 1, 100_001)
    best = [(c / 2 * (1 - c) ** (2 * t)).max() for t in horizons]
    np.testing.assert_allclose(table(findings, "curves")["value"], best, rtol=1e-6)


def test_a_path_ends_where_rounding_begins():
    path = paths.walk(GD, LogisticRegression(kappa=100), 5000)
    assert path.t[-1] < 2000
    assert path.gap[-1] > 1e-12 * path.gap[0]
    assert path.gap[-1] < 2e-12 * path.gap[0]
    assert len(path.t) == len(path.gap) == len(path.best_gradient) == len(path.distance)
    whole = paths.walk(GD, Huber(0.01), 50)
    assert whole.t.tolist() == list(range(51))
    np.testing.assert_allclose(whole.distance, 1 - 0.01 * whole.t)


def test_paths_measure_least_gradients_not_last_ones():
    path = paths.walk(GD, Cosine(), 6)
    assert path.best_gradient[0] == pytest.approx(np.sin(3.0))
    assert path.best_gradient[2] == path.best_gradient[0]  # further down the slope is larger at first
    assert path.best_gradient[-1] == pytest.approx(np.sin(path.distance[-1]))


def test_a_bound_that_fails_at_any_step_is_found_and_the_least_bound_is_drawn():
    problem = Sawtooth(64)
    loose = Bound("gd", "best_gradient", lambda problem: True, lambda problem, t: np.full(np.shape(t), 2.0))
    kept_only = set(paths.octaves(64, 3))
    missing = next(t for t in range(2, 64) if t not in kept_only)

    def dips(problem, t):
        return np.where(np.asarray(t) == missing, 0.5, 1.0)

    findings = paths.Findings("paths")
    paths._judge(findings, problem, GD, paths.walk(GD, problem, 64), [loose, Bound("gd", "best_gradient", loose.assumes, dips)])
    checks = table(findings, "checks")
    assert checks["holds"].tolist() == [True, False]
    assert checks["measured"].tolist() == [0.5, 2.0]
    assert (table(findings, "curves")["bound"] <= 1).all()


def test_paths_judge_every_pair_that_suits(found):
    checks = table(found["paths"], "checks")
    for problem, fragment in (
        ("cosine", "gd, best_gradient: largest share of smooth_exact"),
        ("power_4", "ogm, gap"),
        ("logistic_kappa_100", "nesterov_strongly_convex, gap"),
        ("quadratic", "heavy_ball, gap"),
    ):
        assert checks[checks["problem"] == problem]["check"].str.startswith(fragment).any()
    assert not checks[checks["problem"] == "cosine"]["check"].str.contains("gap").any()
    assert checks[checks["problem"] == Power(4).name]["measured"].max() <= 1 + 1e-9
