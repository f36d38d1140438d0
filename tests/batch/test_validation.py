"""The images of a search: enough of them, apart from each other, and none that its runs test on."""

import numpy as np
import pytest
from batch_data import numbered, numbers

from optprimer.batch.validation import search_data
from optprimer.data.sampling import drawn

DATA = numbered(80, 20)  # images that carry their number, of 4 classes


@pytest.mark.parametrize("images", [30, 0])
def test_training_and_validation_are_disjoint_and_as_many_as_asked_for(images):
    data = search_data(DATA, images, 12, 5, [0, 3], 0)
    train, validation = numbers(data.train_images), numbers(data.test_images)
    assert (len(train), len(validation)) == (images or 100 - 40 - 12, 12)
    assert not train & validation


@pytest.mark.parametrize("tested", [[0, 3], [1, 4], [2]])
def test_no_run_is_tested_on_an_image_that_its_search_has_seen(tested):
    data = search_data(DATA, 0, 12, 5, tested, 0)
    seen = numbers(data.train_images) | numbers(data.test_images)
    for index in tested:
        run = drawn(DATA, images=None, test_images=None, folds=5, seed=0, index=index)
        assert not seen & numbers(run.test_images)
    other = drawn(DATA, images=None, test_images=None, folds=5, seed=0, index=({0, 1, 2, 3, 4} - {*tested}).pop())
    assert seen & numbers(other.test_images)  # of others it may have seen some: the test above can fail


def test_without_folds_the_test_images_stay_apart():
    data = search_data(DATA, 0, 12, 0, [0, 1, 2], 0)
    assert numbers(data.train_images) | numbers(data.test_images) == numbers(DATA.train_images)


def test_labels_go_with_images_and_classes_keep_their_shares():
    data = search_data(DATA, 40, 12, 5, [2], 0)
    for images, labels in ((data.train_images, data.train_labels), (data.test_images, data.test_labels)):
        assert [number % 4 for number in images[:, 0, 0, 0]] == labels.tolist()
    assert np.bincount(data.test_labels).tolist() == [3, 3, 3, 3]


def test_moments_are_those_of_the_images_that_train():
    data = search_data(DATA, 30, 12, 5, [2], 0)
    assert data.mean == pytest.approx((data.train_images.mean() / 255,))
    assert data.std == pytest.approx((data.train_images.std() / 255,))


def test_too_few_images_train_as_many_as_are_left():
    assert len(search_data(DATA, 90, 12, 5, [0, 3], 0).train_labels) == 60 - 12


def test_draws_are_those_of_the_seed_and_of_the_search():
    first, again, seed, other = (search_data(DATA, 30, 12, 0, *draw) for draw in (([0], 0), ([0], 0), ([0], 1), ([1], 0)))
    assert numbers(first.train_images) == numbers(again.train_images)
    assert numbers(first.train_images) not in (numbers(seed.train_images), numbers(other.train_images))
