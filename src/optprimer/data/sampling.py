"""Who trains and who tests: samples by class, and folds that test every image once."""

import math
from collections.abc import Collection
from dataclasses import replace

import numpy as np

from optprimer import seeds
from optprimer.data.dataset import Dataset
from optprimer.data.statistics import moments
from optprimer.errors import UserError


def drawn(dataset: Dataset, *, images: int | None, test_images: int | None, folds: int, seed: int, index: int) -> Dataset:
    """Return the data of repetition ``index`` of a study: its fold, and samples of training and test images (None: all).

    With ``folds`` it tests on fold ``index`` modulo ``folds``, with 0 on the data's own test set. Folds derive from the global
    ``seed`` alone, so those of repetitions 0, 1, ... are disjoint; samples derive from ``index`` too.

    Raises:
        UserError: as ``folded`` and ``subset``.
    """
    split = folded(dataset, folds, index % folds, seed) if folds else dataset
    return subset(split, images, test_images, seeds.derive(seed, "repetition", index))


def folded(dataset: Dataset, folds: int, fold: int | Collection[int], seed: int) -> Dataset:
    """Pool training and test images, in this order, and test on one or several of ``folds`` stratified folds; others train.

    Sorted by class and shuffled within each, the images are dealt like cards, so that both the folds' sizes and each class's
    numbers in them differ by at most one. Images stay in the order of the pool; mean and std are those of the new training set.

    Raises:
        UserError: there are fewer than two folds or more than images, or there is no such fold.
    """
    labels = np.concatenate([dataset.train_labels, dataset.test_labels])
    if not 2 <= folds <= len(labels):
        raise UserError(f"folds {folds}: allowed are whole numbers from 2 to {len(labels)}, the number of images")
    tested = [fold] if isinstance(fold, int) else fold
    for number in tested:
        if not 0 <= number < folds:
            raise UserError(f"fold {number}: allowed are whole numbers from 0 to {folds - 1}")
    shuffled = np.random.default_rng(seeds.derive(seed, "folds")).permutation(len(labels))
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    test = np.zeros(len(labels), dtype=bool)
    for number in tested:
        test[by_class[number::folds]] = True
    images = np.concatenate([dataset.train_images, dataset.test_images])
    return replace(
        _trained_on(dataset, images[~test], labels[~test]),
        test_images=images[test],
        test_labels=labels[test],
    )


def subset(dataset: Dataset, images: int | None, test_images: int | None, seed: int) -> Dataset:
    """Keep stratified samples of the training and of the test images, in their order; all if there are no more, or None.

    A larger sample of the same seed contains the smaller one. Mean and std are those of the training sample.

    Raises:
        UserError: a number is below one.
    """
    for name, number in (("images", images), ("test_images", test_images)):
        if number is not None and number < 1:
            raise UserError(f"{name} {number}: allowed are whole numbers from 1")
    if images is not None and images < len(dataset.train_labels):
        chosen = stratified(np.asarray(dataset.train_labels), images, seeds.derive(seed, "images"))
        dataset = _trained_on(dataset, dataset.train_images[chosen], dataset.train_labels[chosen])
    if test_images is not None and test_images < len(dataset.test_labels):
        chosen = stratified(np.asarray(dataset.test_labels), test_images, seeds.derive(seed, "test images"))
        dataset = replace(dataset, test_images=dataset.test_images[chosen], test_labels=dataset.test_labels[chosen])
    return dataset


def stratified(labels: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Draw ``n`` of len(labels) indices without replacement, each class in its share to within one image; sorted.

    Images are drawn one by one, so a larger sample contains the smaller one. The next is of the class that needs it
    soonest, among the classes below their share: the quota method of apportionment (Balinski and Young 1975).
    """
    generator = np.random.default_rng(seed)
    members = [generator.permutation(np.flatnonzero(labels == label)) for label in generator.permutation(np.unique(labels))]
    sizes, taken = np.array(list(map(len, members))), np.zeros(len(members), dtype=int)
    chosen = []
    for total in range(1, min(n, len(labels)) + 1):
        due = (taken + 1) / sizes  # the part of all images at which a class's share reaches its next one
        due[taken * len(labels) >= total * sizes] = math.inf  # has its share already
        which = due.argmin()
        chosen.append(members[which][taken[which]])
        taken[which] += 1
    return np.sort(chosen)


def _trained_on(dataset: Dataset, images: np.ndarray, labels: np.ndarray) -> Dataset:
    mean, std = moments(images)
    return replace(
        dataset,
        train_images=images,
        train_labels=labels,
        mean=tuple(value / 255 for value in mean),
        std=tuple(value / 255 for value in std),
    )
