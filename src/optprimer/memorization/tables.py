"""The tables of the memorization stage.

A run is named by ``network`` (an entry of memorization.networks), ``labels`` (a kind of optprimer.memorization.variants),
``corruption`` (the probability with which a label was replaced; 0 where labels are true, 1 where all are random),
``regularizer`` (an entry of memorization.regularizers) and ``seed``, which also names the training and test images. Accuracies
and losses are measured by a pass in evaluation mode over images that are neither shifted nor dropped, against the labels that
the network was given; test labels are always the true ones. A run's last epoch is measured in fp32, those before in the
arithmetic of training.
"""

from typing import ClassVar

import pandera.pandas as pa
from pandera.typing.pandas import Series

from optprimer.memorization.plan import REDRAWN
from optprimer.memorization.variants import KINDS
from optprimer.tables import Table

LABELS = [*KINDS, REDRAWN]
RUN = ["network", "labels", "corruption", "regularizer", "seed"]


class Plan(Table):
    """memorization/plan.csv: every run and its recipe; ``row`` numbers them so that jobs can share them out.

    ``widths`` of an MLP's hidden layers are separated by spaces. ``schedule``: the learning rate is multiplied by ``decay``
    after each epoch.
    """

    _key: ClassVar[list[str]] = ["row"]
    row: Series[int] = pa.Field(ge=0)
    network: Series[str]
    labels: Series[str] = pa.Field(isin=LABELS)
    corruption: Series[float] = pa.Field(ge=0, le=1)
    regularizer: Series[str]
    seed: Series[int] = pa.Field(ge=0)
    architecture: Series[str]
    widths: Series[str]
    batch_size: Series[int] = pa.Field(ge=1)
    learning_rate: Series[float] = pa.Field(gt=0)
    decay: Series[float] = pa.Field(gt=0, le=1)
    epochs: Series[int] = pa.Field(ge=1)
    patience: Series[int] = pa.Field(ge=1)
    weight_decay: Series[float] = pa.Field(ge=0)
    dropout: Series[float] = pa.Field(ge=0, lt=1)
    crop_padding: Series[int] = pa.Field(ge=0)
    flip: Series[bool]


class Setting(Table):
    """What the tables of results begin with: everything about a run but its seed."""

    data: Series[str]
    network: Series[str]
    labels: Series[str] = pa.Field(isin=LABELS)
    corruption: Series[float] = pa.Field(ge=0, le=1)
    regularizer: Series[str]


class Curves(Setting):
    """memorization/curves.csv: one row per epoch of each run; epoch 0 is before training. Non-finite losses are NaN."""

    _key: ClassVar[list[str]] = [*RUN, "epoch"]
    seed: Series[int] = pa.Field(ge=0)
    epoch: Series[int] = pa.Field(ge=0)
    step: Series[int] = pa.Field(ge=0)
    lr: Series[float] = pa.Field(ge=0)
    train_loss: Series[float] = pa.Field(nullable=True)
    train_accuracy: Series[float] = pa.Field(ge=0, le=1)
    test_loss: Series[float] = pa.Field(nullable=True)
    test_accuracy: Series[float] = pa.Field(ge=0, le=1)


class Runs(Setting):
    """memorization/runs.csv: how each run ended, and the evidence that it is what it seems.

    ``fitted``: all training images were classified as labelled for ``patience`` epochs in a row; ``epochs_to_fit`` and
    ``steps_to_fit`` are those at the first of these, NaN where it was not within the ``budget`` of epochs. ``diverged``: a
    loss or weight was not finite. The best test accuracy over the epochs is chosen on the test images, so it is an upper bound
    of what stopping early could have given. ``true_accuracy`` is against the true labels of all training images,
    ``recovered_accuracy`` against those of the images whose label was replaced. ``entropy`` (nats) is that of the classes
    predicted for the test images. A network that learned nothing about test labels has a test accuracy from ``chance_low`` to
    ``chance_high`` in 99 of 100 runs. ``agreement`` is the share of training labels that are true, which three standard errors
    about what was asked for bound by ``agreement_low`` and ``agreement_high``; ``chi_squared`` and ``p_value`` say whether the
    ``corrupted`` labels, those replaced, are uniform over the classes. ``shared_images`` counts test images that are also
    training images. ``labels_digest`` is the SHA-256 of the training labels after the last step.
    """

    _key: ClassVar[list[str]] = RUN
    seed: Series[int] = pa.Field(ge=0)
    parameters: Series[int] = pa.Field(ge=1)
    n: Series[int] = pa.Field(ge=1)
    n_test: Series[int] = pa.Field(ge=1)
    budget: Series[int] = pa.Field(ge=1)
    epochs: Series[int] = pa.Field(ge=0)
    fitted: Series[bool]
    diverged: Series[bool]
    epochs_to_fit: Series[float] = pa.Field(nullable=True)
    steps_to_fit: Series[float] = pa.Field(nullable=True)
    initial_loss: Series[float] = pa.Field(nullable=True)
    train_loss: Series[float] = pa.Field(nullable=True)
    train_accuracy: Series[float] = pa.Field(ge=0, le=1)
    test_loss: Series[float] = pa.Field(nullable=True)
    test_accuracy: Series[float] = pa.Field(ge=0, le=1)
    best_test_accuracy: Series[float] = pa.Field(ge=0, le=1)
    best_epoch: Series[int] = pa.Field(ge=0)
    true_accuracy: Series[float] = pa.Field(ge=0, le=1)
    recovered_accuracy: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    entropy: Series[float] = pa.Field(ge=0)
    chance_low: Series[float]
    chance_high: Series[float]
    agreement: Series[float] = pa.Field(ge=0, le=1)
    agreement_low: Series[float]
    agreement_high: Series[float]
    corrupted: Series[int] = pa.Field(ge=0)
    chi_squared: Series[float] = pa.Field(nullable=True)
    p_value: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    shared_images: Series[int] = pa.Field(ge=0)
    labels_digest: Series[str]


class Summary(Setting):
    """memorization/summary.csv: the runs that differ in the seed alone, together, beside what Zhang et al. 2017 print.

    ``*_low`` and ``*_high`` are 95 % intervals of Student's t over the ``seeds`` (NaN with one). ``fitted`` is the share of
    runs that fitted; ``epochs_to_fit`` the mean over all of them, NaN unless every one did; ``relative_time`` that of the ratio
    to the run of the same network and seed on true labels without regularizer. ``chance_low`` and ``chance_high`` are the band
    of the mean test accuracy, as of one in ``runs.csv``. ``published_train`` and ``published_test`` are on all of CIFAR-10.
    """

    _key: ClassVar[list[str]] = ["network", "labels", "corruption", "regularizer"]
    seeds: Series[int] = pa.Field(ge=1)
    n: Series[int] = pa.Field(ge=1)
    parameters: Series[int] = pa.Field(ge=1)
    parameters_per_image: Series[float] = pa.Field(gt=0)
    fitted: Series[float] = pa.Field(ge=0, le=1)
    train_accuracy: Series[float] = pa.Field(ge=0, le=1)
    train_accuracy_low: Series[float] = pa.Field(nullable=True)
    train_accuracy_high: Series[float] = pa.Field(nullable=True)
    test_accuracy: Series[float] = pa.Field(ge=0, le=1)
    test_accuracy_low: Series[float] = pa.Field(nullable=True)
    test_accuracy_high: Series[float] = pa.Field(nullable=True)
    best_test_accuracy: Series[float] = pa.Field(ge=0, le=1)
    epochs_to_fit: Series[float] = pa.Field(nullable=True)
    epochs_to_fit_low: Series[float] = pa.Field(nullable=True)
    epochs_to_fit_high: Series[float] = pa.Field(nullable=True)
    relative_time: Series[float] = pa.Field(nullable=True)
    relative_time_low: Series[float] = pa.Field(nullable=True)
    relative_time_high: Series[float] = pa.Field(nullable=True)
    chance_low: Series[float]
    chance_high: Series[float]
    published_train: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    published_test: Series[float] = pa.Field(ge=0, le=1, nullable=True)
