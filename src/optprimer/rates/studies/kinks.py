"""The losses of ReLU networks are not smooth (claim I8).

A network with one hidden layer of 8 units and random weights looks at real images, with the parity of the class (+-1) as the
target. One unit k is put on the hinge of an image j, w_k . x_j = 0, and moved by +-h across it: the gradient jumps by
|a_k r_j| |x_j|/n, r_j the residual, however small h is, so the difference quotient |grad L(u) - grad L(v)|/|u - v|, which
smoothness would bound, grows as 1/h. Its exponent is fitted for h <= 1e-6, where the jump dominates, on HINGES random pairs
(j, k); the interval is the range over them. Beside the quotient stands the lower bound jump/(2h) - beta, with the smoothness
beta of the cells on both sides. Along the hinge the quotient stays below beta, for inside a cell the loss is smooth. The jump
is proportional to the residual: where an image is fitted, nothing jumps. Controls: tanh and softplus at the same weights,
whose quotient stays below their smoothness constant.

What it costs descent: on L = (|w| + 1)^2/2, two ReLUs, |L'| > 1 everywhere but at 0, and the theorem on the least gradient
norm, taken with the curvature 1 that L has wherever it has one, is broken; with sqrt(w^2 + 1/100) for |w| it holds.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from optprimer.intervals import mean_interval
from optprimer.rates.findings import Findings
from optprimer.rates.fits import Fit
from optprimer.rates.methods.base import Array
from optprimer.rates.problems.two_layer import ACTIVATIONS, TwoLayer
from optprimer.rates.settings import Settings

IMAGES = 100
UNITS = 8
HINGES = 32
DISTANCES = np.logspace(-9, 0, 37)
DOMINATED = DISTANCES <= 1e-6  # by the jump
AT_THE_KINK = 1e-12
RESIDUALS = np.logspace(-6, 0, 13)
ETAS = (0.1, 0.01)
ROUNDED = 0.01  # sqrt(w^2 + ROUNDED) for |w|
START = 1 / math.sqrt(3)  # irrational, so that no step lands on the kink, where sign(0) = 0 would look like a minimum
RECORDED = 60  # points of a curve over steps


@dataclass(frozen=True)
class Hinge:
    """Weights (m, d) of a network at which ``unit`` is on the kink of ``image``."""

    network: TwoLayer
    weights: Array
    unit: int
    image: int

    @property
    def normal(self) -> Array:
        """The unit vector (d,) across the hinge."""
        return self.network.inputs[self.image] / np.linalg.norm(self.network.inputs[self.image])

    @property
    def jump(self) -> float:
        """The jump |a_k r_j| |x_j|/n of the gradient."""
        residual = self.network.residuals(self.weights)[self.image]
        norm = np.linalg.norm(self.network.inputs[self.image])
        return float(abs(self.network.output[self.unit] * residual) * norm / len(self.network.inputs))

    def moved(self, direction: Array, distance: float) -> Array:
        """Return the weights with the unit's moved by ``distance`` along ``direction`` (d,)."""
        weights = self.weights.copy()
        weights[self.unit] += distance * direction
        return weights

    def clearance(self, direction: Array) -> float:
        """Return how far the unit may move along +-``direction`` before it is on the hinge of another image."""
        others = np.delete(self.network.inputs, self.image, axis=0)
        return float(np.abs((others @ self.weights[self.unit]) / (others @ direction)).min())

    def difference(self, direction: Array, distance: float) -> float:
        """Return |grad L(w + h direction) - grad L(w - h direction)| for h = ``distance``."""
        there, back = (self.network.gradient(self.moved(direction, h)) for h in (distance, -distance))
        return float(np.linalg.norm(there - back))

    def quotients(self, direction: Array) -> Array:
        """Return the difference quotient of the gradient for all DISTANCES."""
        return np.array([self.difference(direction, h) / (2 * h) for h in DISTANCES])

    def smoothness(self) -> Array:
        """Return a smoothness constant for all DISTANCES, within them and without crossing a kink."""
        return np.array([self.network.smoothness(self.weights, h) for h in DISTANCES])

    def with_activation(self, name: str) -> "Hinge":
        """Return the same weights with another activation."""
        return replace(self, network=replace(self.network, activation=ACTIVATIONS[name]))

    def with_residual(self, residual: float) -> "Hinge":
        """Return the same weights with the image's target such that its residual is ``residual``."""
        targets = self.network.targets.copy()
        targets[self.image] += self.network.residuals(self.weights)[self.image] - residual
        return replace(self, network=replace(self.network, targets=targets))


def study(settings: Settings) -> Findings:
    """Measure difference quotients across and along kinks, their jumps, and descent on a loss with one kink."""
    findings = Findings("kinks", settings.data.name)
    hinges = draw_hinges(settings)
    _across(findings, hinges)
    _along(findings, hinges, settings.rng("kinks", "tangents"))
    for activation in ("tanh", "softplus"):
        _control(findings, [hinge.with_activation(activation) for hinge in hinges], activation)
    _jumps(findings, hinges)
    findings.data = "analytic"
    _toy(findings)
    _descent(findings, settings)
    return findings


def draw_hinges(settings: Settings) -> list[Hinge]:
    """Put a unit of a random network on the kink of an image, HINGES times."""
    data, count = settings.data, min(IMAGES, settings.images)
    inputs = (data.train_images[:count] / 255 - np.array(data.mean)) / np.array(data.std)
    inputs = inputs.reshape(count, -1)
    inputs /= math.sqrt(inputs.shape[1])
    rng = settings.rng("kinks", "weights")
    weights = rng.standard_normal((UNITS, inputs.shape[1]))
    output = np.resize([1.0, -1.0], UNITS) / math.sqrt(UNITS)
    network = TwoLayer(inputs, 1.0 - 2 * (data.train_labels[:count] % 2), output, ACTIVATIONS["relu"])
    hinges = []
    for image, unit in zip(rng.integers(count, size=HINGES), rng.integers(UNITS, size=HINGES), strict=True):
        placed, x = weights.copy(), inputs[image]
        placed[unit] -= (x @ placed[unit]) / (x @ x) * x
        hinges.append(Hinge(network, placed, int(unit), int(image)))
    return hinges


def _across(findings: Findings, hinges: list[Hinge]) -> None:
    quotients = np.array([hinge.quotients(hinge.normal) for hinge in hinges])
    # |gradient(u) - gradient(v)| >= jump - h beta - h beta, if h is below the next hinge.
    bounds = [_within(hinge.jump / (2 * DISTANCES) - hinge.smoothness(), hinge.clearance(hinge.normal)) for hinge in hinges]
    _quotient_curve(findings, "relu", "across", quotients, bounds, ">=")
    fit = _over_hinges(DISTANCES[DOMINATED], quotients[:, DOMINATED])
    findings.exponent("relu", "across", "difference_quotient", "distance", fit, -1, neighbour=0)
    deviations = [abs(hinge.difference(hinge.normal, AT_THE_KINK) / hinge.jump - 1) for hinge in hinges]
    findings.check("jump against |a r| |x|/n, relative, largest", "relu", max(deviations), "<=", 0, 1e-3)


def _along(findings: Findings, hinges: list[Hinge], rng: np.random.Generator) -> None:
    """Move along the hinge, from a point between it and the next one, so that no kink is crossed."""
    quotients, bounds = [], []
    for hinge in hinges:
        normal = hinge.normal
        beside = replace(hinge, weights=hinge.moved(normal, hinge.clearance(normal) / 2))
        tangent = rng.standard_normal(len(normal))
        tangent -= (tangent @ normal) * normal
        tangent /= np.linalg.norm(tangent)
        quotients.append(beside.quotients(tangent))
        bounds.append(_within(beside.smoothness(), beside.clearance(tangent)))
    _quotient_curve(findings, "relu", "along", np.array(quotients), bounds, "<=")
    fit = _over_hinges(DISTANCES[DOMINATED], np.array(quotients)[:, DOMINATED])
    findings.exponent("relu", "along", "difference_quotient", "distance", fit, 0, neighbour=-1)


def _control(findings: Findings, hinges: list[Hinge], activation: str) -> None:
    quotients = np.array([hinge.quotients(hinge.normal) for hinge in hinges])
    _quotient_curve(findings, activation, "across", quotients, [hinge.smoothness() for hinge in hinges], "<=")
    fit = _over_hinges(DISTANCES[DOMINATED], quotients[:, DOMINATED])
    findings.exponent(activation, "across", "difference_quotient", "distance", fit, -1, role="control")


def _jumps(findings: Findings, hinges: list[Hinge]) -> None:
    """Move an image's target, so that its residual and nothing else changes, and see the jump follow."""
    fitted = [[hinge.with_residual(residual) for residual in RESIDUALS] for hinge in hinges]
    jumps = np.array([[hinge.difference(hinge.normal, AT_THE_KINK) for hinge in row] for row in fitted])
    bounds = [
        [hinge.jump + 2 * AT_THE_KINK * hinge.network.smoothness(hinge.weights, AT_THE_KINK) for hinge in row] for row in fitted
    ]
    mean, interval = mean_interval(jumps)
    findings.curve("relu", "across", "gradient_jump", "residual", RESIDUALS, mean,
                   bound=np.mean(bounds, axis=0), interval=interval, seeds=len(hinges))  # fmt: skip
    findings.exponent("relu", "across", "gradient_jump", "residual", _over_hinges(RESIDUALS, jumps), 1, neighbour=0)
    without = [hinge.with_residual(0).quotients(hinge.normal)[0] / hinge.smoothness()[0] for hinge in hinges]
    findings.check("quotient at h = 1e-9 over beta, residual 0, largest", "relu", max(without), "<=", 1)


def _toy(findings: Findings) -> None:
    """Check the quotient of L(w) = 1/4 sum_i (psi(w x_i) - y_i)^2, x = (1, 2), y = (1, -1), across 0: 5/4 + 1/(4h)."""
    toy = TwoLayer(np.array([[1.0], [2.0]]), np.array([1.0, -1.0]), np.ones(1), ACTIVATIONS["relu"])
    quotients = Hinge(toy, np.zeros((1, 1)), 0, 0).quotients(np.ones(1))
    error = np.abs(quotients / (1.25 + 0.25 / DISTANCES) - 1).max()
    findings.check("quotient against 5/4 + 1/(4h), relative, largest", "toy", error, "<=", 0, 1e-9)


def _descent(findings: Findings, settings: Settings) -> None:
    """Run gradient descent on (s + 1)^2/2 for s = |w| and for s = sqrt(w^2 + ROUNDED), and judge it by the theorem.

    Descent with eta < 2/beta has min_{i<=t} |L'(w_i)|^2 <= D/(eta (1 - beta eta/2)(t + 1)), the sum of the chapter's descent
    inequality over t + 1 steps. For the kinked loss beta is L'' = 1, which is all the curvature that it has outside 0.
    """
    t = np.unique(np.geomspace(1, settings.steps, RECORDED).round()).astype(int)
    for name, rounded, beta, role in (
        ("kinked", 0.0, 1.0, "control"),
        ("rounded", ROUNDED, 1 + 1 / math.sqrt(ROUNDED), "claim"),
    ):
        for eta in ETAS:
            gradients = descent_gradients(rounded, eta, settings.steps)
            best = np.minimum.accumulate(np.abs(gradients))
            gap = ((math.sqrt(START**2 + rounded) + 1) ** 2 - (math.sqrt(rounded) + 1) ** 2) / 2
            bound = np.sqrt(gap / (eta * (1 - beta * eta / 2) * (t + 1)))
            findings.curve(name, f"gd_{eta:g}", "best_gradient", "step", t, best[t], bound=bound, role=role)
            if not rounded:
                findings.check(f"least gradient norm, eta = {eta:g}", name, best[-1], ">=", 1)


def descent_gradients(rounded: float, eta: float, steps: int) -> Array:
    """Return L'(w_0) ... L'(w_steps) of descent on L = (s + 1)^2/2, s = sqrt(w^2 + ``rounded``), from START.

    L' = (s + 1) w/s and L'' = 1 + rounded/s^3, which is largest at 0: beta = 1 + 1/sqrt(rounded).
    """
    w, gradients = START, []
    for _ in range(steps + 1):
        s = math.sqrt(w**2 + rounded)
        gradients.append((s + 1) * w / s if s else 0.0)
        w -= eta * gradients[-1]
    return np.array(gradients)


def _quotient_curve(
    findings: Findings, problem: str, method: str, quotients: Array, bounds: list[Array], relation: str
) -> None:
    mean, interval = mean_interval(quotients)
    findings.curve(problem, method, "difference_quotient", "distance", DISTANCES, mean, bound=np.mean(bounds, axis=0),
                   relation=relation, interval=interval, seeds=len(quotients))  # fmt: skip


def _within(bounds: Array, clearance: float) -> Array:
    """Return ``bounds`` for the DISTANCES below ``clearance``, and NaN beyond it, where nothing is claimed."""
    return np.where(clearance > DISTANCES, bounds, math.nan)


def _over_hinges(t: Array, values: Array) -> Fit:
    """Fit log values (hinges, m) linearly in log t (m,), hinge by hinge; the interval is the range of the slopes."""
    slopes = np.polynomial.polynomial.polyfit(np.log(t), np.log(values).T, 1)[1]
    return Fit(float(slopes.mean()), float(slopes.min()), float(slopes.max()), float(t[0]), float(t[-1]), len(t), len(values))
