"""Paired differences: intervals and TOST against scipy's tests."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from optprimer.batch.paired import MARGIN, Paired, paired

samples = st.lists(st.floats(-0.05, 0.05), min_size=3, max_size=12).filter(lambda values: np.std(values) > 1e-4)


@given(samples)
def test_equivalence_is_two_one_sided_t_tests_at_five_percent(values):
    above = stats.ttest_1samp(values, -MARGIN, alternative="greater").pvalue
    below = stats.ttest_1samp(values, MARGIN, alternative="less").pvalue
    p_value = max(above, below)
    if abs(p_value - 0.05) > 1e-6:  # on the border rounding decides
        assert paired(values).equivalent == (p_value < 0.05)


@given(samples)
def test_better_and_worse_are_a_t_test_at_five_percent(values):
    found = paired(values)
    interval = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), abs=1e-12)
    p_value = stats.ttest_1samp(values, 0).pvalue
    if abs(p_value - 0.05) > 1e-6:
        assert (found.better or found.worse) == (p_value < 0.05)
        assert found.better == (p_value < 0.05 and np.mean(values) > 0)


def test_by_hand():
    # Mean 0, standard deviation sqrt(10) thousandths, so that of the mean of five is sqrt(2) thousandths.
    found = paired([-0.004, -0.002, 0, 0.002, 0.004])
    half = stats.t.ppf(0.95, 4) * math.sqrt(2) / 1000
    assert (found.mean, found.tost_low, found.tost_high) == pytest.approx((0, -half, half), abs=1e-12)
    assert found.equivalent
    assert not found.better
    assert not found.worse


def test_equal_and_yet_worse_is_possible_and_so_is_neither():
    small = paired([-0.003, -0.003, -0.0031, -0.0029])
    assert small.equivalent
    assert small.worse
    wide = paired([-0.05, 0.05, 0.02])
    assert [wide.equivalent, wide.worse, wide.better] == [False, False, False]


@pytest.mark.parametrize(("values", "mean"), [([], math.nan), ([0.001], 0.001)])
def test_few_pairs_decide_nothing(values, mean):
    found = paired(values)
    assert found.mean == pytest.approx(mean, nan_ok=True)
    assert all(math.isnan(value) for value in (found.low, found.high, found.tost_low, found.tost_high))
    assert [found.equivalent, found.worse, found.better] == [False, False, False]


def test_no_difference_at_all_is_equivalent():
    assert paired([0.0, 0.0, 0.0]) == Paired(0, 0, 0, 0, 0)
    assert paired([0.0, 0.0, 0.0]).equivalent
