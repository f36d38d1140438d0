"""The published numbers: spot checks, their ranges, and that their names are ours."""

import math

import pytest

from optprimer.memorization.published import PUBLISHED
from optprimer.memorization.variants import KINDS

BY_NAME = {(row.network, row.labels, row.regularizer): row for row in PUBLISHED}


@pytest.mark.parametrize(
    ("network", "labels", "regularizer", "train", "test"),
    [
        ("mlp_1x512", "random_labels", "none", 99.34, 10.61),
        ("mlp_1x512", "true_labels", "weight_decay", 99.80, 50.39),
        ("mlp_3x512", "true_labels", "none", 100, 52.39),
        ("alexnet", "true_labels", "crop_weight_decay", 99.90, 81.22),
        ("alexnet", "random_labels", "none", 99.82, 9.86),
        ("inception", "true_labels", "crop", 100, 89.31),
        ("inception_no_bn", "random_labels", "none", 100, 10.12),
        ("inception", "random_labels", "crop", 99.93, math.nan),
        ("mlp_1x512", "random_labels", "weight_decay", 99.21, math.nan),
    ],
)
def test_numbers_are_the_printed_percentages(network, labels, regularizer, train, test):
    row = BY_NAME[network, labels, regularizer]
    assert (100 * row.train, 100 * row.test) == pytest.approx((train, test), nan_ok=True)


def test_each_is_there_once_by_names_of_ours():
    assert len(BY_NAME) == len(PUBLISHED) == 19 + 4  # tables 1 and 4
    assert {row.network for row in PUBLISHED} == {"mlp_1x512", "mlp_3x512", "alexnet", "inception", "inception_no_bn"}
    assert {row.labels for row in PUBLISHED} == {"true_labels", "random_labels"} < set(KINDS)
    assert {row.regularizer for row in PUBLISHED} == {"none", "weight_decay", "crop", "crop_weight_decay"}


def test_alexnet_with_weight_decay_has_no_number_on_random_labels():
    assert ("alexnet", "random_labels", "weight_decay") not in BY_NAME


def test_accuracies_are_what_they_must_be():
    for row in PUBLISHED:
        assert 0.99 < row.train <= 1
        if row.labels == "true_labels":
            assert 0.5 < row.test < 0.9
        elif row.regularizer == "none":
            assert 0.0957 < row.test < 0.107
        else:
            assert math.isnan(row.test)
    for network in {row.network for row in PUBLISHED}:  # regularizers help by points, not by tens
        of_true = [row.test for row in PUBLISHED if (row.network, row.labels) == (network, "true_labels")]
        assert max(of_true) - min(of_true) < 0.06
