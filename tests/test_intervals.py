"""Intervals of means, against numbers worked out by hand."""

import math

import numpy as np
import pytest

from optprimer.intervals import mean_interval


def test_the_interval_of_a_mean_is_students():
    runs = np.array([[1.0, 0.0], [2.0, 0.0], [3.0, 3.0]])
    mean, (low, high) = mean_interval(runs)
    half = 4.302652729911275 / math.sqrt(3)  # t of two degrees of freedom, times the standard error of the first column
    np.testing.assert_allclose(mean, [2, 1])
    assert (mean - low)[0] == pytest.approx(half)
    np.testing.assert_allclose(high - mean, mean - low)
    assert (high - mean)[1] == pytest.approx(half * math.sqrt(3))
