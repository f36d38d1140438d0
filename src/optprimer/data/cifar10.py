"""CIFAR-10 (Krizhevsky, 2009) from its official binary archive or from a folder or zip of images. Nothing is unpickled."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from tqdm import tqdm

from optprimer import seeds
from optprimer.data.archives import Fingerprint, Limits, Members, fingerprint, first_name, opened, read_tar
from optprimer.data.download import Release, likely_cause, mismatch
from optprimer.data.originals import Originals, Split
from optprimer.data.pictures import LOSSLESS, UNKNOWN_JPEG, BadPictureError, decode
from optprimer.errors import UserError

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SUFFIXES = (".png", ".jpg", ".jpeg")
PICKLED = "cifar-10-batches-py"
PICKLED_HINT = "the pickled python version, which runs code when it is read: take the binary version, cifar-10-binary.tar.gz"

# Checksums: md5 from the author's page; sha256 and size as several independent users of the archive pin them.
# The mirrors are other projects' copies; what they deliver is held against the same checksums.
OFFICIAL = Release(
    name="cifar-10-binary.tar.gz",
    fingerprint=Fingerprint(
        md5="c32a1d4ab5d03f1284b67883e8d87530",
        sha256="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        size=170_052_171,
    ),
    urls=(
        "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/cifar-10-binary.tar.gz",
        "https://mindspore-website.obs.cn-north-4.myhuaweicloud.com/notebook/datasets/cifar-10-binary.tar.gz",
    ),
)

# The archive unpacks to 184 MB; 60,000 small images to 200 MB at most.
BINARY_LIMITS = Limits(members=64, member_bytes=2**26, total_bytes=2**28)
IMAGE_LIMITS = Limits(members=2**17, member_bytes=2**18, total_bytes=2**29)


@dataclass(frozen=True)
class Expected:
    """What the data set must hold: images per class, their side in pixels, and channel means and stds (of 0 to 255).

    The moments are those of the training images, known to 0.1; they tell the original pixels from altered ones.
    """

    train_per_class: int
    test_per_class: int
    side: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def per_class(self, split: str) -> int:
        """Return the images per class of ``train`` or ``test``."""
        return {"train": self.train_per_class, "test": self.test_per_class}[split]


CIFAR10 = Expected(5000, 1000, 32, mean=(125.3, 123.0, 113.9), std=(63.0, 62.1, 66.7))


def read(archive: Path, expected: Expected, release: Release) -> Originals:
    """Read a copy of CIFAR-10, recognised by its content: the binary archive, or a folder or zip of images.

    Raises:
        UserError: missing, unsafe, damaged, or something else; the line names the archive.
    """
    if archive.is_dir():
        return _read_images(archive, expected)
    if not archive.exists():
        raise UserError(f"{archive}: no such file or folder (data.archive)")
    if not archive.is_file():
        raise UserError(f"{archive}: not a regular file (data.archive)")
    try:
        with archive.open("rb") as handle:
            start = handle.read(4)
    except OSError as error:
        raise UserError(f"{archive}: cannot be read ({error.strerror})") from None
    if start.startswith(b"\x1f\x8b"):
        return _read_binary(archive, expected, release)
    if start in (b"PK\x03\x04", b"PK\x05\x06"):
        return _read_images(archive, expected)
    cause = likely_cause(archive, release.fingerprint)
    raise UserError(f"{archive}: neither the binary archive {release.name} nor a zip of images; {cause}")


def _read_binary(archive: Path, expected: Expected, release: Release) -> Originals:
    """Read records of one label byte and the red, green and blue planes, each row by row (format of the author's page)."""
    found = fingerprint(archive)
    if found != release.fingerprint:
        if PICKLED in (first_name(archive, BINARY_LIMITS) or ""):
            raise UserError(f"{archive}: {PICKLED_HINT}")
        cause = likely_cause(archive, release.fingerprint)
        raise UserError(f"{archive}: not the official {release.name}: {mismatch(found, release.fingerprint)}; {cause}")
    content = {PurePosixPath(name).name: data for name, data in read_tar(archive, BINARY_LIMITS).items()}

    def member(name: str) -> bytes:
        if name not in content:
            raise UserError(f"{archive}: holds no {name}")
        return content[name]

    if tuple(member("batches.meta.txt").decode("ascii", "replace").split()) != CLASSES:
        raise UserError(f"{archive}: batches.meta.txt does not list the ten classes of CIFAR-10")
    train = _records(archive, [member(f"data_batch_{i}.bin") for i in range(1, 6)], expected.side)
    test = _records(archive, [member("test_batch.bin")], expected.side)
    for split, part in (("train", train), ("test", test)):
        _check_counts(archive, split, np.bincount(part.labels, minlength=len(CLASSES)), expected)
    return Originals(
        family="cifar10",
        encoding=LOSSLESS,
        classes=CLASSES,
        train=train,
        test=test,
        source="official binary archive",
        archive=release.name,
        fingerprint=found,
    )


def _records(archive: Path, batches: list[bytes], side: int) -> Split:
    size = 1 + 3 * side * side
    if any(len(batch) % size for batch in batches):
        raise UserError(f"{archive}: a batch is not a whole number of records of {size} bytes")
    records = np.frombuffer(b"".join(batches), dtype=np.uint8).reshape(-1, size)
    labels = records[:, 0].astype(np.int64)
    if labels.size and labels.max() >= len(CLASSES):
        raise UserError(f"{archive}: holds the label {labels.max()}, expected 0 to {len(CLASSES) - 1}")
    planes = records[:, 1:].reshape(-1, 3, side, side)
    return Split(np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), labels)


def _read_images(archive: Path, expected: Expected) -> Originals:
    """Read train/{class}/* and test/{class}/* of a folder or zip, always in the same order, which is not that of classes."""
    with opened(archive, IMAGE_LIMITS) as members:
        tree = _tree(archive, members)
        for split in ("train", "test"):
            _check_counts(archive, split, np.array([len(tree[split, label]) for label in CLASSES]), expected)
        train, train_encodings = _decode_split(archive, members, tree, "train", expected.side)
        test, test_encodings = _decode_split(archive, members, tree, "test", expected.side)
    encodings = train_encodings | test_encodings
    folder = archive.is_dir()
    return Originals(
        family="cifar10",
        encoding=encodings.pop() if len(encodings) == 1 else UNKNOWN_JPEG,
        classes=CLASSES,
        train=train,
        test=test,
        source="folder of images" if folder else "zip of images",
        archive=archive.resolve().name,
        fingerprint=None if folder else fingerprint(archive),
    )


def _tree(archive: Path, members: Members) -> dict[tuple[str, str], list[str]]:
    """Sort the names of images by (split, class); folders above train/ and test/ are allowed, if the same for all."""
    tree: dict[tuple[str, str], list[str]] = defaultdict(list)
    roots = set()
    for name in members.names:
        *root, split, label, file = ("", "", *PurePosixPath(name).parts)
        if not file.lower().endswith(SUFFIXES) or file.startswith(".") or "__MACOSX" in root:
            continue
        if split not in ("train", "test") or label not in CLASSES:
            raise UserError(f"{archive}: {name!r} is not at train/<class>/ or test/<class>/ (classes: {', '.join(CLASSES)})")
        roots.add(tuple(root))
        tree[split, label].append(name)
    if not tree:
        # opened() lists a folder's files where images are, so a folder of batches is asked for them by name.
        pickled = [archive / PICKLED, archive / "data_batch_1"]
        if any(path.exists() for path in pickled) or any(PICKLED in name for name in members.names):
            raise UserError(f"{archive}: {PICKLED_HINT}")
        raise UserError(f"{archive}: no PNG or JPEG at train/<class>/ and test/<class>/")
    if len(roots) > 1:
        raise UserError(f"{archive}: more than one folder with train/ and test/")
    return tree


def _check_counts(archive: Path, split: str, counts: np.ndarray, expected: Expected) -> None:
    wanted = expected.per_class(split)
    for label, count in zip(CLASSES, counts, strict=True):
        if count != wanted:
            raise UserError(f"{archive}: {count} images in {split} of class {label}, expected {wanted}")


def _decode_split(
    archive: Path, members: Members, tree: dict[tuple[str, str], list[str]], split: str, side: int
) -> tuple[Split, set[str]]:
    """Decode all images of a split; return it with the encodings met."""
    encodings: set[str] = set()
    sorted_names = [(label, name) for label, key in enumerate(CLASSES) for name in tree[split, key]]
    # Shuffled once, as the images of the binary archive are: of images sorted by class the first thousands, or those of a
    # block of a full batch, are all of one class. The order belongs to the data, so it knows no seed of a run.
    order = np.random.default_rng(seeds.derive(0, "order of images", split)).permutation(len(sorted_names))
    names = [sorted_names[place] for place in order]
    images = np.empty((len(names), side, side, 3), dtype=np.uint8)
    for row, (_, name) in enumerate(tqdm(names, desc=f"decoding {split}", unit="image", mininterval=1)):
        try:
            images[row], encoding = decode(members.read(name), side)
        except BadPictureError as error:
            raise UserError(f"{archive}: {name!r}: {error}") from None
        encodings.add(encoding)
    return Split(images, np.array([label for label, _ in names], dtype=np.int64)), encodings
