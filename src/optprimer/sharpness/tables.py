"""The tables of the sharpness stage.

``network`` is an entry of sharpness.networks, ``arm`` one of optprimer.sharpness.arms. ``seed`` names the images, the weights
at the start and, but for ``small_reshuffled``, the order of images. Networks are measured in evaluation mode.
"""

from typing import ClassVar

import pandera.pandas as pa
from pandera.typing.pandas import Series

from optprimer.sharpness.arms import ARMS
from optprimer.sharpness.names import SPACES, VARIANTS
from optprimer.tables import Table

RUN = ["network", "arm", "seed"]


class Minima(Table):
    """sharpness/minima.csv: where each run ended, measured on all of its training images, in fp32.

    ``reached``: the training loss is at most the target; arms that did not get there within their epochs stay in. ``steps`` are
    those of ``batch_size`` images. ``lambda_max`` (largest eigenvalue of the Hessian of the training loss) and
    ``lambda_normalised`` (the same by relative changes of filters, biases fixed) have an eigenvalue within their residual;
    ``trace_se`` is a standard error. ``distance`` is from the start, ``norm`` from 0. Numbers that are not finite are NaN.
    """

    _key: ClassVar[list[str]] = RUN
    data: Series[str]
    network: Series[str]
    arm: Series[str] = pa.Field(isin=list(ARMS))
    seed: Series[int] = pa.Field(ge=0)
    n: Series[int] = pa.Field(ge=1)
    n_test: Series[int] = pa.Field(ge=1)
    parameters: Series[int] = pa.Field(ge=1)
    batch_size: Series[int] = pa.Field(ge=1)
    epochs: Series[int] = pa.Field(ge=1)
    steps: Series[int] = pa.Field(ge=1)
    reached: Series[bool]
    diverged: Series[bool]
    train_loss: Series[float] = pa.Field(nullable=True)
    train_accuracy: Series[float] = pa.Field(ge=0, le=1)
    test_loss: Series[float] = pa.Field(nullable=True)
    test_accuracy: Series[float] = pa.Field(ge=0, le=1)
    gradient_norm: Series[float] = pa.Field(ge=0, nullable=True)
    lambda_max: Series[float] = pa.Field(nullable=True)
    lambda_residual: Series[float] = pa.Field(ge=0, nullable=True)
    trace: Series[float] = pa.Field(nullable=True)
    trace_se: Series[float] = pa.Field(ge=0, nullable=True)
    lambda_normalised: Series[float] = pa.Field(nullable=True)
    lambda_normalised_residual: Series[float] = pa.Field(ge=0, nullable=True)
    norm: Series[float] = pa.Field(ge=0, nullable=True)
    distance: Series[float] = pa.Field(ge=0, nullable=True)


class Keskar(Table):
    """sharpness/keskar.csv: metric 2.1 of Keskar et al. 2017, in per cent, for each run, space and epsilon.

    ``space``: ``full``, a random ``subspace`` of so many dimensions, or ``adaptive``, a box that scales with each weight and is
    not the paper's. ``keskar_sharpness`` is the larger of ``lbfgsb`` and ``signs``, found by ``method``; each is a bound from
    below. The adaptive box is searched by signs alone. L-BFGS-B left ``boundary_share`` of the coordinates on the boundary.
    """

    _key: ClassVar[list[str]] = [*RUN, "space", "epsilon"]
    data: Series[str]
    network: Series[str]
    arm: Series[str] = pa.Field(isin=list(ARMS))
    seed: Series[int] = pa.Field(ge=0)
    space: Series[str] = pa.Field(isin=list(SPACES))
    epsilon: Series[float] = pa.Field(gt=0)
    dimension: Series[int] = pa.Field(ge=1)
    keskar_sharpness: Series[float] = pa.Field(nullable=True)
    method: Series[str] = pa.Field(isin=["lbfgsb", "signs"])
    lbfgsb: Series[float] = pa.Field(nullable=True)
    signs: Series[float] = pa.Field(nullable=True)
    boundary_share: Series[float] = pa.Field(ge=0, le=1, nullable=True)


class Line(Table):
    """sharpness/line.csv: losses at alpha x_large + (1 - alpha) x_small, for the arms ``large`` and ``small`` of each seed."""

    _key: ClassVar[list[str]] = ["network", "seed", "alpha"]
    data: Series[str]
    network: Series[str]
    seed: Series[int] = pa.Field(ge=0)
    alpha: Series[float]
    train_loss: Series[float] = pa.Field(nullable=True)
    train_accuracy: Series[float] = pa.Field(ge=0, le=1)
    test_loss: Series[float] = pa.Field(nullable=True)
    test_accuracy: Series[float] = pa.Field(ge=0, le=1)


class Reparameterization(Table):
    """sharpness/reparameterization.csv: one trained ReLU network per seed, scaled by alpha, in float64 (Dinh et al. 2017).

    ``variant``: ``relu``, or the controls ``tanh`` (the same weights, another activation) and ``bias_not_scaled`` (b1 stays as
    it is), of which only the function is measured. ``output_difference`` is the largest change of a logit on the training
    images. ``identity_error`` is that of H(T w) = D H(w) D, relative, on a random vector. ``keskar_sharpness`` (epsilon 1e-3,
    full space) and ``adaptive_sharpness`` are found by iterated signs; the latter and ``lambda_normalised`` should not depend
    on alpha. ``rises``: some of 20 steps of gradient descent with the learning ``rate`` leads above where it began, expected
    where ``rate_times_lambda`` exceeds 2. The rate is the same for all alpha.
    """

    _key: ClassVar[list[str]] = ["variant", "seed", "alpha"]
    data: Series[str]
    variant: Series[str] = pa.Field(isin=list(VARIANTS))
    seed: Series[int] = pa.Field(ge=0)
    alpha: Series[float] = pa.Field(gt=0)
    n: Series[int] = pa.Field(ge=1)
    n_test: Series[int] = pa.Field(ge=1)
    parameters: Series[int] = pa.Field(ge=1)
    output_difference: Series[float] = pa.Field(ge=0, nullable=True)
    train_loss: Series[float] = pa.Field(nullable=True)
    test_accuracy: Series[float] = pa.Field(ge=0, le=1)
    identity_error: Series[float] = pa.Field(ge=0, nullable=True)
    gradient_norm: Series[float] = pa.Field(ge=0, nullable=True)
    lambda_max: Series[float] = pa.Field(nullable=True)
    lambda_residual: Series[float] = pa.Field(ge=0, nullable=True)
    trace: Series[float] = pa.Field(nullable=True)
    trace_se: Series[float] = pa.Field(ge=0, nullable=True)
    keskar_sharpness: Series[float] = pa.Field(nullable=True)
    adaptive_sharpness: Series[float] = pa.Field(nullable=True)
    lambda_normalised: Series[float] = pa.Field(nullable=True)
    rate: Series[float] = pa.Field(gt=0, nullable=True)
    rate_times_lambda: Series[float] = pa.Field(nullable=True)
    rises: Series[pa.BOOL] = pa.Field(nullable=True)


class Profile(Table):
    """sharpness/profile.csv: training losses along a random direction through scaled networks, ``step`` in its lengths.

    ``normalisation``: ``filter``, as in figure 1, or ``none``.
    """

    _key: ClassVar[list[str]] = ["normalisation", "seed", "alpha", "step"]
    data: Series[str]
    normalisation: Series[str] = pa.Field(isin=["filter", "none"])
    seed: Series[int] = pa.Field(ge=0)
    alpha: Series[float] = pa.Field(gt=0)
    step: Series[float]
    loss: Series[float] = pa.Field(nullable=True)


class Summary(Table):
    """sharpness/summary.csv: each arm against the small batch of the same network and seed, over all ``seeds``.

    ``comparison`` of positive measures is a ``ratio``: ``value`` and ``small`` are geometric means, ``estimate`` is their
    ratio. That of test losses and accuracies is a ``difference`` of means. ``ci_low`` and ``ci_high`` are a 95 % interval by
    Student's t of the paired (log-)differences, NaN with one seed. ``reached``: share of runs that got to the target loss.
    ``keskar_{space}_{epsilon}`` are measures too.
    """

    _key: ClassVar[list[str]] = ["network", "arm", "measure"]
    data: Series[str]
    network: Series[str]
    arm: Series[str] = pa.Field(isin=list(ARMS))
    measure: Series[str]
    comparison: Series[str] = pa.Field(isin=["ratio", "difference"])
    seeds: Series[int] = pa.Field(ge=1)
    reached: Series[float] = pa.Field(ge=0, le=1)
    value: Series[float] = pa.Field(nullable=True)
    small: Series[float] = pa.Field(nullable=True)
    estimate: Series[float] = pa.Field(nullable=True)
    ci_low: Series[float] = pa.Field(nullable=True)
    ci_high: Series[float] = pa.Field(nullable=True)


class Slopes(Table):
    """sharpness/slopes.csv: d ln(quantity) / d ln(alpha) between the outermost two alphas on either ``side``, over seeds.

    ``theory`` is NaN where there is none: the box of Keskar's metric neither stays as it is nor scales with the weights.
    """

    _key: ClassVar[list[str]] = ["quantity", "side"]
    data: Series[str]
    quantity: Series[str]
    side: Series[str] = pa.Field(isin=["least", "largest"])
    seeds: Series[int] = pa.Field(ge=1)
    estimate: Series[float] = pa.Field(nullable=True)
    ci_low: Series[float] = pa.Field(nullable=True)
    ci_high: Series[float] = pa.Field(nullable=True)
    theory: Series[float] = pa.Field(nullable=True)
