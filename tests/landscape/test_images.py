"""Samples of images: the numbers that the network sees."""

import numpy as np
import pytest
import torch

from optprimer.landscape.images import normalised, sample

MEAN, STD = (0.5, 0.4, 0.6), (0.3, 0.2, 0.25)


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
