"""What identifies a data set: exact channel moments, and digests of its images that know neither order nor container."""

import hashlib
import math

import numpy as np

CHUNK = 4096  # images counted at a time, which bounds the memory


def moments(images: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation (of the population) per channel of uint8 images (N, H, W, C), on 0 to 255.

    Computed from the histogram in integers of any length, so the only rounding is the last, and every machine agrees.
    """
    means, stds = [], []
    for channel in range(images.shape[-1]):
        counts = [0] * 256
        for start in range(0, len(images), CHUNK):
            part = np.bincount(images[start : start + CHUNK, ..., channel].ravel(), minlength=256)
            counts = [total + int(count) for total, count in zip(counts, part, strict=True)]
        n = sum(counts)
        first = sum(count * value for value, count in enumerate(counts))
        second = sum(count * value * value for value, count in enumerate(counts))
        means.append(first / n)
        stds.append(math.sqrt((n * second - first * first) / n**2))
    return tuple(means), tuple(stds)


def digest(images: np.ndarray, labels: np.ndarray) -> str:
    """Return the SHA-256 of the sorted SHA-256s of every (label byte, pixels row by row with channels last)."""
    rows = [hashlib.sha256(bytes([label]) + image.tobytes()).digest() for image, label in zip(images, labels, strict=True)]
    return hashlib.sha256(b"".join(sorted(rows))).hexdigest()


def duplicates(train: np.ndarray, test: np.ndarray) -> tuple[int, int]:
    """Count the test images whose pixels are also those of a training image, and the repetitions within train."""
    known = {hashlib.sha256(image.tobytes()).digest() for image in train}
    return sum(hashlib.sha256(image.tobytes()).digest() in known for image in test), len(train) - len(known)


def block_mean(images: np.ndarray, side: int) -> np.ndarray:
    """Average uint8 images (N, H, H, C) over square blocks of pixels to (N, side, side, C), halves rounded up.

    ``side`` divides H. The arithmetic is in integers: floor((2 sum + k) / 2k) for blocks of k pixels.
    """
    n, native, _, channels = images.shape
    factor = native // side
    if factor == 1:
        return images
    blocks = images.reshape(n, side, factor, side, factor, channels)
    pixels = factor * factor
    return ((2 * blocks.sum(axis=(2, 4), dtype=np.uint32) + pixels) // (2 * pixels)).astype(np.uint8)
