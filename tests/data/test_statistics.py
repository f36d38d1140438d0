from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from optprimer.data.statistics import CHUNK, block_mean, digest, duplicates, moments

images = arrays(np.uint8, st.tuples(st.integers(1, 5), st.just(4), st.just(4), st.sampled_from([1, 3])))


@given(images)
def test_moments_are_those_of_numpy(x):
    mean, std = moments(x)
    np.testing.assert_allclose(mean, x.mean(axis=(0, 1, 2)), rtol=1e-12)
    np.testing.assert_allclose(std, x.astype(float).std(axis=(0, 1, 2)), rtol=1e-9, atol=1e-6)


def test_moments_count_every_chunk():
    x = np.zeros((CHUNK + 1, 1, 1, 1), dtype=np.uint8)
    x[-1] = 255
    assert moments(x)[0][0] == 255 / (CHUNK + 1)


@given(images, st.sampled_from([1, 2, 4]))
def test_block_mean_rounds_the_exact_mean_half_up(x, side):
    y = block_mean(x, side)
    assert y.shape == (len(x), side, side, x.shape[3])
    assert y.dtype == np.uint8
    f = 4 // side
    for n, i, j, c in np.ndindex(y.shape):
        block = x[n, f * i : f * (i + 1), f * j : f * (j + 1), c]
        assert y[n, i, j, c] == (Fraction(int(block.sum()), f * f) + Fraction(1, 2)).__floor__()


def test_the_digest_knows_no_order_but_every_pixel_and_label():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (30, 2, 2, 3), dtype=np.uint8), rng.integers(0, 10, 30)
    order = rng.permutation(30)
    assert digest(x[order], y[order]) == digest(x, y)
    assert digest(x[order], y) != digest(x, y)
    changed = x.copy()
    changed[7, 1, 1, 2] ^= 1
    assert digest(changed, y) != digest(x, y)


def test_a_digest_by_hand():
    import hashlib

    one, two = hashlib.sha256(b"\x01\x0a").digest(), hashlib.sha256(b"\x02\x0b").digest()
    x = np.array([11, 10], dtype=np.uint8).reshape(2, 1, 1, 1)
    assert digest(x, np.array([2, 1])) == hashlib.sha256(b"".join(sorted([one, two]))).hexdigest()


@pytest.mark.parametrize(
    ("train", "test", "expected"), [([1, 2, 3], [4, 5], (0, 0)), ([1, 2, 2, 2], [2, 2, 3], (2, 2)), ([1], [], (0, 0))]
)
def test_duplicates_are_counted(train, test, expected):
    train, test = (np.array(values, dtype=np.uint8).reshape(-1, 1, 1, 1) for values in (train, test))
    assert duplicates(train, test) == expected
