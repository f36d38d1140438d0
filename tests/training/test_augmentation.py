"""Augmentation against all shifted and flipped versions of an image, made by slicing."""

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from optprimer.training.augmentation import augment


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def distinct(n: int, height: int, width: int, channels: int) -> torch.Tensor:
    """Images without a zero, and, while 255 values last, without two equal pixels."""
    return (torch.arange(n * height * width * channels) % 255 + 1).to(torch.uint8).reshape(n, height, width, channels)


def versions(image: np.ndarray, padding: int, *, flip: bool) -> list[bytes]:
    """All (2p + 1)^2 shifts of ``image`` over black, and their mirror images."""
    height, width, _ = image.shape
    found = []
    for down in range(-padding, padding + 1):
        for right in range(-padding, padding + 1):
            shifted = np.zeros_like(image)
            rows = [row for row in range(height) if 0 <= row - down < height]
            columns = [column for column in range(width) if 0 <= column - right < width]
            for row in rows:
                for column in columns:
                    shifted[row, column] = image[row - down, column - right]
            found += [shifted.tobytes()] + [shifted[:, ::-1].tobytes()] * flip
    return found


@pytest.mark.parametrize("shape", [(3, 8, 8, 3), (1, 5, 7, 1)])
def test_no_padding_and_no_flip_is_the_identity(shape):
    x = distinct(*shape)
    assert torch.equal(augment(x, 0, False, seeded(0)), x)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 3), st.integers(0, 3), st.booleans(), st.integers(0, 2**62))
def test_every_image_is_a_shift_of_itself_over_black(height, width, channels, padding, flip, seed):
    x = distinct(6, height, width, channels)
    before = x.clone()
    out = augment(x, padding, flip, seeded(seed))
    assert out.dtype == torch.uint8
    assert out.shape == x.shape
    assert torch.equal(x, before)
    for image, result in zip(x.numpy(), out.numpy(), strict=True):
        assert result.tobytes() in versions(image, padding, flip=flip)


def test_the_border_that_a_shift_uncovers_is_black():
    x = torch.full((4000, 4, 4, 3), 200, dtype=torch.uint8)
    out = augment(x, 2, False, seeded(1))
    dark = (out == 0).all(-1)
    assert bool((dark | (out == 200).all(-1)).all())
    # Rows and columns are black as a whole; with shifts of up to 2 the 2x2 centre may be uncovered but not all of it.
    black_rows, black_columns = dark.all(2), dark.all(1)
    assert torch.equal(dark, black_rows[:, :, None] | black_columns[:, None, :])
    # Each row at the edge is black for 2 of 5 shifts, each inner one for 1 of 5: 4,000 draws, standard error < 0.008.
    share = black_rows.double().mean(0)
    torch.testing.assert_close(share, torch.tensor([0.4, 0.2, 0.2, 0.4], dtype=torch.float64), rtol=0, atol=0.04)


@pytest.mark.parametrize(("padding", "flip"), [(1, False), (0, True), (1, True), (2, True)])
def test_all_versions_are_equally_likely(padding, flip):
    n = 6000
    image = distinct(1, 3, 4, 1)
    out = augment(image.expand(n, 3, 4, 1), padding, flip, seeded(2))
    possible = versions(image[0].numpy(), padding, flip=flip)
    counts = Counter(result.tobytes() for result in out.numpy())
    assert len(set(possible)) == len(possible) == (2 * padding + 1) ** 2 * (2 if flip else 1)
    expected = n / len(possible)
    statistic = sum((counts[version] - expected) ** 2 / expected for version in possible)
    assert statistic < chi2.isf(1e-6, len(possible) - 1)
    # And none is preferred by its neighbours: pairs of successive images are as often equal as chance has it.
    equal = (out[1:] == out[:-1]).flatten(1).all(1).double().mean()
    assert float(equal) == pytest.approx(1 / len(possible), abs=5 * (1 / len(possible) / n) ** 0.5)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**62))
def test_the_generator_alone_decides(seed):
    x = distinct(32, 8, 8, 3)
    torch.manual_seed(0)
    first = augment(x, 2, True, seeded(seed))
    torch.manual_seed(1)
    assert torch.equal(first, augment(x, 2, True, seeded(seed)))
    # 50 versions of 32 images: two seeds agree with probability 50^-32.
    assert not torch.equal(first, augment(x, 2, True, seeded(seed + 1)))
