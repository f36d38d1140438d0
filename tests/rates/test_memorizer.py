"""Theorem 1 of Zhang et al.: the construction, by hand and on data, and where it must fail."""

import numpy as np
import pytest
from digit_settings import digit_settings
from findings_checks import assert_claims_hold_and_controls_fail, table
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import solve_triangular

from optprimer.rates.studies.memorizer import Memorizer, best_fit, hidden, interleaved, memorize, residual, study

WORKED_Z, WORKED_Y = np.array([1.0, 2.0, 3.0]), np.array([5.0, -1.0, 4.0])


@pytest.fixture(scope="module")
def found():
    return study(digit_settings())


def test_worked_example_with_thresholds_in_the_middle():
    matrix = hidden(WORKED_Z, np.array([0.5, 1.5, 2.5]))
    np.testing.assert_allclose(matrix, [[0.5, 0, 0], [1.5, 0.5, 0], [2.5, 1.5, 0.5]])
    np.testing.assert_allclose(solve_triangular(matrix, WORKED_Y, lower=True), [10, -32, 54])


def test_worked_example_output_weights_are_changes_of_slope():
    network = memorize(WORKED_Z[:, None], WORKED_Y, np.ones(1))
    np.testing.assert_allclose(network.thresholds, [0, 1, 2])
    np.testing.assert_allclose(network.output, [5, -11, 11])  # slopes 5, -6, 5


@given(st.integers(1, 60), st.integers(1, 8), st.integers(0, 1000))
def test_fits_any_points_with_2n_plus_d_weights(n, d, seed):
    rng = np.random.default_rng(seed)
    inputs, labels = rng.standard_normal((n, d)), rng.standard_normal(n)
    network = memorize(inputs, labels, rng.standard_normal(d))
    assert network.weights == 2 * n + d
    assert residual(network, inputs, labels) < 1e-6


def test_between_the_points_it_is_the_line_through_them():
    network = memorize(WORKED_Z[:, None], WORKED_Y, np.ones(1))
    z = np.linspace(1, 3, 21)
    np.testing.assert_allclose(network(z[:, None]), np.interp(z, WORKED_Z, WORKED_Y), atol=1e-12)


def test_interleaved():
    z = np.sort(np.random.default_rng(0).standard_normal(50))
    b = interleaved(z)
    assert (b < z).all()
    assert (b[1:] >= z[:-1]).all()
    matrix = hidden(z, b)
    np.testing.assert_array_equal(np.triu(matrix, 1), 0)
    assert (np.diag(matrix) > 0).all()


def test_best_fit_with_all_units_is_the_construction():
    rng = np.random.default_rng(2)
    inputs, labels, direction = rng.standard_normal((100, 5)), rng.standard_normal(100), rng.standard_normal(5)
    thresholds = interleaved(np.sort(inputs @ direction))
    assert residual(best_fit(inputs, labels, direction, thresholds), inputs, labels) < 1e-6


def test_one_unit_fewer_cannot_alternate():
    """Labels that alternate need a change of slope before every point, so n - 1 units never fit, whatever their thresholds."""
    rng = np.random.default_rng(3)
    z, labels = np.arange(1.0, 7), np.array([1.0, -1, 1, -1, 1, -1])
    for _ in range(50):
        thresholds = np.sort(rng.uniform(0, 6, 5))
        assert residual(best_fit(z[:, None], labels, np.ones(1), thresholds), z[:, None], labels) > 0.01


def test_residual_is_relative():
    network = Memorizer(np.ones(1), np.zeros(1), np.ones(1))
    assert residual(network, np.array([[1.0], [2.0]]), np.array([1.0, 4.0])) == 0.5


def test_claims_hold_and_controls_fail(found):
    assert_claims_hold_and_controls_fail(found)


def test_real_images_and_counts(found):
    checks = table(found, "checks").set_index(["check", "problem"])
    assert checks.loc[("weights, 2n + d", "images"), "measured"] == 2 * 200 + 64
    assert checks.loc[("weights, 2n + d", "images"), "data"] == "digits-8"
    assert checks.loc[("weights, 2n + d", "gaussian"), "data"] == "analytic"
