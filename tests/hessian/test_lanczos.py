"""Lanczos against dense symmetric matrices, whose spectrum LAPACK knows.

Tolerances: a product with a dense n x n matrix in float64 errs by about n eps |A|, 1e-14 for the sizes here; 1e-10 |A|
leaves room for the accumulation over the iterations. In float32 the same count gives 1e-5 |A|.
"""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from optprimer.hessian.lanczos import Extremes, extreme_eigenvalues

TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-5}


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def symmetric(n: int, seed: int) -> torch.Tensor:
    matrix = torch.randn(n, n, generator=seeded(seed), dtype=torch.float64)
    return matrix + matrix.T


def rotated(values: list[float], seed: int = 0) -> torch.Tensor:
    """A dense matrix with these eigenvalues."""
    n = len(values)
    basis = torch.linalg.qr(torch.randn(n, n, generator=seeded(seed), dtype=torch.float64)).Q
    return basis @ torch.diag(torch.tensor(values, dtype=torch.float64)) @ basis.T


def solve(matrix: torch.Tensor, iterations: int, seed: int = 1) -> Extremes:
    return extreme_eigenvalues(matrix.mv, len(matrix), iterations, seeded(seed), "cpu", matrix.dtype)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 30), st.integers(0, 2**32), st.sampled_from([torch.float32, torch.float64]))
def test_exact_when_the_krylov_space_is_everything(n, seed, dtype):
    matrix = symmetric(n, seed).to(dtype)
    values = torch.linalg.eigvalsh(matrix.double())
    found = solve(matrix, n + 5, seed)
    scale = values.abs().max().item()
    tolerance = TOLERANCE[dtype] * scale
    assert found.lambda_min == pytest.approx(values[0].item(), abs=tolerance)
    assert found.lambda_max == pytest.approx(values[-1].item(), abs=tolerance)
    assert found.iterations <= n
    assert max(found.residual_min, found.residual_max) <= 10 * tolerance


@settings(deadline=None, max_examples=60)
@given(st.integers(2, 40), st.integers(1, 15), st.integers(0, 2**32))
def test_bounds_lie_inside_the_spectrum_and_an_eigenvalue_within_the_residual(n, iterations, seed):
    matrix = symmetric(n, seed)
    values = torch.linalg.eigvalsh(matrix)
    slack = TOLERANCE[torch.float64] * values.abs().max().item()
    found = solve(matrix, iterations, seed)
    assert values[0] - slack <= found.lambda_min <= found.lambda_max <= values[-1] + slack
    assert (values - found.lambda_min).abs().min() <= found.residual_min + slack
    assert (values - found.lambda_max).abs().min() <= found.residual_max + slack
    assert found.iterations == min(iterations, n)


@pytest.mark.parametrize("iterations", [1, 2, 5, 12])
def test_the_ends_are_those_of_the_operator_projected_on_its_krylov_space(iterations):
    # A second implementation: an orthonormal basis of span(q, Aq, A²q, ...) by QR, and the residual |A y - theta y| itself.
    matrix = symmetric(30, seed=3) / 10
    found = solve(matrix, iterations, seed=5)
    powers = [torch.randn(30, generator=seeded(5), dtype=torch.float64)]
    for _ in range(iterations - 1):
        powers.append(matrix @ powers[-1] / powers[-1].norm())
    basis = torch.linalg.qr(torch.stack(powers, dim=1)).Q
    values, vectors = torch.linalg.eigh(basis.T @ matrix @ basis)
    residuals = (matrix @ basis @ vectors - basis @ vectors * values).norm(dim=0)
    # Powers lose digits to one another: 1e-6 is what QR keeps of twelve.
    expected = (values[0], values[-1], residuals[0], residuals[-1])
    assert (found.lambda_min, found.lambda_max, found.residual_min, found.residual_max) == pytest.approx(
        tuple(map(float, expected)), abs=1e-6
    )


def test_few_iterations_find_outliers_on_both_sides_of_a_large_indefinite_operator():
    # As Hessians of networks: a bulk near zero, and a few directions apart from it.
    diagonal = torch.linspace(-0.1, 0.1, 100_000)
    diagonal[[7, 70, 700]] = torch.tensor([25.0, 11.0, -4.0])
    found = extreme_eigenvalues(diagonal.mul, len(diagonal), 15, seeded(0), "cpu", torch.float32)
    assert found.lambda_max == pytest.approx(25.0, rel=1e-4)
    assert found.lambda_min == pytest.approx(-4.0, rel=1e-3)
    assert found.iterations == 15


def test_orthogonality_does_not_decay():
    # Without reorthogonalisation the large eigenvalue would come back as a copy within 60 steps and spoil the other end.
    values = [1e6, *torch.linspace(0.0, 1.0, 79).tolist()]
    found = solve(rotated(values), iterations=80)
    assert found.lambda_max == pytest.approx(1e6, rel=1e-12)
    assert found.lambda_min == pytest.approx(0.0, abs=1e-7)


@pytest.mark.parametrize(("values", "distinct"), [([2.0] * 9, 1), ([3.0] * 4 + [-1.0] * 5, 2), ([5.0, 5.0, 1.0, 0.0, 0.0], 3)])
def test_stops_when_the_space_is_invariant(values, distinct):
    found = solve(torch.diag(torch.tensor(values, dtype=torch.float64)), iterations=len(values))
    assert found.iterations == distinct
    assert (found.lambda_min, found.lambda_max) == pytest.approx((min(values), max(values)), abs=1e-12)
    assert (found.residual_min, found.residual_max) == pytest.approx((0, 0), abs=1e-12)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_rank_one(sign):
    vector = torch.randn(50, generator=seeded(2), dtype=torch.float64)
    found = solve(sign * torch.outer(vector, vector), iterations=50)
    ends = sorted([0.0, sign * vector.square().sum().item()])
    assert (found.lambda_min, found.lambda_max) == pytest.approx(tuple(ends), abs=1e-11)
    assert found.iterations <= 3  # two, unless rounding starts a third


def test_the_zero_operator():
    assert solve(torch.zeros(6, 6), iterations=4) == Extremes(0.0, 0.0, 0.0, 0.0, iterations=1)


def test_the_generator_determines_the_result():
    matrix = symmetric(40, seed=9)
    assert solve(matrix, 6, seed=4) == solve(matrix, 6, seed=4)
    assert solve(matrix, 6, seed=4) != solve(matrix, 6, seed=5)


def test_shift_and_scale():
    # Krylov spaces of A and s A + t are the same, so Ritz values move with the eigenvalues, for s < 0 from end to end.
    matrix = symmetric(25, seed=8)
    one, other = solve(matrix, 7), solve(3 * torch.eye(25, dtype=torch.float64) - 2 * matrix, 7)
    assert other.lambda_min == pytest.approx(3 - 2 * one.lambda_max, rel=1e-9)
    assert other.lambda_max == pytest.approx(3 - 2 * one.lambda_min, rel=1e-9)
    assert other.residual_min == pytest.approx(2 * one.residual_max, rel=1e-6)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("after", [0, 3])
def test_an_operator_that_overflows_gives_no_number_and_no_error(bad, after):
    matrix, calls = symmetric(12, seed=6), []

    def operator(vector: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        product = matrix @ vector
        if len(calls) > after:
            product[3] = bad
        return product

    found = extreme_eigenvalues(operator, 12, 10, seeded(0), "cpu", torch.float64)
    assert all(map(math.isnan, (found.lambda_min, found.lambda_max, found.residual_min, found.residual_max)))
    assert found.iterations == len(calls) == after + 1


def test_neither_the_basis_nor_the_product_is_altered():
    # An operator may return a buffer of its own, or its argument.
    identity = extreme_eigenvalues(lambda vector: vector, 5, 5, seeded(0), "cpu", torch.float64)
    assert identity.iterations == 1
    assert (identity.lambda_min, identity.lambda_max) == pytest.approx((1, 1), abs=1e-14)
