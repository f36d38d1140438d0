"""The checks on data that pass them and on data that must not."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.datasets import load_digits

from optprimer.data.dataset import Dataset
from optprimer.memorization import evidence
from optprimer.memorization.evidence import agreement, chance_band, entropy, mean_chance_band, memory, shared_images, uniformity
from optprimer.memorization.variants import Variant, variant


def made(n: int = 3000, classes: int = 10) -> Dataset:
    generator = np.random.default_rng(0)
    images = generator.integers(256, size=(n + 100, 4, 4, 1), dtype=np.uint8)
    labels = generator.integers(classes, size=n + 100)
    names = tuple(map(str, range(classes)))
    return Dataset("noise", images[:n], labels[:n], images[n:], labels[n:], (0.5,), (0.3,), names)


def with_labels(result: Variant, labels: np.ndarray) -> Variant:
    return replace(result, data=replace(result.data, train_labels=labels))


@pytest.mark.parametrize("p", [0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
@pytest.mark.parametrize("classes", [2, 10])
def test_corrupted_labels_agree_as_often_as_they_should_and_are_uniform(p, classes):
    result = variant(made(classes=classes), "partial_labels", 1, p)
    found = agreement(result)
    assert found.expected == pytest.approx(1 - p + p / classes)
    assert found.observed == sum(a == b for a, b in zip(result.data.train_labels, result.true_labels, strict=True)) / 3000
    assert found.observed in found.band
    error = math.sqrt(found.expected * (1 - found.expected) / 3000)
    assert found.band.high - found.expected == pytest.approx(3 * error, abs=1.5 / 3000)
    assert found.expected - found.band.low == pytest.approx(3 * error, abs=1.5 / 3000)
    test = uniformity(result)
    assert test.labels == result.corrupted.sum()
    if p:
        assert test.p_value > 1e-3
        expected = test.labels / classes
        counts = [np.sum(result.data.train_labels[result.corrupted] == k) for k in range(classes)]
        assert test.statistic == pytest.approx(sum((c - expected) ** 2 for c in counts) / expected)
    else:
        assert math.isnan(test.p_value)


def test_labels_that_were_not_randomized_as_said_are_found_out():
    result = variant(made(), "partial_labels", 1, 0.5)
    assert agreement(with_labels(result, result.true_labels)).observed not in agreement(result).band
    # New classes that are never the old one: they agree in 1 - p instead of 1 - .9 p.
    other = np.where(result.corrupted, (result.true_labels + 1) % 10, result.true_labels)
    assert agreement(with_labels(result, other)).observed < agreement(result).band.low
    lopsided = np.where(result.corrupted & (result.data.train_labels == 9), 0, result.data.train_labels)
    assert uniformity(with_labels(result, lopsided)).p_value < 1e-6


def test_true_labels_must_all_agree():
    result = variant(made(), "true_labels", 0)
    one_wrong = result.true_labels.copy()
    one_wrong[0] = (one_wrong[0] + 1) % 10
    assert agreement(result).observed in agreement(result).band
    assert agreement(with_labels(result, one_wrong)).observed not in agreement(result).band


@pytest.mark.parametrize("kind", ["true_labels", "random_labels", "random_pixels", "gaussian"])
def test_shared_images_are_counted(kind):
    result = variant(made(), kind, 0)
    assert shared_images(result) == 0
    leaked = result.data.test_images.copy()
    leaked[[3, 7]] = result.data.train_images[[5, 5]]
    assert shared_images(replace(result, data=replace(result.data, test_images=leaked))) == 2


@given(st.lists(st.integers(0, 9), min_size=1))
def test_entropy_is_its_formula(predictions):
    shares = [predictions.count(k) / len(predictions) for k in set(predictions)]
    assert entropy(predictions) == pytest.approx(-sum(p * math.log(p) for p in shares), abs=1e-12)
    assert -1e-12 <= entropy(predictions) <= math.log(10) + 1e-12


def test_a_constant_answer_is_in_the_band_and_only_entropy_finds_it_out():
    labels = load_digits().target[:360]
    constant = np.full(360, 3)
    assert float((constant == labels).mean()) in chance_band(labels, 10)
    assert entropy(constant) == 0 < evidence.LEAST_ENTROPY < entropy(np.arange(360) % 10) == pytest.approx(math.log(10))


def test_the_band_agrees_with_what_was_measured():
    digits, cifar = np.repeat(np.arange(10), 36), np.repeat(np.arange(10), 1000)
    small, large = chance_band(digits, 10), chance_band(cifar, 10)
    # 30 networks on digits: .061 to .150; published: .0957 to .1061.
    assert all(value in small for value in (0.061, 0.150))
    assert all(value in large for value in (0.0957, 0.1061))
    # The rules of thumb: .05 to .16, and .088 to .112.
    assert (small.low, small.high) == (pytest.approx(0.05, abs=0.01), pytest.approx(0.16, abs=0.01))
    assert (large.low, large.high) == (pytest.approx(0.088, abs=0.0015), pytest.approx(0.112, abs=0.0015))
    assert 0.2 not in small
    assert 0.12 not in large
    assert 0.0 not in small  # worse than chance is no chance


def test_the_band_is_an_exact_binomial_interval():
    labels = np.repeat(np.arange(5), [30, 40, 50, 60, 70])
    m = int(3 * 250 / evidence.DESIGN_EFFECT)
    band = chance_band(labels, 5, runs=3)
    low, high = round(band.low * m), round(band.high * m)
    # Probabilities summed term by term: at most .005 outside, more as soon as the band is one answer narrower.
    rare, common = 30 / 250, 70 / 250
    below = sum(math.comb(m, k) * rare**k * (1 - rare) ** (m - k) for k in range(low))
    above = sum(math.comb(m, k) * common**k * (1 - common) ** (m - k) for k in range(high + 1, m + 1))
    assert below <= 0.005 < below + stats.binom.pmf(low, m, rare)
    assert above <= 0.005 < above + stats.binom.pmf(high, m, common)


@given(st.lists(st.integers(0, 3), min_size=20, max_size=200), st.integers(1, 20))
def test_the_band_holds_every_chance_level_and_narrows_with_more_runs(labels, runs):
    shares = np.bincount(labels, minlength=4) / len(labels)
    one, many = chance_band(labels, 4), chance_band(labels, 4, runs * 4)
    for band in (one, many):
        assert 0 <= band.low <= shares.min() <= 1 / 4 <= shares.max() <= band.high <= 1
    m = int(len(labels) / evidence.DESIGN_EFFECT)
    assert many.high - many.low <= one.high - one.low + 2 / m


@pytest.mark.parametrize(
    "counts", [[36] * 10, [35, 36, 37, 36, 36, 37, 37, 36, 35, 35], [1000] * 10, [30, 40, 50, 60, 70], [5] * 4]
)
def test_the_band_of_a_mean_needs_no_labels(counts):
    labels = np.repeat(np.arange(len(counts)), counts)
    one = chance_band(labels, len(counts))
    assert mean_chance_band([one], [len(labels)]) == one
    for runs in (3, 5, 30):
        known, found = chance_band(labels, len(counts), runs), mean_chance_band([one] * runs, [len(labels)] * runs)
        assert found.low <= known.low
        assert known.high <= found.high
        # Not to know the labels costs at most two answers of one run.
        answer = evidence.DESIGN_EFFECT / len(labels)
        assert found.low >= known.low - 2 * answer
        assert found.high <= known.high + 2 * answer


def test_the_band_of_a_mean_over_digits():
    labels = np.repeat(np.arange(10), [35, 36, 37, 36, 36, 37, 37, 36, 35, 35])
    known, found = chance_band(labels, 10, 5), mean_chance_band([chance_band(labels, 10)] * 5, [360] * 5)
    assert (known.low, known.high) == pytest.approx((0.072, 0.131), abs=5e-4)
    assert (found.low, found.high) == pytest.approx((0.065, 0.131), abs=5e-4)


@given(st.lists(st.lists(st.integers(0, 2), min_size=3, max_size=200), min_size=1, max_size=5))
def test_the_band_of_a_mean_over_folds_holds_every_chance_level(folds):
    band = mean_chance_band([chance_band(labels, 3) for labels in folds], [len(labels) for labels in folds])
    shares = [np.bincount(labels, minlength=3) / len(labels) for labels in folds]
    assert 0 <= band.low <= np.mean([share.min() for share in shares])
    assert np.mean([share.max() for share in shares]) <= band.high <= 1
    assert mean_chance_band([chance_band(folds[0], 3)], [len(folds[0])]) == chance_band(folds[0], 3)


def test_alike_answers_scatter_outside_of_the_plain_binomial_interval_but_in_the_band():
    """Pairs of images with one answer and one label: a design effect of 2."""
    generator = np.random.default_rng(0)
    labels = np.repeat(np.arange(10), 36)
    band = chance_band(labels, 10)
    accuracies = (np.repeat(generator.integers(10, size=(2000, 180)), 2, 1) == labels).mean(1)
    inside = np.mean([value in band for value in accuracies])
    low, high = stats.binom.interval(0.99, 360, 0.1)
    plain = np.mean((accuracies >= low / 360) & (accuracies <= high / 360))
    assert inside >= 0.985
    assert plain < 0.96


def test_a_memorizing_network_knows_the_true_labels_as_often_as_its_labels_agree():
    result = variant(made(), "partial_labels", 1, 0.6)
    memorized = memory(result.data.train_labels, result)
    assert memorized.given == 1
    assert memorized.true == agreement(result).observed
    assert memorized.recovered == pytest.approx(0.1, abs=4 * math.sqrt(0.09 / result.corrupted.sum()))
    denoised = memory(result.true_labels, result)
    assert (denoised.true, denoised.recovered) == (1, 1)
    assert denoised.given == agreement(result).observed
    assert math.isnan(memory(result.true_labels, variant(made(), "true_labels", 0)).recovered)
