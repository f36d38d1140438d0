"""Samples of images: who is in them, and the numbers that the network sees."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from optprimer.landscape.images import normalised, sample, stratified

MEAN, STD = (0.5, 0.4, 0.6), (0.3, 0.2, 0.25)


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


def test_pixels_are_scaled_and_normalised_per_channel(pictures, runtime):
    pixels, _ = pictures
    expected = (pixels / 255 - np.array(MEAN)) / np.array(STD)
    found = normalised(pixels, MEAN, STD, runtime)
    assert found.dtype == torch.float32
    assert found.is_contiguous(memory_format=torch.channels_last)
    # Values up to 3 round at 2**-24 of their size at each of four operations.
    np.testing.assert_allclose(found.permute(0, 2, 3, 1).numpy(), expected, rtol=0, atol=1e-6)


def test_bf16_keeps_eight_bits(pictures, runtime, bf16):
    exact, rounded = (normalised(pictures[0], MEAN, STD, r) for r in (runtime, bf16))
    assert rounded.dtype == torch.bfloat16
    torch.testing.assert_close(rounded.float(), exact, rtol=2**-8, atol=0)


@pytest.mark.parametrize("label_type", [np.int64, np.uint8, np.int32])
def test_a_sample_keeps_images_and_labels_together(pictures, runtime, label_type):
    pixels, labels = pictures
    pixels = pixels.copy()
    pixels[:, 0, 0, 0] = labels  # so that an image knows its label
    pixels.flags.writeable = False
    found = sample(pixels, labels.astype(label_type), 37, 2, MEAN, STD, runtime)
    assert (len(found), found.population, found.labels.dtype) == (37, 120, torch.int64)
    written = (found.inputs[:, 0, 0, 0].double() * STD[0] + MEAN[0]) * 255
    assert torch.equal(written.round().long(), found.labels)
    assert torch.equal(found.inputs, sample(pixels, labels, 37, 2, MEAN, STD, runtime).inputs)
