"""The tables of the batch stage.

A run is named by ``network`` (an entry of batch.networks), ``recipe`` (one of batch.recipes) and ``seed``, which also names the
training and test images and the weights at the start. Accuracies and losses are measured in evaluation mode and fp32 over
images that are not shifted. ``gradient_evaluations`` counts gradients of one image: an epoch takes n of them, with a gradient
penalty 2 n.
"""

from typing import ClassVar

import pandera.pandas as pa
from pandera.typing.pandas import Series

from optprimer.batch.plan import STAGES
from optprimer.tables import Table

RUN = ["network", "recipe", "seed"]


class Plan(Table):
    """batch/plan.csv: every run and its recipe; ``row`` numbers them so that jobs can share them out.

    ``stage`` search: measured on validation images, to choose a learning rate; train: measured on the test images.
    ``learning_rate`` is NaN where it is the one that search number ``search`` chose for the recipe ``rate_of``. ``widths`` of
    hidden layers are separated by spaces. ``batch_size`` is ``full`` for gradient descent. ``warmup`` and ``span`` are those of
    the schedule (optprimer.training.schedule), ``clip`` the largest norm of a gradient (0: any), ``penalty`` the strength of
    the gradient penalty on blocks of ``block_size`` images. ``order`` numbers the draws of orders and shifts.
    """

    _key: ClassVar[list[str]] = ["row"]
    row: Series[int] = pa.Field(ge=0)
    stage: Series[str] = pa.Field(isin=STAGES)
    network: Series[str]
    recipe: Series[str]
    seed: Series[int] = pa.Field(ge=0)
    learning_rate: Series[float] = pa.Field(gt=0, nullable=True)
    rate_of: Series[str]
    search: Series[int] = pa.Field(ge=0)
    against: Series[str]
    architecture: Series[str]
    widths: Series[str]
    optimizer: Series[str]
    batch_size: Series[str]
    epochs: Series[int] = pa.Field(ge=1)
    schedule: Series[str]
    warmup: Series[float] = pa.Field(ge=0, le=1)
    span: Series[float] = pa.Field(gt=0, le=1)
    momentum: Series[float] = pa.Field(ge=0, lt=1)
    weight_decay: Series[float] = pa.Field(ge=0)
    clip: Series[float] = pa.Field(ge=0)
    penalty: Series[float] = pa.Field(ge=0)
    block_size: Series[int] = pa.Field(ge=1)
    crop_padding: Series[int] = pa.Field(ge=0)
    flip: Series[bool]
    order: Series[int] = pa.Field(ge=0)


class Search(Table):
    """batch/search.csv: one row per learning rate that was tried, measured on validation images; ``seed`` numbers the search.

    No run that takes the choice of a search is tested on one of its ``n`` training or ``n_validation`` validation images.
    """

    _key: ClassVar[list[str]] = [*RUN, "learning_rate"]
    data: Series[str]
    network: Series[str]
    recipe: Series[str]
    seed: Series[int] = pa.Field(ge=0)
    learning_rate: Series[float] = pa.Field(gt=0)
    n: Series[int] = pa.Field(ge=1)
    n_validation: Series[int] = pa.Field(ge=1)
    epochs: Series[int] = pa.Field(ge=0)
    steps: Series[int] = pa.Field(ge=0)
    train_loss: Series[float] = pa.Field(nullable=True)
    train_accuracy: Series[float] = pa.Field(ge=0, le=1)
    validation_loss: Series[float] = pa.Field(nullable=True)
    validation_accuracy: Series[float] = pa.Field(ge=0, le=1)
    diverged: Series[bool]


class Runs(Table):
    """batch/runs.csv: how each run ended.

    ``against`` is the recipe that it is compared with. ``at_edge``: its learning rate is the least or the largest of those that
    were tried. ``gradient_norm`` is that of the mean loss over all training images, without weight decay or penalty;
    ``sharpness`` the largest eigenvalue of the Hessian of that loss over a sample of them, with the ``sharpness_residual``
    within which an eigenvalue lies; ``distance`` the L2 distance of the weights from where they started. NaN where not finite.
    """

    _key: ClassVar[list[str]] = RUN
    data: Series[str]
    network: Series[str]
    recipe: Series[str]
    seed: Series[int] = pa.Field(ge=0)
    against: Series[str]
    n: Series[int] = pa.Field(ge=1)
    n_test: Series[int] = pa.Field(ge=1)
    parameters: Series[int] = pa.Field(ge=1)
    learning_rate: Series[float] = pa.Field(gt=0)
    at_edge: Series[bool]
    epochs: Series[int] = pa.Field(ge=0)
    steps: Series[int] = pa.Field(ge=0)
    gradient_evaluations: Series[int] = pa.Field(ge=0)
    train_loss: Series[float] = pa.Field(nullable=True)
    train_accuracy: Series[float] = pa.Field(ge=0, le=1)
    test_loss: Series[float] = pa.Field(nullable=True)
    test_accuracy: Series[float] = pa.Field(ge=0, le=1)
    gradient_norm: Series[float] = pa.Field(nullable=True)
    sharpness: Series[float] = pa.Field(nullable=True)
    sharpness_residual: Series[float] = pa.Field(nullable=True)
    distance: Series[float] = pa.Field(nullable=True)
    diverged: Series[bool]


class Curves(Table):
    """batch/curves.csv: one row per measured epoch of each run; epoch 0 is before training.

    ``gradient_norm`` is that of the last step's gradient: of a minibatch or all images, with the penalty, before clipping.
    """

    _key: ClassVar[list[str]] = [*RUN, "epoch"]
    data: Series[str]
    network: Series[str]
    recipe: Series[str]
    seed: Series[int] = pa.Field(ge=0)
    epoch: Series[int] = pa.Field(ge=0)
    step: Series[int] = pa.Field(ge=0)
    gradient_evaluations: Series[int] = pa.Field(ge=0)
    lr: Series[float] = pa.Field(ge=0)
    train_loss: Series[float] = pa.Field(nullable=True)
    train_accuracy: Series[float] = pa.Field(ge=0, le=1)
    test_loss: Series[float] = pa.Field(nullable=True)
    test_accuracy: Series[float] = pa.Field(ge=0, le=1)
    gradient_norm: Series[float] = pa.Field(nullable=True)


class Summary(Table):
    """batch/summary.csv: the runs that differ in the seed alone, together, and against those of the recipe ``against``.

    ``*_low`` and ``*_high`` are 95 % intervals of Student's t over the ``seeds`` (NaN with one). ``difference`` is the mean
    over seeds of the test accuracy less that of ``against`` with the same seed, with its 95 % interval. ``tost_low`` and
    ``tost_high`` are its 90 % interval: ``equivalent`` if that lies within the margin of one point. ``worse``, ``better``: the
    95 % interval lies below, above 0. All of these are NaN or false for a recipe against itself. ``learning_rate_low`` and
    ``_high`` are the least and largest of the seeds, ``at_edge`` the share of them at an edge of what was tried, ``sharpness``
    the geometric mean.
    """

    _key: ClassVar[list[str]] = ["network", "recipe"]
    data: Series[str]
    network: Series[str]
    recipe: Series[str]
    against: Series[str]
    seeds: Series[int] = pa.Field(ge=1)
    n: Series[int] = pa.Field(ge=1)
    parameters: Series[int] = pa.Field(ge=1)
    steps: Series[int] = pa.Field(ge=0)
    gradient_evaluations: Series[int] = pa.Field(ge=0)
    learning_rate_low: Series[float] = pa.Field(gt=0)
    learning_rate_high: Series[float] = pa.Field(gt=0)
    at_edge: Series[float] = pa.Field(ge=0, le=1)
    diverged: Series[int] = pa.Field(ge=0)
    train_loss: Series[float] = pa.Field(nullable=True)
    train_accuracy: Series[float] = pa.Field(ge=0, le=1)
    train_accuracy_low: Series[float] = pa.Field(nullable=True)
    train_accuracy_high: Series[float] = pa.Field(nullable=True)
    test_accuracy: Series[float] = pa.Field(ge=0, le=1)
    test_accuracy_low: Series[float] = pa.Field(nullable=True)
    test_accuracy_high: Series[float] = pa.Field(nullable=True)
    difference: Series[float] = pa.Field(nullable=True)
    difference_low: Series[float] = pa.Field(nullable=True)
    difference_high: Series[float] = pa.Field(nullable=True)
    tost_low: Series[float] = pa.Field(nullable=True)
    tost_high: Series[float] = pa.Field(nullable=True)
    equivalent: Series[bool]
    worse: Series[bool]
    better: Series[bool]
    gradient_norm: Series[float] = pa.Field(nullable=True)
    sharpness: Series[float] = pa.Field(nullable=True)
    distance: Series[float] = pa.Field(nullable=True)


class Cost(Table):
    """batch/cost.csv: seconds per step of a network against the number of images; not reproducible to the byte.

    A step of ``method`` gd is one on all n images, taken in blocks of ``batch_size``; one of sgd is on that many of the n.
    ``relative`` is the time that a step takes for an image, over that of SGD with as many images: 1 if a full batch costs as
    much as an epoch in minibatches.
    """

    _key: ClassVar[list[str]] = ["network", "method", "n"]
    data: Series[str]
    network: Series[str]
    method: Series[str] = pa.Field(isin=["gd", "sgd"])
    n: Series[int] = pa.Field(ge=1)
    batch_size: Series[int] = pa.Field(ge=1)
    seconds: Series[float] = pa.Field(gt=0)
    relative: Series[float] = pa.Field(gt=0)
