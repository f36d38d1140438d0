import dataclasses
import errno
import json
from pathlib import Path

import numpy as np
import pytest

from optprimer.data import prepare as module
from optprimer.data.dataset import load
from optprimer.data.prepare import prepare
from optprimer.data.statistics import block_mean
from optprimer.errors import UserError

FILES = ["provenance.json", "test_images.npy", "test_labels.npy", "train_images.npy", "train_labels.npy"]


@pytest.fixture
def true(tiny):
    """The tiny data set's moments as if they were the published ones, to one decimal."""
    x = tiny.images["train"].astype(float)
    moments = {"mean": x.mean(axis=(0, 1, 2)), "std": x.std(axis=(0, 1, 2))}
    return dataclasses.replace(tiny.expected, **{key: tuple(np.round(value, 1)) for key, value in moments.items()})


def record(folder):
    return json.loads((folder / "provenance.json").read_text())


def test_digits(tmp_path, leftovers):
    data = prepare("digits", None, 8, tmp_path / "new/folder")
    assert data.name == "digits-8"
    assert data.train_images.shape == (1437, 8, 8, 1)
    assert data.test_images.shape == (360, 8, 8, 1)
    assert leftovers(tmp_path / "new/folder") == FILES
    x = data.train_images / 255
    np.testing.assert_allclose([data.mean[0], data.std[0]], [x.mean(), x.std()], rtol=1e-12)
    assert record(tmp_path / "new/folder")["duplicates"] == {"test_images_in_train": 0, "within_train": 0}


def test_sizes_are_averages_and_moments_are_of_what_is_written(tmp_path, tiny):
    data = prepare("cifar10", tiny.zip(tmp_path / "z", tiny.files()), 4, tmp_path / "out", expected=tiny.expected)
    for images, split in ((data.train_images, "train"), (data.test_images, "test")):
        assert sorted(map(bytes, images)) == sorted(map(bytes, block_mean(tiny.images[split], 4)))
    np.testing.assert_allclose(data.mean, (data.train_images / 255).mean(axis=(0, 1, 2)), rtol=1e-12)
    np.testing.assert_allclose(data.std, (data.train_images / 255).std(axis=(0, 1, 2)), rtol=1e-9)
    assert data.classes[3] == "cat"


def test_names_tell_the_pixels(tmp_path, tiny, true):
    png, jpeg = (tiny.zip(tmp_path / kind, tiny.files(kind)) for kind in ("png", "jpeg"))
    release = tiny.binary(tmp_path / "binary")
    for archive, expected, name in [
        (tmp_path / "binary", true, "cifar10-8"),
        (png, true, "cifar10-8"),
        (png, tiny.expected, "cifar10-custom-8"),
        (jpeg, true, "cifar10-jpeg75-8"),
    ]:
        assert prepare("cifar10", archive, 8, tmp_path / "out", expected=expected, release=release).name == name
        assert record(tmp_path / "out")["lossless"] == ("jpeg" not in name)
    assert prepare("cifar10", jpeg, 2, tmp_path / "out", expected=true).name == "cifar10-jpeg75-2"


def test_a_std_alone_tells_an_altered_copy(tmp_path, tiny, true):
    png = tiny.zip(tmp_path / "png", tiny.files())
    for shift, name in ((0.04, "cifar10-8"), (0.2, "cifar10-custom-8")):
        expected = dataclasses.replace(true, std=(*true.std[:2], true.std[2] + shift))
        assert prepare("cifar10", png, 8, tmp_path / "out", expected=expected).name == name


def test_the_digest_is_the_same_from_every_container_and_at_every_size(tmp_path, tiny):
    release = tiny.binary(tmp_path / "binary")
    archives = [
        tmp_path / "binary",
        tiny.zip(tmp_path / "zip", tiny.files()),
        tiny.folder(tmp_path / "folder", tiny.files()),
    ]
    records = []
    for i, archive in enumerate(archives):
        prepare("cifar10", archive, 8 // 2**i, tmp_path / "out", expected=tiny.expected, release=release)
        records.append(record(tmp_path / "out"))
    assert len({json.dumps(r["digest"]) for r in records}) == 1
    assert [r["archive"] for r in records] == ["cifar-10-binary.tar.gz", "zip", "folder"]
    assert [r["checksums"] is None for r in records] == [False, False, True]
    assert records[0]["counts"] == {split: dict.fromkeys(records[0]["classes"], n) for split, n in (("train", 10), ("test", 5))}


def test_the_same_input_gives_the_same_bytes_anywhere(tmp_path, tiny):
    contents = []
    for place in ("a", "b"):
        archive = tiny.folder(tmp_path / place / "images", tiny.files())
        prepare("cifar10", archive, 4, tmp_path / place / "out", expected=tiny.expected)
        contents.append({name: (tmp_path / place / "out" / name).read_bytes() for name in FILES})
    assert contents[0] == contents[1]
    assert str(tmp_path).encode() not in contents[0]["provenance.json"]


def test_a_missing_archive_is_downloaded_to_the_cache_and_nowhere_else(tmp_path, tiny, server, monkeypatch, leftovers):
    release = tiny.binary(tmp_path / "source")
    server.body = (tmp_path / "source").read_bytes()
    (tmp_path / "source").unlink()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPTPRIMER_CIFAR10_URLS", server.script("a", "ok"))
    monkeypatch.delenv("OPTPRIMER_CACHE", raising=False)
    data = prepare("cifar10", None, 8, tmp_path / "out", expected=tiny.expected, release=release)
    assert len(data.train_labels) == 100
    assert leftovers(tmp_path) == ["data/cache/cifar-10-binary.tar.gz", *(f"out/{name}" for name in FILES)]


@pytest.mark.parametrize(
    ("dataset", "archive", "size", "reason"),
    [
        ("mnist", None, 8, "data.dataset: 'mnist' is not one of digits, cifar10"),
        ("digits", Path("x.zip"), 8, "data.archive: x.zip given, but digits are embedded"),
        ("digits", None, 3, "data.image_size: 3 does not divide 8"),
        ("digits", None, 16, "data.image_size: 16 does not divide 8"),
        ("cifar10", None, 0, "data.image_size: 0 does not divide 32"),
    ],
)
def test_wrong_settings_are_refused_before_anything_is_read(tmp_path, dataset, archive, size, reason, monkeypatch):
    monkeypatch.setattr(module, "fetch", lambda *_: pytest.fail("downloaded"))
    with pytest.raises(UserError, match=reason):
        prepare(dataset, archive, size, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_refused_archive_leaves_nothing_and_an_older_result_alone(tmp_path, tiny, leftovers):
    good = tiny.zip(tmp_path / "good", tiny.files())
    bad = tiny.zip(tmp_path / "bad", tiny.files() | {"test/truck/0004.png": b"?"})
    for output in ("new", "old"):
        if output == "old":
            prepare("cifar10", good, 8, tmp_path / "old", expected=tiny.expected)
        with pytest.raises(UserError, match=r"'test/truck/0004\.png'"):
            prepare("cifar10", bad, 8, tmp_path / output, expected=tiny.expected)
    assert not (tmp_path / "new").exists()
    assert leftovers(tmp_path / "old") == FILES
    assert sorted(map(bytes, load(tmp_path / "old").train_images)) == sorted(map(bytes, tiny.images["train"]))


def test_test_images_taken_from_train_are_reported_or_refused(tmp_path, tiny, monkeypatch):
    files = tiny.files()
    files |= {"test/cat/0000.png": files["train/cat/0000.png"], "train/dog/0001.png": files["train/dog/0000.png"]}
    archive = tiny.zip(tmp_path / "z", files)
    with pytest.raises(UserError, match="z: 1 of the 50 test images are also in train"):
        prepare("cifar10", archive, 8, tmp_path / "out", expected=tiny.expected)
    assert not (tmp_path / "out").exists()
    monkeypatch.setattr(module, "LARGEST_SHARED", 0.02)
    prepare("cifar10", archive, 8, tmp_path / "out", expected=tiny.expected)
    assert record(tmp_path / "out")["duplicates"] == {"test_images_in_train": 1, "within_train": 1}


def test_a_full_disk_leaves_the_older_result_whole(tmp_path, monkeypatch, leftovers):
    prepare("digits", None, 8, tmp_path / "out")
    before = {name: (tmp_path / "out" / name).read_bytes() for name in FILES}
    save, calls = np.save, []

    def full(*args, **options):
        calls.append(args)
        if len(calls) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        save(*args, **options)

    monkeypatch.setattr(module.np, "save", full)
    with pytest.raises(UserError, match=r"out.*: cannot be written \(No space left on device\)"):
        prepare("digits", None, 4, tmp_path / "out")
    assert leftovers(tmp_path / "out") == FILES
    assert {name: (tmp_path / "out" / name).read_bytes() for name in FILES} == before


@pytest.mark.parametrize("crash", range(1, 6))
def test_a_crash_between_the_renames_is_seen_as_incomplete(tmp_path, monkeypatch, crash, leftovers):
    prepare("digits", None, 8, tmp_path / "out")
    replace, calls = Path.replace, []

    def failing(self, target):
        calls.append(target)
        if len(calls) == crash:
            raise KeyboardInterrupt
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(KeyboardInterrupt):
        prepare("digits", None, 4, tmp_path / "out")
    monkeypatch.undo()
    with pytest.raises(UserError, match="not a complete data set"):
        load(tmp_path / "out")
    assert not any(name.endswith(".part") for name in leftovers(tmp_path / "out"))
    assert prepare("digits", None, 4, tmp_path / "out").name == "digits-4"


def test_an_output_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(UserError, match="out: is a file"):
        prepare("digits", None, 8, tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"
