"""Statistics against scipy's own tests, on what hypothesis draws."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from optprimer.claims import statistics
from optprimer.claims.rules import RULES
from optprimer.claims.statistics import geometric_mean, mean, rank_correlation, share

VALUES = st.floats(-100, 100).map(lambda value: round(value, 3))
SAMPLES = st.lists(VALUES, min_size=2, max_size=20).filter(lambda sample: np.ptp(sample) > 0.01)
NUMBERS = st.floats(-50, 50).map(lambda value: round(value, 3))


@pytest.fixture
def fewer_resamples(monkeypatch):
    monkeypatch.setattr(statistics, "RESAMPLES", 499)


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


@pytest.mark.parametrize("seed", range(5))
def test_the_rank_correlation_is_spearmans(seed, fewer_resamples):
    sample, against = np.random.default_rng(seed).integers(0, 6, size=(2, 9))  # with ties
    found = rank_correlation(values(sample, against=against), seed)
    assert found.estimate[0] == pytest.approx(stats.spearmanr(sample, against).statistic)


@pytest.mark.parametrize("sample", [[0.5, 0.5, 0.5, 0.5], [0.5]])
def test_what_does_not_vary_has_no_rank_correlation(sample):
    found = rank_correlation(values(sample, against=np.arange(float(len(sample)))), 0)
    assert np.isnan([found.estimate[0], found.low[0], found.high[0]]).all()


def test_the_bootstrap_interval_covers_a_known_correlation_as_often_as_it_says(fewer_resamples):
    rng, truth, covered = np.random.default_rng(0), 6 / np.pi * np.arcsin(0.5 / 2), 0  # of normal variables, correlated by 1/2
    for _ in range(60):
        x, noise = rng.normal(size=(2, 60))
        found = rank_correlation(values(0.5 * x + np.sqrt(0.75) * noise, against=x), 0)
        covered += found.low[0] <= truth <= found.high[0]
    assert 0.85 <= covered / 60 <= 1


def test_rows_of_one_unit_are_drawn_together(fewer_resamples):
    # Six seeds that differ in level alone, ten rows each: sixty rows say no more than six.
    frame = pd.DataFrame({"value": np.repeat([0.0, 3.0, 1.0, 2.0, 5.0, 4.0], 10), "against": np.repeat(np.arange(6.0), 10)})
    together = rank_correlation(frame.set_index(pd.MultiIndex.from_arrays([np.repeat(range(6), 10)])), 0)
    apart = rank_correlation(frame.set_index(pd.MultiIndex.from_arrays([range(60)])), 0)
    assert (together.n, apart.n) == (6, 60)
    assert together.high[0] - together.low[0] > 2 * (apart.high[0] - apart.low[0])


def test_shuffling_within_units_takes_away_an_order_within_them_and_leaves_one_between_them(fewer_resamples):
    seeds = pd.MultiIndex.from_arrays([np.repeat(range(6), 8)])
    within = pd.DataFrame({"value": np.tile(np.arange(8.0), 6)}, index=seeds)
    within = within.assign(against=within["value"])
    assert rank_correlation(within, 0).low[0] == pytest.approx(1)
    shuffled = rank_correlation(within, 0, permuted=True)
    assert shuffled.low[0] < 0 < shuffled.high[0]
    between = pd.DataFrame({"value": np.repeat(np.arange(6.0), 8)}, index=seeds)
    assert rank_correlation(between.assign(against=between["value"]), 0, permuted=True).estimate[0] == pytest.approx(1)


def test_the_bootstrap_is_that_of_its_seed(fewer_resamples):
    frame = values(np.arange(12.0) % 5, against=np.arange(12.0))
    first, again, other = (rank_correlation(frame, seed) for seed in (1, 1, 2))
    assert (first.low, first.high) == (again.low, again.high)
    assert (first.low, first.high) != (other.low, other.high)


def test_few_units_are_called_few():
    assert mean(values([0.1, 0.2, 0.4])).method == "Student's t, 95 %, n = 3 (few)"
    assert mean(values([0.1, 0.2, 0.4, 0.3, 0.2])).method == "Student's t, 95 %, n = 5"
