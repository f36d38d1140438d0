"""Recipes by what they change: the whole of each, and where its learning rate comes from."""

from dataclasses import replace

import pytest
from batch_settings import LADDER, RECIPES, SGD

from optprimer.batch.ladder import KEYS, rate_source, rates, rung, searched, settings_of


def test_a_recipe_is_what_it_is_like_but_for_its_changes():
    sgd, gd = rung(RECIPES, "sgd"), rung(RECIPES, "gd")
    assert {key: getattr(sgd, key) for key in KEYS} == {key: SGD[key] for key in KEYS}
    assert gd == replace(sgd, batch_size=None)
    assert rung(RECIPES, "gd_penalty") == replace(gd, epochs=6, penalty=0.5, clip=0.25)


def test_changes_lie_over_changes_and_keys_without_one_are_inherited():
    settings = settings_of(RECIPES, "gd_penalty")
    assert settings["rate_of"] == "gd_longer"
    assert settings["learning_rates"] == [0.1, 0.4, 1.6]
    assert "like" not in settings
    assert RECIPES["gd_longer"]["like"] == "gd"  # the configuration is untouched


@pytest.mark.parametrize(("name", "source"), [("sgd", "sgd"), ("gd", "sgd"), ("gd_longer", "gd_longer"), ("adam", "adam")])
def test_a_rate_is_its_own_or_another_recipes(name, source):
    assert rate_source(RECIPES, name) == source


def test_only_choices_are_searched_and_only_those_that_the_ladder_needs():
    assert searched(RECIPES, LADDER) == ["sgd", "gd_longer"]  # adam has one rate, the others take theirs
    assert searched(RECIPES, ["gd", "adam"]) == ["sgd"]
    assert rates(RECIPES, "adam") == [0.01]


def test_the_penalty_doubles_the_gradients():
    assert [rung(RECIPES, name).gradients_per_image for name in ("gd_longer", "gd_penalty")] == [1, 2]
