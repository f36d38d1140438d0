"""Rows of the curvature map against the eigenvalues of the dense Hessian, by LAPACK in float64."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional

from optprimer.landscape.curvature import curvature_row
from optprimer.landscape.directions import Plane, random_plane
from optprimer.landscape.evaluator import moving_parameters
from optprimer.landscape.hessian import HessianOperator
from optprimer.landscape.surface import Grid
from optprimer.progress import Progress

EXTENT = ((-0.5, 0.25), (-0.2, 0.4))


class Tiny(nn.Module):
    """One convolution, folded, and a linear layer: 94 weights that move."""

    def __init__(self):
        super().__init__()
        self.conv, self.bn, self.linear = nn.Conv2d(3, 2, 3, 2), nn.BatchNorm2d(2), nn.Linear(4, 10)

    def forward(self, x):
        x = functional.softplus(self.bn(self.conv(x)))
        return self.linear(torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1))


@pytest.fixture(scope="module")
def tiny(normalise_norms):
    network = Tiny()
    generator = torch.Generator().manual_seed(4)
    for parameter in network.parameters():
        parameter.data = 0.7 * torch.randn(parameter.shape, generator=generator)
    return normalise_norms(network)


@pytest.fixture(scope="module")
def tilted(tiny):
    plane = random_plane(tiny, 0, 0, "filter", 1.0)
    return Plane(plane.d1, plane.d2, EXTENT)


@pytest.fixture
def bar():
    return Progress("test", 1e9, "points", interval=1e9)


def dense_eigenvalues(network, images, plane, alpha, beta):
    double = copy.deepcopy(network).double().eval()
    weights = moving_parameters(double)
    flat = torch.cat([(w + alpha * plane.d1[n].double() + beta * plane.d2[n].double()).reshape(-1) for n, w in weights.items()])
    x = images.inputs.double().contiguous()

    def loss(vector):
        parts = vector.split([w.numel() for w in weights.values()])
        named = {name: part.view(w.shape) for (name, w), part in zip(weights.items(), parts, strict=True)}
        return functional.cross_entropy(functional_call(double, named, (x,)), images.labels)

    return torch.linalg.eigvalsh(torch.autograd.functional.hessian(loss, flat))


@pytest.mark.parametrize("j", [0, 1, 2])
def test_eigenvalues_are_within_a_percent_of_the_dense_ones(tiny, tilted, few, bar, j):
    grid = Grid(2, 3)
    found = curvature_row(HessianOperator(tiny, few), tilted, grid, j, 40, 0, bar)
    beta = (-0.2, 0.1, 0.4)[j]
    for row, alpha in zip(found, (-0.5, 0.25), strict=True):
        values = dense_eigenvalues(tiny, few, tilted, alpha, beta)
        assert (row["alpha"], row["beta"]) == pytest.approx((alpha, beta))
        assert row["lambda_max"] == pytest.approx(values[-1].item(), rel=0.01)
        assert row["lambda_min"] == pytest.approx(values[0].item(), rel=0.01)
        assert row["lambda_min"] < 0
        assert row["ratio"] == pytest.approx(abs(values[0] / values[-1]).item(), rel=0.02)
        assert row["residual"] < 0.05 * row["lambda_max"]
        # Exchanged coefficients would be another point.
        assert dense_eigenvalues(tiny, few, tilted, beta, alpha)[-1].item() != pytest.approx(row["lambda_max"], rel=0.02)


def test_few_iterations_stay_inside_the_spectrum_and_say_how_far_off_they_may_be(tiny, tilted, few, bar):
    (row, _) = curvature_row(HessianOperator(tiny, few), tilted, Grid(2, 3), 1, 6, 0, bar)
    values = dense_eigenvalues(tiny, few, tilted, -0.5, 0.1)
    assert row["iterations"] == 6
    slack = 1e-4 * values[-1].item()
    assert values[0].item() - slack <= row["lambda_min"] <= row["lambda_max"] <= values[-1].item() + slack
    for end in ("lambda_min", "lambda_max"):
        assert (values - row[end]).abs().min().item() <= row["residual"] + slack


def test_rows_are_reproducible_and_the_seed_is_the_start_of_lanczos(tiny, tilted, few, bar):
    hessian = HessianOperator(tiny, few)
    one, again, other = (curvature_row(hessian, tilted, Grid(2, 3), 0, 4, seed, bar) for seed in (0, 0, 1))
    assert one == again
    assert one != other


def test_points_that_overflow_are_nan(tiny, tilted, few, bar):
    far = Plane(tilted.d1, tilted.d2, ((0.0, 1e30), (0.0, 1e30)))
    centre, out = curvature_row(HessianOperator(tiny, few), far, Grid(2, 2), 0, 10, 0, bar)
    assert math.isfinite(centre["lambda_max"])
    assert all(math.isnan(out[key]) for key in ("lambda_min", "lambda_max", "ratio", "residual"))
    assert out["iterations"] >= 1


def test_a_flat_point_has_no_ratio(tiny, tilted, few, bar):
    # All weights at zero after the convolution, and a convolution that feeds nothing: a Hessian that is not quite zero, so
    # the operator is replaced by zero.
    class Flat(HessianOperator):
        def at(self, point):
            return torch.zeros_like

    row = curvature_row(Flat(tiny, few), tilted, Grid(2, 2), 0, 10, 0, bar)[0]
    assert (row["lambda_min"], row["lambda_max"], row["residual"]) == (0.0, 0.0, 0.0)
    assert math.isnan(row["ratio"])


def test_the_bar_counts_points(tiny, tilted, few):
    counted = []

    class Bar:
        add = staticmethod(counted.append)

    curvature_row(HessianOperator(tiny, few), tilted, Grid(3, 2), 0, 1, 0, Bar)
    assert sum(counted) == 3
