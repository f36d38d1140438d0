"""The tables of the landscape stage."""

from typing import ClassVar

import pandera.pandas as pa
from pandera.typing.pandas import Series

from optprimer.tables import Table


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
    test_accuracy: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    n_test: Series[int] = pa.Field(ge=0)
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
    """landscape/geometry.csv: what the eye sees on a surface, as numbers; definitions in optprimer.landscape.geometry.

    ``common``: on the grid of as many ``points`` a side as all direction seeds are compared on; a finer surface has a row for
    its own grid too. ``surface`` is a family of the config, or control: then the network is one of its controls.
    """

    _key: ClassVar[list[str]] = ["net", "surface", "direction_seed", "points"]
    data: Series[str]
    net: Series[str]
    surface: Series[str]
    directions: Series[str]
    direction_seed: Series[int]
    points: Series[int] = pa.Field(ge=3)
    common: Series[bool]
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
