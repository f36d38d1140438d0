"""A network with 2n + d weights fits any n points (claim I7; Zhang et al. 2017, theorem 1, by construction).

Inputs are Gaussian in 20 dimensions, or real images; labels are random real numbers. A random direction a makes the z_i =
a . x_i distinct; sorted, each gets a hidden unit whose threshold is the z before it. The values of the units at the points then
form a triangular matrix with a positive diagonal, and one triangular solve in float64 fits all labels. The largest residual,
relative to the largest label, must be below 1e-6 for every n. Controls, in which the best output weights are found by least
squares: one hidden unit fewer, and as many units with thresholds drawn at random, so that some intervals have none.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from optprimer.rates.findings import Findings
from optprimer.rates.methods.base import Array
from optprimer.rates.settings import Settings

DIMENSION = 20
SIZES = (10, 30, 100, 300, 1000, 2000)
CONTROL_SIZE = 100  # least squares are accurate here
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Memorizer:
    """c(x) = sum_j w_j max(a . x - b_j, 0), with d + n + n weights.

    Attributes:
        direction: a (d,), shared by all hidden units.
        thresholds: b (n,), increasing.
        output: w (n,).
    """

    direction: Array
    thresholds: Array
    output: Array

    @property
    def weights(self) -> int:
        """How many numbers it consists of."""
        return self.direction.size + self.thresholds.size + self.output.size

    def __call__(self, inputs: Array) -> Array:
        """Return c(x) for inputs (m, d)."""
        return hidden(inputs @ self.direction, self.thresholds) @ self.output


def hidden(z: Array, thresholds: Array) -> Array:
    """Return max(z_i - b_j, 0), (m, n)."""
    return np.maximum(z[:, None] - thresholds, 0)


def interleaved(z: Array) -> Array:
    """Return b (n,) with b_1 < z_1 = b_2 < z_2 = b_3 < ... for increasing z.

    Zhang et al. ask for b_j strictly between z_{j-1} and z_j. At its left end the matrix is triangular with the same positive
    diagonal, as large as can be, and w_j is the change of slope at z_{j-1} of the line through all points.
    """
    return np.concatenate([[z[0] - 1], z[:-1]])


def memorize(inputs: Array, labels: Array, direction: Array) -> Memorizer:
    """Return the network that fits ``labels`` (n,) at ``inputs`` (n, d), whose products with ``direction`` are distinct."""
    z = inputs @ direction
    order = np.argsort(z)
    thresholds = interleaved(z[order])
    output = solve_triangular(hidden(z[order], thresholds), labels[order], lower=True)
    return Memorizer(direction, thresholds, output)


def best_fit(inputs: Array, labels: Array, direction: Array, thresholds: Array) -> Memorizer:
    """Return the network with these thresholds that is best in the sense of least squares."""
    output = np.linalg.lstsq(hidden(inputs @ direction, thresholds), labels)[0]
    return Memorizer(direction, thresholds, output)


def residual(network: Memorizer, inputs: Array, labels: Array) -> float:
    """Return the largest |c(x_i) - y_i| over the largest |y_i|."""
    return float(np.abs(network(inputs) - labels).max() / np.abs(labels).max())


def study(settings: Settings) -> Findings:
    """Fit random labels of random points and of real images, and fail to with fewer units or other thresholds."""
    findings = Findings("memorizer")
    rng = settings.rng("memorizer")
    _fit(findings, "gaussian", rng.standard_normal((SIZES[-1], DIMENSION)), rng)
    findings.data = settings.data.name
    images = settings.data.train_images[: min(settings.images, SIZES[-1])] / 255
    distinct = np.unique(images.reshape(len(images), -1), axis=0)
    _fit(findings, "images", rng.permutation(distinct), rng)
    return findings


def _fit(findings: Findings, problem: str, inputs: Array, rng: np.random.Generator) -> None:
    labels, direction = rng.standard_normal(len(inputs)), rng.standard_normal(inputs.shape[1])
    sizes = np.unique([min(size, len(inputs)) for size in SIZES])
    networks = [memorize(inputs[:n], labels[:n], direction) for n in sizes]
    residuals = [residual(network, inputs[:n], labels[:n]) for n, network in zip(sizes, networks, strict=True)]
    findings.curve(problem, "construction", "relative_residual", "points", sizes, residuals, bound=TOLERANCE)
    findings.check("weights, 2n + d", problem, networks[-1].weights, "=", 2 * sizes[-1] + inputs.shape[1])
    findings.check("relative residual, largest n", problem, residuals[-1], "<=", 0, TOLERANCE)
    inputs, labels = inputs[:CONTROL_SIZE], labels[:CONTROL_SIZE]
    z = np.sort(inputs @ direction)
    controls = {
        "relative residual, one unit fewer": np.delete(interleaved(z), rng.integers(1, len(z))),
        "relative residual, random thresholds": np.sort(rng.uniform(z[0] - 1, z[-1], len(z))),
    }
    for name, thresholds in controls.items():
        best = residual(best_fit(inputs, labels, direction, thresholds), inputs, labels)
        findings.check(name, problem, best, "<=", 0, TOLERANCE, role="control")
