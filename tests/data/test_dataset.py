import json
import pickle

import numpy as np
import pytest

from optprimer.data.dataset import load
from optprimer.data.prepare import prepare
from optprimer.errors import UserError


@pytest.fixture
def folder(tmp_path):
    prepare("digits", None, 4, tmp_path / "digits")
    return tmp_path / "digits"


def edit(**changes):
    def apply(folder):
        record = json.loads((folder / "provenance.json").read_text())
        (folder / "provenance.json").write_text(json.dumps(record | changes))

    return apply


def save(name, change):
    return lambda folder: np.save(folder / name, change(np.load(folder / name)), allow_pickle=True)


def truncate(folder):
    data = (folder / "train_images.npy").read_bytes()
    (folder / "train_images.npy").write_bytes(data[:-1])


def test_arrays_are_mapped_and_read_only(folder):
    data = load(folder)
    for array in (data.train_images, data.train_labels, data.test_images, data.test_labels):
        assert isinstance(array, np.memmap)
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda f: (f / "provenance.json").unlink(), "provenance.json: missing"),
        (lambda f: (f / "provenance.json").write_text("{"), "not JSON"),
        (lambda f: (f / "provenance.json").write_text("[]"), "not a JSON object"),
        (lambda f: (f / "provenance.json").write_text("{}"), "'name'"),
        (lambda f: (f / "test_labels.npy").unlink(), "test_labels.npy: missing"),
        (lambda f: (f / "test_labels.npy").write_bytes(b""), "damaged"),
        (truncate, "damaged"),
        (save("train_images.npy", lambda a: a[:-1]), "train_images.npy: uint8"),
        (save("train_images.npy", lambda a: a.astype(float)), "train_images.npy: float64"),
        (save("train_images.npy", lambda a: a.astype(object)), "damaged"),
        (save("test_labels.npy", lambda a: a[::-1] * 0), "test_images.npy: the labels"),
        (save("test_labels.npy", lambda a: a - 1), "damaged"),
        (edit(image_size=8), "test_images.npy|train_images.npy"),
        (edit(mean=[0.1, 0.2, 0.3]), "differ in length"),
        (edit(counts={}), "'train'"),
    ],
)
def test_an_incomplete_or_inconsistent_folder_is_refused(folder, damage, reason):
    damage(folder)
    with pytest.raises(UserError, match=reason) as caught:
        load(folder)
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)


class Payload:
    """Unpickling this creates a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_no_pickle_is_read(folder, tmp_path):
    payload = Payload(tmp_path / "trap")
    for write in (
        lambda path: np.save(path, np.array([payload], dtype=object), allow_pickle=True),
        lambda path: path.write_bytes(pickle.dumps(payload)),
    ):
        write(folder / "test_labels.npy")
        with pytest.raises(UserError, match="damaged"):
            load(folder)
    assert not (tmp_path / "trap").exists()
