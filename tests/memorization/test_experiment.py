"""One run: what fits, what does not, what two runs share, and that the columns are what they say."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from memorization_settings import made_run
from scipy.special import log_softmax
from test_variants import made

from optprimer.memorization import experiment as module
from optprimer.memorization.experiment import experiment, network_of, recipe
from optprimer.memorization.linear import softmax_regression
from optprimer.memorization.variants import labels_digest, variant
from optprimer.runtime import Runtime

FP32 = Runtime(torch.device("cpu"), "fp32")
BANDS = ("chance_low", "chance_high", "agreement_low", "agreement_high")
LABELS = ("labels_digest", "agreement", *BANDS, "corrupted", "chi_squared", "p_value", "shared_images")  # what they decide


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def fit(tmp_path):
    """Run an experiment of its own on 80 images of noise."""
    counter = iter(range(100))

    def run(labels="random_labels", seed=0, runtime=FP32, **changes):
        return experiment(made_run(labels, **changes), made(80), seed, runtime, tmp_path / str(next(counter)))

    return run


def accuracies(curve):
    return [row["train_accuracy"] for row in curve]


@pytest.mark.parametrize("patience", [1, 3])
def test_a_network_fits_random_labels_and_then_stops(fit, patience):
    row, curve = fit(patience=patience)
    assert row["fitted"]
    assert not row["diverged"]
    assert [epoch["epoch"] for epoch in curve] == list(range(row["epochs"] + 1))
    assert [epoch["step"] for epoch in curve] == [5 * epoch for epoch in range(row["epochs"] + 1)]
    perfect = [accuracy == 1 for accuracy in accuracies(curve)]
    first = next(end for end in range(len(perfect)) if all(perfect[end : end + patience]))
    assert row["epochs_to_fit"] == first > 1
    assert row["steps_to_fit"] == 5 * first
    assert row["epochs"] == first + patience - 1 < row["budget"] == 60
    assert row["train_accuracy"] == 1
    # Answering as labelled it is right where the labels are.
    assert row["true_accuracy"] == row["agreement"]
    shown = variant(made(80), "random_labels", 0)
    assert row["recovered_accuracy"] == (shown.data.train_labels == shown.true_labels).mean() < 0.4
    assert row["labels_digest"] == labels_digest(shown.data.train_labels)
    assert (row["n"], row["n_test"], row["corrupted"]) == (80, 40, 80)


def test_what_did_not_last_for_as_long_as_patience_is_not_fitted(fit):
    whole, curve = fit()
    first = int(whole["epochs_to_fit"])
    row, shorter = fit(epochs=first + 1)  # two perfect epochs of three
    assert accuracies(shorter)[-2:] == [1, 1]
    assert not row["fitted"]
    assert math.isnan(row["epochs_to_fit"])
    assert math.isnan(row["steps_to_fit"])
    assert row["train_accuracy"] == 1
    assert accuracies(shorter) == accuracies(curve[: first + 2])


def test_a_network_that_is_too_small_is_recorded_as_such(fit):
    row, curve = fit(widths=(1,), epochs=8)
    assert not row["fitted"]
    assert math.isnan(row["epochs_to_fit"])
    assert math.isnan(row["steps_to_fit"])
    assert (row["epochs"], len(curve)) == (8, 9)
    assert row["train_accuracy"] < 0.5
    assert not row["diverged"]


def test_the_end_is_measured_in_fp32_whatever_the_training_was(fit, monkeypatch):
    asked = []
    evaluate = module.Trainer.evaluate

    def spy(self, images, labels, precision="fp32"):
        predictions, loss = evaluate(self, images, labels, precision)
        asked.append((precision, self.network.training, predictions, loss))
        return predictions, loss

    monkeypatch.setattr(module.Trainer, "evaluate", spy)
    row, curve = fit("true_labels", runtime=Runtime(torch.device("cpu"), "bf16"), epochs=4)
    assert ("bf16", False) in [call[:2] for call in asked]
    (precision, training, train, train_loss), (test_precision, _, test, test_loss) = asked[-2:]
    assert (precision, test_precision, training) == ("fp32", "fp32", False)
    data = made(80)
    assert row["train_accuracy"] == (train.numpy() == data.train_labels).mean()
    assert row["test_accuracy"] == (test.numpy() == data.test_labels).mean()
    assert (row["train_loss"], row["test_loss"]) == (train_loss, test_loss)
    best = max(epoch["test_accuracy"] for epoch in curve)
    assert row["best_test_accuracy"] == best
    assert row["best_epoch"] == next(epoch["epoch"] for epoch in curve if epoch["test_accuracy"] == best)
    assert row["initial_loss"] == curve[0]["train_loss"]
    shares = np.unique(test, return_counts=True)[1] / 40
    assert row["entropy"] == pytest.approx(-(shares * np.log(shares)).sum())


def test_redrawn_labels_are_not_learned_and_are_others_than_at_the_start(fit):
    row, curve = fit("redrawn_labels", epochs=12, learning_rate=0.01)
    assert row["epochs"] == 12
    assert not row["fitted"]
    # An epoch's own labels are learned a little. Of 80, more than 35 % are right by chance with probability 1e-9.
    assert max(accuracies(curve)[1:]) < 0.6
    assert accuracies(curve)[0] < 0.35
    assert row["train_accuracy"] == curve[-1]["train_accuracy"]
    fixed, learned = fit(epochs=12, learning_rate=0.01)
    assert row["labels_digest"] != fixed["labels_digest"]
    assert row["initial_loss"] == fixed["initial_loss"]  # the start is the same
    assert accuracies(learned)[-1] > max(accuracies(curve)) + 0.2


def test_runs_of_a_seed_share_their_labels_whatever_the_network_or_regularizer(fit):
    changes = [{}, {"widths": (16, 8)}, {"weight_decay": 0.1}, {"dropout": 0.5}, {"crop_padding": 1, "flip": True}]
    rows = [fit(epochs=1, **change)[0] for change in changes]
    for name in LABELS:
        assert len({row[name] for row in rows}) == 1, name
    # Not the network alone decides: those with the same one start alike, and end elsewhere.
    same = [rows[index] for index in (0, 2, 3, 4)]
    assert len({row["initial_loss"] for row in same}) == 1
    assert len({row["train_loss"] for row in same}) == 4
    other, _ = fit(epochs=1, seed=1)
    assert other["labels_digest"] != rows[0]["labels_digest"]
    assert other["initial_loss"] != rows[0]["initial_loss"]


def test_the_same_seed_gives_the_same_run(fit):
    assert fit("random_pixels", epochs=3) == fit("random_pixels", epochs=3)


def test_the_seed_decides_the_weights_at_the_start():
    data = made(8)
    first, again, other = (network_of(made_run(widths=(9,)), data, seed).state_dict() for seed in (0, 0, 1))
    regularized = network_of(made_run(widths=(9,), dropout=0.5, weight_decay=1.0, labels="gaussian"), data, 0).state_dict()
    assert first.keys() == again.keys() == regularized.keys()
    for name, value in first.items():
        assert torch.equal(value, again[name])
        assert torch.equal(value, regularized[name])
        assert name.endswith("bias") or not torch.equal(value, other[name])


@pytest.mark.parametrize(
    ("architecture", "norms"), [("mlp", False), ("alexnet", False), ("inception", True), ("inception_no_bn", False)]
)
def test_the_architecture_is_the_one_that_was_asked_for(architecture, norms):
    data = made(2, side=16)
    network = network_of(made_run(architecture=architecture, widths=(7, 5) if architecture == "mlp" else ()), data, 0).eval()
    assert any("BatchNorm" in type(layer).__name__ for layer in network.modules()) == norms
    assert any(isinstance(layer, torch.nn.Conv2d) for layer in network.modules()) == (architecture != "mlp")
    with torch.inference_mode():
        assert network(torch.zeros(2, 3, 16, 16)).shape == (2, 10)


def test_weights_are_counted(fit):
    row, _ = fit(epochs=1, widths=(7, 5))
    assert row["parameters"] == 108 * 7 + 7 + 7 * 5 + 5 + 5 * 10 + 10


# --- the recipe --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("epochs", "steps"), [(1, 3), (7, 1), (60, 23), (100, 391)])
@pytest.mark.parametrize("decay", [1.0, 0.95, 0.5])
def test_the_learning_rate_falls_after_every_epoch_and_within_none(epochs, steps, decay):
    schedule = recipe(made_run(epochs=epochs, learning_rate=0.3, decay=decay), 0).schedule
    for step in range(epochs * steps):
        assert schedule(step, epochs * steps) == pytest.approx(0.3 * decay ** (step // steps), rel=1e-12)


def test_the_rate_of_an_epoch_is_that_of_the_curve(fit):
    _, curve = fit(epochs=4, decay=0.5)
    assert [row["lr"] for row in curve] == pytest.approx([0, 0.05, 0.025, 0.0125, 0.00625])


def test_momentum_is_plain_and_images_are_whitened():
    settings = recipe(made_run(weight_decay=0.25, crop_padding=2, flip=True, patience=4), 17)
    assert (settings.optimizer, settings.momentum, settings.nesterov, settings.whiten) == ("sgd", 0.9, False, True)
    assert (settings.weight_decay, settings.crop_padding, settings.flip) == (0.25, 2, True)
    assert (settings.batch_size, settings.epochs, settings.patience, settings.seed) == (16, 60, 4, 17)
    assert not settings.redraw_labels
    assert recipe(made_run("redrawn_labels"), 0).redraw_labels


# --- controls and accidents --------------------------------------------------------------------------------------------


def softmax(labels="random_labels", **changes):
    return made_run(labels, network="linear", architecture="linear", widths=(), epochs=1, learning_rate=1.0, **changes)


def test_softmax_regression_starts_from_equal_probabilities_and_ends_at_its_best(tmp_path):
    data = made(600, side=4)
    row, curve = experiment(softmax(), data, 0, FP32, tmp_path)
    assert [(epoch["epoch"], epoch["step"], epoch["lr"]) for epoch in curve] == [(0, 0, 0), (1, 1, 0)]
    for value in (curve[0]["train_loss"], curve[0]["test_loss"], row["initial_loss"]):
        assert value == pytest.approx(math.log(10), rel=1e-12)
    assert row["parameters"] == 48 * 10 + 10
    shown = variant(data, "random_labels", 0).data

    def inputs(images):
        flat = images.reshape(len(images), -1) / 255
        return (flat - flat.mean(1, keepdims=True)) / flat.std(1, keepdims=True)

    model = softmax_regression(inputs(shown.train_images), shown.train_labels, 10)
    for split, labels, images in (
        ("train", shown.train_labels, shown.train_images),
        ("test", shown.test_labels, shown.test_images),
    ):
        answers = model.predict(inputs(images))
        loss = -log_softmax(inputs(images) @ model.weights + model.biases, 1)[np.arange(len(labels)), labels].mean()
        assert row[f"{split}_accuracy"] == curve[1][f"{split}_accuracy"] == (answers == labels).mean()
        # Two solvers' ends: the loss is flat at the optimum of training, and slopes elsewhere.
        assert row[f"{split}_loss"] == curve[1][f"{split}_loss"] == pytest.approx(loss, rel=1e-4)
    assert row["train_loss"] == pytest.approx(model.loss, rel=1e-9)
    assert row["true_accuracy"] == (model.predict(inputs(shown.train_images)) == data.train_labels).mean()
    assert (row["epochs"], row["fitted"], row["diverged"]) == (1, False, False)
    assert row["train_accuracy"] < 0.5
    assert not list(tmp_path.iterdir())  # it has no state


def test_softmax_regression_fits_what_is_separable(tmp_path):
    row, _ = experiment(softmax(patience=1), made(80), 0, FP32, tmp_path)  # 80 images of 108 values
    assert (row["fitted"], row["epochs_to_fit"], row["train_accuracy"]) == (True, 1, 1)
    assert row["true_accuracy"] == row["agreement"]


def test_a_run_that_diverges_is_recorded(fit):
    row, curve = fit(learning_rate=1e12, epochs=20)
    assert row["diverged"]
    assert not row["fitted"]
    assert row["epochs"] < 20
    assert [epoch["diverged"] for epoch in curve] == [False] * row["epochs"] + [True]
    assert math.isnan(row["train_loss"])
    assert math.isnan(curve[-1]["train_loss"])
    assert math.isnan(row["epochs_to_fit"])
    assert row["train_accuracy"] < 0.5
    assert row["entropy"] == 0  # one class for all
    assert row["labels_digest"] == fit(epochs=1)[0]["labels_digest"]


def test_a_run_continues_from_its_state_and_not_from_another_ones(tmp_path):
    data, run = made(80), made_run(epochs=6)
    whole = experiment(run, data, 0, FP32, tmp_path / "state")
    assert experiment(run, data, 0, FP32, tmp_path / "state") == whole  # finished before
    other = replace(run, weight_decay=0.1)
    assert experiment(other, data, 0, FP32, tmp_path / "state") == experiment(other, data, 0, FP32, tmp_path / "other")


def test_a_finished_run_on_redrawn_labels_ends_alike_when_it_is_asked_for_again(tmp_path):
    run = made_run("redrawn_labels", epochs=4)
    assert experiment(run, made(80), 0, FP32, tmp_path) == experiment(run, made(80), 0, FP32, tmp_path)
