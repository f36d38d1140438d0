"""Runs: arms of one seed start together, a full batch is free of chance, and what is measured is what it is called."""

import math

import pytest
import torch
from batch_settings import RECIPES, section
from torch.nn import functional

from optprimer.batch.experiment import POINTS, experiment, recipe, train, trial
from optprimer.batch.plan import runs
from optprimer.data.dataset import load
from optprimer.data.sampling import drawn
from optprimer.runtime import Runtime

FP32 = Runtime(torch.device("cpu"), "fp32")


@pytest.fixture(scope="module")
def data(digits):
    return drawn(load(digits), images=100, test_images=50, folds=5, seed=0, index=0)


def run_of(name, network="mlp", **changes):
    batch = section(recipes=RECIPES | {name: RECIPES[name] | changes})
    return next(run for run in runs(batch) if (run.stage, run.network, run.recipe) == ("train", network, name))


def trained(run, data, folder, rate=0.1, seed=7):
    return train(run, rate, data, seed, POINTS, FP32, folder)


def weights(trained):
    return torch.cat([parameter.detach().flatten() for parameter in trained.trainer.network.parameters()])


@pytest.mark.parametrize("network", ["mlp", "conv"])
def test_recipes_of_a_seed_start_at_the_same_point_and_seeds_at_others(network, data, tmp_path):
    names = ("sgd", "gd_penalty", "adam", "sgd_other_shuffle")
    starts = [trained(run_of(name, network), data, tmp_path / name).start for name in names]
    assert all(torch.equal(start, starts[0]) for start in starts)
    assert not torch.equal(trained(run_of("sgd", network), data, tmp_path / "seed", seed=8).start, starts[0])


def test_another_order_is_all_that_differs_from_the_control(data, tmp_path):
    first, again, control = (
        weights(trained(run_of(name), data, tmp_path / place))
        for name, place in (("sgd", "1"), ("sgd", "2"), ("sgd_other_shuffle", "3"))
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, control)
    sgd, other = (recipe(run_of(name), 0.1, 7, POINTS) for name in ("sgd", "sgd_other_shuffle"))
    assert {name for name in vars(sgd) if getattr(sgd, name) != getattr(other, name)} == {"seed"}


def test_a_full_batch_does_not_depend_on_order(data, tmp_path):
    first, other = (weights(trained(run_of("gd", order=order), data, tmp_path / str(order))) for order in (0, 1))
    assert torch.equal(first, other)


def test_a_full_batch_step_is_one_along_the_whole_gradient(data, tmp_path):
    run = run_of("gd", epochs=1, schedule="constant", momentum=0.0, weight_decay=0.0, block_size=32)
    found = trained(run, data, tmp_path / "run", rate=0.5)
    inputs = ((found.trainer.images.double() / 255 - found.trainer.mean) / found.trainer.std).permute(0, 3, 1, 2)
    network = found.trainer.network.double()
    moved = weights(found)
    torch.nn.utils.vector_to_parameters(found.start.double(), network.parameters())
    loss = functional.cross_entropy(network(inputs), found.trainer.labels)
    gradient = torch.cat([part.flatten() for part in torch.autograd.grad(loss, list(network.parameters()))])
    torch.testing.assert_close(moved, found.start.double() - 0.5 * gradient, rtol=1e-4, atol=1e-6)  # blocks of 32 in fp32


def test_the_recipe_is_the_rung(data):
    run = run_of("gd_penalty", warmup=0.5, span=0.65, crop_padding=1, flip=True)
    found = recipe(run, 0.3, 7, 2)
    assert (found.batch_size, found.shuffle, found.clip, found.penalty, found.block_size) == (None, False, 0.25, 0.5, 32)
    assert (found.crop_padding, found.flip, found.epochs, found.measure_every) == (1, True, 6, 3)
    schedule = found.schedule
    assert (schedule.kind, schedule.peak, schedule.warmup, schedule.span) == ("cosine", 0.3, 0.5, 0.65)
    assert recipe(run_of("sgd"), 0.3, 7, 2).clip is None


def test_training_accuracy_one_ends_no_run(data, tmp_path):
    found = trained(run_of("sgd", "conv", epochs=90), data, tmp_path / "run")
    assert found.history[-3]["fit_accuracy"] == 1
    assert [row["epoch"] for row in found.history] == list(range(0, 91, 6))


def test_ends_are_those_of_the_network(data, tmp_path):
    run = run_of("gd_penalty", "conv")
    columns, curve = experiment(run, 0.2, data, 7, 20, FP32, tmp_path / "a")
    network, trainer = (found := trained(run, data, tmp_path / "b", rate=0.2)).trainer.network, found.trainer
    for split, images, labels in (
        ("train", trainer.images, trainer.labels),
        ("test", trainer.test_images, trainer.test_labels),
    ):
        logits = network(((images.float() / 255 - trainer.mean) / trainer.std).permute(0, 3, 1, 2))
        loss = functional.cross_entropy(logits, labels)
        assert columns[f"{split}_loss"] == pytest.approx(loss.item(), rel=1e-5)
        assert columns[f"{split}_accuracy"] == (logits.argmax(1) == labels).double().mean().item()
        if split == "train":
            gradient = torch.cat([part.flatten() for part in torch.autograd.grad(loss, list(network.parameters()))])
            assert columns["gradient_norm"] == pytest.approx(gradient.norm().item(), rel=1e-4)
    assert columns["distance"] == pytest.approx((weights(found) - found.start).norm().item(), rel=1e-6)
    assert columns["parameters"] == len(found.start)
    assert (columns["n"], columns["n_test"], columns["epochs"], columns["steps"]) == (100, 50, 6, 6)
    assert columns["gradient_evaluations"] == 2 * 100 * 6
    assert [row["gradient_evaluations"] for row in curve] == [200 * epoch for epoch in range(7)]
    assert curve[-1]["train_accuracy"] == columns["train_accuracy"]
    assert math.isnan(curve[0]["gradient_norm"])


def test_sharpness_is_the_largest_eigenvalue_of_the_dense_hessian(data, tmp_path):
    run = run_of("sgd")
    columns, _ = experiment(run, 0.1, data, 7, 100, FP32, tmp_path / "a")  # on all images: no sample
    trainer = trained(run, data, tmp_path / "b").trainer
    network = trainer.network.double()
    inputs = ((trainer.images.double() / 255 - trainer.mean) / trainer.std).permute(0, 3, 1, 2)
    point = torch.nn.utils.parameters_to_vector(network.parameters()).detach()
    names = [name for name, _ in network.named_parameters()]
    shapes = [parameter.shape for parameter in network.parameters()]

    def loss(vector):
        parts = vector.split([shape.numel() for shape in shapes])
        named = {name: part.view(shape) for name, part, shape in zip(names, parts, shapes, strict=True)}
        return functional.cross_entropy(torch.func.functional_call(network, named, (inputs,)), trainer.labels)

    largest = torch.linalg.eigvalsh(torch.autograd.functional.hessian(loss, point))[-1].item()
    assert abs(columns["sharpness"] - largest) <= columns["sharpness_residual"] + 1e-4 * largest
    assert columns["sharpness_residual"] <= 0.01 * columns["sharpness"]


def test_a_run_that_diverges_is_a_row(data, tmp_path):
    columns, curve = experiment(run_of("sgd", "conv"), 1e30, data, 7, 20, FP32, tmp_path / "run")
    assert columns["diverged"]
    assert columns["epochs"] < 3
    assert len(curve) == columns["epochs"] + 1
    names = ("train_loss", "test_loss", "gradient_norm", "sharpness", "distance")
    assert all(math.isnan(columns[name]) for name in names)


def test_a_trial_is_measured_on_the_images_in_the_place_of_test_images(data, tmp_path):
    run = next(run for run in runs(section()) if run.stage == "search" and run.network == "mlp")
    columns = trial(run, data, 7, FP32, tmp_path / "a")
    trainer = trained(run, data, tmp_path / "b", rate=run.learning_rate).trainer
    predictions, loss = trainer.evaluate(trainer.test_images, trainer.test_labels)
    assert columns["validation_accuracy"] == (predictions == trainer.test_labels).double().mean().item()
    assert columns["validation_loss"] == loss
    assert (columns["n"], columns["n_validation"], columns["learning_rate"]) == (100, 50, run.learning_rate)
