"""The choice of a learning rate looks at validation images and at nothing else."""

import math

import pandas as pd
import pytest

from optprimer.batch.choice import Choice, choose
from optprimer.errors import UserError


def search(*trials, **columns):
    """Trials (rate, validation accuracy, validation loss, diverged) of 100 validation images."""
    rows = [
        {"network": "mlp", "recipe": "sgd", "seed": 0, "n_validation": 100, "train_accuracy": 1.0, "train_loss": 0.0}
        | dict(zip(("learning_rate", "validation_accuracy", "validation_loss", "diverged"), trial, strict=True))
        for trial in trials
    ]
    return pd.DataFrame(rows).assign(**columns)


THREE = search((0.1, 0.80, 0.9, False), (0.4, 0.95, 0.3, False), (1.6, 0.60, 0.1, False))


def test_the_best_validation_accuracy_wins():
    assert choose(THREE, "mlp", "sgd", 0) == Choice(0.4, at_edge=False)


def test_training_does_not_count():
    fitted = THREE.assign(train_accuracy=[0.0, 0.0, 1.0], train_loss=[9.0, 9.0, 0.0])
    assert choose(fitted, "mlp", "sgd", 0).rate == 0.4


@pytest.mark.parametrize(("accuracy", "rate"), [(0.94, 0.1), (0.92, 0.4)])
def test_within_a_standard_error_the_lower_loss_wins(accuracy, rate):
    # The error of .95 on 100 images is .0218.
    assert math.isclose(math.sqrt(0.95 * 0.05 / 100), 0.0218, abs_tol=1e-4)
    trials = search((0.1, accuracy, 0.2, False), (0.4, 0.95, 0.3, False), (1.6, 0.5, 0.1, False))
    assert choose(trials, "mlp", "sgd", 0).rate == rate


@pytest.mark.parametrize(("best", "at_edge"), [(0, True), (1, False), (2, True)])
def test_a_choice_at_the_end_of_the_list_is_marked(best, at_edge):
    trials = search(*((rate, 0.9 if place == best else 0.5, 1.0, False) for place, rate in enumerate((0.1, 0.4, 1.6))))
    assert choose(trials, "mlp", "sgd", 0).at_edge is at_edge


def test_a_diverged_rate_is_chosen_only_if_all_are():
    trials = search((0.1, 0.2, 2.0, False), (0.4, 0.9, math.nan, True))
    assert choose(trials, "mlp", "sgd", 0).rate == 0.1
    assert choose(trials.assign(diverged=True), "mlp", "sgd", 0).rate == 0.4


def test_searches_networks_and_recipes_are_kept_apart():
    others = [THREE.assign(**other, validation_accuracy=[1.0, 0.0, 0.0]) for other in ({"network": "conv"}, {"recipe": "gd"})]
    everything = pd.concat([*others, THREE, THREE.assign(seed=1, validation_accuracy=[0.0, 0.0, 1.0])])
    assert [choose(everything, "mlp", "sgd", number).rate for number in (0, 1)] == [0.4, 1.6]
    with pytest.raises(UserError, match="network mlp, recipe sgd, seed 2"):
        choose(everything, "mlp", "sgd", 2)
