"""Keskar's metric: closed forms on quadratics, the formula, the boxes, and both maximisers."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from optprimer.hessian.loss import FlatLoss
from optprimer.sharpness import keskar
from optprimer.sharpness.keskar import (
    Box,
    Sharpness,
    adaptive_box,
    iterated_signs,
    keskar_box,
    keskar_sharpness,
    lbfgsb,
    random_basis,
    relative_rise,
    sign_sharpness,
)

DIAGONAL = torch.tensor([4.0, 1.0, 0.5, 9.0], dtype=torch.float64)
POINT = torch.tensor([1.0, -2.0, 0.0, 0.5], dtype=torch.float64)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def quadratic(matrix, centre, base=0.0):
    """base + (w - centre)^T M (w - centre) / 2, as the loss of one image that holds nothing."""
    return FlatLoss(lambda w, x, y: base + (w - centre) @ (matrix @ (w - centre)) / 2, torch.zeros(1, 1), torch.zeros(1))


@pytest.mark.parametrize("epsilon", [1e-3, 5e-4])
def test_the_maximum_of_a_diagonal_quadratic_is_at_every_corner(epsilon):
    radii = epsilon * (POINT.abs() + 1)
    expected = 100 * float((DIAGONAL * radii**2).sum() / 2) / 1.3
    loss = quadratic(DIAGONAL.diag(), POINT, base=0.3)
    found = keskar_sharpness(loss, POINT, keskar_box(POINT, epsilon), torch.ones(4, dtype=torch.float64), generator())
    assert found.signs == pytest.approx(expected, rel=1e-9)
    assert found.lbfgsb == pytest.approx(expected, rel=1e-9)
    assert found.boundary_share == 1


def test_in_a_subspace_the_maximum_is_that_of_the_projected_hessian():
    # With one column a, z is a number: the rise is z^2 a^T M a / 2 at z = epsilon (|a^T x| + 1).
    column = random_basis(4, 1, 3).double()
    loss, box = quadratic(DIAGONAL.diag(), POINT), keskar_box(POINT, 0.01, column)
    radius = 0.01 * (abs(float(column.T @ POINT)) + 1)
    assert float(box.radii) == pytest.approx(radius)
    found = keskar_sharpness(loss, POINT, box, torch.ones(4, dtype=torch.float64), generator())
    assert found.value == pytest.approx(50 * radius**2 * float(column.T @ DIAGONAL.diag() @ column), rel=1e-9)


def test_the_parentheses_of_the_formula():
    assert relative_rise(3.0, 1.0) == 100.0  # 100 (3 - 1) / (1 + 1), not 100 * 3 - 1 / 1 + 1
    assert relative_rise(0.25, 0.0) == 25.0


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=6), st.floats(1e-4, 0.5))
def test_boxes(point, epsilon):
    x = torch.tensor(point, dtype=torch.float64)
    assert torch.allclose(keskar_box(x, epsilon).radii, epsilon * (x.abs() + 1))
    assert torch.allclose(adaptive_box(3 * x, epsilon).radii, 3 * adaptive_box(x, epsilon).radii)


def test_the_basis_is_orthonormal_and_its_own():
    basis = random_basis(50, 7, 1)
    assert torch.allclose(basis.T @ basis, torch.eye(7), atol=1e-5)
    assert not torch.allclose(basis, random_basis(50, 7, 2), atol=0.1)
    assert random_basis(5, 100, 1).shape == (5, 5)  # no more dimensions than weights


@pytest.fixture
def steep():
    """A convex loss with a random Hessian of 30 weights, at a point that is not its minimum."""
    root = torch.randn(30, 30, generator=generator(5), dtype=torch.float64)
    return quadratic(root @ root.T, torch.full((30,), 0.001, dtype=torch.float64)), torch.zeros(30, dtype=torch.float64)


def test_sharpness_is_positive_and_grows_with_the_box(steep):
    loss, point = steep
    values = [sign_sharpness(loss, point, keskar_box(point, epsilon), torch.ones_like(point)) for epsilon in (5e-4, 1e-3, 2e-3)]
    assert 0 < values[0] < values[1] < values[2]


def test_iterated_signs_never_descend_on_a_convex_loss_and_come_near_the_best_corner(steep):
    loss, point = steep
    box, seen = keskar_box(point, 1e-3), []

    def climb(z):
        seen.append(loss.value(point + z))
        return loss.value_and_gradient(point + z)

    start = torch.randn(30, generator=generator(1), dtype=torch.float64)
    best = iterated_signs(climb, box, start)
    assert seen == sorted(seen)
    assert best == seen[-1]
    corners = torch.randint(0, 2, (4000, 30), generator=generator(2)).double() * 2 - 1
    assert best >= max(loss.value(point + corner * box.radii) for corner in corners)


def test_both_maximisers_stay_within_the_box(steep):
    loss, point = steep
    radii, visited = keskar_box(point, 1e-3).radii, []

    def climb(z):
        visited.append(z)
        return loss.value_and_gradient(point + z)

    peak, at = lbfgsb(climb, radii, 0.1 * radii)
    assert peak == max(loss.value(point + z) for z in visited) == loss.value(point + at)
    iterated_signs(climb, Box(radii), torch.ones_like(point))
    assert all((z.abs() <= radii * (1 + 1e-12)).all() for z in visited)


def test_lbfgsb_climbs_even_where_gradients_are_tiny():
    # At 1e-9 of a usual slope scipy's own tolerances would stop before the first step.
    loss = quadratic(1e-6 * DIAGONAL.diag(), POINT)
    box = keskar_box(POINT, 1e-3)
    peak, at = lbfgsb(lambda z: loss.value_and_gradient(POINT + z), box.radii, 0.01 * box.radii)
    assert torch.allclose(at.abs(), box.radii)
    assert peak == pytest.approx(float((1e-6 * DIAGONAL * box.radii**2).sum() / 2))


def test_the_larger_value_counts_and_says_which_it_is():
    assert (Sharpness(2.0, 1.0, 0.5).value, Sharpness(2.0, 1.0, 0.5).method) == (2.0, "lbfgsb")
    assert (Sharpness(1.0, 2.0, 0.5).value, Sharpness(1.0, 2.0, 0.5).method) == (2.0, "signs")
    assert (Sharpness(math.nan, 2.0, math.nan).value, Sharpness(math.nan, 2.0, math.nan).method) == (2.0, "signs")


def test_no_point_beyond_the_box_counts(monkeypatch):
    def without_bounds(function, start, bounds, **_):
        for share in (0.5, 1.0, 1.1):
            function(share * bounds[:, 1])

    monkeypatch.setattr("optprimer.sharpness.keskar.fmin_l_bfgs_b", without_bounds)
    radii = torch.full((4,), 0.1, dtype=torch.float64)
    peak, at = lbfgsb(lambda z: (float(z.sum()), torch.ones_like(z)), radii, torch.zeros(4, dtype=torch.float64))
    assert peak == pytest.approx(0.4)
    assert torch.equal(at, radii)


def test_a_loss_that_is_not_finite_has_no_sharpness():
    loss = FlatLoss(lambda w, x, y: w.sum() * math.nan, torch.zeros(1, 1), torch.zeros(1))
    found = keskar_sharpness(loss, POINT, keskar_box(POINT, 1e-3), POINT, generator())
    assert np.isnan([found.value, found.boundary_share]).all()


def test_the_starts_find_the_higher_of_two_basins(monkeypatch):
    # f(z) = s^2 / 2 + s^3 / 6 along v: uphill is steeper on the side of +v, wherever v points.
    v = torch.tensor([1.0, 1.0, -1.0, 1.0], dtype=torch.float64)
    loss = FlatLoss(lambda w, x, y: (w @ v) ** 2 / 2 + (w @ v) ** 3 / 6, torch.zeros(1, 1), torch.zeros(1))
    origin = torch.zeros(4, dtype=torch.float64)
    expected = 100 * (0.4**2 / 2 + 0.4**3 / 6)
    for direction in (v, -v):
        assert sign_sharpness(loss, origin, keskar_box(origin, 0.1), direction) == pytest.approx(expected)
    monkeypatch.setattr(keskar, "ITERATIONS", 1)
    assert sign_sharpness(loss, origin, keskar_box(origin, 0.1), -v) == pytest.approx(expected)
