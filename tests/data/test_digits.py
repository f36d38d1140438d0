import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from optprimer.data import digits
from optprimer.data.statistics import digest


def test_all_digits_are_there_once_with_their_labels():
    originals, source = digits.read(), load_digits()
    assert (len(originals.train.labels), len(originals.test.labels)) == (1437, 360)
    x = np.concatenate([originals.train.images, originals.test.images])[..., 0]
    y = np.concatenate([originals.train.labels, originals.test.labels])
    grey = [int(v * 255 / 16 + 0.5) for v in range(17)]
    expected = np.array(grey, dtype=np.uint8)[source.images.astype(int)]
    assert digest(x, y) == digest(expected, source.target)


def test_the_split_is_the_same_for_ever():
    # A change of the split changes every number of the digits scale; if it is meant, these change with it.
    originals = digits.read()
    assert digest(originals.train.images, originals.train.labels).startswith("e411ea131630888e")
    assert digest(originals.test.images, originals.test.labels).startswith("70502012224e5556")


@given(st.lists(st.integers(0, 6), min_size=1, max_size=80), st.data())
def test_each_class_has_its_share(labels, data):
    labels = np.array(labels)
    n = data.draw(st.integers(0, len(labels)))
    mask = digits.stratified_mask(labels, n, np.random.default_rng(0))
    assert mask.sum() == n
    for label in range(labels.max() + 1):
        members = labels == label
        assert abs((mask & members).sum() - n * members.sum() / len(labels)) < 1
