"""The randomizations: what each changes, what it leaves alone, and which draws two runs share."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from optprimer import seeds
from optprimer.data.dataset import Dataset
from optprimer.errors import UserError
from optprimer.memorization import variants
from optprimer.memorization.variants import KINDS, corrupt, labels_digest, variant

SEEDS = st.integers(0, 2**31)


def made(n: int = 300, side: int = 6, channels: int = 3, seed: int = 0) -> Dataset:
    """A data set of noise whose channels differ in mean and spread."""
    generator = np.random.default_rng(seed)

    def images(count: int) -> np.ndarray:
        top = np.array([60, 120, 250])[:channels]
        drawn = generator.integers(0, top, size=(count, side, side, channels)).astype(np.uint8)
        drawn.flags.writeable = False  # as memory-mapped ones are
        return drawn

    return Dataset(
        name="noise",
        train_images=images(n),
        train_labels=generator.integers(10, size=n),
        test_images=images(n // 2),
        test_labels=generator.integers(10, size=n // 2),
        mean=(0.0,) * channels,
        std=(1.0,) * channels,
        classes=tuple("abcdefghij"),
    )


def build(data: Dataset, kind: str, seed: int = 0) -> variants.Variant:
    return variant(data, kind, seed, 0.4 if kind == "partial_labels" else None)


@pytest.mark.parametrize("kind", KINDS)
def test_what_every_variant_keeps(kind):
    data = made()
    before = [array.copy() for array in (data.train_images, data.train_labels, data.test_images, data.test_labels)]
    result = build(data, kind)
    for array, copy in zip((data.train_images, data.train_labels, data.test_images, data.test_labels), before, strict=True):
        assert np.array_equal(array, copy)
    assert np.array_equal(result.true_labels, data.train_labels)
    assert np.array_equal(result.data.test_labels, data.test_labels)  # never corrupted
    assert result.data.train_labels.dtype == np.int64
    assert result.data.train_images.shape == data.train_images.shape
    assert np.array_equal(result.data.train_labels[~result.corrupted], data.train_labels[~result.corrupted])
    assert (result.kind, result.data.classes, result.data.name) == (kind, data.classes, data.name)
    assert result.probability == {"partial_labels": 0.4, "random_labels": 1}.get(kind, 0)
    images_kept = np.array_equal(result.data.train_images, data.train_images)
    assert images_kept == (kind in ("true_labels", "partial_labels", "random_labels"))
    assert np.array_equal(result.data.test_images, data.test_images) == images_kept


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_variant_and_another_seed_another(kind):
    data = made()
    first, again, other = build(data, kind, 3), build(data, kind, 3), build(data, kind, 4)
    for name in ("train_images", "train_labels", "test_images"):
        assert np.array_equal(getattr(first.data, name), getattr(again.data, name))
    changes = "train_labels" if kind in ("partial_labels", "random_labels") else "train_images"
    assert np.array_equal(getattr(first.data, changes), getattr(other.data, changes)) == (kind == "true_labels")


@given(st.lists(st.integers(0, 6), min_size=1, max_size=60), st.floats(0, 1), st.floats(0, 1), SEEDS)
def test_what_is_corrupted_stays_corrupted_at_larger_probabilities(labels, p, q, seed):
    low, high = sorted((p, q))
    true = np.array(labels)
    (few, fewer), (many, more) = (corrupt(true, 7, probability, seed) for probability in (low, high))
    assert np.array_equal(few[fewer], many[fewer])
    assert bool((fewer <= more).all())
    assert np.array_equal(few[~fewer], true[~fewer])
    assert bool(((many >= 0) & (many < 7)).all())


@given(st.integers(1, 50), st.integers(0, 50), st.floats(0, 1), SEEDS)
def test_labels_of_fewer_images_are_the_first_of_those_of_more(n, further, p, seed):
    true = np.arange(n + further) % 10
    (few, fewer), (many, more) = corrupt(true[:n], 10, p, seed), corrupt(true, 10, p, seed)
    assert np.array_equal(few, many[:n])
    assert np.array_equal(fewer, more[:n])


def test_random_labels_are_partial_ones_with_probability_one():
    data = made()
    random, partial = variant(data, "random_labels", 5), variant(data, "partial_labels", 5, 1.0)
    assert np.array_equal(random.data.train_labels, partial.data.train_labels)
    assert bool(random.corrupted.all())
    assert np.array_equal(variant(data, "partial_labels", 5, 0.0).data.train_labels, data.train_labels)


def test_new_labels_are_uniform_whatever_the_true_one_and_independent_of_being_chosen():
    n = 50_000
    true = np.arange(n) % 10
    labels, corrupted = corrupt(true, 10, 0.3, 1)
    assert stats.binomtest(int(corrupted.sum()), n, 0.3).pvalue > 1e-3
    table = np.zeros((10, 10))
    np.add.at(table, (true[corrupted], labels[corrupted]), 1)
    # Also the old class: a tenth of the replaced labels is the true one.
    assert stats.chisquare(table.ravel(), np.repeat(table.sum(1) / 10, 10), ddof=9).pvalue > 1e-3


def test_shuffled_pixels_move_every_image_by_one_permutation_and_keep_channels_together():
    data = made()
    where = np.arange(36, dtype=np.uint8).reshape(1, 6, 6, 1)
    permutation = variants.shuffled(where, seeds.derive(0, "pixels")).ravel()
    assert sorted(permutation) == list(range(36))
    result = variant(data, "shuffled_pixels", 0).data
    for before, after in ((data.train_images, result.train_images), (data.test_images, result.test_images)):
        assert np.array_equal(after.reshape(len(after), 36, 3), before.reshape(len(before), 36, 3)[:, permutation])


def test_random_pixels_move_every_image_by_its_own_permutation_and_keep_channels_together():
    place = np.stack(np.broadcast_arrays(np.arange(36).reshape(6, 6), 100 + np.arange(36).reshape(6, 6)), -1).astype(np.uint8)
    images = np.repeat(place[None], 200, 0)
    moved = variants.scrambled(images, 0).reshape(200, 36, 2).astype(int)
    assert bool((moved[..., 1] == 100 + moved[..., 0]).all())
    assert bool((np.sort(moved[..., 0], 1) == np.arange(36)).all())
    assert len(np.unique(moved[..., 0], axis=0)) == 200
    # Uniform: each of 36 pixels of the first image's place lands anywhere.
    assert stats.chisquare(np.bincount(moved[:, 0, 0], minlength=36)).pvalue > 1e-3


def test_train_and_test_images_do_not_share_their_random_permutations_or_noise():
    data = made()
    same = Dataset(**{**vars(data), "test_images": data.train_images[:150]})
    for kind in ("random_pixels", "gaussian"):
        result = variant(same, kind, 0).data
        assert not np.array_equal(result.train_images[:150], result.test_images)


def test_gaussian_images_have_the_moments_of_the_channels_and_nothing_else():
    data = made(n=2000)
    result = variant(data, "gaussian", 0).data
    for images in (result.train_images, result.test_images):
        assert images.dtype == np.float32
        values = images.reshape(-1, 3).astype(float)
        for channel in range(3):
            pixels = data.train_images[..., channel].astype(float)
            n = len(values)
            assert values[:, channel].mean() == pytest.approx(pixels.mean(), abs=4 * pixels.std() / np.sqrt(n))
            assert values[:, channel].std() == pytest.approx(pixels.std(), rel=4 / np.sqrt(2 * n))
            assert stats.kstest((values[:, channel] - pixels.mean()) / pixels.std(), "norm").pvalue > 1e-3
        assert np.abs(np.corrcoef(values.T) - np.eye(3)).max() < 4 / np.sqrt(len(values))
    assert result.train_images.min() < 0  # not clipped


def test_moments_are_of_the_images_that_are_trained_on():
    data = made(side=32)
    result = variant(data, "true_labels", 0).data
    pixels = data.train_images[:, 2:30, 2:30].reshape(-1, 3) / 255
    assert result.mean == pytest.approx(pixels.mean(0))
    assert result.std == pytest.approx(pixels.std(0))


@pytest.mark.parametrize(("side", "kept"), [(32, slice(2, 30)), (28, slice(0, 28)), (16, slice(0, 16)), (8, slice(0, 8))])
def test_only_images_of_32_pixels_are_cropped_to_their_centre(side, kept):
    data = made(n=4, side=side)
    result = variant(data, "true_labels", 0).data
    assert np.array_equal(result.train_images, data.train_images[:, kept, kept])
    assert np.array_equal(result.test_images, data.test_images[:, kept, kept])


def test_pixels_are_cropped_before_they_move():
    data = made(n=4, side=32)
    for kind in ("shuffled_pixels", "random_pixels"):
        moved = variant(data, kind, 0).data.train_images
        inner = data.train_images[:, 2:30, 2:30]
        assert all(np.array_equal(np.sort(a, None), np.sort(b, None)) for a, b in zip(moved, inner, strict=True))


def test_the_digest_is_that_of_the_labels_bytes_and_sees_any_change():
    result = variant(made(n=3), "random_labels", 0)
    expected = hashlib.sha256(b"".join(int(label).to_bytes(8, "little") for label in result.data.train_labels)).hexdigest()
    assert labels_digest(result.data.train_labels) == expected
    assert labels_digest(variant(made(n=3), "true_labels", 0).data.train_labels) != expected


@pytest.mark.parametrize(
    ("kind", "probability", "message"),
    [
        ("noise", None, "labels 'noise': allowed are true_labels, partial_labels"),
        ("partial_labels", None, "corruption None: "),
        ("partial_labels", 1.01, "corruption 1.01: "),
        ("partial_labels", -0.1, "corruption -0.1: "),
        ("partial_labels", float("nan"), "corruption nan: "),
        ("random_labels", 0.5, "corruption 0.5: only for partial labels, not for random"),
    ],
)
def test_bad_requests_are_refused(kind, probability, message):
    with pytest.raises(UserError, match=message):
        variant(made(n=2), kind, 0, probability)
