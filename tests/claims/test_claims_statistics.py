"""Statistics against scipy's own tests, on what hypothesis draws."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from optprimer.claims.rules import RULES
from optprimer.claims.statistics import geometric_mean, mean, rank_correlation, share

VALUES = st.floats(-100, 100).map(lambda value: round(value, 3))
SAMPLES = st.lists(VALUES, min_size=2, max_size=20).filter(lambda sample: np.ptp(sample) > 0.01)
NUMBERS = st.floats(-50, 50).map(lambda value: round(value, 3))


def values(sample, **columns):
    frame = pd.DataFrame({"value": np.asarray(sample, float)} | columns)
    return frame.set_index(pd.MultiIndex.from_arrays([range(len(frame))], names=["seed"]))


@settings(deadline=None)
@given(SAMPLES, NUMBERS)
def test_the_interval_and_the_p_value_of_a_mean_are_those_of_students_t_test(sample, number):
    found, expected = mean(values(sample)), stats.ttest_1samp(sample, number)
    assert found.p_value(number) == pytest.approx(expected.pvalue, abs=1e-12)
    assert (found.low[0], found.high[0]) == pytest.approx(tuple(expected.confidence_interval(0.95)))
    assert (found.low_90[0], found.high_90[0]) == pytest.approx(tuple(expected.confidence_interval(0.9)))


@settings(deadline=None)
@given(SAMPLES, NUMBERS)
def test_a_geometric_mean_is_the_mean_of_logarithms(sample, number):
    logs, found = mean(values(sample)), geometric_mean(values(np.exp(sample)))
    with np.errstate(over="ignore"):
        for name in ("estimate", "low", "high"):
            assert getattr(found, name) == pytest.approx(np.exp(getattr(logs, name)))
    assert found.p_value(np.exp(number)) == pytest.approx(logs.p_value(number), abs=1e-9)
    assert found.n == len(sample)


@settings(deadline=None)
@given(SAMPLES, st.floats(0.01, 100))
def test_equivalence_is_two_one_sided_t_tests(sample, margin):
    above = stats.ttest_1samp(sample, -margin, alternative="greater").pvalue
    below = stats.ttest_1samp(sample, margin, alternative="less").pvalue
    p_value = max(above, below)
    found, given_margin = mean(values(sample)), {"margin": np.array([margin])}
    assert RULES["equivalent"].p_value(found, given_margin) == pytest.approx(p_value, abs=1e-12)
    if abs(p_value - 0.05) > 1e-9:
        assert RULES["equivalent"].decide(found, given_margin).supports[0] == (p_value < 0.05)


@settings(deadline=None)
@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.01, 0.99))
def test_a_share_has_the_interval_and_the_p_value_of_the_exact_binomial_test(hits_of, number):
    hits, n = hits_of
    found = share(values([1.0] * hits + [0.0] * (n - hits)))
    interval = stats.binomtest(hits, n).proportion_ci(0.95, method="exact")
    assert (found.low[0], found.high[0]) == pytest.approx((interval.low, interval.high), abs=1e-9)
    sides = [stats.binomtest(hits, n, number, alternative).pvalue for alternative in ("less", "greater")]
    assert found.p_value(number) == pytest.approx(min(1, 2 * min(sides)))
    assert (found.p_value(number) < 0.05) == (not interval.low <= number <= interval.high)


def by_unit(value, against):
    """Rows of n units, of arrays n x k."""
    units = pd.MultiIndex.from_arrays([np.repeat(range(len(value)), value.shape[1])])
    return pd.DataFrame({"value": value.ravel(), "against": against.ravel()}, index=units)


@pytest.mark.parametrize("seed", range(5))
def test_the_rank_correlation_is_the_mean_of_spearmans_in_each_unit(seed):
    sample, against = np.random.default_rng(seed).integers(0, 6, size=(2, 4, 9))  # with ties
    found = rank_correlation(by_unit(sample, against), seed)
    expected = [stats.spearmanr(x, y).statistic for x, y in zip(sample, against, strict=True)]
    interval = stats.ttest_1samp(expected, 0).confidence_interval(0.95)
    assert (found.estimate[0], found.low[0], found.high[0], found.n) == pytest.approx((np.mean(expected), *interval, 4))


def test_a_unit_in_which_nothing_varies_shows_no_order():
    order = np.tile(np.arange(5.0), (2, 1))
    constant = np.array([[1.0] * 5, [1.0, 2, 3, 4, 5]])
    assert rank_correlation(by_unit(constant, order), 0).estimate[0] == 0.5


def test_the_order_of_levels_between_units_is_no_evidence():
    # Forty rows whose correlation over all is 0.9, but none in any of four units.
    rng = np.random.default_rng(0)
    level = np.repeat(np.arange(4.0), 10).reshape(4, 10)
    found = rank_correlation(by_unit(10 * level + rng.normal(size=(4, 10)), 10 * level + rng.normal(size=(4, 10))), 0)
    assert found.low[0] < 0 < found.high[0]


@pytest.mark.parametrize("units", [3, 5])
def test_what_has_no_order_passes_no_more_often_than_it_says(units):
    rng, order, runs = np.random.default_rng(units), np.tile(np.arange(6.0), (units, 1)), 400
    found = [rank_correlation(by_unit(rng.normal(size=(units, 6)), order), 0) for _ in range(runs)]
    assert 0.02 < sum(each.low[0] > 0 or each.high[0] < 0 for each in found) / runs < 0.09  # three standard errors about 0.05


def test_shuffling_takes_the_order_away_and_is_that_of_its_seed():
    within = by_unit(*(np.tile(np.arange(8.0), (6, 1)) for _ in range(2)))
    assert rank_correlation(within, 0).estimate[0] == pytest.approx(1)
    shuffled, again, other = (rank_correlation(within, seed, permuted=True) for seed in (1, 1, 2))
    assert shuffled.low[0] < 0 < shuffled.high[0]
    assert shuffled.estimate == again.estimate
    assert shuffled.estimate != other.estimate


def test_where_units_do_not_differ_there_is_no_test():
    found = mean(values([0.5, 0.5, 0.5]))
    assert (found.low[0], found.high[0]) == (0.5, 0.5)
    assert np.isnan(found.p_value(0.1))


def test_few_units_are_called_few():
    assert mean(values([0.1, 0.2, 0.4])).method == "Student's t, 95 %, n = 3 (few)"
    assert mean(values([0.1, 0.2, 0.4, 0.3, 0.2])).method == "Student's t, 95 %, n = 5"
