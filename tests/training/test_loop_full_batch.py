"""Clipping, the penalty, a fixed order, sparse rows and stopping at a loss, against steps written out with PyTorch alone."""

import dataclasses

import numpy as np
import pytest
import torch
from test_loop import FP32, toy
from test_loop_options import plain, small, weights
from torch import nn
from torch.nn import functional

from optprimer.errors import UserError
from optprimer.training.loop import Trainer
from optprimer.training.recipe import Recipe
from optprimer.training.whitening import whitened

FULL = {"batch_size": None, "shuffle": False, "momentum": 0.0, "weight_decay": 0.0, "block_size": 24}


def inputs(data):
    return whitened(torch.from_numpy(data.train_images).float() / 255).permute(0, 3, 1, 2), torch.from_numpy(data.train_labels)


def gradient_of(network, value):
    return torch.autograd.grad(value, list(network.parameters()), create_graph=True)


def smooth():
    """Without kinks, across which a finite difference says little."""
    network = small()
    network[2] = nn.Tanh()
    return network


def norm(gradients):
    return torch.cat([gradient.flatten() for gradient in gradients]).norm()


def test_the_mean_gradient_is_clipped_before_momentum_and_decay(tmp_path):
    data, bound = toy(), 0.2
    settings = plain(epochs=3, clip=bound, **FULL | {"momentum": 0.9, "weight_decay": 0.1})
    trained, expected = small(), small()
    rows = Trainer(trained, data, settings, FP32, tmp_path).run()
    x, y = inputs(data)
    optimizer = torch.optim.SGD(expected.parameters(), 0.05, momentum=0.9, weight_decay=0.1)
    for row in rows[1:]:
        optimizer.zero_grad()
        functional.cross_entropy(expected(x), y).backward()
        before = norm([parameter.grad for parameter in expected.parameters()]).item()
        assert row["gradient_norm"] == pytest.approx(before, rel=1e-4)
        assert before > bound  # so that the test can fail
        for parameter in expected.parameters():
            parameter.grad *= bound / before
        optimizer.step()
    torch.testing.assert_close(weights(trained), weights(expected), rtol=1e-4, atol=1e-6)


def test_a_gradient_below_the_bound_is_left_alone(tmp_path):
    runs = [small(), small()]
    for network, clip in zip(runs, (None, 1e3), strict=True):
        Trainer(network, toy(), plain(epochs=2, clip=clip, **FULL), FP32, tmp_path / str(clip)).run()
    assert torch.equal(weights(runs[0]), weights(runs[1]))


@pytest.mark.parametrize("batch", [None, 32])
def test_the_penalty_acts_on_each_block_and_is_averaged_over_images(tmp_path, batch):
    data, strength, rate = toy(), 0.5, 0.05
    settings = plain(epochs=1, penalty=strength, **FULL | {"batch_size": batch})
    trained, expected = smooth(), smooth()
    Trainer(trained, data, settings, FP32, tmp_path).run()
    x, y = inputs(data)
    for indices in torch.arange(64).split(batch or 64):
        total = [torch.zeros_like(parameter) for parameter in expected.parameters()]
        for block in indices.split(24):
            loss = functional.cross_entropy(expected(x[block]), y[block])
            squared = norm(gradient_of(expected, loss)) ** 2
            parts = gradient_of(expected, loss + rate * strength / 8 * squared)
            total = [t + len(block) / len(indices) * part.detach() for t, part in zip(total, parts, strict=True)]
        with torch.no_grad():
            for parameter, part in zip(expected.parameters(), total, strict=True):
                parameter -= rate * part
    plainly = smooth()
    Trainer(plainly, data, dataclasses.replace(settings, penalty=0.0), FP32, tmp_path / "plain").run()
    effect = (weights(plainly) - weights(expected)).norm()
    assert (weights(trained) - weights(expected)).norm() < 0.05 * effect


def test_a_full_batch_run_depends_on_neither_the_order_of_images_nor_a_seed(tmp_path):
    data = toy()
    order = np.random.default_rng(0).permutation(64)
    permuted = dataclasses.replace(data, train_images=data.train_images[order], train_labels=data.train_labels[order])
    found = []
    for name, shown, seed in (("a", data, 0), ("b", data, 1), ("c", permuted, 0)):
        network = small()
        Trainer(network, shown, plain(epochs=5, **FULL, seed=seed), FP32, tmp_path / name).run()
        found.append(weights(network))
    assert torch.equal(found[0], found[1])
    torch.testing.assert_close(found[0], found[2], rtol=1e-5, atol=1e-6)
    shuffled = small()
    Trainer(shuffled, data, plain(epochs=5, **FULL | {"shuffle": True, "batch_size": 16}), FP32, tmp_path / "d").run()
    assert not torch.allclose(shuffled.state_dict()["1.weight"], found[0][: 16 * 192].view(16, 192), rtol=1e-3)


def test_rows_are_measured_every_so_many_epochs_and_at_the_end(tmp_path):
    networks = [small(), small()]
    every, sparse = (
        Trainer(network, toy(), plain(epochs=7, measure_every=step), FP32, tmp_path / str(step)).run()
        for network, step in zip(networks, (1, 3), strict=True)
    )
    assert [row["epoch"] for row in sparse] == [0, 3, 6, 7]
    assert sparse == [every[epoch] for epoch in (0, 3, 6, 7)] or repr(sparse) == repr([every[e] for e in (0, 3, 6, 7)])
    assert torch.equal(weights(networks[0]), weights(networks[1]))


@pytest.mark.parametrize(("batch", "every"), [(16, 1), (16, 3), (None, 2)])
def test_training_stops_at_the_first_step_looked_at_with_the_target_loss(tmp_path, batch, every):
    settings = plain(epochs=300, batch_size=batch, shuffle=batch is not None, target_loss=0.3, target_every=every)
    trainer = Trainer(small(), toy(), settings, FP32, tmp_path / "to the target")
    rows = trainer.run()
    stopped = rows[-1]["step"]
    _, reached = trainer.evaluate(trainer.images, trainer.labels)
    assert reached <= 0.3
    assert stopped % every == 0
    assert rows[-1]["precision"] == "fp32"
    assert repr(Trainer(small(), toy(), settings, FP32, tmp_path / "to the target").run()) == repr(rows)  # ended is ended
    steps = trainer.steps_per_epoch
    earlier = Trainer(small(), toy(), settings, FP32, tmp_path / "step by step")
    losses = []
    for step in range(stopped):
        earlier.network.train()
        epoch, within = divmod(step, steps)
        earlier._step(epoch + 1, within, earlier._order(epoch + 1).split(earlier.batch)[within])
        if (step + 1) % every == 0:
            losses.append(earlier.evaluate(earlier.images, earlier.labels)[1])
    assert min(losses[:-1], default=1) > 0.3
    assert losses[-1] == reached


@pytest.mark.parametrize(
    "changes",
    [{"clip": 0.0}, {"penalty": -1.0}, {"block_size": 0}, {"measure_every": 0}, {"target_loss": 0.0}, {"target_every": 0}],
)
def test_what_cannot_train_is_refused(changes):
    with pytest.raises(UserError, match=next(iter(changes))):
        plain(**changes)
    assert Recipe.__dataclass_params__.frozen
