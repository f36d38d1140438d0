"""The descent theorems on a real smooth network (claims G3 and G4).

A network of 16 tanh units with the square loss (TanhNetwork) learns real images by gradient descent on all of them at once,
in float64, with eta = 1/(2 lambda_max) of the Hessian at the start. The largest eigenvalue of the Hessian is measured in the
middle and at the end of every step, by Lanczos iteration on exact Hessian-vector products (ARPACK); beta is the largest of
all. It is a lower estimate: a Ritz value is not above the eigenvalue, and between the samples curvature may be larger. So beta
is measured here and not proved; the theorems need it on the segments of the path alone. At every step the loss must fall by
eta (1 - beta eta/2) |grad L|^2, and the least gradient norm must stay below sqrt(2 beta' D/(t + 1)) with beta' = 1/eta, which
serves as a smoothness constant as long as it is at least beta, and more tightly below what the sum of the descent inequalities
with beta gives. L* >= 0, so D is taken as L(w_0), which only loosens the bound. Control: with eta = 4/lambda_max, beyond
2/beta, the loss does not fall by eta |grad L|^2/2 at every step, as it must wherever eta <= 1/beta.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.sparse.linalg import LinearOperator, eigsh

from optprimer.rates.findings import Findings
from optprimer.rates.methods.base import Array
from optprimer.rates.problems.tanh_network import TanhNetwork
from optprimer.rates.settings import Settings

UNITS = 16
IMAGES = 1000
STEPS = 100
CONTROL_STEPS = 20


@dataclass(frozen=True)
class Run:
    """Points w_0 ... w_T (T + 1, d) of gradient descent with step ``eta``, their losses and gradient norms."""

    eta: float
    points: Array
    losses: Array
    gradients: Array

    def slack(self, beta: float) -> Array:
        """Return (L_t - L_{t+1})/(eta (1 - beta eta/2) |grad L_t|^2), (T,): at least 1 if beta is a smoothness constant."""
        granted = self.eta * (1 - beta * self.eta / 2) * self.gradients[:-1] ** 2
        return -np.diff(self.losses) / granted


def study(settings: Settings) -> Findings:
    """Measure the smoothness along a path of gradient descent, and judge the path by the theorems with it."""
    findings = Findings("smooth_network", settings.data.name)
    network, start = images_network(settings)
    at_start, vector = largest_curvature(network, start, settings.rng("smooth_network", "lanczos").standard_normal(len(start)))
    run = descend(network, start, 0.5 / at_start, STEPS)
    curvatures = curvature_along(network, run, vector)
    beta = curvatures.max()
    t, gap, name = np.arange(STEPS + 1), run.losses[0], "tanh_network"
    findings.curve(name, "gd", "best_gradient", "step", t, np.minimum.accumulate(run.gradients),
                   bound=np.sqrt(2 * gap / (run.eta * (t + 1))),
                   tight_bound=np.sqrt(gap / (run.eta * (1 - beta * run.eta / 2) * (t + 1))))  # fmt: skip
    findings.curve(name, "gd", "decrease_over_granted", "step", t[:-1], run.slack(beta), bound=1, relation=">=")
    findings.curve(name, "gd", "curvature", "step", t, curvatures, bound=1 / run.eta)
    findings.check("eta times beta measured along the path", name, run.eta * beta, "<=", 1)
    findings.check("decrease over eta (1 - beta eta/2) |gradient|^2, least", name, run.slack(beta).min(), ">=", 1, 1e-9)
    beyond = descend(network, start, 4 / at_start, CONTROL_STEPS)
    for path, problem, role in ((run, name, "claim"), (beyond, f"{name}, eta beyond 2/beta", "control")):
        least = path.slack(1 / path.eta).min()
        findings.check("decrease over eta |gradient|^2/2, least", problem, least, ">=", 1, 1e-9, role=role)
    return findings


def images_network(settings: Settings) -> tuple[TanhNetwork, Array]:
    """Return the network on the standardised training images with the classes as unit vectors, and its first weights."""
    data, count = settings.data, min(IMAGES, settings.images)
    images = (data.train_images[:count] / 255 - np.array(data.mean)) / np.array(data.std)
    inputs = np.hstack([images.reshape(count, -1), np.ones((count, 1))])
    network = TanhNetwork(inputs, np.eye(len(data.classes))[data.train_labels[:count]], UNITS)
    return network, network.start(settings.rng("smooth_network", "weights"))


def descend(network: TanhNetwork, start: Array, eta: float, steps: int) -> Run:
    """Run ``steps`` steps of gradient descent from ``start``."""
    points = [start]
    gradients = [network.gradient(start)]
    for _ in range(steps):
        points.append(points[-1] - eta * gradients[-1])
        gradients.append(network.gradient(points[-1]))
    losses = [network.value(w) for w in points]
    return Run(eta, np.array(points), np.array(losses), np.linalg.norm(gradients, axis=1))


def curvature_along(network: TanhNetwork, run: Run, vector: Array) -> Array:
    """Return the largest Hessian eigenvalue at every point (T + 1,), or in the middle of the step to it if larger there.

    It changes slowly, so each eigenvector found is where the next search starts.
    """
    at_start, vector = largest_curvature(network, run.points[0], vector)
    found = [at_start]
    for before, after in pairwise(run.points):
        in_middle, vector = largest_curvature(network, (before + after) / 2, vector)
        at_end, vector = largest_curvature(network, after, vector)
        found.append(max(in_middle, at_end))
    return np.array(found)


def largest_curvature(network: TanhNetwork, w: Array, vector: Array) -> tuple[float, Array]:
    """Return the largest eigenvalue of the Hessian at ``w`` to a relative 1e-3, and its eigenvector, found from ``vector``."""
    hessian = LinearOperator((network.dimension,) * 2, matvec=lambda v: network.hessian_product(w, v.ravel()), dtype=float)
    values, vectors = eigsh(hessian, k=1, which="LA", v0=vector, ncv=6, tol=1e-3)
    return float(values[0]), vectors[:, 0]
