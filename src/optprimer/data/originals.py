"""What a source of images delivers, before it is resized and written."""

from dataclasses import dataclass

import numpy as np

from optprimer.data.archives import Fingerprint


@dataclass(frozen=True)
class Split:
    """``images`` uint8 (N, H, W, C), ``labels`` int64 (N,)."""

    images: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Originals:
    """A data set at its native size, and where it came from.

    ``family`` is the name without encoding and size; ``encoding`` is ``lossless``, ``jpeg75`` (every image a JPEG of that
    quality) or ``jpeg`` (unknown or mixed qualities). ``archive`` is the name of the file or folder it was read from, and
    ``fingerprint`` that of the file; both are None for embedded data, the latter also for a folder.
    """

    family: str
    encoding: str
    classes: tuple[str, ...]
    train: Split
    test: Split
    source: str
    archive: str | None = None
    fingerprint: Fingerprint | None = None
