"""From any source to the arrays that every stage reads, and the record of where they came from."""

import json
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from optprimer.data import cifar10, digits
from optprimer.data.cifar10 import CIFAR10, OFFICIAL, Expected
from optprimer.data.dataset import ARRAYS, PROVENANCE, Dataset, load
from optprimer.data.download import Release, cache_folder, fetch
from optprimer.data.originals import Originals
from optprimer.data.pictures import LOSSLESS
from optprimer.data.statistics import block_mean, digest, duplicates, moments
from optprimer.errors import UserError
from optprimer.files import replacing

MOMENT_TOLERANCE = 0.1  # of 255; published to one decimal
# Neither the digits nor the known copies of CIFAR-10 share an exact image between train and test. A few would be reported;
# more than this share of the test images, and the test error would measure memory.
LARGEST_SHARED = 0.01


def prepare(
    dataset: str,
    archive: Path | None,
    image_size: int,
    output: Path,
    *,
    expected: Expected = CIFAR10,
    release: Release = OFFICIAL,
) -> Dataset:
    """Write a data set of ``image_size`` x ``image_size`` pixels to the folder ``output``, and open it.

    ``dataset`` is ``digits`` (embedded) or ``cifar10`` (from ``archive``, or downloaded where that is None). Everything is
    read and checked before the first byte is written; provenance.json, the sign of completeness, is written last.

    Raises:
        UserError: a setting, the download or the archive is refused, or ``output`` cannot be written.
    """
    _check_settings(dataset, archive, image_size, output, expected)
    if dataset == "digits":
        originals = digits.read()
        family = originals.family
    else:
        originals = cifar10.read(archive or fetch(release, cache_folder()), expected, release)
        family = cifar10_family(originals, expected)
    shared, repeated = duplicates(originals.train.images, originals.test.images)
    if shared > LARGEST_SHARED * len(originals.test.images):
        raise UserError(f"{archive or dataset}: {shared} of the {len(originals.test.images)} test images are also in train")

    train_images = block_mean(originals.train.images, image_size)
    mean, std = moments(train_images)
    arrays = {
        "train_images": train_images,
        "train_labels": originals.train.labels,
        "test_images": block_mean(originals.test.images, image_size),
        "test_labels": originals.test.labels,
    }
    record = describe(originals) | {
        "name": f"{family}-{image_size}",
        "image_size": image_size,
        "mean": [value / 255 for value in mean],
        "std": [value / 255 for value in std],
        "duplicates": {"test_images_in_train": shared, "within_train": repeated},
    }
    _write(output, arrays, record)
    return load(output)


def cifar10_family(originals: Originals, expected: Expected) -> str:
    """Name a copy of CIFAR-10 for what its pixels are: the originals, a JPEG copy, or something else.

    Lossless pixels are taken for the originals when all channel means and stds are the published ones. The means alone do
    not tell: those of a JPEG copy of quality 75 are within 0.1, while its stds are 0.2 to 0.5 too small.
    """
    if originals.encoding != LOSSLESS:
        return f"{originals.family}-{originals.encoding}"
    deviations = np.subtract(moments(originals.train.images), (expected.mean, expected.std))
    return originals.family if np.abs(deviations).max() <= MOMENT_TOLERANCE else f"{originals.family}-custom"


def describe(originals: Originals) -> dict[str, Any]:
    """Return the part of the record that is about the originals, at their native size."""
    splits = {"train": originals.train, "test": originals.test}
    return {
        "source": originals.source,
        "archive": originals.archive,
        "checksums": originals.fingerprint and asdict(originals.fingerprint),
        "encoding": originals.encoding,
        "lossless": originals.encoding == LOSSLESS,
        "native_size": originals.train.images.shape[1],
        "classes": list(originals.classes),
        "counts": {split: _counts(part.labels, originals.classes) for split, part in splits.items()},
        "digest": {split: digest(part.images, part.labels) for split, part in splits.items()},
    }


def _counts(labels: np.ndarray, classes: tuple[str, ...]) -> dict[str, int]:
    return dict(zip(classes, np.bincount(labels, minlength=len(classes)).tolist(), strict=True))


def _check_settings(dataset: str, archive: Path | None, image_size: int, output: Path, expected: Expected) -> None:
    """Refuse, before anything is read or downloaded, what cannot succeed."""
    sides = {"digits": digits.SIDE, "cifar10": expected.side}
    if dataset not in sides:
        raise UserError(f"data.dataset: {dataset!r} is not one of {', '.join(sides)}")
    if dataset == "digits" and archive is not None:
        raise UserError(f"data.archive: {archive} given, but digits are embedded; an archive is for cifar10")
    if image_size < 1 or sides[dataset] % image_size:
        raise UserError(f"data.image_size: {image_size} does not divide {sides[dataset]}, the side of {dataset}")
    if output.exists() and not output.is_dir():
        raise UserError(f"{output}: is a file, but the output is a folder")


def _write(output: Path, arrays: dict[str, np.ndarray], record: dict[str, Any]) -> None:
    """Write all files beside their places and then rename them, the record last; an older one is withdrawn first."""
    try:
        with ExitStack() as last:
            text = json.dumps(record, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
            last.enter_context(replacing(output / PROVENANCE)).write_text(text, encoding="utf-8", newline="\n")
            with ExitStack() as first:
                for name in ARRAYS:
                    with first.enter_context(replacing(output / f"{name}.npy")).open("wb") as handle:
                        np.save(handle, arrays[name], allow_pickle=False)
                (output / PROVENANCE).unlink(missing_ok=True)
    except OSError as error:  # NumPy's own, of how many numbers found room
        raise UserError(f"{output}: cannot be written ({error})") from None
