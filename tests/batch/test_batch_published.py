"""The paper scale against the recipes that Geiping et al. 2022 publish: the configuration of their code, commit 5a772a2."""

import pytest

from optprimer.batch.ladder import rate_source, rates, rung, searched
from optprimer.config.load import load
from optprimer.config.schema import SCALES
from optprimer.training.schedule import Schedule

PAPER = load(SCALES / "paper.yaml")["batch"]
LADDER = PAPER["ladders"]["resnet18"]
# File in config/hyp: epochs, peak rate, warm-up steps, rate at the end, clip, penalty, block.
PUBLISHED = {
    "sgd": (300, 0.1, 5, 0.0, 0, 0, 128),  # base_sgd; its warm-up is in epochs
    "gd": (300, 0.1, 5, 0.0, 0, 0, 128),  # fb1
    "gd_longer": (3000, 0.4, 400, 0.109, 0, 0, 128),  # fb2
    "gd_clip": (3000, 0.4, 400, 0.109, 0.25, 0, 128),  # fbclip
    "gd_penalty": (3000, 0.8, 400, 0.218, 0.25, 0.5, 128),  # gradreg
    "gd_strong_penalty": (3000, 0.8, 400, 0.218, 0.25, 0.5, 32),  # gradreg data.batch_size=32
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_recipe_is_the_published_one(name):
    epochs, rate, warm, end, clip, penalty, block = PUBLISHED[name]
    recipes, found = PAPER["recipes"], rung(PAPER["recipes"], name)
    (peak,) = rates(recipes, rate_source(recipes, name))
    assert (found.epochs, peak, found.clip, found.penalty, found.block_size) == (epochs, rate, clip, penalty, block)
    assert (found.optimizer, found.momentum, found.weight_decay) == ("sgd", 0.9, 0.0005)
    assert (found.crop_padding, found.flip) == (4, True)
    assert found.batch_size == (128 if name == "sgd" else None)
    schedule = Schedule(found.schedule, peak, warmup=found.warmup, span=found.span)
    assert schedule(warm - 1, epochs) == peak
    assert schedule(warm - 2, epochs) < peak
    assert schedule(epochs - 1, epochs) == pytest.approx(end, abs=1e-3)  # one step before


def test_nothing_is_searched_and_the_ladder_has_all_of_them():
    assert searched(PAPER["recipes"], LADDER) == []
    assert set(PUBLISHED) <= set(LADDER)


def test_the_second_table_differs_in_augmentation_alone():
    for name in ("sgd", "gd_strong_penalty"):
        with_it, without = (vars(rung(PAPER["recipes"], key)) for key in (name, f"{name}_unaugmented"))
        assert {key for key in with_it if with_it[key] != without[key]} == {"crop_padding", "flip"}
