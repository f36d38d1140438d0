"""Networks, weights and images of one's own: what is right is read, and what is wrong is told in one line."""

import sys

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from optprimer.errors import UserError
from optprimer.landscape.loading import in_one_line, load_module, load_npz

SOURCE = """
import sys
from torch import nn
def build(): return nn.Linear(3, 2)
def raises(): raise ValueError("two\\nlines")
def exits(): sys.exit(3)
def needs(argument): return nn.Linear(3, 2)
def kind(): return nn.Linear
value = 3
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory with two modules of one's own and the weights of a network."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    monkeypatch.delitem(sys.modules, "ownnet", raising=False)  # of an earlier test
    (tmp_path / "ownnet.py").write_text(SOURCE)
    (tmp_path / "broken.py").write_text("def (:\n")
    save_file({"weight": torch.ones(2, 3), "bias": torch.zeros(2)}, "weights.safetensors")
    return tmp_path


def one_line(error):
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_network_gets_its_weights(folder):
    network = load_module("ownnet:build", folder / "weights.safetensors")
    assert torch.equal(network.weight, torch.ones(2, 3))
    assert not network.training


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("ownnet", "module:function"),
        ("ownnet:", "module:function"),
        (":build", "module:function"),
        ("", "module:function"),
        ("..:build", "TypeError"),
        (".own:build", "TypeError"),
        ("own net:build", "ModuleNotFoundError"),
        ("ownnet:missing", "missing"),
        ("ownnet:value", "not callable"),
        ("ownnet:raises", "ValueError: two lines"),
        ("ownnet:exits", "SystemExit: 3"),
        ("ownnet:needs", "argument"),
        ("ownnet:kind", "not a torch.nn.Module"),
        ("broken:build", "SyntaxError"),
    ],
)
def test_a_model_that_cannot_be_built_is_told_in_one_line(folder, spec, reason):
    with pytest.raises(UserError) as error:
        load_module(spec, folder / "weights.safetensors")
    assert reason in one_line(error)
    assert "--model" in str(error.value)


@pytest.mark.parametrize("content", [None, b"", b"junk", {"weight": torch.ones(2, 3)}])
@pytest.mark.parametrize("name", ["w.pt", "w.safetensors"])
def test_weights_that_do_not_fit_are_told_in_one_line(folder, name, content):
    if isinstance(content, bytes):
        (folder / name).write_bytes(content)
    elif content:
        save_file(content, name) if name.endswith("safetensors") else torch.save(content, name)
    with pytest.raises(UserError) as error:
        load_module("ownnet:build", folder / name)
    assert f"--weights {folder / name}" in one_line(error)


def test_an_error_without_words_is_named():
    assert in_one_line(EOFError()) == "EOFError"
    assert in_one_line(ValueError("a\n  b")) == "ValueError: a b"


IMAGES = np.random.default_rng(0).integers(0, 256, (5000, 3, 2, 3), dtype=np.uint8)
LABELS = np.arange(5000) % 7


def store(path, **arrays):
    np.savez(path, **{"images": IMAGES, "labels": LABELS} | arrays)
    return path


def test_statistics_are_those_of_the_images_where_none_are_given(tmp_path):
    data = load_npz(store(tmp_path / "own.npz"))
    np.testing.assert_allclose(data.mean, IMAGES.mean((0, 1, 2)) / 255, rtol=1e-6)
    np.testing.assert_allclose(data.std, IMAGES.astype(float).std((0, 1, 2)) / 255, rtol=1e-6)
    given = load_npz(store(tmp_path / "given.npz", mean=[0.1, 0.2, 0.3]))
    assert given.mean == pytest.approx((0.1, 0.2, 0.3))
    assert given.std == data.std


def test_statistics_that_are_given_are_not_computed(tmp_path, monkeypatch):
    monkeypatch.setattr("optprimer.landscape.loading.moments", lambda images: pytest.fail("not asked for"))
    data = load_npz(store(tmp_path / "own.npz", mean=np.zeros(3), std=[1, 1, 2]))
    assert (data.mean, data.std) == ((0, 0, 0), (1, 1, 2))


def test_a_grey_image_may_have_numbers_for_statistics(tmp_path):
    data = load_npz(store(tmp_path / "own.npz", images=IMAGES[..., :1], mean=0.5, std=0.25))
    assert (data.mean, data.std) == ((0.5,), (0.25,))


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"images": IMAGES.astype(float)}, "images are float64"),
        ({"images": IMAGES[..., 0]}, "images are uint8 (5000, 3, 2)"),
        ({"images": IMAGES[:, :0]}, "images are uint8 (5000, 0, 2, 3)"),
        ({"labels": LABELS[:-1]}, "labels are int64 (4999,)"),
        ({"labels": LABELS / 1}, "labels are float64"),
        ({"labels": LABELS - 1}, "labels start at -1"),
        ({"mean": ["a", "b", "c"]}, "mean is <U1"),
        ({"mean": np.zeros(3, complex)}, "mean is complex128"),
        ({"mean": [0, np.nan, 0]}, "mean is not finite"),
        ({"mean": [0, 0]}, "mean is int64 (2,), expected 3"),
        ({"std": [1, np.inf, 1]}, "std is not finite"),
        ({"std": [1, 1e300, 1]}, "std is not finite"),
        ({"std": [1, 1e-300, 1]}, "std is 0"),
        ({"std": [1, -1, 1]}, "std is -1"),
        ({"images": 0 * IMAGES}, "std is 0"),
        ({"mean": np.array([None] * 3)}, "not an npz file"),
    ],
)
def test_arrays_of_other_kinds_are_told_in_one_line(tmp_path, arrays, reason):
    path = store(tmp_path / "own.npz", **arrays)
    with pytest.raises(UserError) as error:
        load_npz(path)
    assert reason in one_line(error)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "npy", "flipped", "folder", "without labels"])
def test_files_that_are_not_npz_are_told_in_one_line(tmp_path, damage):
    path = tmp_path / "own.npz"
    np.savez_compressed(path, images=IMAGES, labels=LABELS)
    content = bytearray(path.read_bytes())
    path.unlink()
    if damage == "empty":
        path.touch()
    elif damage == "cut":
        path.write_bytes(content[:1000])
    elif damage == "flipped":
        content[2000:3000] = bytes(1000)
        path.write_bytes(content)
    elif damage == "npy":
        with path.open("wb") as handle:
            np.save(handle, IMAGES)
    elif damage == "folder":
        path.mkdir()
    elif damage == "without labels":
        np.savez(path, images=IMAGES)
    with pytest.raises(UserError) as error:
        load_npz(path)
    assert str(path) in one_line(error)
