"""Hutchinson's estimate: exact on diagonal operators, within its own error on dense ones."""

import pytest
import torch

from optprimer.hessian.trace import hutchinson


def test_it_is_exact_on_a_diagonal_operator():
    diagonal = torch.tensor([3.0, -1.0, 0.5], dtype=torch.float64)
    found = hutchinson(lambda v: diagonal * v, diagonal, 5, torch.Generator().manual_seed(0))
    assert found.value == pytest.approx(2.5)
    assert found.standard_error == pytest.approx(0.0, abs=1e-12)


def test_it_lies_within_a_few_standard_errors_which_shrink_with_the_root_of_the_draws():
    generator = torch.Generator().manual_seed(1)
    root = torch.randn(30, 30, generator=generator, dtype=torch.float64)
    matrix = root + root.T
    few, many = (hutchinson(lambda v: matrix @ v, matrix[0], draws, generator) for draws in (100, 10_000))
    for found in (few, many):
        assert abs(found.value - matrix.trace().item()) < 4 * found.standard_error
    assert few.standard_error / many.standard_error == pytest.approx(10, rel=0.3)
