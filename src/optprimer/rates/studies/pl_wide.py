"""The PL inequality in wide networks near their start, and the linear rate that it gives: a sweep of the width.

Networks of m tanh units with both layers trained fit eight points on the unit sphere of R^6 with L = ||F - y||^2/2. Since
||grad L||^2 = r . K r with the tangent kernel K, the PL ratio is at least lambda_min(K), which is checked at every recorded
step of ten networks per width. Half the least eigenvalue of the infinitely wide kernel is then a PL constant along the whole
path once the net is wide (Liu, Zhu & Belkin 2022, ACHA 59), and L falls by 1 - eta lambda_min(K) per step at least, by twice
that exponent in the end. The distance travelled, relative to the start's norm, is of order m^-1/2. K moves like 1/m, faster
than the m^-1/2 of their theorem: the derivatives of K along the path are odd in the output weights, whose signs are balanced,
so that the sum over units cancels and the next order remains. Control: two units for eight points, where K starts singular (14
weights, of which the paired start uses 7) and the ratio falls far below that constant.
"""

import math
from dataclasses import dataclass

import numpy as np

from optprimer.intervals import mean_interval
from optprimer.rates import fits
from optprimer.rates.bounds import pl as bounds
from optprimer.rates.findings import Findings
from optprimer.rates.methods.gradient import gradient_descent
from optprimer.rates.problems.base import Array
from optprimer.rates.problems.pl import pl_ratio
from optprimer.rates.problems.pl_networks import WideNetwork
from optprimer.rates.settings import Settings

POINTS, INPUTS = 8, 6
NARROW = (2, 4, 20)
CONTROL, WIDE = 2, 100  # units: the control, and from where on half the limit has to hold
STEPS, EVERY = 1000, 20
STEP = 0.2  # eta; the largest eigenvalue of K is about 3
RUNS = 10
LIMIT = 100_000  # units that stand for infinitely many
ROUNDING = 1e-9


@dataclass(frozen=True)
class Paths:
    """What was measured along gradient descent of ``RUNS`` networks of one width, at the recorded steps ``t``: (times, RUNS).

    Attributes:
        t: (times,).
        loss: L.
        ratio: the PL ratio.
        least: lambda_min(K).
        drift: ||K - K_0||/||K_0||.
        movement: ||w - w_0||/||w_0||.
    """

    t: Array
    loss: Array
    ratio: Array
    least: Array
    drift: Array
    movement: Array


def study(settings: Settings) -> Findings:
    """Sweep the width."""
    findings = Findings("pl_wide")
    rng = settings.rng("pl_wide", "data")
    inputs = rng.normal(size=(POINTS, INPUTS))
    inputs /= np.linalg.norm(inputs, axis=1, keepdims=True)
    targets = rng.normal(size=POINTS) / 2
    limit = WideNetwork(inputs, targets, LIMIT)
    constant = float(bounds.tangent_kernel(limit, limit.draw(1, settings.rng("pl_wide", "limit")))[0]) / 2
    sweep = [2 * round(width / 2) for width in np.geomspace(max(settings.width / 10, 20), max(settings.width, 200), 5)]
    found = {width: walk(WideNetwork(inputs, targets, width), settings) for width in sorted({*NARROW, *sweep})}
    for width, paths in found.items():
        _path(findings, width, paths)
    _constants(findings, found, constant)
    _powers(findings, found, settings)
    _linear_rate(findings, sweep[-1], found[sweep[-1]])
    return findings


def walk(net: WideNetwork, settings: Settings) -> Paths:
    """Run gradient descent on ``RUNS`` networks and measure every ``EVERY`` steps."""
    start = net.draw(RUNS, settings.rng("pl_wide", "start", net.width))
    kernel, norm = net.kernel(start), np.linalg.norm(start, axis=-1)
    rows = []
    for t, w in enumerate(gradient_descent(net, STEPS, STEP, start)):
        if t % EVERY == 0:
            drift = np.linalg.norm(net.kernel(w) - kernel, 2, axis=(-2, -1)) / np.linalg.norm(kernel, 2, axis=(-2, -1))
            movement = np.linalg.norm(w - start, axis=-1) / norm
            rows.append((net.value(w), pl_ratio(net, w), bounds.tangent_kernel(net, w), drift, movement))
    return Paths(np.arange(0.0, STEPS + 1, EVERY), *np.array(rows).swapaxes(0, 1))


def _path(findings: Findings, width: int, paths: Paths) -> None:
    """Compare the ratio with lambda_min(K) at every recorded step of every network, and draw the first network."""
    name = f"tanh_network_{width}"
    names = (name, "gd", "pl_ratio", "step")
    findings.curve(*names, paths.t, paths.ratio[:, 0], bound=paths.least[:, 0], relation=">=")
    share = (paths.ratio[paths.least > 0] / paths.least[paths.least > 0]).min(initial=np.inf)
    findings.check("least PL ratio over lambda_min(K), on the paths", name, share, ">=", 1, ROUNDING)


def _constants(findings: Findings, found: dict[int, Paths], constant: float) -> None:
    """Put the least ratio on all paths of a width beside half the limit of lambda_min(K)."""
    for width, paths in found.items():
        role = "control" if width == CONTROL else "claim"
        judged = role == "control" or width >= WIDE
        theory = {"bound": constant if judged else math.nan, "relation": ">=", "role": role}
        least = {"pl_ratio, least on the path": paths.ratio.min(0), "lambda_min(K), least on the path": paths.least.min(0)}
        for quantity, runs in least.items():
            mean, interval = mean_interval(runs)
            names = ("tanh_network", "gd" if width > CONTROL else "gd, two units", quantity, "width")
            findings.curve(*names, width, mean, interval=interval, seeds=RUNS, **theory)
        if judged:
            name = f"tanh_network_{width}"
            worst = paths.ratio.min()
            findings.check("least PL ratio on all paths, over half the limit of lambda_min(K)", name, worst / constant, ">=", 1,
                           role=role)  # fmt: skip
            findings.add("pl", problem=name, claimed=constant, certified_lower=math.nan, measured_upper=worst, role=role)
            factor = (paths.loss[1:] / paths.loss[:-1]).max() / (1 - STEP * constant) ** EVERY
            findings.check(f"largest factor of the gap in {EVERY} steps, over that of half the limit of lambda_min(K)", name,
                           factor, "<=", 1, role=role)  # fmt: skip


def _powers(findings: Findings, found: dict[int, Paths], settings: Settings) -> None:
    """Fit movement and drift against the width, over the three largest; before, both are too large for their limit."""
    widths = np.array(list(found), float)
    for quantity, runs, theory, neighbour in (
        ("movement", [paths.movement[-1] for paths in found.values()], -0.5, 0.0),
        ("drift of K", [paths.drift.max(0) for paths in found.values()], -1.0, -0.5),
    ):
        runs = np.stack(runs, axis=1)
        mean, interval = mean_interval(runs)
        names = ("tanh_network", "gd", quantity, "width")
        findings.curve(*names, widths, mean, interval=interval, seeds=RUNS)
        fit = fits.resampled_power(widths[-3:], runs[:, -3:], settings.rng("pl_wide", quantity))
        findings.exponent(*names, fit, theory, neighbour=neighbour)


def _linear_rate(findings: Findings, width: int, paths: Paths) -> None:
    """Compare the loss of the widest networks with (1 - eta lambda_min(K))^t, and its slope in the end with that squared.

    L falls by (1 - eta ratio) L per step at least, if a step lowers it by eta ||grad L||^2/2, as it does for eta <= 1/beta.
    """
    name = f"tanh_network_{width}"
    factor = 1 - STEP * paths.least.min(0)
    findings.curve(name, "gd", "gap", "step", paths.t, paths.loss[:, 0], bound=factor[0] ** paths.t * paths.loss[0, 0])
    shares = (paths.loss[1:] / paths.loss[:-1]) / factor**EVERY
    findings.check(f"largest factor of the gap in {EVERY} steps, over that of lambda_min(K)", name, shares.max(), "<=", 1)
    late = paths.t >= 0.6 * STEPS
    limit = 2 * math.log(1 - STEP * paths.least[-1, 0])
    of = (name, "gd", "gap", "step, semilog")
    findings.exponent(*of, fits.exponential(paths.t[late], paths.loss[late, 0]), limit, neighbour=0.0)
