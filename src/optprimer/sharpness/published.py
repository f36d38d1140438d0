"""The numbers that Keskar et al. 2017 print ("On large-batch training for deep learning", arXiv 1609.04836, tables 2, 3 and 4).

They are of another scale than ours: means over five trials of networks with batch norm, on all of MNIST, TIMIT and CIFAR,
trained until the loss stalled and not to one loss, with batches of 256 images and of a tenth of all. Sharpness is found by ten
iterations of L-BFGS-B and depends on the number of weights. So a ratio shows which way a comparison goes, and is no value to
reproduce.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """Metric 2.1 (per cent) and test accuracy, in [0, 1], of the ``small`` and the ``large`` batch for one network.

    ``measure`` is named as in sharpness/summary.csv.
    """

    network: str
    data: str
    measure: str
    small: float
    large: float


def _rows(network: str, data: str, *pairs: tuple[float, float]) -> tuple[Published, ...]:
    measures = ("test_accuracy", "keskar_full_0.001", "keskar_full_0.0005", "keskar_subspace_0.001")
    return tuple(Published(network, data, measure, *pair) for measure, pair in zip(measures, pairs, strict=True))


PUBLISHED = (
    *_rows("F1", "MNIST", (0.9803, 0.9781), (1.23, 205.14), (0.61, 42.90), (0.11, 9.22)),
    *_rows("F2", "TIMIT", (0.6402, 0.5945), (1.39, 310.64), (0.90, 93.15), (0.29, 23.63)),
    *_rows("C1", "CIFAR-10", (0.8004, 0.7726), (28.58, 707.23), (7.08, 227.31), (2.18, 137.25)),
    *_rows("C2", "CIFAR-10", (0.8924, 0.8726), (8.68, 925.32), (2.07, 175.31), (0.95, 25.09)),
    *_rows("C3", "CIFAR-100", (0.4958, 0.4645), (29.85, 258.75), (8.56, 105.11), (17.02, 236.03)),
    *_rows("C4", "CIFAR-100", (0.6308, 0.5781), (12.83, 421.84), (4.07, 109.35), (6.05, 72.99)),
)
