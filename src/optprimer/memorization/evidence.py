"""Evidence that memorization is what it seems: labels that are random, test images that are new, accuracies that are chance."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from optprimer.data.statistics import duplicates
from optprimer.memorization.variants import Variant

THREE_SIGMA = 0.9973  # coverage of a normal law within three standard deviations
CHANCE_COVERAGE = 0.99
# Variance of a random-label network's test accuracy over the binomial one of independent images: answers to images of one class
# are alike. Measured over 30 networks (MLP 1x512) with 360 test digits: sd .023, so .023^2 * 360 / (.1 * .9).
DESIGN_EFFECT = 2.1
# Nats, for ten classes (log 10 = 2.303). A network that answers one class only has an accuracy of .1 too, and entropy 0.
LEAST_ENTROPY = 2.2
LIMIT = 1e-9  # relative distance from the limit of a range, within it


@dataclass(frozen=True)
class Band:
    """The accuracies from ``low`` to ``high``, both included."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Agreement:
    """The share of training labels that are the true ones, what it is expected to be, and the band of 3 standard errors."""

    observed: float
    expected: float
    band: Band


@dataclass(frozen=True)
class Uniformity:
    """Pearson's chi-squared of ``labels`` drawn labels against equal shares of the classes; NaN where none was drawn."""

    labels: int
    statistic: float
    p_value: float


@dataclass(frozen=True)
class Memory:
    """The accuracy of a network on its training images, against three sets of labels.

    ``given``: those that it was trained on. ``true``: the true ones. ``recovered``: the true ones of the images with corrupted
    labels alone (NaN without any); about 1/K for a network that memorized K classes, high for one that saw through the noise.
    """

    given: float
    true: float
    recovered: float


def agreement(variant: Variant) -> Agreement:
    """Compare the labels with the true ones: replaced by one of K classes with probability p, 1 - p (1 - 1/K) of them agree.

    The band is the exact binomial interval of coverage 0.9973. A network with accuracy 1 on the labels has exactly the observed
    agreement as its accuracy against the true ones.
    """
    n, classes = len(variant.true_labels), len(variant.data.classes)
    expected = 1 - variant.probability * (1 - 1 / classes)
    low, high = _binomial(n, expected, THREE_SIGMA)
    return Agreement(float(np.mean(variant.data.train_labels == variant.true_labels)), expected, Band(low / n, high / n))


def uniformity(variant: Variant) -> Uniformity:
    """Test whether the labels that replaced true ones are uniform over the classes."""
    drawn = variant.data.train_labels[variant.corrupted]
    if not len(drawn):
        return Uniformity(0, math.nan, math.nan)
    result = stats.chisquare(np.bincount(drawn, minlength=len(variant.data.classes)))
    return Uniformity(len(drawn), float(result.statistic), float(result.pvalue))


def shared_images(variant: Variant) -> int:
    """Count the test images that equal a training image in every pixel."""
    return duplicates(variant.data.train_images, variant.data.test_images)[0]


def entropy(predictions: ArrayLike) -> float:
    """Return the entropy in nats of the shares of the predicted classes (n,): 0 if all are one, log K if K are as frequent."""
    counts = np.unique(predictions, return_counts=True)[1]
    return float(stats.entropy(counts))


def chance_band(test_labels: ArrayLike, classes: int, runs: int = 1) -> Band:
    """Return where the mean test accuracy of ``runs`` networks lies that learned nothing about the test labels.

    Predictions that are independent of the labels are right with probability sum_k f_k q_k, f and q being the classes' shares
    of labels and predictions, and so between min f and max f. (After training on uniformly random labels: 1/K, since the
    classes are interchangeable.) Were answers independent, the number of right ones would be binomial. But images of a class
    are alike, and runs n of them tell as much as m = runs n / D independent ones (Kish 1965, "Survey Sampling", section 8.2:
    the design effect D, here ``DESIGN_EFFECT``). With quantiles Q of the binomial law, the band is

        [Q(0.5 %; m, min f) / m, Q(99.5 %; m, max f) / m].

    It is [.041, .164] for 360 test digits, and [.089, .111] for the 10,000 images of CIFAR-10, where published accuracies of
    random-label networks span .0957 to .1061. One network in a hundred is outside by chance.

    Args:
        test_labels: (n,), the true ones.
        classes: K; a class without test images counts.
        runs: networks whose training labels are independent.
    """
    shares = np.bincount(np.asarray(test_labels), minlength=classes) / len(np.asarray(test_labels))
    return _chance(_independent(runs * len(np.asarray(test_labels))), shares.min(), shares.max())


def mean_chance_band(bands: Sequence[Band], images: ArrayLike) -> Band:
    """Return where the mean test accuracy of independent runs lies that learned nothing, from each one's ``chance_band`` alone.

    A band tells what the least and the largest share f of a class may be: with low m a quantile of the binomial law of m
    answers, f is at least the p of which P(X < low m) = 0.5 %, a quantile of a beta law (Clopper and Pearson 1934, Biometrika
    26, 404), and likewise from above. So this is the band that ``chance_band`` gives for all runs together, or a little wider,
    as the labels are not known: [.065, .131] instead of [.072, .131] for five runs of 360 test digits.

    Args:
        bands: (runs,), one run's each, with ``runs`` 1.
        images: (runs,), the numbers of test images.
    """
    tail = (1 - CHANCE_COVERAGE) / 2
    least, largest = [], []
    for band, n in zip(bands, np.asarray(images), strict=True):
        m = _independent(n)
        low, high = round(band.low * m), round(band.high * m)
        # Just within the limits, at which rounding decides between two answers.
        least.append(stats.beta.isf(tail, low, m - low + 1) * (1 + LIMIT) if low else 0.0)
        largest.append(stats.beta.ppf(tail, high + 1, m - high) * (1 - LIMIT) if high < m else 1.0)
    return _chance(_independent(np.sum(images)), float(np.mean(least)), float(np.mean(largest)))


def memory(predictions: ArrayLike, variant: Variant) -> Memory:
    """Compare the predicted classes (n,) of the training images with the given and the true labels."""
    given = np.asarray(predictions) == variant.data.train_labels
    true = np.asarray(predictions) == variant.true_labels
    recovered = true[variant.corrupted].mean() if variant.corrupted.any() else math.nan
    return Memory(float(given.mean()), float(true.mean()), float(recovered))


def _independent(answers: int) -> int:
    """Return to how many independent answers those on this many test images amount."""
    return max(1, int(answers / DESIGN_EFFECT))


def _chance(m: int, least: float, largest: float) -> Band:
    """Return the band of the share of right ones among m answers, each right with probability ``least`` to ``largest``."""
    return Band(_binomial(m, least, CHANCE_COVERAGE)[0] / m, _binomial(m, largest, CHANCE_COVERAGE)[1] / m)


def _binomial(n: int, p: float, coverage: float) -> tuple[int, int]:
    """Return the central interval of a binomial count, outside of which lies (1 - coverage) / 2 or less on either side."""
    tail = (1 - coverage) / 2
    return int(stats.binom.ppf(tail, n, p)), int(stats.binom.isf(tail, n, p))
