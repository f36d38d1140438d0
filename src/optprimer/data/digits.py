"""The embedded data set: 1,797 scanned digits of 8 x 8 pixels, as they come with scikit-learn."""

import numpy as np

from optprimer.data.originals import Originals, Split
from optprimer.data.pictures import LOSSLESS

SPLIT_SEED = 20180101  # of the split, which is a part of the data set and so the same in every run
TEST_IMAGES = 360
SIDE = 8  # in pixels


def read() -> Originals:
    """Split ``sklearn.datasets.load_digits`` (Alpaydin and Kaynak, 1998) into 1,437 training and 360 test images, by class.

    Its grey levels 0 to 16 become round(255 v / 16). The images stay in their order, which is by writer, in both parts; the
    same writers are in both.
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.rint(digits.images * (255 / 16)).astype(np.uint8)[..., np.newaxis]
    labels = digits.target.astype(np.int64)
    test = stratified_mask(labels, TEST_IMAGES, np.random.default_rng(SPLIT_SEED))
    return Originals(
        family="digits",
        encoding=LOSSLESS,
        classes=tuple(map(str, digits.target_names)),
        train=Split(images[~test], labels[~test]),
        test=Split(images[test], labels[test]),
        source="scikit-learn load_digits",
    )


def stratified_mask(labels: np.ndarray, n: int, generator: np.random.Generator) -> np.ndarray:
    """Mark ``n`` of the labels at random, each class in its share, rounded by the method of largest remainders.

    Labels are 0, 1, ... and shape (N,); so is the boolean result. Equal remainders go to the smaller label.
    """
    counts = np.bincount(labels)
    quotas, remainders = np.divmod(counts * n, len(labels))
    quotas[np.argsort(-remainders, kind="stable")[: n - quotas.sum()]] += 1
    mask = np.zeros(len(labels), dtype=bool)
    for label, quota in enumerate(quotas):
        mask[generator.permutation(np.flatnonzero(labels == label))[:quota]] = True
    return mask
