"""The table of a training run."""

from typing import ClassVar

import pandera.pandas as pa
from pandera.typing.pandas import Series

from optprimer.tables import Table


class History(Table):
    """train/{net}/history.csv: one row per epoch; epoch 0 is before training.

    ``train_loss`` and ``train_accuracy`` are means over the epoch's own (augmented) minibatches, in training mode, as they
    went by; at epoch 0 they are NaN. ``test_*`` are measured in evaluation mode at the end of the epoch, in ``precision``;
    the last epoch is always measured in fp32. ``diverged`` marks an epoch that met a non-finite loss or ended with a
    non-finite weight; it is the last.
    """

    _key: ClassVar[list[str]] = ["net", "epoch"]
    data: Series[str]
    net: Series[str]
    seed: Series[int]
    epoch: Series[int] = pa.Field(ge=0)
    step: Series[int] = pa.Field(ge=0)
    lr: Series[float] = pa.Field(ge=0)
    train_loss: Series[float] = pa.Field(nullable=True)
    train_accuracy: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    test_loss: Series[float] = pa.Field(nullable=True)
    test_accuracy: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    precision: Series[str]
    diverged: Series[bool]
