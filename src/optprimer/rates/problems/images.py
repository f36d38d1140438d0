"""Linear models of real images, with exact full gradients; stochastic gradients are those of batches.

A gradient at the weights W (d, k) is X^T E/n for a matrix E (n, k) of errors, one row a sample. So the gradient of sample i is
the outer product of its inputs x_i and errors e_i, and need not be written out.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from scipy import special

from optprimer.data.dataset import Dataset
from optprimer.rates.problems.base import Array


@dataclass(frozen=True)
class LinearModel(ABC):
    """A loss of linear scores X W.

    Attributes:
        inputs: pixels, standardised by channel, and a 1 for the bias, (n, d).
        targets: labels as unit vectors, (n, k).
    """

    inputs: Array
    targets: Array

    @abstractmethod
    def errors(self, weights: Array, rows: Array | slice = slice(None)) -> Array:
        """Return the derivatives of the samples' losses by their scores, (n, k) or those of the chosen ``rows``."""

    def gradient(self, weights: Array, rows: Array | slice = slice(None)) -> Array:
        """Return the mean gradient over all samples or the chosen ``rows``, (d, k)."""
        inputs = self.inputs[rows]
        return inputs.T @ self.errors(weights, rows) / len(inputs)

    def variance(self, weights: Array) -> Array:
        """Return the variance of each coordinate of a sample's gradient, (d, k); their sum is S^2 = mean ||g_i - g||^2."""
        squares = (self.inputs**2).T @ self.errors(weights) ** 2 / len(self.inputs)
        return np.maximum(squares - self.gradient(weights) ** 2, 0)

    def norms(self, weights: Array) -> Array:
        """Return ||g_i|| for each sample, (n,)."""
        return np.linalg.norm(self.inputs, axis=1) * np.linalg.norm(self.errors(weights), axis=1)


class Softmax(LinearModel):
    """Multinomial logistic regression: convex, and ||g_i|| <= sqrt(2) ||x_i|| at all weights."""

    def errors(self, weights: Array, rows: Array | slice = slice(None)) -> Array:  # noqa: D102 (the base class says what it is)
        return special.softmax(self.inputs[rows] @ weights, axis=1) - self.targets[rows]


class Squares(LinearModel):
    """Least squares on the unit vectors, mean ||x_i W - y_i||^2/2."""

    def errors(self, weights: Array, rows: Array | slice = slice(None)) -> Array:  # noqa: D102
        return self.inputs[rows] @ weights - self.targets[rows]


def design(data: Dataset, rows: Array | slice) -> tuple[Array, Array]:
    """Return inputs and targets of the chosen training images."""
    pixels = data.train_images[rows] / 255.0
    standardised = ((pixels - data.mean) / data.std).reshape(len(pixels), -1)
    inputs = np.hstack([standardised, np.ones((len(pixels), 1))])
    return inputs, np.eye(len(data.classes))[data.train_labels[rows]]
