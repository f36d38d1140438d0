"""The ladder of recipes, each told by what changes from another one."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

OWN = "own"  # the learning rate is chosen by a search of the recipe's own
FULL = "full"  # the batch size of gradient descent
Recipes = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Rung:
    """How a network is trained, but for the learning rate; the fields are keys of batch.recipes.{name}.

    ``batch_size`` None is full batch, in the images' own order. ``order`` numbers the draws of orders and augmentation: recipes
    that share it see the same. ``clip`` 0 is off.
    """

    optimizer: str
    batch_size: int | None
    epochs: int
    schedule: str
    warmup: float
    span: float
    momentum: float
    weight_decay: float
    clip: float
    penalty: float
    block_size: int
    crop_padding: int
    flip: bool
    order: int

    @property
    def gradients_per_image(self) -> int:
        """Gradients of an image that one epoch takes: the penalty's finite difference doubles them."""
        return 2 if self.penalty else 1


KEYS = [field.name for field in fields(Rung)]


def settings_of(recipes: Recipes, name: str) -> dict[str, Any]:
    """Return all that is said of the recipe ``name``, by itself or by the one that it is ``like``, and so on."""
    entry = dict(recipes[name])
    like = entry.pop("like", None)
    return entry if like is None else settings_of(recipes, like) | entry


def rung(recipes: Recipes, name: str) -> Rung:
    """Return the recipe ``name``."""
    settings = settings_of(recipes, name)
    full = settings["batch_size"] == FULL
    return Rung(**{key: settings[key] for key in KEYS} | ({"batch_size": None} if full else {}))


def rate_source(recipes: Recipes, name: str) -> str:
    """Return the recipe whose search gives ``name`` its learning rate, often itself."""
    source = settings_of(recipes, name)["rate_of"]
    return name if source == OWN else source


def rates(recipes: Recipes, name: str) -> list[float]:
    """Return the learning rates among which the search of the recipe ``name`` chooses."""
    return settings_of(recipes, name)["learning_rates"]


def searched(recipes: Recipes, ladder: list[str]) -> list[str]:
    """Return the recipes whose learning rate has to be searched for the ``ladder``: those with several to choose from."""
    sources = dict.fromkeys(rate_source(recipes, name) for name in ladder)
    return [name for name in sources if len(rates(recipes, name)) > 1]
