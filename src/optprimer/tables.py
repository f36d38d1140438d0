"""The CSV tables through which the stages meet: one pandera model each, one way to read and to write them.

Floats are written with ``repr`` precision, rows are sorted by their key, and no table holds a time of day or a duration:
the same seed on the same machine gives the same bytes. A point that was not computed is absent; one that diverged is NaN.
Losses are in nats, accuracies in [0, 1]. ``data`` names the data set as it was measured, ``cifar10-jpeg75-16`` for a JPEG
copy of CIFAR-10 averaged to 16 pixels, say; ``precision`` is ``fp32`` or ``bf16``.
"""

from pathlib import Path
from typing import ClassVar

import pandas as pd
import pandera.pandas as pa
from pandera.typing.pandas import Series

from optprimer.errors import UserError
from optprimer.files import replacing


class Table(pa.DataFrameModel):
    """Common to all tables: strict columns in a fixed order, unique and sorted by ``_key``."""

    _key: ClassVar[list[str]]

    class Config:
        strict = True
        ordered = True
        coerce = True


class History(Table):
    """train/{net}/history.csv: one row per epoch; epoch 0 is before training.

    ``train_loss`` and ``train_accuracy`` are means over the epoch's own (augmented) minibatches, in training mode, as they
    went by; at epoch 0 they are NaN. ``test_*`` are measured in evaluation mode at the end of the epoch, in ``precision``;
    the last epoch is always measured in fp32. ``diverged`` marks an epoch that met a non-finite loss; it is the last.
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


class Surface(Table):
    """landscape/surface.csv: one row per net, surface (a family of the config), direction seed and grid point.

    The weights there are w + alpha d1 + beta d2; ``directions`` is filter, layer, none (the normalisation) or pca. ``loss_se``
    is the standard error of ``loss`` as an estimate of the loss over the whole training set, ``n`` the images measured, and
    ``n_nonfinite`` those whose loss overflowed (then ``loss`` is NaN).
    """

    _key: ClassVar[list[str]] = ["net", "surface", "direction_seed", "beta", "alpha"]
    data: Series[str]
    net: Series[str]
    surface: Series[str]
    directions: Series[str]
    direction_seed: Series[int]
    alpha: Series[float]
    beta: Series[float]
    loss: Series[float] = pa.Field(nullable=True)
    loss_se: Series[float] = pa.Field(nullable=True)
    accuracy: Series[float] = pa.Field(ge=0, le=1)
    n: Series[int] = pa.Field(ge=1)
    n_nonfinite: Series[int] = pa.Field(ge=0)
    precision: Series[str]


class Line(Table):
    """landscape/line.csv: the first direction of each seed, on training images (``loss``…, as in Surface) and test images."""

    _key: ClassVar[list[str]] = ["net", "direction_seed", "alpha"]
    data: Series[str]
    net: Series[str]
    direction_seed: Series[int]
    alpha: Series[float]
    loss: Series[float] = pa.Field(nullable=True)
    loss_se: Series[float] = pa.Field(nullable=True)
    accuracy: Series[float] = pa.Field(ge=0, le=1)
    n: Series[int] = pa.Field(ge=1)
    test_loss: Series[float] = pa.Field(nullable=True)
    test_loss_se: Series[float] = pa.Field(nullable=True)
    test_accuracy: Series[float] = pa.Field(ge=0, le=1)
    n_test: Series[int] = pa.Field(ge=1)
    precision: Series[str]


class Curvature(Table):
    """landscape/curvature.csv: extreme eigenvalues of the Hessian of the mean loss over the weight matrices and filters.

    ``ratio`` is |lambda_min / lambda_max|; ``residual`` the larger of the two Lanczos residuals |Hv - lambda v| (|v| = 1), in
    the units of lambda. Always fp32. NaN where the loss or its derivatives overflow.
    """

    _key: ClassVar[list[str]] = ["net", "direction_seed", "beta", "alpha"]
    data: Series[str]
    net: Series[str]
    direction_seed: Series[int]
    alpha: Series[float]
    beta: Series[float]
    lambda_min: Series[float] = pa.Field(nullable=True)
    lambda_max: Series[float] = pa.Field(nullable=True)
    ratio: Series[float] = pa.Field(nullable=True)
    residual: Series[float] = pa.Field(nullable=True)
    iterations: Series[int] = pa.Field(ge=1)
    n: Series[int] = pa.Field(ge=1)


class Trajectory(Table):
    """landscape/trajectory.csv: checkpoints of training, projected on the plane of their two principal components.

    ``alpha`` and ``beta`` are coordinates in that plane (the `pca` directions; 0, 0 is the end of training), ``displacement``
    is |w_i - w_n| and ``off_plane`` the part of it that the plane does not show, both in weight units over the weight
    matrices and filters; ``variance_1`` and ``variance_2`` are the shares of variance of the two components. ``loss`` is the
    checkpoint's own, ``plane_loss`` that of its shadow on the plane.
    """

    _key: ClassVar[list[str]] = ["net", "epoch"]
    data: Series[str]
    net: Series[str]
    epoch: Series[int] = pa.Field(ge=0)
    alpha: Series[float]
    beta: Series[float]
    displacement: Series[float] = pa.Field(ge=0)
    off_plane: Series[float] = pa.Field(ge=0)
    variance_1: Series[float] = pa.Field(ge=0, le=1)
    variance_2: Series[float] = pa.Field(ge=0, le=1)
    loss: Series[float] = pa.Field(nullable=True)
    plane_loss: Series[float] = pa.Field(nullable=True)
    n: Series[int] = pa.Field(ge=1)
    precision: Series[str]


class Geometry(Table):
    """landscape/geometry.csv: what the eye sees on a surface, as numbers; definitions in optprimer.landscape.geometry."""

    _key: ClassVar[list[str]] = ["net", "surface", "direction_seed", "points"]
    data: Series[str]
    net: Series[str]
    surface: Series[str]
    directions: Series[str]
    direction_seed: Series[int]
    points: Series[int] = pa.Field(ge=3)
    roughness: Series[float] = pa.Field(nullable=True)
    local_minima: Series[int] = pa.Field(ge=0)
    sublevel_width: Series[float] = pa.Field(nullable=True)
    loss_range: Series[float] = pa.Field(nullable=True)
    negative_share: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    centre_loss: Series[float] = pa.Field(nullable=True)
    largest_loss: Series[float] = pa.Field(nullable=True)
    missing: Series[int] = pa.Field(ge=0)


class Crosscheck(Table):
    """landscape/crosscheck.csv: the same points by this package and by loss-landscapes, both fp32; relative difference."""

    _key: ClassVar[list[str]] = ["net", "point"]
    data: Series[str]
    net: Series[str]
    point: Series[int] = pa.Field(ge=0)
    alpha: Series[float]
    beta: Series[float]
    loss: Series[float] = pa.Field(nullable=True)
    loss_landscapes: Series[float] = pa.Field(nullable=True)
    relative_difference: Series[float] = pa.Field(nullable=True)
    n: Series[int] = pa.Field(ge=1)


class Precision(Table):
    """landscape/precision.csv: spot checks of every surface against the plain module in fp32, on the same images."""

    _key: ClassVar[list[str]] = ["net", "surface", "direction_seed", "beta", "alpha"]
    data: Series[str]
    net: Series[str]
    surface: Series[str]
    direction_seed: Series[int]
    alpha: Series[float]
    beta: Series[float]
    loss: Series[float] = pa.Field(nullable=True)
    loss_fp32: Series[float] = pa.Field(nullable=True)
    relative_difference: Series[float] = pa.Field(nullable=True)
    precision: Series[str]


TABLES: dict[str, type[Table]] = {
    "history": History,
    "surface": Surface,
    "line": Line,
    "curvature": Curvature,
    "trajectory": Trajectory,
    "geometry": Geometry,
    "crosscheck": Crosscheck,
    "precision": Precision,
}


def write(frame: pd.DataFrame, model: type[Table], path: Path) -> None:
    """Validate ``frame`` against ``model``, sort it by its key and write it to ``path``, atomically.

    Raises:
        pandera.errors.SchemaError: a column is missing, superfluous or out of range.
        ValueError: two rows share a key.
    """
    columns = list(model.to_schema().columns)
    frame = model.validate(frame[columns])
    if frame.duplicated(model._key).any():
        raise ValueError(f"{path}: rows are not unique by {', '.join(model._key)}")
    with replacing(path) as temporary:
        frame.sort_values(model._key).to_csv(temporary, index=False, lineterminator="\n")


def read(model: type[Table], *paths: Path) -> pd.DataFrame:
    """Read and join tables of one ``model``.

    Raises:
        UserError: a file is missing, or is not a table of this kind.
    """
    frames = []
    for path in paths:
        try:
            frames.append(model.validate(pd.read_csv(path, float_precision="round_trip")))
        except FileNotFoundError:
            raise UserError(f"{path}: no such table") from None
        except (pa.errors.SchemaError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
            reason = str(error).splitlines()[0]
            raise UserError(f"{path}: not a table of {model.__name__.lower()} rows ({reason})") from None
    return pd.concat(frames, ignore_index=True)
