import io
import os
import pickle
import tarfile
import zipfile

import numpy as np
import pytest

from optprimer.data.cifar10 import CIFAR10, CLASSES, OFFICIAL, read
from optprimer.data.statistics import digest
from optprimer.errors import UserError


@pytest.fixture
def refused(tiny):
    def check(path, reason, release=OFFICIAL):
        with pytest.raises(UserError, match=reason) as caught:
            read(path, tiny.expected, release)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)

    return check


def replaced(files, name, data):
    return {key: data if key == name else value for key, value in files.items()}


def same_images(originals, tiny):
    for split in ("train", "test"):
        part = getattr(originals, split)
        assert part.images.dtype == np.uint8
        assert part.labels.dtype == np.int64
        assert digest(part.images, part.labels) == digest(tiny.images[split], tiny.labels[split])


def test_the_data_set_is_the_published_one():
    assert (CIFAR10.train_per_class * 10, CIFAR10.test_per_class * 10, CIFAR10.side) == (50_000, 10_000, 32)
    assert OFFICIAL.fingerprint.md5 == "c32a1d4ab5d03f1284b67883e8d87530"
    assert list(CLASSES) == sorted(CLASSES)
    assert all(url.startswith("https://") for url in OFFICIAL.urls)


def test_the_binary_archive(tmp_path, tiny):
    release = tiny.binary(tmp_path / "mine.tgz")
    originals = read(tmp_path / "mine.tgz", tiny.expected, release)
    same_images(originals, tiny)
    assert (originals.encoding, originals.classes) == ("lossless", CLASSES)
    assert (originals.archive, originals.fingerprint) == ("cifar-10-binary.tar.gz", release.fingerprint)


def test_the_binary_archive_keeps_the_order_of_its_batches(tmp_path, tiny):
    originals = read(tmp_path / "a", tiny.expected, tiny.binary(tmp_path / "a"))
    order = np.random.default_rng(1).permutation(100)
    np.testing.assert_array_equal(originals.train.images, tiny.images["train"][order])
    np.testing.assert_array_equal(originals.train.labels, tiny.labels["train"][order])


@pytest.mark.parametrize("wrapping", ["", "cifar10/", "a/b/"])
def test_a_zip_of_png(tmp_path, tiny, wrapping):
    files = {wrapping + name: data for name, data in tiny.files().items()}
    files |= {"__MACOSX/train/cat/._0001.png": b"junk", f"{wrapping}train/cat/.hidden.png": b"junk", "README": b"hello"}
    originals = read(tiny.zip(tmp_path / "z", files), tiny.expected, OFFICIAL)
    same_images(originals, tiny)
    assert (originals.encoding, originals.archive) == ("lossless", "z")
    assert originals.fingerprint.size == (tmp_path / "z").stat().st_size


def test_images_of_a_folder_or_zip_are_shuffled_once_and_for_all(tmp_path, tiny):
    zipped = read(tiny.zip(tmp_path / "z", tiny.files()), tiny.expected, OFFICIAL)
    folder = read(tiny.folder(tmp_path / "f", tiny.files()), tiny.expected, OFFICIAL)
    for split in ("train", "test"):
        one, other = getattr(zipped, split), getattr(folder, split)
        np.testing.assert_array_equal(one.images, other.images)
        np.testing.assert_array_equal(one.labels, other.labels)
        assert len(set(one.labels[: len(CLASSES)])) > 3  # sorted by class it would be one


def test_a_folder_of_png_also_behind_links(tmp_path, tiny):
    folder = tiny.folder(tmp_path / "real", tiny.files())
    (folder / "train/cat").rename(tmp_path / "elsewhere")
    (folder / "train/cat").symlink_to(tmp_path / "elsewhere")
    originals = read(folder, tiny.expected, OFFICIAL)
    same_images(originals, tiny)
    assert (originals.encoding, originals.archive, originals.fingerprint) == ("lossless", "real", None)


def test_jpegs_are_named_by_their_quality(tmp_path, tiny):
    originals = read(tiny.zip(tmp_path / "z", tiny.files("jpeg", quality=75)), tiny.expected, OFFICIAL)
    assert originals.encoding == "jpeg75"
    assert set(map(bytes, originals.train.images)).isdisjoint(map(bytes, tiny.images["train"]))


@pytest.mark.parametrize("other", [("jpeg", {"quality": 90}), ("png", {})])
def test_mixed_encodings_are_jpeg_of_unknown_quality(tmp_path, tiny, other):
    first, second = tiny.files("jpeg", quality=75), tiny.files(other[0], **other[1])
    old, new = list(first)[-1], list(second)[-1]
    files = {name: data for name, data in first.items() if name != old} | {new: second[new]}
    assert read(tiny.zip(tmp_path / "z", files), tiny.expected, OFFICIAL).encoding == "jpeg"


class Payload:
    """Unpickling this creates a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_the_pickled_archive_is_refused_unread_with_a_hint(tmp_path, tiny, refused):
    trap = tmp_path / "trap"
    data = pickle.dumps(Payload(trap))
    with tarfile.open(tmp_path / "python.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("cifar-10-batches-py/data_batch_1")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    refused(tmp_path / "python.tar.gz", "pickled python version.*take the binary version")
    tiny.zip(tmp_path / "python.zip", {"cifar-10-batches-py/data_batch_1": data})
    refused(tmp_path / "python.zip", "take the binary version")
    tiny.folder(tmp_path / "data", {"cifar-10-batches-py/data_batch_1": data})
    refused(tmp_path / "data", "take the binary version")
    refused(tmp_path / "data/cifar-10-batches-py", "take the binary version")
    assert not trap.exists()


def test_another_checksum_is_refused_with_both_and_the_size(tmp_path, tiny, refused):
    path = tmp_path / "cifar-10-binary.tar.gz"
    release = tiny.binary(path)
    data = path.read_bytes()
    path.write_bytes(data[:-20])
    expected = f"{release.fingerprint.md5} .*{len(data) - 20} bytes, expected {len(data)}.*truncated"
    refused(path, expected, release)
    path.write_bytes(data[:50] + bytes([data[50] ^ 1]) + data[51:])
    refused(path, "wrong checksum.*damaged", release)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"<html>404</html>", "neither the binary archive .* HTML page"),
        (b"PAR1" * 10, "neither the binary archive"),
        (b"PK\x03\x04" + bytes(100), "truncated or corrupt"),
        (b"\x1f\x8b" + bytes(100), "wrong checksum"),
    ],
)
def test_other_files_are_refused(tmp_path, refused, content, reason):
    (tmp_path / "file").write_bytes(content)
    refused(tmp_path / "file", reason)


def test_what_is_no_file_is_refused(tmp_path, refused):
    refused(tmp_path / "absent", "no such file or folder")
    os.mkfifo(tmp_path / "pipe")
    refused(tmp_path / "pipe", "not a regular file")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "no PNG or JPEG")
    with zipfile.ZipFile(tmp_path / "empty.zip", "w"):
        pass
    refused(tmp_path / "empty.zip", "no PNG or JPEG")


BATCH = "cifar-10-batches-bin/data_batch_2.bin"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda f: {k: v for k, v in f.items() if k != BATCH}, "holds no data_batch_2.bin"),
        (lambda f: replaced(f, BATCH, f[BATCH][:-1]), "whole number of records"),
        (lambda f: replaced(f, BATCH, f[BATCH][: 19 * 193]), r"\d+ images in train of class \w+, expected 10"),
        (lambda f: replaced(f, BATCH, bytes([10]) + f[BATCH][1:]), "label 10, expected 0 to 9"),
        (lambda f: replaced(f, BATCH, b""), "images in train"),
        (lambda f: replaced(f, "cifar-10-batches-bin/batches.meta.txt", b"apple\n"), "ten classes"),
    ],
)
def test_wrong_content_of_the_binary_archive_is_refused(tmp_path, tiny, refused, change, reason):
    release = tiny.binary(tmp_path / "a", change(tiny.batches()))
    refused(tmp_path / "a", reason, release)


CAT = "train/cat/0003.png"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda f: {k: v for k, v in f.items() if k != CAT}, "9 images in train of class cat, expected 10"),
        (lambda f: f | {"test/dog/more.png": f[CAT]}, "6 images in test of class dog, expected 5"),
        (lambda f: f | {"train/plane/0.png": f[CAT]}, "'train/plane/0.png' is not at"),
        (lambda f: f | {"valid/cat/0.png": f[CAT]}, "'valid/cat/0.png' is not at"),
        (lambda f: f | {"cat.jpg": f[CAT]}, "'cat.jpg' is not at"),
        (lambda f: f | {"copy/train/cat/0.png": f[CAT]}, "more than one folder"),
        (lambda f: replaced(f, CAT, b""), f"'{CAT}': not a PNG"),
        (lambda f: replaced(f, CAT, f[CAT][:100]), f"'{CAT}': "),
        (lambda f: replaced(f, CAT, f[CAT][:60] + b"?" + f[CAT][61:]), f"'{CAT}': "),
        (lambda f: f | {"../train/cat/evil.png": f[CAT]}, "outside of the archive"),
    ],
)
def test_wrong_content_of_a_zip_of_images_is_refused(tmp_path, tiny, refused, change, reason):
    refused(tiny.zip(tmp_path / "z", change(tiny.files())), reason)


def test_a_single_wrong_image_of_a_folder_is_named(tmp_path, tiny, refused):
    folder = tiny.folder(tmp_path / "f", tiny.files())
    (folder / CAT).write_bytes((folder / CAT).read_bytes()[:-30])
    refused(folder, f"'{CAT}': ")
