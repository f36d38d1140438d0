"""A control that cannot memorize: softmax regression, the linear model of the same images, fitted as well as it can be.

By L-BFGS, since SGD would leave it open whether the model or the optimizer failed. It is a control where images are many
against dimensions (1,000 of 64 for digits). Up to some 4.5 images per dimension, ten classes of random labels are linearly
separable (measured on Gaussian inputs), and it fits them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize
from scipy.special import logsumexp

GRADIENT_TOLERANCE = 1e-7  # of the mean loss in nats, largest component, for inputs whose components have variance 1
MAX_ITERATIONS = 10_000


@dataclass(frozen=True)
class LinearFit:
    """Logits inputs @ weights + biases, weights (d, K) and biases (K,), and how well they fit.

    ``loss`` is the mean cross-entropy in nats. ``gradient_norm`` is the largest component of its gradient in the coordinates in
    which the inputs are uncorrelated and have variance 1: 0 at the optimum, or in the limit where the classes are separable.
    """

    weights: np.ndarray
    biases: np.ndarray
    train_accuracy: float
    loss: float
    gradient_norm: float
    iterations: int

    def predict(self, inputs: ArrayLike) -> np.ndarray:
        """Return the likeliest class (n,) of each of the inputs (n, d)."""
        return (np.asarray(inputs, float) @ self.weights + self.biases).argmax(1)


def softmax_regression(inputs: ArrayLike, labels: ArrayLike, classes: int) -> LinearFit:
    """Minimise the mean cross-entropy of a linear model with biases, without regularization.

    The best logits do not depend on the coordinates of the inputs. So the model is fitted to the left singular vectors of the
    centred inputs, where L-BFGS does not suffer from pixels being correlated.

    Args:
        inputs: (n, d), one row per image.
        labels: (n,), from 0 to classes - 1.
        classes: K, at least 2.
    """
    inputs, labels = np.asarray(inputs, float), np.asarray(labels)
    n = len(inputs)
    centre = inputs.mean(0)
    left, singular, right = np.linalg.svd(inputs - centre, full_matrices=False)
    kept = singular > singular[0] * max(inputs.shape) * np.finfo(float).eps  # numpy's rule for the rank
    features = np.hstack([left[:, kept] * np.sqrt(n), np.ones((n, 1))])
    target = np.eye(classes)[labels]

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        logits = features @ flat.reshape(-1, classes)
        log_probability = logits - logsumexp(logits, axis=1, keepdims=True)
        gradient = features.T @ (np.exp(log_probability) - target) / n
        return -(log_probability * target).sum() / n, gradient.ravel()

    found = minimize(
        loss,
        np.zeros(features.shape[1] * classes),
        jac=True,
        method="L-BFGS-B",
        options={"gtol": GRADIENT_TOLERANCE, "ftol": 0.0, "maxiter": MAX_ITERATIONS, "maxfun": 2 * MAX_ITERATIONS},
    )
    *slopes, intercept = found.x.reshape(-1, classes)
    weights = right[kept].T @ (np.array(slopes).reshape(-1, classes) * (np.sqrt(n) / singular[kept])[:, None])
    biases = intercept - centre @ weights
    accuracy = float(((inputs @ weights + biases).argmax(1) == labels).mean())
    return LinearFit(weights, biases, accuracy, float(found.fun), float(np.abs(found.jac).max()), int(found.nit))
