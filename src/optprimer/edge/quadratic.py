"""A quadratic with a known spectrum, on which the line at 2 / eta is exact."""

import torch
from torch import Tensor

from optprimer.hessian.loss import FlatLoss


def quadratic(eigenvalues: Tensor) -> FlatLoss:
    """Return the loss 1/2 sum_i lambda_i w_i^2 for ``eigenvalues`` lambda (d,), all at least 0.

    As least squares, the mean of 1/2 (x . w)^2 over d inputs x_i = sqrt(d lambda_i) e_i. Gradient descent multiplies w_i by
    1 - eta lambda_i in each step, so it converges if and only if eta < 2 / lambda for the largest one.
    """
    inputs = torch.diag((len(eigenvalues) * eigenvalues).sqrt())
    return FlatLoss(lambda w, x, y: 0.5 * (x @ w - y).square().mean(), inputs, torch.zeros_like(eigenvalues))
