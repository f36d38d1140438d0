"""Exponents: exact powers, corrections that fade, shifts that are known, and intervals over independent runs."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optprimer.rates import fits

T = 2.0 ** np.arange(3, 12)


@given(st.floats(-3, 3), st.floats(-20, 20))
def test_an_exact_power_is_found_to_rounding(p, log_factor):
    fit = fits.power(T, math.exp(log_factor) * T**p)
    assert fit.estimate == pytest.approx(p, abs=1e-12)
    assert fit.low <= p <= fit.high
    assert fit.high - fit.low < 1e-10
    assert (fit.first, fit.last, fit.points, fit.seeds) == (8, 2048, 9, 1)


@given(st.floats(-3, 3), st.floats(0.1, 3))
def test_a_known_shift_is_removed(p, shift):
    fit = fits.power(T, (T + shift) ** p, shift=shift)
    assert fit.estimate == pytest.approx(p, abs=1e-12)
    assert fit.low <= p <= fit.high


@given(st.floats(-3, 3), st.floats(-4, 4), st.integers(2, 8))
def test_the_interval_covers_a_correction_that_fades_like_one_over_t(p, c, octaves):
    t = 16 * 2 ** np.linspace(0, octaves, 4 * octaves + 1)
    fit = fits.power(t, t**p * (1 + c / t))
    assert fit.low <= p <= fit.high


def test_the_neighbouring_rate_is_excluded_though_the_drift_has_not_ended():
    t = np.arange(10.0, 100)
    fit = fits.power(t, 1 / (4 * t + 2))
    assert fit.low <= -1 <= fit.high
    assert not fit.low <= -2 <= fit.high
    assert not fit.low <= -0.5 <= fit.high


def test_an_exponential_is_no_power():
    t = np.arange(1.0, 200)
    power, exponential = fits.power(t, np.exp(-0.01 * t)), fits.exponential(t, np.exp(-0.01 * t))
    assert exponential.estimate == pytest.approx(-0.01)
    assert exponential.low <= -0.01 <= exponential.high
    assert exponential.high - exponential.low < 1e-9
    assert power.high - power.low > 1


def test_least_squares_is_that_of_the_normal_equations():
    rng = np.random.default_rng(1)
    value = np.exp(rng.normal(size=len(T)))
    x, y = np.log(T), np.log(value)
    slope = ((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum()
    assert fits.power(T, value).estimate == pytest.approx(slope, rel=1e-12)


def test_the_bootstrap_interval_covers_the_exponent_of_the_mean_as_often_as_it_says():
    covered = 0
    for trial in range(60):
        rng = np.random.default_rng(trial)
        runs = T**-0.5 * rng.exponential(size=(200, len(T)))
        fit = fits.resampled_power(T, runs, rng)
        covered += fit.low <= -0.5 <= fit.high
    assert covered >= 50  # of 60, 57 expected
    assert fit.seeds == 200
    assert fit.low < fit.estimate < fit.high


def test_runs_are_resampled_whole():
    """A factor common to all of a run moves no slope, however much it varies."""
    rng = np.random.default_rng(0)
    fit = fits.resampled_power(T, rng.exponential(size=(50, 1)) * T**-1.0, rng)
    assert fit.high - fit.low < 1e-12
    assert fit.estimate == pytest.approx(-1)
