import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from optprimer.rates.errata import deterministic, stochastic
from optprimer.rates.settings import Settings
from optprimer.rates.studies.errata import ERRATA, study
from optprimer.rates.tables import Errata

SETTINGS = Settings(
    steps=1, horizon=1, seeds=2, stochastic_horizon=1, worst_case_steps=1, dimensions=2, width=1, images=1, seed=0,
    folder=Path("nowhere"),
)  # fmt: skip


@pytest.fixture(scope="module")
def table():
    return pd.concat(study(SETTINGS).rows["errata"], ignore_index=True)


def test_the_rows_fit_the_table_in_the_chapters_order(table):
    Errata.validate(table[list(Errata.to_schema().columns)])
    assert table["number"].tolist() == list(range(1, len(ERRATA) + 1))
    order = ["Gradient descent", "The Polyak-Lojasiewicz (PL) condition", "Stochastic gradient descent (SGD)"]
    assert table["section"].map(order.index).is_monotonic_increasing


def test_every_correction_stands_and_nothing_printed_does(table):
    assert (table["corrected_error"] <= table["tolerance"]).all()
    assert (table["printed_error"] > 10 * table["tolerance"]).all()


def test_every_erratum_measures_something_of_its_own():
    assert len({erratum.errors for erratum in ERRATA}) == len(ERRATA)


def test_the_gradient_that_a_decreasing_run_leaves_is_eulers_product():
    left, _ = deterministic.decrease_is_not_convergence()
    assert left == pytest.approx(math.prod(1 - 0.5**k for k in range(1, 60)))


def test_iterates_that_leave_do_so_like_a_logarithm():
    apart, gradient = deterministic.iterates_may_leave()
    assert apart == pytest.approx(math.log(2), abs=1e-3)
    assert gradient == pytest.approx(1 / (4 * 2e4), rel=0.01)  # w' = 4/(1 + e^w), hence 1 + e^w ~ 4 t


def test_one_sided_curvature_leaves_the_lipschitz_constant_free():
    apart, equal = deterministic.one_sidedness()
    assert apart == pytest.approx(1 / 0.1 - 2, rel=0.02)
    assert equal < 1e-5


def test_the_printed_sum_misses_the_first_gap_less_the_last():
    # sum over i < t minus sum over 1 <= i <= t is gap_0 - gap_t, and the run ends at the minimiser
    printed, _ = deterministic.telescoping_index()
    assert printed == pytest.approx(1, abs=1e-9)


def test_the_weight_error_on_a_flat_loss_has_the_exponent_of_theory():
    # w' = -w^31/31, hence w^-30 = 1 + 30 t/31
    left, _ = deterministic.weights_without_a_rate()
    assert left == pytest.approx((1 + 30 * 1e4 / 31) ** (-1 / 30), rel=1e-3)


def test_the_sharp_pl_constant_is_between_a_certificate_and_a_refutation():
    printed, corrected = deterministic.loose_constant()
    sharp = 1 / 32 / (1 - printed)
    assert 0.17553 < sharp < 0.175531
    assert corrected == pytest.approx(1 - 0.17553 / sharp, abs=1e-12)


def test_the_printed_pl_term_is_short_by_the_factor_of_a_step():
    printed, _ = deterministic.pl_index()
    assert printed == pytest.approx(1 - (1 - 0.25) ** 2)


def test_the_dropped_constant_is_a_square_root():
    printed, corrected = deterministic.dropped_constant()
    assert printed == pytest.approx(0.5)
    assert corrected == pytest.approx(0, abs=1e-12)


def test_shuffled_samples_are_unbiased_as_printed_and_biased_given_the_weights():
    # Before the last draw of an epoch the mean of what was drawn is minus a third of what is left.
    printed, _ = stochastic.conditional_mean()
    drawn = np.array([[a, b, c, d] for a in (-3, -1, 1, 3) for b in (-3, -1, 1, 3) for c in (-3, -1, 1, 3)
                      for d in (-3, -1, 1, 3) if len({a, b, c, d}) == 4])  # fmt: skip
    assert drawn.mean(0) == pytest.approx(0)
    w = 1 / 8 + drawn[:, :3] @ [1 / 8, 1 / 4, 1 / 2]
    assert printed == pytest.approx(abs((w * drawn[:, 3]).mean()) / (w**2).mean())


def test_moments_are_those_of_the_recursion():
    eta, sigma, expected = 0.3, 2.0, [5.0]
    for _ in range(9):
        expected.append((1 - eta) ** 2 * expected[-1] + eta**2 * sigma**2)
    np.testing.assert_allclose(stochastic._moments(5.0, eta, 10, sigma), expected)
