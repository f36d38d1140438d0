"""The tables of the edge stage.

``role`` is ``claim`` or ``control``; of the quadratic, ``below`` or ``above`` the line, which is where the learning rate is.
Losses of edge/curves.csv are half squared errors, summed over the outputs; all others are in nats. ``n`` is the number of
training images, ``parameters`` that of the weights. ``sharpness`` is the largest eigenvalue of the Hessian, and ``residual``
the norm of H v - lambda v over lambda, for the unit vector v that was found with it.
"""

from typing import ClassVar

import pandera.pandas as pa
from pandera.typing.pandas import Series

from optprimer.edge.plan import ABOVE, BELOW, CLAIM, CONTROL
from optprimer.tables import Table

SETTING = ["network", "learning_rate", "role"]
ROLES = [CLAIM, CONTROL, BELOW, ABOVE]
SEGMENTS = ["between", "around", "permuted"]


class Setting(Table):
    """What both tables of gradient descent begin with."""

    data: Series[str]
    network: Series[str]
    learning_rate: Series[float] = pa.Field(gt=0)
    role: Series[str] = pa.Field(isin=ROLES)


class Curves(Setting):
    """edge/curves.csv: one row per step of each run of gradient descent.

    Sharpness and ``train_accuracy`` are measured every few steps, and NaN elsewhere. ``products`` is the number of
    Hessian-vector products that were spent; where the residual is above 0.01, sharpness is refused, and NaN too. A loss that is
    not finite is NaN and ends its run.
    """

    _key: ClassVar[list[str]] = [*SETTING, "seed", "step"]
    seed: Series[int] = pa.Field(ge=0)
    step: Series[int] = pa.Field(ge=0)
    loss: Series[float] = pa.Field(ge=0, nullable=True)
    train_accuracy: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    sharpness: Series[float] = pa.Field(nullable=True)
    residual: Series[float] = pa.Field(ge=0, nullable=True)
    products: Series[int] = pa.Field(ge=0)
    n: Series[int] = pa.Field(ge=1)
    parameters: Series[int] = pa.Field(ge=1)


class Summary(Setting):
    """edge/summary.csv: the runs that differ in the seed alone, together.

    ``plateau``: sharpness over 2 / learning_rate, mean over the last third of the steps, with the 95 % interval of Student's
    t over the ``seeds`` (NaN with one). ``crossed``: share of runs whose sharpness ever reaches 2 / learning_rate, and
    ``first_crossing`` the mean of the first such step, NaN unless all do. ``late_rises``: share of the steps of the last
    third on which the loss rises, and ``late_fall`` the factor by which it falls from their first to their last; both means.
    ``rises`` is the largest number of all steps of a run on which the loss rises, ``fall`` the mean factor from first to last
    step. ``largest``: largest sharpness of all runs and steps over 2 / learning_rate; ``sharpness_low`` and
    ``sharpness_high`` are the extremes as they are. ``refused`` of the ``measured`` values had too large a residual;
    ``products`` is what all cost.
    """

    _key: ClassVar[list[str]] = SETTING
    seeds: Series[int] = pa.Field(ge=1)
    steps: Series[int] = pa.Field(ge=1)
    n: Series[int] = pa.Field(ge=1)
    parameters: Series[int] = pa.Field(ge=1)
    plateau: Series[float] = pa.Field(nullable=True)
    plateau_low: Series[float] = pa.Field(nullable=True)
    plateau_high: Series[float] = pa.Field(nullable=True)
    crossed: Series[float] = pa.Field(ge=0, le=1)
    first_crossing: Series[float] = pa.Field(ge=0, nullable=True)
    late_rises: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    late_fall: Series[float] = pa.Field(nullable=True)
    rises: Series[int] = pa.Field(ge=0)
    fall: Series[float] = pa.Field(nullable=True)
    largest: Series[float] = pa.Field(nullable=True)
    sharpness_low: Series[float] = pa.Field(nullable=True)
    sharpness_high: Series[float] = pa.Field(nullable=True)
    measured: Series[int] = pa.Field(ge=0)
    refused: Series[int] = pa.Field(ge=0)
    products: Series[int] = pa.Field(ge=0)


class Convexity(Table):
    """edge/convexity.csv: segments between weights of one ``network`` after ``step`` steps of gradient descent.

    ``segment``: ``between`` networks of independent starts, ``around`` one (both ends at the distance ``radius`` times the
    norm of its weights, in random directions), or from one to itself with hidden units ``permuted``; ``radius`` is NaN but
    for the second. ``violations`` of the ``segments`` have a middle whose loss is above the mean of their ends';
    ``share_low`` and ``share_high`` are the exact 95 % interval of their share. ``mean_gap`` and ``largest_gap``: how far
    above (below, if negative).
    """

    _key: ClassVar[list[str]] = ["network", "step", "segment", "radius"]
    data: Series[str]
    network: Series[str]
    role: Series[str] = pa.Field(isin=[CLAIM, CONTROL])
    step: Series[int] = pa.Field(ge=0)
    segment: Series[str] = pa.Field(isin=SEGMENTS)
    radius: Series[float] = pa.Field(gt=0, nullable=True)
    segments: Series[int] = pa.Field(ge=1)
    violations: Series[int] = pa.Field(ge=0)
    share: Series[float] = pa.Field(ge=0, le=1)
    share_low: Series[float] = pa.Field(ge=0, le=1)
    share_high: Series[float] = pa.Field(ge=0, le=1)
    mean_gap: Series[float] = pa.Field(nullable=True)
    largest_gap: Series[float] = pa.Field(nullable=True)
    n: Series[int] = pa.Field(ge=1)
    parameters: Series[int] = pa.Field(ge=1)


class Spectra(Table):
    """edge/spectra.csv: both ends of the Hessian's spectrum along the training of the networks of edge/convexity.csv.

    ``start`` numbers the networks of one kind. An eigenvalue lies within ``residual_min`` (absolute) of ``lambda_min``, which
    is never below the smallest one, so a negative value is proof of a direction in which the loss bends downwards.
    """

    _key: ClassVar[list[str]] = ["network", "start", "step"]
    data: Series[str]
    network: Series[str]
    role: Series[str] = pa.Field(isin=[CLAIM, CONTROL])
    start: Series[int] = pa.Field(ge=0)
    step: Series[int] = pa.Field(ge=0)
    loss: Series[float] = pa.Field(nullable=True)
    lambda_min: Series[float] = pa.Field(nullable=True)
    lambda_max: Series[float] = pa.Field(nullable=True)
    residual_min: Series[float] = pa.Field(nullable=True)
    residual_max: Series[float] = pa.Field(nullable=True)
    products: Series[int] = pa.Field(ge=1)
    n: Series[int] = pa.Field(ge=1)
    parameters: Series[int] = pa.Field(ge=1)


class Direction(Table):
    """edge/direction.csv: weights w of a bias-free ReLU network, whenever log(1 / loss) has doubled, from 1 on.

    A run whose loss never falls to 1/e has one row, of its last step.
    The control has weight decay and is looked at after the same numbers of steps; rows that its run does not reach, since its
    steps have come to nothing, are absent. ``step`` counts those taken back too. ``log_loss`` is the natural logarithm of the
    cross-entropy loss, decay not included. ``margin``: the smallest margin of an image over |w|^2. ``turn`` is 1 - cos of the
    angle between w and that of the row before, NaN in the first.
    """

    _key: ClassVar[list[str]] = ["role", "seed", "doubling"]
    data: Series[str]
    role: Series[str] = pa.Field(isin=[CLAIM, CONTROL])
    seed: Series[int] = pa.Field(ge=0)
    doubling: Series[int] = pa.Field(ge=0)
    step: Series[int] = pa.Field(ge=0)
    log_loss: Series[float]
    norm: Series[float] = pa.Field(gt=0)
    margin: Series[float]
    turn: Series[float] = pa.Field(ge=0, nullable=True)
    n: Series[int] = pa.Field(ge=1)
    parameters: Series[int] = pa.Field(ge=1)


class Limits(Table):
    """edge/limits.csv: one row per run of edge/direction.csv: whether its weights converge in direction while they grow.

    ``doublings`` are those of log(1 / loss) that it went through (the rows of the run but the first), ``largest_turn`` and
    ``last_turn`` are of these, ``turn_falls`` is the share of those after the largest turn that turn less than the one before,
    ``norm_grows`` the share of all at which the norm of the weights grows. NaN where there is nothing to compare.
    """

    _key: ClassVar[list[str]] = ["role", "seed"]
    data: Series[str]
    role: Series[str] = pa.Field(isin=[CLAIM, CONTROL])
    seed: Series[int] = pa.Field(ge=0)
    doublings: Series[int] = pa.Field(ge=0)
    largest_turn: Series[float] = pa.Field(ge=0, nullable=True)
    last_turn: Series[float] = pa.Field(ge=0, nullable=True)
    turn_falls: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    norm_grows: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    first_norm: Series[float] = pa.Field(gt=0)
    last_norm: Series[float] = pa.Field(gt=0)
    n: Series[int] = pa.Field(ge=1)
    parameters: Series[int] = pa.Field(ge=1)
