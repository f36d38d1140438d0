"""What the schema cannot say about the section `batch`; as optprimer.config.checks, which has the rest."""

import math
from collections.abc import Callable, Iterator

from optprimer.batch.ladder import FULL, KEYS, OWN, Recipes, rate_source, rates, rung, searched, settings_of
from optprimer.config.problem import Config, Problem, available, has_block_of_one

RESNET18_SIDE = 8  # of the images in pixels, for which its last maps are 1 x 1
ALL_KEYS = {*KEYS, "rate_of", "learning_rates", "against"}


def recipes_are_told_to_the_end(config: Config) -> Iterator[Problem]:
    """In `batch.recipes`, `like` names another entry, from which the chain ends at one that has all keys but `like`."""
    recipes = config["batch"]["recipes"]
    for last in dict.fromkeys(_chain(recipes, name)[-1] for name in recipes):
        entry = recipes[last]
        if "like" in entry:
            yield Problem(f"batch.recipes.{last}.like", entry["like"], "an entry from which no like leads back here")
        elif ALL_KEYS - entry.keys():
            missing = ", ".join(sorted(ALL_KEYS - entry.keys()))
            yield Problem(f"batch.recipes.{last}", dict(entry), f"without like, all other keys; {missing} missing")


def recipes_name_what_there_is(config: Config) -> Iterator[Problem]:
    """`batch.ladders`, `.claims` name `.recipes`; `rate_of` is `own` or a recipe with `own`, `against` one of the ladder."""
    recipes, told = config["batch"]["recipes"], _told(config)
    if not set(config["batch"]["claims"]) <= set(recipes):
        yield Problem("batch.claims", config["batch"]["claims"], f"each one of {', '.join(recipes)}")
    owners = [name for name, settings in told.items() if settings["rate_of"] == OWN]
    for network, ladder in config["batch"]["ladders"].items():
        if not set(ladder) <= set(recipes):
            yield Problem(f"batch.ladders.{network}", ladder, f"each one of {', '.join(recipes)}")
        for name in filter(told.__contains__, ladder):
            source, against = told[name]["rate_of"], told[name]["against"]
            if source not in (OWN, *owners):
                yield Problem(f"batch.recipes.{name}.rate_of", source, f"{OWN}, or one of {', '.join(owners)}")
            if against not in ladder:
                yield Problem(f"batch.recipes.{name}.against", against, f"one of {', '.join(ladder)}, the ladder of {network}")


def searches_are_equal(config: Config) -> Iterator[Problem]:
    """All searched recipes of `batch` have equally many `learning_rates`; `searches` <= `seeds` <= `claim_seeds`."""
    batch, told = config["batch"], _told(config)
    numbers = {name: len(rates(told, name)) for name in searched(told, _names(config))}
    for name, number in numbers.items():
        first, wanted = next(iter(numbers.items()))
        if number != wanted:
            yield Problem(f"batch.recipes.{name}.learning_rates", rates(told, name), f"{wanted} of them, as of {first}")
    if batch["searches"] > batch["seeds"]:
        yield Problem("batch.searches", batch["searches"], f"at most batch.seeds = {batch['seeds']}")
    if batch["seeds"] > batch["claim_seeds"]:
        yield Problem("batch.seeds", batch["seeds"], f"at most batch.claim_seeds = {batch['claim_seeds']}")


def batch_images_are_there(config: Config) -> Iterator[Problem]:
    """`batch` has images enough: some that train beside `validation_images`, outside the folds that a search spares."""
    batch = config["batch"]
    train, test = available(config, batch["folds"])
    for key, most in (("images", train), ("test_images", test)):
        if batch[key] != "all" and batch[key] > most:
            yield Problem(f"batch.{key}", batch[key], f"at most {most}, or all")
    images = train if batch["images"] == "all" else batch["images"]
    if batch["sharpness_images"] > images:
        yield Problem("batch.sharpness_images", batch["sharpness_images"], f"at most the {images} images that train")
    spared = math.ceil(min(batch["folds"], batch["claim_seeds"]) / batch["searches"])
    pool, _ = available(config, batch["folds"], spared)
    if searched(_told(config), _names(config)) and batch["validation_images"] >= pool:
        limit = f"less than the {pool} images that a search has"
        yield Problem("batch.validation_images", batch["validation_images"], limit)


def some_recipe_is_trained(config: Config) -> Iterator[Problem]:
    """Some list of `batch.ladders` is not empty."""
    if not any(config["batch"]["ladders"].values()):
        yield Problem("batch.ladders", config["batch"]["ladders"], "at least one recipe for some network")


def batch_norm_has_more_than_one_value(config: Config) -> Iterator[Problem]:
    """In `batch.ladders` of a `resnet18`, no block of a step is of a single image if `data.image_size` is 8."""
    batch, told = config["batch"], _told(config)
    if config["data"]["image_size"] != RESNET18_SIDE:
        return
    images = available(config, batch["folds"])[0] if batch["images"] == "all" else batch["images"]
    for network, ladder in batch["ladders"].items():
        if batch["networks"].get(network, {}).get("architecture") == "resnet18":
            for name in filter(told.__contains__, ladder):
                recipe = rung(told, name)
                if has_block_of_one(images, recipe.batch_size, recipe.block_size):
                    limit = f"another, so that of the {images} images, of side {RESNET18_SIDE}, none is in a block alone"
                    yield Problem(f"batch.recipes.{name}.batch_size", recipe.batch_size or FULL, limit)


def batch_networks_fit(config: Config) -> Iterator[Problem]:
    """`batch.ladders`, `.cost_network` name `batch.networks`, which have `widths` but for `resnet18`; it needs sides of 8k."""
    batch, side = config["batch"], config["data"]["image_size"]
    names = ", ".join(batch["networks"])
    for name in batch["ladders"].keys() - batch["networks"].keys():
        yield Problem(f"batch.ladders.{name}", batch["ladders"][name], f"the name of one of batch.networks, {names}")
    if batch["cost_network"] not in batch["networks"]:
        yield Problem("batch.cost_network", batch["cost_network"], f"one of {names}")
    for name, network in batch["networks"].items():
        has_widths = network["architecture"] != "resnet18"
        if has_widths != bool(network["widths"]):
            limit = f"{'at least one' if has_widths else '[]'} for architecture {network['architecture']}"
            yield Problem(f"batch.networks.{name}.widths", network["widths"], limit)
        if not has_widths and side % 8:
            yield Problem(f"batch.networks.{name}.architecture", "resnet18", f"another for images of side {side}: not 8k")


def batch_recipes_fit_the_images(config: Config) -> Iterator[Problem]:
    """In `batch.ladders`, shifts are less than `data.image_size`, and batches no larger than the images that train."""
    batch, side = config["batch"], config["data"]["image_size"]
    images = available(config, batch["folds"])[0] if batch["images"] == "all" else batch["images"]
    told = _told(config)
    for name in _names(config):
        recipe = rung(told, name)
        if recipe.crop_padding >= side:
            yield Problem(f"batch.recipes.{name}.crop_padding", recipe.crop_padding, f"less than data.image_size = {side}")
        if (recipe.batch_size or 1) > images:
            limit = f"at most the {images} images that train, or {FULL}"
            yield Problem(f"batch.recipes.{name}.batch_size", recipe.batch_size, limit)


def equal_steps_are_equal(config: Config) -> Iterator[Problem]:
    """The recipe `gd_equal_steps` of `batch`, if it is in a ladder, has as many steps as `sgd`."""
    batch, told = config["batch"], _told(config)
    if {"sgd", "gd_equal_steps"} <= set(_names(config)):
        sgd, epochs = rung(told, "sgd"), rung(told, "gd_equal_steps").epochs
        images = available(config, batch["folds"])[0] if batch["images"] == "all" else batch["images"]
        steps = sgd.epochs * math.ceil(images / (sgd.batch_size or images))
        if epochs != steps:
            yield Problem("batch.recipes.gd_equal_steps.epochs", epochs, f"{steps}, the steps of sgd")


def _chain(recipes: Recipes, name: str) -> list[str]:
    """Return the entries that tell the recipe, along ``like`` to the last one, or until it leads nowhere or back."""
    chain = [name]
    while (like := recipes[chain[-1]].get("like")) in recipes and like not in chain:
        chain.append(like)
    return chain


def _told(config: Config) -> Recipes:
    """Return the recipes that are told to the end, with all of their settings. What a check is not about must not stop it."""
    recipes = config["batch"]["recipes"]
    ends = {name: recipes[_chain(recipes, name)[-1]] for name in recipes}
    return {name: settings_of(recipes, name) for name, end in ends.items() if "like" not in end and end.keys() >= ALL_KEYS}


def _names(config: Config) -> list[str]:
    """Return the recipes of the ladders that can be told, with one from which they have their learning rate."""
    told = _told(config)
    names = dict.fromkeys(name for ladder in config["batch"]["ladders"].values() for name in ladder)
    return [name for name in names if name in told and rate_source(told, name) in told]


CHECKS: tuple[Callable[[Config], Iterator[Problem]], ...] = (
    recipes_are_told_to_the_end,
    recipes_name_what_there_is,
    searches_are_equal,
    batch_images_are_there,
    some_recipe_is_trained,
    batch_networks_fit,
    batch_norm_has_more_than_one_value,
    batch_recipes_fit_the_images,
    equal_steps_are_equal,
)
