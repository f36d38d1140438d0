from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optprimer.rates.problems.base import Problem
from optprimer.rates.settings import Settings
from optprimer.rates.studies.sandwich import SoftLabel, hessian, least_point, parabola, study, suprema, tangent
from optprimer.rates.tables import Checks, Curves

SOFT = SoftLabel()
SETTINGS = Settings(
    steps=100, horizon=64, seeds=10, stochastic_horizon=100, worst_case_steps=3, dimensions=3, width=50, images=100, seed=0,
    folder=Path("nowhere"),
)  # fmt: skip
weights = st.floats(-100, 100).map(lambda w: np.array([w]))


@dataclass(frozen=True)
class Bowl(Problem):
    """w^T diag(eigenvalues) w / 2, said to be ``beta``-smooth."""

    eigenvalues: tuple
    beta: float = 1.0
    name = "bowl"

    @property
    def start(self):
        return np.ones(len(self.eigenvalues))

    def value(self, w):
        return (np.array(self.eigenvalues) * w**2).sum(-1) / 2

    def gradient(self, w):
        return np.array(self.eigenvalues) * w


class OneSided(Bowl):
    """w^2/2 - sqrt(w^2 + s^2): L'' < 1, but as low as 1 - 1/s."""

    s = 0.1

    def value(self, w):
        return (w**2 / 2 - np.hypot(w, self.s)).sum(-1)

    def gradient(self, w):
        return w - w / np.hypot(w, self.s)


@pytest.fixture(scope="module")
def rows():
    return {name: pd.concat(frames, ignore_index=True) for name, frames in study(SETTINGS).rows.items()}


def rng():
    return np.random.default_rng(0)


def excess(curves):
    """By how much each row misses its bound, relative to the loss."""
    return (curves["value"] - curves["bound"]) * np.where(curves["relation"] == "<=", 1, -1) / curves["value"].abs()


def test_the_rows_fit_their_tables(rows):
    Curves.validate(rows["curves"].reindex(columns=list(Curves.to_schema().columns)))
    Checks.validate(rows["checks"].reindex(columns=list(Checks.to_schema().columns)))
    assert not rows["curves"].duplicated(Curves._key).any()
    assert not rows["checks"].duplicated(Checks._key).any()


def test_the_drawn_loss_is_sandwiched_at_every_point_from_every_base(rows):
    claims = rows["curves"].query("role == 'claim'")
    assert set(claims.groupby("method").size()) == {49}
    assert claims["method"].nunique() == 50
    assert excess(claims).max() <= 1e-9


def test_every_parabola_of_half_the_curvature_cuts_into_the_loss(rows):
    controls = rows["curves"].query("role == 'control'")
    worst = excess(controls).groupby(controls["method"]).max()
    assert len(worst) >= 5
    assert worst.min() > 0.01


def test_each_bound_touches_the_loss_at_its_base_point_only(rows):
    claims = rows["curves"].query("role == 'claim'")
    touching = claims[claims["value"] == claims["bound"]]
    assert touching["t"].tolist() == touching["method"].str.split().str[-1].astype(float).tolist()
    assert len(touching) == 50


def test_checks_hold_and_their_controls_do_not(rows):
    checks = rows["checks"]
    wrong = checks[checks["holds"] == (checks["role"] == "control")]
    assert wrong.empty, wrong[["check", "problem", "measured"]].to_string()
    assert checks.query("problem == 'soft_label'")["role"].value_counts().to_dict() == {"claim": 5, "control": 4}


def test_the_same_seed_gives_the_same_rows(rows):
    again = pd.concat(study(SETTINGS).rows["checks"], ignore_index=True)
    pd.testing.assert_frame_equal(again, rows["checks"])


@given(weights, weights)
def test_the_drawn_loss_lies_between_tangent_and_parabola_of_any_pair(u, w):
    rounding = 1e-12 * (1 + np.abs(w - u).sum() ** 2)
    assert tangent(SOFT, u, w) - rounding <= SOFT.value(w) <= parabola(SOFT, u, w, SOFT.beta) + rounding


@given(weights)
def test_the_drawn_gradient_is_that_of_its_values(w):
    h = 1e-5
    difference = (SOFT.value(w + h) - SOFT.value(w - h)) / (2 * h)
    assert SOFT.gradient(w)[0] == pytest.approx(difference, abs=1e-8)


def test_the_drawn_loss_is_least_where_it_says_and_curves_most_at_the_origin():
    assert SOFT.gradient(SOFT.minimizer) == pytest.approx(0, abs=1e-15)
    assert SOFT.value(SOFT.minimizer) == pytest.approx(SOFT.optimum)
    assert hessian(SOFT, np.zeros((1, 1))).item() == pytest.approx(SOFT.beta)


def test_hessians_of_a_quadratic_are_its_matrix():
    found = hessian(Bowl((1.0, 0.25, -0.5)), rng().standard_normal((4, 3)))
    np.testing.assert_allclose(found, np.broadcast_to(np.diag([1.0, 0.25, -0.5]), (4, 3, 3)), atol=1e-9)


def test_the_suprema_of_a_quadratic_are_its_largest_eigenvalue():
    found = suprema(Bowl((1.0, 0.25)), 50, rng())
    assert (found.curvature, found.lipschitz, found.quadratic) == pytest.approx((1, 1, 1), abs=1e-9)
    assert 0.25 <= found.tangent < 1


def test_an_understated_beta_is_found_out():
    found = suprema(Bowl((1.0, 0.25), beta=0.5), 50, rng())
    assert min(found.curvature, found.lipschitz, found.quadratic) == pytest.approx(2)


def test_the_quadratic_bound_alone_does_not_make_a_loss_smooth():
    found = suprema(OneSided((1.0,)), 400, rng())
    assert max(found.curvature, found.quadratic) < 1
    assert found.lipschitz == pytest.approx(9, rel=0.05)
    assert found.tangent == pytest.approx(-9, rel=0.05)


def test_the_lowest_point_of_the_bound_is_a_gradient_step_and_not_another():
    bowl = Bowl((3.0, 1.0, 0.5), beta=3.0)
    found = least_point(bowl, bowl.start)
    np.testing.assert_allclose(found, [0, 2 / 3, 5 / 6], atol=1e-9)
