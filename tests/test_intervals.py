"""Intervals of means and shares, against numbers worked out by hand and against scipy's."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from optprimer.intervals import mean_interval, share_interval


def test_the_interval_of_a_mean_is_students():
    runs = np.array([[1.0, 0.0], [2.0, 0.0], [3.0, 3.0]])
    mean, (low, high) = mean_interval(runs)
    half = 4.302652729911275 / math.sqrt(3)  # t of two degrees of freedom, times the standard error of the first column
    np.testing.assert_allclose(mean, [2, 1])
    assert (mean - low)[0] == pytest.approx(half)
    np.testing.assert_allclose(high - mean, mean - low)
    assert (high - mean)[1] == pytest.approx(half * math.sqrt(3))


@pytest.mark.parametrize(("level", "quantile"), [(0.90, 2.919985580353725), (0.95, 4.302652729911275)])
def test_the_level_is_that_asked_for(level, quantile):
    mean, (low, high) = mean_interval([1.0, 2.0, 3.0], level)
    assert (high - mean, mean - low) == pytest.approx((quantile / math.sqrt(3),) * 2)


@given(st.integers(1, 60), st.data())
def test_the_interval_is_that_of_clopper_and_pearson(of, data):
    count = data.draw(st.integers(0, of))
    expected = stats.binomtest(count, of).proportion_ci(0.95, "exact")
    assert share_interval(count, of) == pytest.approx((expected.low, expected.high), abs=1e-9)
