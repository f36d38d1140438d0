"""A prepared data set: four memory-mapped arrays and the record of where they came from."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from optprimer.errors import UserError

ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")
PROVENANCE = "provenance.json"


@dataclass(frozen=True)
class Dataset:
    """A data set as every stage sees it.

    Images are uint8 (N, H, W, C) and labels int64 (N,), memory-mapped and read-only if they come from disk. ``mean`` and
    ``std`` are per channel, over all pixels of the training images scaled to [0, 1]. ``name`` is what tables and figures call
    the data: ``digits-8``, ``cifar10-32``, ``cifar10-jpeg75-16``.
    """

    name: str
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    mean: tuple[float, ...]
    std: tuple[float, ...]
    classes: tuple[str, ...]


def load(folder: Path) -> Dataset:
    """Open the data set that ``optprimer data`` wrote to ``folder``.

    Raises:
        UserError: incomplete (no provenance.json, which is written last), damaged, or arrays and record disagree.
    """
    record = read_provenance(folder)
    try:
        dataset = Dataset(
            name=record["name"],
            **{name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in ARRAYS},
            mean=tuple(map(float, record["mean"])),
            std=tuple(map(float, record["std"])),
            classes=tuple(record["classes"]),
        )
        for split, images, labels in (
            ("train", dataset.train_images, dataset.train_labels),
            ("test", dataset.test_images, dataset.test_labels),
        ):
            counts = [record["counts"][split][label] for label in dataset.classes]
            if len(dataset.mean) != len(dataset.std):
                raise ValueError("mean and std differ in length")
            _check_split(folder / f"{split}_images.npy", images, labels, counts, record["image_size"], len(dataset.mean))
    except FileNotFoundError as error:
        raise UserError(f"{error.filename}: missing; run optprimer data again") from None
    except (OSError, EOFError, ValueError, TypeError, KeyError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{folder}: a damaged data set, or not one ({reason}); run optprimer data again") from None
    return dataset


def read_provenance(folder: Path) -> dict[str, Any]:
    """Return the record of a prepared data set; data/README.md lists its keys.

    Raises:
        UserError: there is none, or it is not JSON.
    """
    path = folder / PROVENANCE
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise UserError(f"{path}: missing, so {folder} is not a complete data set; run optprimer data") from None
    except ValueError as error:
        raise UserError(f"{path}: not JSON ({error})") from None
    if not isinstance(record, dict):
        raise UserError(f"{path}: not a JSON object")
    return record


def _check_split(path: Path, images: np.ndarray, labels: np.ndarray, counts: list[int], side: int, channels: int) -> None:
    shape = (sum(counts), side, side, channels)
    if images.dtype != np.uint8 or images.shape != shape:
        raise UserError(f"{path}: {images.dtype} {images.shape}, but {PROVENANCE} says uint8 {shape}")
    if labels.dtype != np.int64 or labels.ndim != 1 or np.bincount(labels, minlength=len(counts)).tolist() != counts:
        raise UserError(f"{path}: the labels beside it do not have the counts per class that {PROVENANCE} says")
