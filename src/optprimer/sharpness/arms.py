"""The arms of the comparison: one start, one optimizer, one training loss at the end, and batches of different sizes.

Keskar et al. 2017, section 2: Adam, a small batch against one of a tenth of the data. The source trains until the loss stalls;
here all arms end at the same loss, as curvature of the cross-entropy falls with the loss wherever one stops. One arm instead
trains for as many epochs as the small batch did, so with far fewer steps, as the source's published script does.
"""

import math
from dataclasses import dataclass

from optprimer import seeds
from optprimer.sharpness.settings import Settings
from optprimer.training.recipe import Recipe
from optprimer.training.schedule import Schedule

LOOKS = 10  # at the training loss, in an epoch of more steps


@dataclass(frozen=True)
class Arm:
    """Which batch is taken, by which ``order`` of the images, and whether it stops after the epochs of the small batch."""

    batch: str
    order: int = 0
    same_epochs: bool = False


SMALL = "small"
CONTROL = "small_reshuffled"
LARGE = "large"
ARMS = {
    SMALL: Arm("small"),
    CONTROL: Arm("small", order=1),
    LARGE: Arm("large"),
    "full": Arm("full"),
    "large_same_epochs": Arm("large", same_epochs=True),
}


def batch_size(arm: Arm, settings: Settings, images: int) -> int | None:
    """Return the images of a step among ``images``, None for the full batch."""
    sizes = {"small": settings.batch_size, "large": max(1, round(settings.large_share * images)), "full": None}
    return sizes[arm.batch]


def recipe(arm: Arm, settings: Settings, images: int, seed: int, epochs: int) -> Recipe:
    """Return the recipe of ``arm`` on so many ``images``, for at most ``epochs``; a full batch keeps the images' own order.

    The loss over all images is looked at ten times an epoch, or after each step where there are fewer.
    """
    size = batch_size(arm, settings, images)
    steps = math.ceil(images / (size or images))
    return Recipe(
        epochs=epochs,
        batch_size=size,
        optimizer="adam",
        momentum=0.0,
        weight_decay=0.0,
        schedule=Schedule("constant", settings.learning_rate),
        crop_padding=0,
        flip=False,
        checkpoint_every=epochs,
        seed=seeds.derive(seed, "training", arm.order),
        shuffle=size is not None,
        measure_every=epochs,
        target_loss=None if arm.same_epochs else settings.target_loss,
        target_every=max(1, round(steps / LOOKS)),
    )
