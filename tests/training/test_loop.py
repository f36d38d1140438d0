"""The training loop on a toy data set, against steps written out by hand and against itself."""

import dataclasses
import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from optprimer import seeds
from optprimer.data.dataset import Dataset
from optprimer.networks.resnet import resnet
from optprimer.runtime import Runtime
from optprimer.training import loop
from optprimer.training.loop import Trainer
from optprimer.training.recipe import Recipe
from optprimer.training.schedule import Schedule

FP32 = Runtime(torch.device("cpu"), "fp32")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def toy(n: int = 64) -> Dataset:
    """Noise of a brightness and a colour that tell the four classes apart."""
    draws = np.random.default_rng(0)
    labels = np.arange(n + 32) % 4
    images = draws.integers(0, 100, (n + 32, 8, 8, 3))
    images[np.arange(n + 32), :, :, labels % 3] += 40 * labels[:, None, None]
    images = images.astype(np.uint8)
    mean, std = images[:n].mean((0, 1, 2)) / 255, images[:n].std((0, 1, 2)) / 255
    return Dataset("toy", images[:n], labels[:n], images[n:], labels[n:], tuple(mean), tuple(std), tuple("abcd"))


def recipe(**changes: object) -> Recipe:
    settings = {
        "epochs": 3,
        "batch_size": 16,
        "optimizer": "sgd",
        "momentum": 0.9,
        "weight_decay": 5e-4,
        "schedule": Schedule("one_cycle", 0.1, warmup=0.25),
        "crop_padding": 1,
        "flip": True,
        "checkpoint_every": 1,
        "seed": 0,
    }
    return Recipe(**(settings | changes))


def network(*, skips: bool = True) -> nn.Module:
    return resnet(8, skips=skips, channels=3, classes=4, generator=torch.Generator().manual_seed(0))


def linear() -> nn.Module:
    """A network without batch norm, whose gradient is a mean over images however they are grouped."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(192, 4))
    nn.init.normal_(model[1].weight, std=0.05, generator=torch.Generator().manual_seed(0))
    nn.init.zeros_(model[1].bias)
    return model


def state_of(model: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


def assert_same_state(one: dict[str, Tensor], other: dict[str, Tensor]) -> None:
    assert one.keys() == other.keys()
    assert [name for name in one if not torch.equal(one[name], other[name])] == []


def normalised(images: np.ndarray, data: Dataset) -> Tensor:
    """(N, C, H, W) float32 from float64 arithmetic."""
    return torch.from_numpy(((images / 255 - data.mean) / data.std).astype(np.float32).transpose(0, 3, 1, 2).copy())


def order(seed: int, epoch: int, n: int) -> np.ndarray:
    return torch.randperm(n, generator=torch.Generator().manual_seed(seeds.derive(seed, "order", epoch))).numpy()


def by_hand(model: nn.Module, data: Dataset, rates: list[float], batch: int, momentum: float, decay: float) -> list[float]:
    """Take ``len(rates)`` steps of Nesterov SGD (Sutskever et al. 2013 as Li et al. ran it) in epoch 1; return the losses.

    g = grad + decay w; v = momentum v + g, v starting at 0; w -= rate (g + momentum v).
    """
    model.train()
    velocities = [torch.zeros_like(p) for p in model.parameters()]
    permuted = order(0, 1, len(data.train_labels))
    losses = []
    for step, rate in enumerate(rates):
        chosen = permuted[step * batch : (step + 1) * batch]
        logits = model(normalised(data.train_images[chosen], data))
        labels = torch.from_numpy(data.train_labels[chosen])
        loss = (logits.exp().sum(1).log() - logits[torch.arange(len(labels)), labels]).mean()
        gradients = torch.autograd.grad(loss, list(model.parameters()))
        with torch.no_grad():
            for parameter, velocity, gradient in zip(model.parameters(), velocities, gradients, strict=True):
                g = gradient + decay * parameter
                velocity.mul_(momentum).add_(g)
                parameter -= rate * (g + momentum * velocity)
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("make", [network, lambda: network(skips=False), linear], ids=["skips", "no skips", "linear"])
@pytest.mark.parametrize(("momentum", "decay"), [(0.9, 0.1), (0.9, 0.0), (0.0, 0.1)])
def test_steps_of_sgd_are_those_written_out_by_hand(tmp_path, make, momentum, decay):
    # Later steps only without ReLUs: one that rounding switches the other way would hide what is compared.
    steps = 4 if make is linear else 1
    rates = [0.05 * (1 - step / steps) for step in range(steps)]
    data, schedule = toy(16 * steps), Schedule("one_cycle", 0.05)
    chosen = recipe(epochs=1, schedule=schedule, momentum=momentum, weight_decay=decay, crop_padding=0, flip=False)
    trained, reference, start = make(), make(), make()
    rows = Trainer(trained, data, chosen, FP32, tmp_path).run()
    losses = by_hand(reference, data, rates, 16, momentum, decay)
    for (name, value), expected, first in zip(
        trained.named_parameters(), reference.parameters(), start.parameters(), strict=True
    ):
        # fp32 in another memory layout: sums of 1,000 terms and a division by the deviation of a batch leave up to 2e-4 of a
        # move. A rate that is off by 1 % shows at 1e-2.
        assert float((value - expected).detach().norm() / (expected - first).detach().norm()) < 2e-3, name
    assert rows[1]["train_loss"] == pytest.approx(sum(losses) / steps, rel=1e-4)
    assert rows[1]["lr"] == pytest.approx(rates[-1], rel=1e-14)


def test_a_step_of_adam_moves_each_weight_by_the_rate(tmp_path):
    # With m / (1 - b1) = g and v / (1 - b2) = g^2 the first step is rate g / (|g| + 1e-8): its sign (Kingma and Ba 2015).
    data = toy(16)
    chosen = recipe(
        epochs=1, optimizer="adam", weight_decay=0.0, schedule=Schedule("constant", 0.01), crop_padding=0, flip=False
    )
    trained, reference = linear(), linear()
    Trainer(trained, data, chosen, FP32, tmp_path).run()
    functional.cross_entropy(
        reference(normalised(data.train_images, data)), torch.from_numpy(data.train_labels), reduction="mean"
    ).backward()
    for after, before in zip(trained.parameters(), reference.parameters(), strict=True):
        clear = before.grad.abs() > 1e-4  # 1e-8 is then less than 1e-4 of it
        assert bool(clear.any())
        torch.testing.assert_close((after - before)[clear], -0.01 * before.grad.sign()[clear], rtol=1e-3, atol=1e-7)


def test_the_history_says_what_was_measured(tmp_path):
    data = toy()
    trained = network()
    rows = Trainer(trained, data, recipe(batch_size=24), FP32, tmp_path).run()
    schedule = recipe().schedule
    assert [row["epoch"] for row in rows] == [0, 1, 2, 3]
    assert [row["step"] for row in rows] == [0, 3, 6, 9]  # 24 + 24 + 16 images
    assert [row["lr"] for row in rows] == [0.0] + [schedule(step, 9) for step in (2, 5, 8)]
    assert [row["diverged"] for row in rows] == [False] * 4
    assert math.isnan(rows[0]["train_loss"])
    assert math.isnan(rows[0]["train_accuracy"])
    for row, model in ((rows[0], network()), (rows[-1], trained)):
        logits = model.eval()(normalised(data.test_images, data)).detach()
        labels = torch.from_numpy(data.test_labels)
        assert row["test_loss"] == pytest.approx(functional.cross_entropy(logits, labels).item(), rel=1e-4)
        assert row["test_accuracy"] == (logits.argmax(1) == labels).double().mean().item()
    assert rows[0]["test_loss"] == pytest.approx(math.log(4), abs=0.05)  # linear weights of 1e-3: all classes alike


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("skips", [True, False])
def test_it_learns(tmp_path, optimizer, skips):
    rate = 0.1 if optimizer == "sgd" else 0.01
    chosen = recipe(epochs=8, optimizer=optimizer, schedule=Schedule("one_cycle", rate, warmup=0.2))
    rows = Trainer(network(skips=skips), toy(), chosen, FP32, tmp_path).run()
    assert rows[-1]["train_loss"] < 0.5 * rows[1]["train_loss"]
    assert rows[-1]["train_accuracy"] > 0.8
    assert rows[-1]["test_accuracy"] > 0.8


@pytest.mark.parametrize("block", [64, 32, 24, 1])
@pytest.mark.parametrize("shuffle", [True, False])
def test_a_full_batch_is_the_sum_of_its_blocks(tmp_path, block, shuffle):
    data = toy()
    chosen = recipe(
        batch_size=None, weight_decay=0.0, momentum=0.0, schedule=Schedule("constant", 0.1), crop_padding=0, flip=False,
        block_size=block, shuffle=shuffle,
    )  # fmt: skip
    model = linear()
    rows = Trainer(model, data, chosen, FP32, tmp_path).run()
    assert [row["step"] for row in rows] == [0, 1, 2, 3]
    reference = linear()
    x, y = normalised(data.train_images, data), torch.from_numpy(data.train_labels)
    for row in rows[1:]:
        logits = reference(x)
        loss = functional.cross_entropy(logits, y)
        assert row["train_loss"] == pytest.approx(loss.item(), rel=1e-5)
        assert row["train_accuracy"] == (logits.argmax(1) == y).double().mean().item()
        gradients = torch.autograd.grad(loss, list(reference.parameters()))
        assert row["gradient_norm"] == pytest.approx(torch.cat([g.flatten() for g in gradients]).norm().item(), rel=1e-5)
        with torch.no_grad():
            for parameter, gradient in zip(reference.parameters(), gradients, strict=True):
                parameter -= 0.1 * gradient
    for value, expected in zip(model.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(value, expected, rtol=1e-4, atol=1e-6)


def test_accumulation_augments_each_image_once_and_like_a_minibatch_of_that_size(tmp_path, monkeypatch):
    seen: list[Tensor] = []
    draw = loop.augment
    monkeypatch.setattr(loop, "augment", lambda *arguments: seen.append(draw(*arguments)) or seen[-1])
    Trainer(linear(), toy(), recipe(batch_size=None, epochs=1, block_size=20), FP32, tmp_path).run()
    assert [len(x) for x in seen] == [20, 20, 20, 4]
    # No draw is used twice: the parts of one step continue one generator.
    generator = torch.Generator().manual_seed(seeds.derive(0, "augmentation", 1, 0))
    permuted = toy().train_images[order(0, 1, 64)]
    for part, x in zip(torch.from_numpy(permuted).split(20), seen, strict=True):
        assert torch.equal(x, draw(part, 1, True, generator))


def test_each_epoch_sees_every_image_once_in_an_order_of_its_own(tmp_path, monkeypatch):
    seen: list[Tensor] = []
    monkeypatch.setattr(loop, "augment", lambda x, *_: seen.append(x.clone()) or x)
    data = toy()
    Trainer(linear(), data, recipe(epochs=2), FP32, tmp_path).run()
    epochs = [torch.cat(seen[:4]), torch.cat(seen[4:])]
    for images in epochs:
        assert sorted(image.numpy().tobytes() for image in images) == sorted(image.tobytes() for image in data.train_images)
    assert not torch.equal(*epochs)


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(tmp_path):
    models = [network() for _ in range(3)]
    rows = [
        Trainer(model, toy(), recipe(seed=seed), FP32, tmp_path / str(index)).run()
        for index, (model, seed) in enumerate(zip(models, (0, 0, 1), strict=True))
    ]
    assert repr(rows[0]) == repr(rows[1])
    assert_same_state(state_of(models[0]), state_of(models[1]))
    for name in ("state", "epoch_00002"):
        first, again = ((tmp_path / folder / f"{name}.safetensors").read_bytes() for folder in "01")
        assert first == again
    assert rows[0][1]["train_loss"] != rows[2][1]["train_loss"]
    assert not torch.equal(models[0].conv.weight, models[2].conv.weight)


def test_the_global_generators_of_torch_and_numpy_play_no_part(tmp_path):
    results = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        np.random.seed(seed)  # noqa: NPY002 (the legacy global generator is what is under test)
        results.append(repr(Trainer(network(), toy(), recipe(), FP32, tmp_path / str(seed)).run()))
    assert results[0] == results[1]


def test_divergence_is_recorded_and_ends_the_run(tmp_path):
    model = network(skips=False)
    trainer = Trainer(model, toy(), recipe(epochs=50, schedule=Schedule("constant", 1e6)), FP32, tmp_path)
    rows = trainer.run()
    assert 1 < len(rows) < 51
    assert [row["diverged"] for row in rows] == [False] * (len(rows) - 1) + [True]
    assert math.isnan(rows[-1]["test_loss"])
    assert not rows[-1]["train_loss"] < 1e6  # NaN, or absurd if the epoch's last step is the one that overflowed
    assert 0 <= rows[-1]["test_accuracy"] <= 1
    assert not any(math.isinf(value) for row in rows for value in row.values() if isinstance(value, float))
    assert rows[-1]["precision"] == "fp32"
    assert max(dict(trainer.checkpoints())) == len(rows) - 1
    # Started again, it has nothing to do and says the same.
    assert repr(Trainer(network(skips=False), toy(), trainer.recipe, FP32, tmp_path).run()) == repr(rows)


def test_weights_that_the_last_step_destroys_are_a_divergence_too(tmp_path):
    # One step, on weights w to w - 1e38 (1e6 w + ...): its loss was measured before they overflowed.
    chosen = recipe(epochs=1, batch_size=None, weight_decay=1e6, schedule=Schedule("constant", 1e38))
    rows = Trainer(linear(), toy(), chosen, FP32, tmp_path).run()
    assert math.isfinite(rows[-1]["train_loss"])
    assert math.isnan(rows[-1]["test_loss"])
    assert rows[-1]["diverged"]


@pytest.mark.parametrize(("every", "stored"), [(1, [0, 1, 2, 3, 4, 5]), (2, [0, 2, 4, 5]), (3, [0, 3, 5]), (9, [0, 5])])
def test_checkpoints_are_the_weights_of_their_epochs(tmp_path, every, stored):
    model, start = network(), state_of(network())
    trainer = Trainer(model, toy(), recipe(epochs=5, checkpoint_every=every), FP32, tmp_path)
    trainer.run()
    found = dict(trainer.checkpoints())
    assert list(found) == stored
    assert_same_state(found[0], start)
    assert_same_state(found[5], state_of(model))


def test_bf16_trains_beside_fp32_and_ends_with_a_measurement_in_fp32(tmp_path):
    try:
        with torch.autocast("cpu", torch.bfloat16):
            functional.conv2d(torch.ones(1, 1, 3, 3), torch.ones(1, 1, 3, 3))
    except RuntimeError as error:
        pytest.skip(f"PyTorch cannot convolve in bf16 on this machine: {error}")
    models = [network(), network()]
    chosen = recipe(epochs=6)
    fp32 = Trainer(models[0], toy(), chosen, FP32, tmp_path / "fp32").run()
    bf16 = Trainer(models[1], toy(), chosen, dataclasses.replace(FP32, precision="bf16"), tmp_path / "bf16").run()
    assert [row["precision"] for row in fp32] == ["fp32"] * 7
    assert [row["precision"] for row in bf16] == ["bf16"] * 6 + ["fp32"]
    # 8 bits of the mantissa: the first epoch of losses near ln 4 agrees to a few per cent, but not to the bit.
    assert bf16[1]["train_loss"] == pytest.approx(fp32[1]["train_loss"], rel=0.1)
    assert bf16[1]["train_loss"] != fp32[1]["train_loss"]
    assert bf16[-1]["train_accuracy"] > 0.8
    assert all(p.dtype == torch.float32 for p in models[1].parameters())
    logits = models[1].eval()(normalised(toy().test_images, toy()))
    expected = functional.cross_entropy(logits, torch.from_numpy(toy().test_labels)).item()
    assert bf16[-1]["test_loss"] == pytest.approx(expected, rel=1e-4)


def other_labels(data: Dataset) -> Dataset:
    return dataclasses.replace(data, train_labels=np.roll(data.train_labels, 1))


def other_images(data: Dataset) -> Dataset:
    return dataclasses.replace(data, train_images=data.train_images[::-1].copy(), train_labels=data.train_labels[::-1].copy())


def other_test_images(data: Dataset) -> Dataset:
    return dataclasses.replace(data, test_images=data.test_images[::-1].copy())


@pytest.mark.parametrize("change", [other_labels, other_images, other_test_images])
def test_a_state_of_other_data_is_not_continued(tmp_path, change: Callable[[Dataset], Dataset]):
    # Moments and sizes agree, as they do when labels are shuffled on purpose.
    Trainer(network(), toy(), recipe(), FP32, tmp_path / "used").run()
    continued = Trainer(network(), change(toy()), recipe(), FP32, tmp_path / "used").run()
    assert repr(continued) == repr(Trainer(network(), change(toy()), recipe(), FP32, tmp_path / "fresh").run())


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 1},
        {"epochs": 2},
        {"batch_size": 8},
        {"optimizer": "adam", "schedule": Schedule("constant", 0.01)},
        {"momentum": 0.8},
        {"weight_decay": 0.0},
        {"schedule": Schedule("cosine", 0.1)},
        {"crop_padding": 0},
        {"flip": False},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_state_of_another_recipe_is_not_continued(tmp_path, changes):
    Trainer(network(), toy(), recipe(), FP32, tmp_path / "used").run()
    models = [network(), network()]
    trainers = [
        Trainer(model, toy(), recipe(**changes), FP32, tmp_path / folder)
        for model, folder in zip(models, ("used", "fresh"), strict=True)
    ]
    rows = [trainer.run() for trainer in trainers]
    assert repr(rows[0]) == repr(rows[1])
    assert_same_state(state_of(models[0]), state_of(models[1]))
    # Nor do its checkpoints linger: they would be drawn into the trajectory.
    assert list(dict(trainers[0].checkpoints())) == list(dict(trainers[1].checkpoints()))


def test_a_state_of_another_precision_or_network_is_not_continued(tmp_path):
    Trainer(network(), toy(), recipe(), FP32, tmp_path).run()
    without = Trainer(network(skips=False), toy(), recipe(), FP32, tmp_path).run()
    assert repr(without) == repr(Trainer(network(skips=False), toy(), recipe(), FP32, tmp_path / "fresh").run())
    bf16 = Trainer(network(), toy(), recipe(), dataclasses.replace(FP32, precision="bf16"), tmp_path).run()
    assert [row["precision"] for row in bf16] == ["bf16"] * 3 + ["fp32"]
