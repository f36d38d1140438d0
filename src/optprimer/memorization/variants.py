"""The randomizations of Zhang et al. 2017 (arXiv 1611.03530, section 2.1), drawn once before training and never again.

Every draw derives from the seed and from what it is for, not from the network or the degree of corruption. So all networks see
the same labels; a label that is corrupted with probability p is corrupted to the same class with every larger probability;
and ``random_labels`` is ``partial_labels`` with probability 1.
"""

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from optprimer import seeds
from optprimer.data.dataset import Dataset
from optprimer.data.statistics import moments
from optprimer.errors import UserError

KINDS = ("true_labels", "partial_labels", "random_labels", "shuffled_pixels", "random_pixels", "gaussian")
CROPS = {32: 28}  # side of the images and of their centre that is kept (appendix A); images of other sides are kept whole


@dataclass(frozen=True)
class Variant:
    """A randomized data set and what was done to it.

    ``data`` is what a network sees: its test labels are the true ones, its images uint8, or for ``gaussian`` float32 on the
    same scale of 0 to 255. ``true_labels`` (n,) are those of the training images before corruption. ``corrupted`` (n,) says
    whose label was replaced, each with ``probability``; the new class may be the old one.
    """

    data: Dataset
    kind: str
    probability: float
    true_labels: np.ndarray
    corrupted: np.ndarray


def variant(dataset: Dataset, kind: str, seed: int, probability: float | None = None) -> Variant:
    """Randomize a data set after cropping it; ``probability`` is that of ``partial_labels`` and of no other kind.

    ``shuffled_pixels`` moves the pixels of all images, of train and test, by one permutation, ``random_pixels`` those of each
    image by its own, the channels of a pixel staying together. ``gaussian`` draws all images anew, each value independent and
    normal with the mean and standard deviation of its channel over the training images, not clipped to the range of pixels.
    These three keep the true labels.

    Raises:
        UserError: there is no such kind, or the probability is missing, not within [0, 1], or not wanted.
    """
    if kind not in KINDS:
        raise UserError(f"labels {kind!r}: allowed are {', '.join(KINDS)}")
    if kind != "partial_labels" and probability is not None:
        raise UserError(f"corruption {probability}: only for partial labels, not for {kind}")
    if kind == "partial_labels" and (probability is None or not 0 <= probability <= 1):
        raise UserError(f"corruption {probability}: partial labels need a probability from 0 to 1")
    share = {"partial_labels": probability, "random_labels": 1.0}.get(kind, 0.0)
    true = np.array(dataset.train_labels)
    train, test = centre(dataset.train_images), centre(dataset.test_images)
    mean, std = moments(train)
    if kind == "shuffled_pixels":
        train, test = (shuffled(images, seeds.derive(seed, "pixels")) for images in (train, test))
    elif kind == "random_pixels":
        train, test = (scrambled(x, seeds.derive(seed, "pixels", s)) for x, s in ((train, "train"), (test, "test")))
    elif kind == "gaussian":
        train, test = (
            gaussian(images.shape, mean, std, seeds.derive(seed, "pixels", split))
            for images, split in ((train, "train"), (test, "test"))
        )
    labels, corrupted = corrupt(true, len(dataset.classes), share, seeds.derive(seed, "labels"))
    data = replace(
        dataset,
        train_images=train,
        train_labels=labels,
        test_images=test,
        mean=tuple(value / 255 for value in mean),
        std=tuple(value / 255 for value in std),
    )
    return Variant(data, kind, share, true, corrupted)


def centre(images: np.ndarray) -> np.ndarray:
    """Cut images (n, H, H, C) to their centre where the paper does: 32x32 to 28x28."""
    side = images.shape[1]
    kept = CROPS.get(side, side)
    start = (side - kept) // 2
    return np.ascontiguousarray(images[:, start : start + kept, start : start + kept])


def corrupt(labels: np.ndarray, classes: int, probability: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Replace each label (n,) with ``probability`` by a class drawn uniformly from all, the old one included.

    Returns:
        The labels (n,) and which of them were replaced (n,). One replaced with some probability is replaced by the same class
        with every larger one. What happens to a label does not depend on those after it.
    """
    corrupted = np.random.default_rng(seeds.derive(seed, "which")).random(len(labels)) < probability
    drawn = np.random.default_rng(seeds.derive(seed, "class")).integers(classes, size=len(labels))
    return np.where(corrupted, drawn, labels), corrupted


def labels_digest(labels: np.ndarray) -> str:
    """Return the SHA-256 of labels (n,) as little-endian int64: labels that change during a run would show."""
    return hashlib.sha256(np.ascontiguousarray(labels, "<i8")).hexdigest()


def shuffled(images: np.ndarray, seed: int) -> np.ndarray:
    """Move the pixels of images (n, H, W, C) by one permutation of the H W positions."""
    pixels = _pixels(images)
    order = np.random.default_rng(seed).permutation(pixels.shape[1])
    return pixels[:, order].reshape(images.shape)


def scrambled(images: np.ndarray, seed: int) -> np.ndarray:
    """Move the pixels of each of the images (n, H, W, C) by a permutation of its own."""
    generator = np.random.default_rng(seed)
    return np.stack([generator.permutation(pixels) for pixels in _pixels(images)]).reshape(images.shape)


def gaussian(shape: tuple[int, ...], mean: tuple[float, ...], std: tuple[float, ...], seed: int) -> np.ndarray:
    """Draw float32 images of ``shape`` (n, H, W, C) with independent normal values of the channels' moments."""
    values = np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)
    values *= np.array(std, np.float32)
    values += np.array(mean, np.float32)
    return values


def _pixels(images: np.ndarray) -> np.ndarray:
    n, height, width, channels = images.shape
    return images.reshape(n, height * width, channels)
