"""Samples by class and folds: who trains, who tests, and which draws repetitions share."""

import hashlib
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optprimer.data.dataset import Dataset
from optprimer.data.prepare import prepare
from optprimer.data.sampling import drawn, folded, stratified, subset
from optprimer.errors import UserError

SEEDS = st.integers(0, 2**32)


def numbered(train_labels, test_labels) -> Dataset:
    """A data set in which pixels tell an image's place in the pool: its number in base 256, over two channels."""
    pool = np.arange(len(train_labels) + len(test_labels))
    images = np.stack([pool // 256, pool % 256], axis=1).astype(np.uint8)[:, None, None]
    labels = np.array([*train_labels, *test_labels], dtype=np.int64)
    for array in (images, labels):
        array.flags.writeable = False  # as memory-mapped ones are
    n = len(train_labels)
    return Dataset("numbered-1", images[:n], labels[:n], images[n:], labels[n:], (0.0, 0.0), (1.0, 1.0), tuple("abcdefgh"))


def places(images):
    """Where images of ``numbered`` were in the pool."""
    return images[:, 0, 0, 0].astype(int) * 256 + images[:, 0, 0, 1]


def pooled_labels(data):
    return np.concatenate([data.train_labels, data.test_labels])


@st.composite
def data_sets(draw):
    """Data sets of 4 to 240 images and up to 8 classes, some of them rare or only in one of the two parts."""
    sizes = draw(st.lists(st.integers(0, 40), min_size=2, max_size=8).filter(lambda sizes: sum(sizes) >= 4))
    labels = np.random.default_rng(draw(SEEDS)).permutation(np.repeat(np.arange(len(sizes)), sizes))
    n = draw(st.integers(1, len(labels) - 1))
    return numbered(labels[:n], labels[n:])


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    return prepare("digits", None, 8, tmp_path_factory.mktemp("digits"))


@settings(deadline=None)
@given(data_sets(), st.data())
def test_folds_share_out_all_images_and_all_classes_evenly(data, choice):
    labels = pooled_labels(data)
    folds = choice.draw(st.integers(2, min(10, len(labels))))
    seed = choice.draw(SEEDS)
    splits = [folded(data, folds, fold, seed) for fold in range(folds)]
    for split in splits:
        train, test = places(split.train_images), places(split.test_images)
        assert sorted([*train, *test]) == list(range(len(labels)))
        assert (np.diff(train) > 0).all()  # in the order of the pool
        assert (np.diff(test) > 0).all()
        assert np.array_equal(split.train_labels, labels[train])
        assert np.array_equal(split.test_labels, labels[test])
    assert Counter(place for split in splits for place in places(split.test_images)) == Counter(range(len(labels)))
    sizes = [len(split.test_labels) for split in splits]
    assert max(sizes) - min(sizes) <= 1
    counts = np.array([np.bincount(split.test_labels, minlength=8) for split in splits])
    assert (np.ptp(counts, axis=0) <= 1).all()


def test_several_folds_test_together_what_they_test_one_by_one():
    data = numbered(np.arange(60) % 3, np.arange(31) % 3)
    several = folded(data, 5, [3, 0], 1)
    apart = [places(folded(data, 5, fold, 1).test_images) for fold in (0, 3)]
    assert places(several.test_images).tolist() == sorted(np.concatenate(apart).tolist())
    assert len(several.train_labels) + len(several.test_labels) == 91
    with pytest.raises(UserError, match="fold 5"):
        folded(data, 5, [0, 5], 1)


def test_the_seed_decides_the_folds_and_chance_is_fair():
    data = numbered(np.arange(60) % 3, np.arange(30) % 3)
    first, again, other = (places(folded(data, 5, 2, seed).test_images) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    tested = sum(np.bincount(places(folded(data, 5, 2, seed).test_images), minlength=90) for seed in range(600))
    # 600 draws at probability 1/5: standard deviation 10.
    assert np.abs(tested - 120).max() < 50


@settings(deadline=None)
@given(data_sets(), SEEDS, st.data())
def test_samples_are_stratified_and_nested(data, seed, choice):
    numbers = len(data.train_labels), len(data.test_labels)
    few = [choice.draw(st.integers(1, number)) for number in numbers]
    more = [choice.draw(st.integers(*limits)) for limits in zip(few, numbers, strict=True)]
    small, large = subset(data, *few, seed), subset(data, *more, seed)
    for split, images, n, first in zip(("train", "test"), few, numbers, (0, numbers[0]), strict=True):
        labels, sample = (getattr(each, f"{split}_labels") for each in (data, small))
        chosen, larger = (places(getattr(each, f"{split}_images")) for each in (small, large))
        assert len(chosen) == len(sample) == images
        assert (np.diff(chosen) > 0).all()
        assert set(chosen) <= set(larger) <= set(range(first, first + n))
        assert np.array_equal(sample, labels[chosen - first])
        shares = np.bincount(labels, minlength=8) * images / n
        assert np.abs(np.bincount(sample, minlength=8) - shares).max() <= 1


def test_the_parts_are_sampled_each_without_the_other():
    data = numbered(np.arange(60) % 3, np.arange(60) % 3)
    train, test, both = subset(data, 20, None, 3), subset(data, None, 20, 3), subset(data, 20, 20, 3)
    assert train.test_images is data.test_images
    assert test.train_images is data.train_images
    assert (test.mean, test.std) == (data.mean, data.std)  # those of the training images
    assert np.array_equal(both.train_images, train.train_images)
    assert np.array_equal(both.test_images, test.test_images)
    # 60 images of the same classes, of which other places are drawn: the draws are not one.
    assert not np.array_equal(places(both.train_images), places(both.test_images) - 60)


def test_the_seed_decides_the_sample():
    data = numbered(np.arange(60) % 3, np.arange(30) % 3)
    first, again, other = (subset(data, 20, 12, seed) for seed in (3, 3, 4))
    for part in ("train_images", "test_images"):
        assert np.array_equal(getattr(first, part), getattr(again, part))
        assert not np.array_equal(getattr(first, part), getattr(other, part))


@pytest.mark.parametrize(("images", "test_images"), [(None, None), (6, None), (None, 2), (7, 3)])
def test_nothing_is_copied_where_nothing_changes(images, test_images):
    data = numbered([0, 1, 2, 0, 1, 2], [0, 1])
    assert subset(data, images, test_images, 0) is data
    assert drawn(data, images=images, test_images=test_images, folds=0, seed=0, index=3) is data


def split_of(digits):
    return {
        "folded": folded(digits, 5, 1, 0),
        "subset": subset(digits, 300, 50, 0),
        "drawn": drawn(digits, images=300, test_images=50, folds=5, seed=0, index=1),
    }


@pytest.mark.parametrize("name", ["folded", "subset", "drawn"])
def test_digits_keep_their_form_and_are_measured_anew(digits, name):
    split = split_of(digits)[name]
    assert (split.name, split.classes) == (digits.name, digits.classes)
    for images, labels in ((split.train_images, split.train_labels), (split.test_images, split.test_labels)):
        assert (images.dtype, labels.dtype, images.shape[1:]) == (np.uint8, np.int64, (8, 8, 1))
    scaled = split.train_images.astype(np.float64) / 255
    np.testing.assert_allclose(split.mean, scaled.mean(axis=(0, 1, 2)), rtol=1e-12)
    np.testing.assert_allclose(split.std, scaled.std(axis=(0, 1, 2)), rtol=1e-12)
    assert split.mean != digits.mean


def hashes(images):
    return {hashlib.sha256(image.tobytes()).digest() for image in images}


def test_five_repetitions_test_every_digit_once(digits):
    splits = [drawn(digits, images=None, test_images=None, folds=5, seed=0, index=index) for index in range(6)]
    tested = [hashes(split.test_images) for split in splits]
    assert [len(fold) for fold in tested] == [360, 360, 359, 359, 359, 360]  # no two digits are equal
    assert set.union(*tested[:5]) == hashes(digits.train_images) | hashes(digits.test_images)
    assert tested[5] == tested[0]
    for split, fold in zip(splits, tested, strict=True):
        assert hashes(split.train_images).isdisjoint(fold)
        assert np.ptp(np.bincount(split.test_labels)) <= 3  # classes have 174 to 183 digits


@pytest.mark.parametrize("folds", [0, 5])
@pytest.mark.parametrize(("seed", "index"), [(0, 5), (5, 0)])
def test_repetitions_draw_other_samples(digits, folds, seed, index):
    def samples(folds, seed, index):
        data = drawn(digits, images=300, test_images=50, folds=folds, seed=seed, index=index)
        return hashes(data.train_images), hashes(data.test_images)

    assert samples(folds, 0, 0) == samples(folds, 0, 0)
    # Repetition 5 has the fold of repetition 0, or no fold as that has, but not its samples.
    assert all(one != other for one, other in zip(samples(folds, 0, 0), samples(folds, seed, index), strict=True))


def test_a_sample_is_drawn_within_the_fold(digits):
    every, some, fewer = (
        drawn(digits, images=images, test_images=test_images, folds=5, seed=0, index=2)
        for images, test_images in ((None, None), (300, None), (300, 50))
    )
    assert np.array_equal(every.test_images, some.test_images)
    assert np.array_equal(some.train_images, fewer.train_images)
    assert hashes(some.train_images) < hashes(every.train_images)
    assert hashes(fewer.test_images) < hashes(every.test_images)
    assert (len(some.train_labels), len(fewer.test_labels)) == (300, 50)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda data: folded(data, 1, 0, 0), "folds 1: allowed are whole numbers from 2 to 8"),
        (lambda data: folded(data, 9, 0, 0), "folds 9"),
        (lambda data: drawn(data, images=None, test_images=None, folds=-1, seed=0, index=0), "folds -1"),
        (lambda data: folded(data, 4, 4, 0), "fold 4: allowed are whole numbers from 0 to 3"),
        (lambda data: folded(data, 4, -1, 0), "fold -1"),
        (lambda data: subset(data, 0, None, 0), "^images 0: allowed are whole numbers from 1"),
        (lambda data: subset(data, None, 0, 0), "^test_images 0: allowed are whole numbers from 1"),
        (lambda data: subset(data, 3, -1, 0), "^test_images -1"),
    ],
)
def test_what_cannot_be_is_refused_by_name(call, reason):
    with pytest.raises(UserError, match=reason):
        call(numbered([0, 1, 2, 0, 1, 2], [0, 1]))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=8), st.integers(0, 2**32), st.data())
def test_classes_have_their_share_to_within_one_and_samples_are_nested(sizes, seed, data):
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    n = data.draw(st.integers(1, len(labels)))
    m = data.draw(st.integers(n, len(labels)))
    chosen, larger = stratified(labels, n, seed), stratified(labels, m, seed)
    counts = np.bincount(labels[chosen], minlength=len(sizes))
    assert counts.sum() == n == len(set(chosen))
    assert np.abs(counts - n * np.array(sizes) / len(labels)).max() <= 1
    assert set(chosen) <= set(larger)
    assert (np.diff(chosen) > 0).all()


def test_nearly_equal_classes_have_their_share_at_every_size():
    labels = np.repeat(np.arange(10), [142, 145, 141, 146, 144, 145, 144, 143, 139, 148])
    shares = np.bincount(labels) / len(labels)
    for n in range(1, len(labels), 23):
        counts = np.bincount(labels[stratified(labels, n, seed=0)], minlength=10)
        assert np.abs(counts - n * shares).max() <= 1


def test_rare_classes_are_not_all_drawn_at_once():
    labels = np.repeat(np.arange(10), [991] + [1] * 9)
    assert all(np.bincount(labels[stratified(labels, 100, seed)])[0] in (99, 100) for seed in range(20))


def test_the_seed_decides():
    labels = np.repeat(np.arange(10), 30)
    assert np.array_equal(stratified(labels, 40, 5), stratified(labels, 40, 5))
    assert not np.array_equal(stratified(labels, 40, 5), stratified(labels, 40, 6))


def test_within_a_class_every_image_is_as_likely():
    labels = np.repeat([0, 1], [12, 6])
    drawn = np.zeros(len(labels))
    for seed in range(600):
        drawn[stratified(labels, 6, seed)] += 1
    # 600 draws at probability 1/3: standard deviation 12.
    assert np.abs(drawn - 200).max() < 60


def test_all_images_when_more_are_asked_for():
    assert np.array_equal(stratified(np.array([3, 1, 3]), 9, 0), [0, 1, 2])
