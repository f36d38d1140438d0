"""Whitening against its formula."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from optprimer.training.whitening import whitened


@settings(deadline=None)
@given(st.integers(1, 3), st.integers(1, 3), st.integers(2, 6), st.integers(0, 1000))
def test_whitening_is_its_formula(n, channels, side, seed):
    images = np.random.default_rng(seed).random((n, channels, side, side))
    result = whitened(torch.from_numpy(images)).numpy()
    for image, white in zip(images, result, strict=True):
        deviation = np.sqrt(((image - image.mean()) ** 2).sum() / image.size)
        expected = (image - image.mean()) / max(deviation, 1 / np.sqrt(image.size))
        assert white == pytest.approx(expected, abs=1e-12)


def test_whitening_knows_neither_brightness_nor_contrast_nor_layout_and_divides_faint_images_by_the_floor():
    x = torch.rand(5, 3, 8, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    torch.testing.assert_close(whitened(0.6 * x + 0.3), whitened(x))
    torch.testing.assert_close(whitened(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2), whitened(x))
    faint = 0.5 + 1e-3 * x
    torch.testing.assert_close(whitened(faint), (faint - faint.mean((1, 2, 3), keepdim=True)) * 192**0.5)
    assert bool((whitened(torch.full((1, 3, 8, 8), 0.25)) == 0).all())
