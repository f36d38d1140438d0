"""How to train: every choice that decides where a run ends, checked when it is made."""

from dataclasses import dataclass

from optprimer.errors import UserError
from optprimer.training.schedule import Schedule

BLOCK = 512  # images per backward pass; the gradient of a larger batch is the mean over its blocks, taken in order
OPTIMIZERS = ("sgd", "adam")


@dataclass(frozen=True)
class Recipe:
    """How to train.

    ``batch_size`` None is full batch. ``shuffle`` draws an order of the images for each epoch; without it they keep their own,
    and a full-batch run is free of chance. ``momentum`` is Nesterov's, as in Li et al. 2018, unless ``nesterov`` is off.
    Images are normalised by the data's mean and standard deviation or, with ``whiten``, each by its own. ``clip`` bounds the L2
    norm of the gradient, ``penalty`` is the strength of optprimer.training.penalty, per block of ``block_size`` images.

    A row of the history is measured each ``measure_every`` epochs. Training ends early when all training images, unshifted and
    in evaluation mode, have been classified as labelled in ``patience`` rows in a row, or when their mean loss, looked at every
    ``target_every`` steps, is at most ``target_loss``.
    """

    epochs: int
    batch_size: int | None
    optimizer: str
    momentum: float
    weight_decay: float
    schedule: Schedule
    crop_padding: int
    flip: bool
    checkpoint_every: int
    seed: int
    nesterov: bool = True
    whiten: bool = False
    patience: int | None = None
    redraw_labels: bool = False
    shuffle: bool = True
    block_size: int = BLOCK
    clip: float | None = None
    penalty: float = 0.0
    measure_every: int = 1
    target_loss: float | None = None
    target_every: int = 1

    def __post_init__(self) -> None:
        """Refuse what cannot train.

        Raises:
            UserError: naming the setting.
        """
        if self.optimizer not in OPTIMIZERS:
            raise UserError(f"optimizer {self.optimizer!r}: allowed are {', '.join(OPTIMIZERS)}")
        if self.batch_size is not None and self.batch_size < 1:
            raise UserError(f"batch_size {self.batch_size}: allowed are whole numbers from 1, and 'full'")
        for name in ("patience", "block_size", "measure_every", "target_every"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UserError(f"{name} {value}: allowed are whole numbers from 1{', or none' * (name == 'patience')}")
        for name in ("clip", "target_loss"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise UserError(f"{name} {value}: allowed are numbers above 0, or none")
        if self.penalty < 0:
            raise UserError(f"penalty {self.penalty}: allowed are numbers from 0")
