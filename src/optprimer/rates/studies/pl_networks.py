"""The PL inequality in networks: a leaky-ReLU neuron, linear and linear residual nets, and wide nets near their start.

For each kind of network there is a proved lower bound of the ratio ||grad L||^2/(2 (L - L*)) (optprimer.rates.bounds.pl). It is
compared with the ratio at random weights of all sizes and along gradient descent. The neuron's bound is one constant; those of
linear nets depend on the weights, and the residual ones are constant on balls around the identity. Wide nets of tanh units with
both layers trained: the ratio is at least the least eigenvalue of the tangent kernel K, at every recorded step of ten networks per
width. Half the least eigenvalue of the infinitely wide kernel is then a PL constant along the path, if the net is wide; movement
relative to the start falls like m^-1/2. K moves like 1/m, faster than the m^-1/2 that Liu, Zhu & Belkin (2022) prove: its
derivatives along the path are odd in the output weights, which have both signs, so that their sum over units nearly cancels and
the next term, of order 1/m, is as large. L falls by 1 - eta lambda_min(K) per step at least, and by twice that exponent in the
end. Controls: a ReLU neuron with all units dead, where the ratio is 0; the saddle of (w_1 w_2 - 1)^2/2, which only a bound that
depends on the weights survives; two units for eight points, where K is singular and descent gets stuck.
"""

import math
from collections.abc import Callable

import numpy as np

from optprimer.rates import fits
from optprimer.rates.bounds import pl as bounds
from optprimer.rates.findings import Findings
from optprimer.rates.grids import octaves
from optprimer.rates.methods.gradient import gradient_descent
from optprimer.rates.problems.base import Array, Problem
from optprimer.rates.problems.pl import Product, pl_ratio
from optprimer.rates.problems.pl_networks import LeakyNeuron, LinearNetwork, WideNetwork, leaky
from optprimer.rates.settings import Settings

DRAWS = 300  # random weights per size
SIZES = np.geomspace(1e-2, 1e2, 25)
BALLS = np.linspace(0.05, 0.95, 19)  # tau, of linear residual nets
SLOPES = np.array([0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9, 1.0])  # of the leaky ReLU
ROUNDING = 1e-9

POINTS, INPUTS = 8, 6  # that wide networks fit
NARROW, WIDE = 4, 100  # units: at most so many are the control, at least so many the claim
WIDE_STEPS, WIDE_STEP = 1000, 0.2
RUNS = 10

Bound = Callable[[Array], Array]


def study(settings: Settings) -> Findings:
    """Compare ratios with their bounds."""
    findings = Findings("pl_networks")
    for name, net, bound in neurons(settings):
        _compare(findings, name, net, bound, _scaled(settings, name, net.start.size), SIZES, "size of the weights")
        _descend(findings, name, net, bound, net.start, 0.2 / np.linalg.norm(net.inputs, 2) ** 2 * len(net.inputs), 400)
    _slopes(findings, settings)
    for name, net in linear_networks(settings).items():
        draws = _scaled(settings, name, net.dimension)
        _compare(findings, name, net, lambda w, net=net: bounds.linear_network(net, w), draws, SIZES, "size of the weights")
        start = draws[len(SIZES) // 2, 0]
        _descend(findings, name, net, lambda w, net=net: bounds.linear_network(net, w), start, 2e-3, 2000)
    _residual(findings, settings)
    _dead(findings, settings)
    _saddle(findings)
    _wide(findings, settings)
    return findings


def neurons(settings: Settings) -> list[tuple[str, LeakyNeuron, Bound]]:
    """Return leaky-ReLU neurons by name, on fewer points than inputs with any targets, and on more with a neuron's."""
    rng = settings.rng("pl_networks", "neurons")
    found = []
    for count, dimension in ((20, 40), (200, 5)):
        inputs = rng.normal(size=(count, dimension))
        for slope in (0.1, 0.5):
            targets = rng.normal(size=count) if count <= dimension else leaky(inputs @ rng.normal(size=dimension), slope)
            net = LeakyNeuron(inputs, targets, slope)
            constant = bounds.leaky_neuron(net)
            name = f"{net.name}_{'few' if count <= dimension else 'many'}_points"
            found.append((name, net, lambda w, constant=constant: np.full(w.shape[:-1], constant)))
    return found


def linear_networks(settings: Settings) -> dict[str, LinearNetwork]:
    """Return a linear network with a wide hidden layer, and one of three square layers."""
    rng = settings.rng("pl_networks", "linear")
    inputs = rng.normal(size=(4, 30))
    return {
        "linear_2": LinearNetwork((4, 6, 3), inputs, rng.normal(size=(3, 4))),
        "linear_3": LinearNetwork((4, 4, 4, 4), inputs, rng.normal(size=(4, 4))),
    }


def _scaled(settings: Settings, name: str, dimension: int) -> Array:
    """Draw normal weights of all sizes, (sizes, DRAWS, d)."""
    rng = settings.rng("pl_networks", name, "draws")
    return SIZES[:, None, None] * rng.normal(size=(len(SIZES), DRAWS, dimension))


def _compare(
    findings: Findings, name: str, net: Problem, bound: Bound, draws: Array, sizes: Array, variable: str, *, gain: float = 1.0
) -> None:
    """Record the least ratio over the draws of each size in units of its bound, and the least of all."""
    share = pl_ratio(net, draws) / (gain * bound(draws))
    names = (name, "random weights", "pl_ratio over its bound", variable)
    findings.curve(*names, sizes, share.min(1), bound=1, relation=">=")
    findings.check("least PL ratio over its bound, random weights", name, share.min(), ">=", 1, ROUNDING)


def _descend(findings: Findings, name: str, net: Problem, bound: Bound, start: Array, step: float, steps: int) -> None:
    """Record ratio and bound along gradient descent, until rounding shows."""
    points = np.array(list(gradient_descent(net, steps, step, start)))
    value = net.value(points)
    points = points[: np.flatnonzero(value > 1e-20 * value[0])[-1] + 1]
    kept = points[np.r_[0, octaves(len(points) - 1)].astype(int)]
    t = np.r_[0, octaves(len(points) - 1)]
    findings.curve(name, "gd", "pl_ratio", "step", t, pl_ratio(net, kept), bound=bound(kept), relation=">=")
    findings.curve(name, "gd", "gap", "step", t, net.value(kept))
    share = pl_ratio(net, points) / bound(points)
    findings.check("least PL ratio over its bound, along gradient descent", name, share.min(), ">=", 1, ROUNDING)
