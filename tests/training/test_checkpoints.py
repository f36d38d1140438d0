"""Stored are the start, every so many epochs and the last; what an ended run lacks is said, never skipped."""

import pytest
import torch

from optprimer.errors import UserError
from optprimer.training.checkpoints import Checkpoints


def stored(folder, every=3, last=8):
    checkpoints = Checkpoints(folder, every, last)
    for epoch in range(last + 1):
        checkpoints.save(epoch, {"weight": torch.tensor([float(epoch)])})
    return checkpoints


def test_the_start_every_third_epoch_and_the_last_come_back_in_order(tmp_path):
    found = [(epoch, weights["weight"].item()) for epoch, weights in stored(tmp_path).load(8)]
    assert found == [(0, 0.0), (3, 3.0), (6, 6.0), (8, 8.0)]


def test_a_run_that_ended_early_has_those_up_to_its_end(tmp_path):
    assert [epoch for epoch, _ in stored(tmp_path).load(7)] == [0, 3, 6]


def test_a_missing_one_is_named(tmp_path):
    checkpoints = stored(tmp_path)
    (tmp_path / "epoch_00003.safetensors").unlink()
    with pytest.raises(UserError, match=r"epoch_00003\.safetensors.*the run starts anew"):
        list(checkpoints.load(8))


def test_removing_leaves_other_files(tmp_path):
    checkpoints = stored(tmp_path)
    (tmp_path / "state.safetensors").touch()
    checkpoints.remove()
    assert [path.name for path in tmp_path.iterdir()] == ["state.safetensors"]
