"""Tensors on disk: values and dtypes come back, and equal content is equal bytes."""

import json
import struct

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optprimer.errors import UserError
from optprimer.tensors import load_tensors, save_tensors

SHAPES = st.lists(st.integers(0, 4), max_size=4).map(tuple)
DTYPES = st.sampled_from([torch.float32, torch.float64, torch.bfloat16, torch.int64, torch.uint8, torch.bool])
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=6)


def tensor(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    generator = torch.Generator().manual_seed(len(shape))
    return (torch.rand(shape, generator=generator, dtype=torch.float64) * 200).to(dtype)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(st.dictionaries(NAMES.filter(lambda name: name != "__metadata__"), st.tuples(SHAPES, DTYPES), max_size=4))
def test_any_tensors_come_back_as_they_were(tmp_path, kinds):
    tensors = {name: tensor(*kind) for name, kind in kinds.items()}
    save_tensors(tmp_path / "t", tensors, {"names": list(tensors), "nested": {"x": [1, 0.1, None]}})
    back, metadata = load_tensors(tmp_path / "t")
    assert metadata == {"names": list(tensors), "nested": {"x": [1, 0.1, None]}}
    assert back.keys() == tensors.keys()
    for name, value in tensors.items():
        assert back[name].dtype == value.dtype
        assert torch.equal(back[name], value)


def test_special_values_survive_bit_for_bit(tmp_path):
    values = torch.tensor([float("nan"), float("inf"), -float("inf"), -0.0, 1e-45, 0.1])
    save_tensors(tmp_path / "t", {"v": values}, {})
    assert torch.equal(load_tensors(tmp_path / "t")[0]["v"].view(torch.int32), values.view(torch.int32))


def test_layout_gradients_and_order_leave_no_trace(tmp_path):
    weight = torch.randn(4, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    bias = torch.ones(4)
    save_tensors(tmp_path / "one", {"weight": weight, "bias": bias}, {"a": 1, "b": 2})
    last = weight.to(memory_format=torch.channels_last).requires_grad_()
    save_tensors(tmp_path / "two", {"bias": bias, "weight": last}, {"b": 2, "a": 1})
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert torch.equal(load_tensors(tmp_path / "two")[0]["weight"], weight)


def test_metadata_is_one_entry(tmp_path):
    # safetensors orders several entries by a hash that changes with the process, so more than one would change the bytes.
    save_tensors(tmp_path / "t", {"v": torch.zeros(1)}, {"b": 1, "a": 2, "c": 3})
    content = (tmp_path / "t").read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    assert json.loads(content[8 : 8 + length])["__metadata__"] == {"optprimer": '{"a": 2, "b": 1, "c": 3}'}


def test_a_file_of_another_program_has_no_metadata(tmp_path):
    from safetensors.torch import save_file

    save_file({"v": torch.zeros(1)}, tmp_path / "t")
    assert load_tensors(tmp_path / "t")[1] == {}


def test_what_cannot_be_written_leaves_the_old_file(tmp_path):
    save_tensors(tmp_path / "t", {"v": torch.zeros(1)}, {})
    before = (tmp_path / "t").read_bytes()
    with pytest.raises(TypeError):
        save_tensors(tmp_path / "t", {"v": torch.ones(1)}, {"no JSON": object()})
    assert (tmp_path / "t").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["t"]


@pytest.fixture
def stored(tmp_path):
    save_tensors(tmp_path / "t", {"v": torch.arange(6.0), "w": torch.ones(2, 3)}, {"a": 1})
    return tmp_path / "t"


def refused(path, reason=""):
    with pytest.raises(UserError, match=reason) as caught:
        load_tensors(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_cut_anywhere_is_refused_in_one_line(stored):
    content = stored.read_bytes()
    for length in range(len(content)):
        stored.write_bytes(content[:length])
        refused(stored, "damaged, or no file of tensors")


def test_a_flipped_bit_of_the_header_is_harmless_or_refused_in_one_line(stored):
    content = stored.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    for position in range(8 * (8 + length)):
        flipped = bytearray(content)
        flipped[position // 8] ^= 1 << position % 8
        stored.write_bytes(flipped)
        try:
            load_tensors(stored)  # another name or number: those who know the names find out
        except UserError:
            refused(stored)


def test_what_is_no_file_or_holds_other_metadata_is_refused(tmp_path, stored):
    refused(tmp_path / "absent", "no such file")
    refused(tmp_path)
    from safetensors.torch import save_file

    save_file({"v": torch.zeros(1)}, stored, {"optprimer": "[1]"})
    refused(stored, "its metadata are no mapping")


def test_a_full_disk_is_one_line_and_leaves_the_old_tensors(small_disk):
    path = small_disk(64) / "tensors"
    save_tensors(path, {"a": torch.ones(3)}, {})
    with pytest.raises(UserError, match=r"tensors: cannot be written \(.*No space left on device"):
        save_tensors(path, {"a": torch.ones(10**6)}, {})
    assert load_tensors(path)[0]["a"].tolist() == [1, 1, 1]
    assert list(path.parent.iterdir()) == [path]
