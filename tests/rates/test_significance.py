import numpy as np
import pytest
from scipy import stats

from optprimer.rates.significance import FAMILY, critical, largest_deviation


def test_one_exact_standard_error_is_judged_by_the_normal_distribution():
    assert 2 * stats.norm.sf(critical(1)) == pytest.approx(FAMILY)


def test_more_comparisons_and_fewer_runs_allow_more():
    assert critical(1) < critical(100) < critical(100, runs=20)


def test_the_deviation_is_in_standard_errors_of_the_worst_column():
    runs = np.array([[0.0, 10.0], [2.0, 12.0], [4.0, 14.0]])
    assert largest_deviation(runs, [2.0, 12 + 3 * 2 / np.sqrt(3)]) == pytest.approx(3)


def test_true_means_pass_and_shifted_ones_do_not():
    rng = np.random.default_rng(0)
    families = rng.normal(size=(500, 50, 10))
    limit = critical(10, 50)
    assert np.mean([largest_deviation(runs, np.zeros(10)) > limit for runs in families]) <= 0.01
    assert largest_deviation(families[0] + 1.5, np.zeros(10)) > limit
