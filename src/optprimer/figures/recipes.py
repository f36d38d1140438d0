"""Names, colours and order of what the batch studies compare: recipes and networks."""

from collections.abc import Iterable

import pandas as pd

from optprimer.figures import style
from optprimer.figures.palette import BLUE, BROWN, GREEN, ORANGE, PINK, PURPLE, SILVER, SKY, VERMILION, YELLOW

# As they are told: what is compared with, plain GD, what is changed of it, and other optimizers; shifts last.
RECIPES = {
    "sgd": ("SGD", BLUE),
    "sgd_other_shuffle": ("SGD, other order (control)", SILVER),
    "gd": ("GD, SGD's epochs and rate", VERMILION),
    "gd_tuned_rate": ("GD, own rate", ORANGE),
    "gd_longer": ("GD, longer", BROWN),
    "gd_clip": ("GD, longer, clipped", PURPLE),
    "gd_penalty": ("GD, longer, clipped, penalty", GREEN),
    "gd_strong_penalty": ("… on smaller blocks", PINK),
    "gd_equal_steps": ("GD, as many steps as SGD", SKY),
    "adam": ("Adam, minibatches", YELLOW),
    "sgd_penalty": ("SGD, penalty", SILVER),
    "sgd_augmented": ("SGD, augmented", BLUE),
    "gd_penalty_augmented": ("GD, …, penalty, augmented", GREEN),
    "sgd_unaugmented": ("SGD, not augmented", BLUE),
    "gd_strong_penalty_unaugmented": ("GD, …, not augmented", PINK),
}
NETWORKS = {"mlp": "MLP", "conv": "convolutional network", "resnet18": "ResNet-18"}


def ordered(names: Iterable[str]) -> list[str]:
    """Return the distinct ``names`` of recipes in the order above, others last."""
    order = list(RECIPES)
    return sorted(set(names), key=lambda name: (order.index(name) if name in order else len(order), name))


def recipe_name(name: str) -> str:
    """Return the name in print of a recipe; foreign ones keep theirs."""
    return RECIPES.get(name, (name,))[0]


def recipe_colour(name: str) -> str:
    """Return the colour of a recipe; foreign ones are grey."""
    return RECIPES.get(name, (name, style.GREY))[1]


def network_name(name: str) -> str:
    """Return the name in print of a network; foreign ones keep theirs."""
    return NETWORKS.get(name, name)


def scale(summary: pd.DataFrame) -> str:
    """Say how many images the runs were trained on, and how many runs the means are of."""
    low, high = summary["seeds"].min(), summary["seeds"].max()
    return f"{style.images(summary)}, {low if low == high else f'{low} to {high}'} runs (seeds) each"
