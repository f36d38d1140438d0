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
from optprimer.runtime import Runtime
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


# --- labels drawn anew -------------------------------------------------------------------------------------------------


def labels_of_steps(trainer, monkeypatch):
    """Record the labels by epoch, as the steps see them; the run itself goes on."""
    seen, take = {}, trainer._step

    def step(epoch, number, indices):
        seen.setdefault(epoch, []).append(trainer.labels.clone())
        return take(epoch, number, indices)

    monkeypatch.setattr(trainer, "_step", step)
    return seen


def test_labels_are_drawn_anew_for_every_epoch_and_stay_within_it(tmp_path, monkeypatch):
    data = toy(400)
    trainer = Trainer(small(), data, plain(epochs=3, batch_size=100, redraw_labels=True), FP32, tmp_path)
    start, seen = trainer.labels.clone(), labels_of_steps(trainer, monkeypatch)
    trainer.run()
    assert torch.equal(start, torch.from_numpy(data.train_labels))
    assert {epoch: len(steps) for epoch, steps in seen.items()} == {1: 4, 2: 4, 3: 4}
    assert all(torch.equal(steps[0], labels) for steps in seen.values() for labels in steps)
    assert torch.equal(trainer.labels, seen[3][0])
    epochs = [start, *(steps[0] for steps in seen.values())]
    for index, one in enumerate(epochs):
        counts = torch.bincount(one, minlength=4)
        assert len(counts) == 4
        assert (counts - 100).abs().max() < 40  # standard deviation 8.7
        for other in epochs[:index]:
            # Independent, so that one in four agrees: 100 of 400 with standard deviation 8.7.
            assert abs(int((one == other).sum()) - 100) < 40
    assert torch.equal(trainer.test_labels, torch.from_numpy(data.test_labels))


def test_the_curve_is_measured_against_the_labels_of_its_epoch(tmp_path, monkeypatch):
    trainer = Trainer(small(), toy(), plain(epochs=2, patience=5, redraw_labels=True), FP32, tmp_path)
    measured, take = [], trainer._row

    def row(*arguments):
        measured.append(trainer.evaluate(trainer.images, trainer.labels))
        return take(*arguments) | {"labels": trainer.labels.tolist()}

    monkeypatch.setattr(trainer, "_row", row)
    for epoch, (predictions, loss) in zip(trainer.run(), measured, strict=True):
        assert epoch["fit_accuracy"] == (predictions == torch.tensor(epoch["labels"])).double().mean()
        assert epoch["fit_loss"] == loss


@pytest.mark.parametrize("interrupted", [1, 3, 6, 8])
def test_labels_drawn_anew_are_the_same_after_an_interruption(tmp_path, monkeypatch, interrupted):
    settings = plain(epochs=3, patience=3, redraw_labels=True)
    whole = Trainer(small(), toy(), settings, FP32, tmp_path / "whole")
    rows = whole.run()
    monkeypatch.setattr(loop, "SAVE_EVERY", 0.0)
    trainer, steps = Trainer(small(), toy(), settings, FP32, tmp_path / "part"), iter(range(99))
    take = trainer._step

    def step(*arguments):
        if next(steps) == interrupted:
            raise KeyboardInterrupt
        return take(*arguments)

    monkeypatch.setattr(trainer, "_step", step)
    with pytest.raises(KeyboardInterrupt):
        trainer.run()
    resumed = Trainer(small(), toy(), settings, FP32, tmp_path / "part")
    assert resumed.run()[1:] == rows[1:]
    assert torch.equal(resumed.labels, whole.labels)
    assert torch.equal(weights(resumed.network), weights(whole.network))
    states = [(tmp_path / name / "state.safetensors").read_bytes() for name in ("whole", "part")]
    assert states[0] == states[1]


def test_without_the_option_labels_stay(tmp_path):
    trainer = Trainer(small(), toy(), plain(epochs=2), FP32, tmp_path)
    trainer.run()
    assert torch.equal(trainer.labels, torch.from_numpy(toy().train_labels))


# --- measuring ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("whiten", [True, False])
def test_evaluation_is_that_of_pytorch_and_leaves_the_network_as_it_was(tmp_path, monkeypatch, whiten):
    data = toy(150)
    monkeypatch.setattr(loop, "BLOCK", 64)  # the last part is smaller: the loss is a mean over images, not over parts
    trainer = Trainer(small(dropout=0.5), data, plain(whiten=whiten), FP32, tmp_path)
    before = weights(trainer.network).clone()
    predictions, loss = trainer.evaluate(trainer.images, trainer.labels)
    scaled = torch.from_numpy(data.train_images).double() / 255
    if whiten:
        flat = scaled.flatten(1)
        images = ((flat - flat.mean(1, keepdim=True)) / flat.std(1, keepdim=True, correction=0)).view_as(scaled)
    else:
        images = (scaled - torch.tensor(data.mean)) / torch.tensor(data.std)
    logits = small().double().eval()(images.permute(0, 3, 1, 2))
    assert torch.equal(predictions, logits.argmax(1))
    assert loss == pytest.approx(functional.cross_entropy(logits, torch.from_numpy(data.train_labels)).item(), rel=1e-5)
    assert torch.equal(weights(trainer.network), before)
    again, same = trainer.evaluate(trainer.images, trainer.labels)
    assert torch.equal(again, predictions)  # no dropout
    assert same == loss


def test_a_loss_that_overflows_is_nan(tmp_path):
    trainer = Trainer(small(), toy(), plain(), FP32, tmp_path)
    with torch.no_grad():
        trainer.network[-1].bias.copy_(torch.tensor([0.0, math.inf, 0.0, 0.0]))
    _, loss = trainer.evaluate(trainer.images, trainer.labels)
    assert math.isnan(loss)


def test_evaluation_in_bf16_is_another_one(tmp_path):
    trainer = Trainer(small(), toy(), plain(), Runtime(torch.device("cpu"), "bf16"), tmp_path)
    exact, rough = (trainer.evaluate(trainer.images, trainer.labels, precision)[1] for precision in ("fp32", "bf16"))
    assert exact != rough == pytest.approx(exact, rel=0.05)
    assert trainer.evaluate(trainer.images, trainer.labels)[1] == exact  # fp32 unless something else is asked for


@pytest.mark.parametrize(("accuracy", "exact"), [(0.5, False), (0.98, False), (0.99, True), (1.0, True)])
def test_what_is_nearly_fitted_is_measured_in_fp32(tmp_path, monkeypatch, accuracy, exact):
    trainer = Trainer(small(), toy(100), plain(epochs=2, patience=9), Runtime(torch.device("cpu"), "bf16"), tmp_path)
    asked = []

    def evaluate(images, labels, precision="fp32"):
        asked.append((len(labels), precision))
        answers = labels.clone()
        if precision == "bf16":
            answers[: round((1 - accuracy) * len(labels))] += 1
        return answers, {"bf16": 7.0, "fp32": 3.0}[precision]

    monkeypatch.setattr(trainer, "evaluate", evaluate)
    rows = trainer.run()
    # Test images in the arithmetic of training, until the last epoch, which is measured in fp32 altogether.
    once = [(32, "bf16"), (100, "bf16"), *([(100, "fp32")] if exact else [])]
    assert asked == [*once, *once, (32, "fp32"), (100, "fp32")]
    for row in rows[:2]:
        assert (row["fit_accuracy"], row["fit_loss"]) == ((1, 3.0) if exact else (accuracy, 7.0))
    assert (rows[2]["fit_accuracy"], rows[2]["fit_loss"], rows[2]["precision"]) == (1, 3.0, "fp32")


def test_a_network_has_not_fitted_what_only_bf16_says(tmp_path, monkeypatch):
    trainer = Trainer(small(), toy(100), plain(epochs=4, patience=1), Runtime(torch.device("cpu"), "bf16"), tmp_path)

    def evaluate(images, labels, precision="fp32"):
        wrong = (torch.arange(len(labels)) == 0).long() if precision == "fp32" else 0
        return labels + wrong, 1.0

    monkeypatch.setattr(trainer, "evaluate", evaluate)
    rows = trainer.run()
    assert [row["fit_accuracy"] for row in rows] == [0.99] * 5
