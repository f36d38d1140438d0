"""The images on which learning rates are chosen: no run that takes the choice is tested on one of them."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from optprimer import seeds
from optprimer.data.dataset import Dataset
from optprimer.data.sampling import folded, stratified, subset
from optprimer.data.statistics import moments


def search_data(
    dataset: Dataset, images: int, validation_images: int, folds: int, tested: Collection[int], seed: int
) -> Dataset:
    """Return training images, and others in the place of the test images, for the search that runs of some seeds rely on.

    Args:
        dataset: all images.
        images: that train, if there are so many that do not validate; 0 is all of these.
        validation_images: that validate.
        folds: run s tests on fold s modulo ``folds``; with 0 all of them test on the test images of ``dataset``.
        tested: the seeds s of these runs. Neither training nor validation images are among those that they test on.
        seed: the global one.
    """
    pool = folded(dataset, folds, {index % folds for index in tested}, seed) if folds else dataset
    own = seeds.derive(seed, "search", *sorted(tested))
    data = subset(pool, images + validation_images if images else None, None, own)  # all, if there are no more
    labels = np.asarray(data.train_labels)
    held = np.zeros(len(labels), dtype=bool)
    held[stratified(labels, validation_images, seeds.derive(own, "validation"))] = True
    mean, std = (tuple(value / 255 for value in values) for values in moments(data.train_images[~held]))
    return replace(
        data,
        train_images=data.train_images[~held],
        train_labels=labels[~held],
        test_images=data.train_images[held],
        test_labels=labels[held],
        mean=mean,
        std=std,
    )
