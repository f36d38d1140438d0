"""Whitening, plain momentum, patience and dropout in the training loop, against steps written out with PyTorch alone."""

import dataclasses
import math

import pytest
import torch
from test_loop import FP32, recipe, toy
from torch import nn
from torch.nn import functional

from optprimer import seeds
from optprimer.errors import UserError
from optprimer.networks.dropout import Dropout
from optprimer.training import loop
from optprimer.training.loop import Trainer
from optprimer.training.schedule import Schedule
from optprimer.training.whitening import whitened


def small(*, dropout: float = 0.0) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(192, 16), nn.ReLU(), Dropout(dropout), nn.Linear(16, 4))


def plain(**changes):
    """Constant rate and no augmentation, so that steps can be written out."""
    settings = {"schedule": Schedule("constant", 0.05), "crop_padding": 0, "flip": False, "whiten": True, "nesterov": False}
    return recipe(**(settings | changes))


def weights(network):
    return torch.cat([p.detach().reshape(-1) for p in network.parameters()])


def test_plain_momentum_on_whitened_images_is_that_of_pytorch(tmp_path):
    data, settings = toy(), plain(epochs=2)
    trained, expected = small(), small()
    Trainer(trained, data, settings, FP32, tmp_path).run()
    images = whitened(torch.from_numpy(data.train_images).float() / 255).permute(0, 3, 1, 2)
    labels = torch.from_numpy(data.train_labels)
    optimizer = torch.optim.SGD(expected.parameters(), 0.05, momentum=0.9, weight_decay=5e-4)
    for epoch in (1, 2):
        generator = torch.Generator().manual_seed(seeds.derive(0, "order", epoch))
        for indices in torch.randperm(64, generator=generator).split(16):
            optimizer.zero_grad()
            functional.cross_entropy(expected(images[indices]), labels[indices]).backward()
            optimizer.step()
    torch.testing.assert_close(weights(trained), weights(expected), rtol=1e-5, atol=1e-6)
    other = small()
    Trainer(other, data, plain(epochs=2, nesterov=True), FP32, tmp_path / "nesterov").run()
    assert not torch.allclose(weights(other), weights(expected), rtol=1e-3)


def test_float_images_are_left_as_they_are(tmp_path):
    data = toy()
    floats = dataclasses.replace(data, train_images=data.train_images.astype("float32"))
    trainer = Trainer(small(), floats, plain(epochs=2), FP32, tmp_path)
    as_floats = trainer.run()
    assert torch.equal(trainer.images, torch.from_numpy(floats.train_images))
    assert as_floats[1:] == Trainer(small(), data, plain(epochs=2), FP32, tmp_path / "bytes").run()[1:]


@pytest.mark.parametrize("patience", [1, 3])
def test_training_ends_after_as_many_perfect_epochs(tmp_path, patience):
    rows = Trainer(small(), toy(), plain(epochs=200, patience=patience), FP32, tmp_path).run()
    fits = [row["fit_accuracy"] == 1 for row in rows]
    assert len(rows) < 201
    assert fits[-patience:] == [True] * patience
    assert not any(all(fits[end - patience : end]) for end in range(patience, len(fits)))
    assert rows[0]["fit_loss"] == pytest.approx(math.log(4), abs=0.5)


def test_without_patience_nothing_is_measured_and_nothing_ends_early(tmp_path):
    rows = Trainer(small(), toy(), plain(epochs=60), FP32, tmp_path).run()
    assert len(rows) == 61
    assert "fit_accuracy" not in rows[-1]


@pytest.mark.parametrize("patience", [0, -1])
def test_no_patience_is_refused(patience):
    with pytest.raises(UserError, match="patience"):
        plain(patience=patience)


def test_an_interrupted_run_with_dropout_and_patience_ends_in_the_same_bits(tmp_path, monkeypatch):
    settings = plain(epochs=12, patience=4)
    whole = small(dropout=0.3)
    rows = Trainer(whole, toy(), settings, FP32, tmp_path / "whole").run()
    assert not torch.equal(weights(whole), weights(_trained(small(), settings, tmp_path / "none")))
    monkeypatch.setattr(loop, "SAVE_EVERY", 0.0)
    broken, steps = small(dropout=0.3), 0
    trainer = Trainer(broken, toy(), settings, FP32, tmp_path / "part")
    take = trainer._step

    def step(*arguments):
        nonlocal steps
        steps += 1
        if steps == 11:
            raise KeyboardInterrupt
        return take(*arguments)

    monkeypatch.setattr(trainer, "_step", step)
    with pytest.raises(KeyboardInterrupt):
        trainer.run()
    resumed = small(dropout=0.3)
    assert Trainer(resumed, toy(), settings, FP32, tmp_path / "part").run()[1:] == rows[1:]  # the first has NaN
    assert torch.equal(weights(resumed), weights(whole))


def _trained(network, settings, folder):
    Trainer(network, toy(), settings, FP32, folder).run()
    return network
