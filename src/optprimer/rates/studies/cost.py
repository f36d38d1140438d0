"""What a step costs: gradient descent sweeps the data, SGD does not look at most of it.

Seconds per step of multinomial logistic regression, from the bytes of the images to the gradient in float64, in numpy: of the
full gradient over n images, added up over chunks as a sweep over more data than fit a cache is, and of a batch of b drawn from
the n. They are seconds of processor time, which do not count what other processes take from a long step and not from a short
one. Training images are repeated until there are as many as the largest n, 8 MB of pixels; to the time it only matters that
they are n. All combinations take turns within a round, and medians over the rounds are taken. The exponent in n is 1 for the
full gradient and 0, up to what caches do, for a batch (control: 0 is rejected for the full gradient). Timings differ from run
to run: of all studies this is the one whose numbers are not reproducible to the byte.
"""

import time
from dataclasses import replace

import numpy as np

from optprimer.data.dataset import Dataset
from optprimer.rates import fits
from optprimer.rates.findings import Findings
from optprimer.rates.problems.base import Array
from optprimer.rates.problems.images import Softmax, design
from optprimer.rates.settings import Settings

MEMORY = 8 * 2**20  # bytes of the pixels of the largest n
CHUNK = 2**18  # bytes of the inputs, in float64, that a sweep looks at in one go
BATCHES = (1, 8, 64)
FITTED = 64  # the batch size whose exponent in n is fitted
ROUNDS = 15
REPEATS = 3  # steps of SGD per measurement
TOLERANCE = 0.15  # of an exponent: caches are not part of the claim


def study(settings: Settings) -> Findings:
    """Time full gradients and batches for several n, and fit exponents in n."""
    findings = Findings("cost", settings.data.name)
    rng = settings.rng("cost")
    data = repeated(settings.data, settings.images)
    sizes = len(data.train_images) // 2 ** np.arange(5)[::-1]
    full, batches = _timed(data, sizes, rng)
    findings.add("cost", method="gd", n=sizes, batch_size=sizes, seconds=full)
    for b, seconds in batches.items():
        findings.add("cost", method="sgd", n=sizes, batch_size=b, seconds=seconds)
    swept, drawn = fits.power(sizes, full), fits.power(sizes, batches[FITTED])
    findings.exponent("softmax", "gd", "seconds per step", "n", swept, 1, neighbour=0)
    findings.check("exponent of seconds per step in n, gd", "softmax", swept.estimate, "=", 1, TOLERANCE)
    findings.check("exponent of seconds per step in n, sgd", "softmax", drawn.estimate, "=", 0, TOLERANCE)
    name = "exponent of seconds per step in n, if a sweep cost no more than a batch"
    findings.check(name, "softmax", swept.estimate, "=", 0, TOLERANCE, role="control")
    return findings


def repeated(data: Dataset, images: int) -> Dataset:
    """Return the first ``images`` training images of ``data`` over and over, a power of 2 of them."""
    pixels, labels = data.train_images[:images], data.train_labels[:images]
    count = 2 ** int(np.log2(MEMORY / pixels[0].nbytes))
    return replace(data, train_images=np.resize(pixels, (count, *pixels.shape[1:])), train_labels=np.resize(labels, count))


def gradient(data: Dataset, rows: Array | slice, weights: Array) -> Array:
    """Return the mean gradient over the chosen images."""
    return Softmax(*design(data, rows)).gradient(weights)


def sweep(data: Dataset, n: int, weights: Array) -> Array:
    """Return the gradient over the first ``n`` images, chunk by chunk."""
    chunk = max(1, CHUNK // (8 * data.train_images[0].size))
    chunks = [slice(first, min(first + chunk, n)) for first in range(0, n, chunk)]
    return sum(gradient(data, rows, weights) * (rows.stop - rows.start) for rows in chunks) / n


def _timed(data: Dataset, sizes: Array, rng: np.random.Generator) -> tuple[Array, dict[int, Array]]:
    """Return seconds per step of the full gradient, and of batches by their size, for each of ``sizes``."""
    weights = np.zeros((data.train_images[0].size + 1, len(data.classes)))
    full = np.empty((ROUNDS, len(sizes)))
    batches = {b: np.empty_like(full) for b in BATCHES}
    for turn, place in np.ndindex(full.shape):
        n = int(sizes[place])
        gradient(data, slice(BATCHES[-1]), weights)  # unmeasured: what ran before leaves its traces in the caches
        start = time.process_time()
        sweep(data, n, weights)
        full[turn, place] = time.process_time() - start
        for b, taken in batches.items():
            start = time.process_time()
            for _ in range(REPEATS):
                gradient(data, rng.integers(n, size=b), weights)
            taken[turn, place] = (time.process_time() - start) / REPEATS
    return np.median(full, axis=0), {b: np.median(taken, axis=0) for b, taken in batches.items()}
