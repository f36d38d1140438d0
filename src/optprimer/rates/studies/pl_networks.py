"""The PL inequality in networks with piecewise linear or linear units: for each, its ratio against a proved lower bound.

The ratio ||grad L||^2/(2 (L - L*)) is compared with its bound (optprimer.rates.bounds.pl) at random weights of all sizes and
along gradient descent: for a leaky-ReLU neuron, on fewer points than inputs and on more, where the bound is one constant; for
linear networks of two and three layers, where it depends on the weights; and for linear residual networks, where it is constant
on balls around the identity and is attained by one unit per layer. The neuron's constant is attained in a limit, whatever the
slope, and vanishes with it. Controls: the ReLU neuron, of which all negative weights are dead on positive inputs, so that its
ratio is 0 where the loss is not; and the saddle of (w_1 w_2 - 1)^2/2, at which no constant is left: the bound of linear
networks has to depend on the weights. Wide networks have a study of their own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from optprimer.rates.bounds import pl as bounds
from optprimer.rates.findings import Findings
from optprimer.rates.grids import octaves
from optprimer.rates.methods.gradient import gradient_descent
from optprimer.rates.problems.base import Array
from optprimer.rates.problems.pl import Product, pl_ratio
from optprimer.rates.problems.pl_networks import LeakyNeuron, LinearNetwork, leaky
from optprimer.rates.settings import Settings

DRAWS = 300  # random weights per size
SIZES = np.geomspace(1e-2, 1e2, 25)
BALLS = np.linspace(0.05, 0.95, 19)  # tau, of linear residual nets
SLOPES = np.array([0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9, 1.0])  # of the leaky ReLU
BALL = 0.3  # on which the residual net's constant is put down
STEPS = 2000
ROUNDING = 1e-9
FLOOR = 1e-20  # share of the first loss


@dataclass(frozen=True)
class Case:
    """A network, its bound, and where the two are compared.

    Attributes:
        name: of the rows.
        net: with L* = 0.
        bound: weights (..., d) to lower bounds of the ratio (...).
        draws: random weights (sizes, DRAWS, d).
        sizes: of them.
        variable: what a size is.
        start: of gradient descent.
        step: eta.
    """

    name: str
    net: LeakyNeuron | LinearNetwork
    bound: Callable[[Array], Array]
    draws: Array
    sizes: Array
    variable: str
    start: Array
    step: float


def study(settings: Settings) -> Findings:
    """Compare every network with its bound, then run the controls."""
    findings = Findings("pl_networks")
    for case in (*neurons(settings), *linear_networks(settings), residual_network(settings)):
        _random(findings, case)
        _path(findings, case)
    _attained(findings)
    _slopes(findings)
    _dead(findings, settings)
    _saddle(findings)
    return findings


def neurons(settings: Settings) -> list[Case]:
    """Return leaky-ReLU neurons on fewer points than inputs with any targets, and on more with those of a neuron."""
    rng = settings.rng("pl_networks", "neurons")
    cases = []
    for points, dimension, name in ((20, 40, "few_points"), (200, 5, "many_points")):
        inputs = rng.normal(size=(points, dimension))
        for slope in (0.1, 0.5):
            targets = rng.normal(size=points) if points < dimension else leaky(inputs @ rng.normal(size=dimension), slope)
            net = LeakyNeuron(inputs, targets, slope)
            draws = SIZES[:, None, None] * rng.normal(size=(len(SIZES), DRAWS, dimension))
            step = points / np.linalg.norm(inputs, 2) ** 2
            bound = partial(_constant, bounds.leaky_neuron(net))
            cases.append(Case(f"{net.name}_{name}", net, bound, draws, SIZES, "size of the weights", net.start, step))
    return cases


def linear_networks(settings: Settings) -> list[Case]:
    """Return a linear network with a wide hidden layer, and one of three square layers."""
    rng = settings.rng("pl_networks", "linear")
    inputs = rng.normal(size=(4, 30)) / 30**0.5
    cases = []
    for widths in ((4, 6, 3), (4, 4, 4, 4)):
        net = LinearNetwork(widths, inputs, rng.normal(size=(widths[-1], 4)))
        draws = SIZES[:, None, None] * rng.normal(size=(len(SIZES), DRAWS, net.dimension))
        start = 0.5 * rng.normal(size=net.dimension)
        bound = partial(bounds.linear_network, net)
        cases.append(Case(net.name, net, bound, draws, SIZES, "size of the weights", start, 0.02))
    return cases


def residual_network(settings: Settings) -> Case:
    """Return a linear residual network of four layers, whose target is one of the kind; it starts from the identity."""
    rng = settings.rng("pl_networks", "residual")
    layers, width = 4, 5
    root = rng.normal(size=(width, width)) / width**0.5 + np.eye(width)
    widths = (width,) * (layers + 1)
    teacher = LinearNetwork(widths, root, np.eye(width), 1.0, residual=True)
    target = np.linalg.multi_dot(teacher.factors(_in_ball(teacher, BALL * np.ones((1, 1)), rng)[0, 0])[::-1])
    net = LinearNetwork(widths, root, target, 1.0, residual=True)
    draws = _in_ball(net, np.repeat(BALLS[:, None], DRAWS, axis=1), rng)
    draws[:, 0] = -BALLS[:, None] * np.tile(np.eye(width).ravel(), layers)  # where the singular values of I + A are least
    step = 0.02 / np.linalg.norm(root, 2) ** 2
    return Case(net.name, net, partial(bounds.linear_residual, net), draws, BALLS, "largest norm of A", net.start, step)


def _in_ball(net: LinearNetwork, norms: Array, rng: np.random.Generator) -> Array:
    """Draw A_1 ... A_l of spectral norm ``norms`` (sizes, draws), flat."""
    layers, width = len(net.widths) - 1, net.widths[0]
    matrices = rng.normal(size=(*norms.shape, layers, width, width))
    matrices *= (norms[..., None] / np.linalg.norm(matrices, 2, axis=(-2, -1)))[..., None, None]
    return matrices.reshape(*norms.shape, -1)


def _constant(value: float, w: Array) -> Array:
    return np.full(w.shape[:-1], value)


def _random(findings: Findings, case: Case) -> None:
    """Record the least ratio over the draws of each size in units of its bound, and of all where the bound is constant."""
    ratio, bound = pl_ratio(case.net, case.draws), case.bound(case.draws)
    share = ratio / bound
    names = (case.name, "random weights", "pl_ratio over its bound", case.variable)
    findings.curve(*names, case.sizes, share.min(1), bound=1, relation=">=")
    findings.check("least PL ratio over its bound, random weights", case.name, share.min(), ">=", 1, ROUNDING)
    if isinstance(case.net, LeakyNeuron):
        _put_down(findings, case.name, bound.max(), ratio.min())
    elif case.net.residual:
        inside = case.sizes <= BALL + ROUNDING
        _put_down(findings, f"{case.name}_ball_{BALL:g}", bound[inside].min(), ratio[inside].min())


def _path(findings: Findings, case: Case) -> None:
    """Record ratio and bound along gradient descent, until rounding shows."""
    points = np.array(list(gradient_descent(case.net, STEPS, case.step, case.start)))
    value = case.net.value(points)
    points = points[: np.flatnonzero(value > FLOOR * value[0])[-1] + 1]
    ratio, bound = pl_ratio(case.net, points), case.bound(points)
    t = np.r_[0, octaves(len(points) - 1)].astype(int)
    findings.curve(case.name, "gd", "pl_ratio", "step", t, ratio[t], bound=bound[t], relation=">=")
    # Each step is held to the bound where it was taken. Leaky neurons lack the smoothness that the theorem on rates needs.
    smooth = isinstance(case.net, LinearNetwork)
    promised = value[0] * np.cumprod(np.r_[1, 1 - case.step * bound[:-1]])[t] if smooth else np.nan
    findings.curve(case.name, "gd", "gap", "step", t, value[t], bound=promised)
    findings.check("least PL ratio over its bound, on the path", case.name, (ratio / bound).min(), ">=", 1, ROUNDING)


def _attained(findings: Findings, layers: int = 4) -> None:
    """One unit per layer with A_j = -tau attains the residual bound, whatever E x^2, here 2."""
    net = LinearNetwork((1,) * (layers + 1), np.array([[2**0.5]]), np.array([[1.5]]), 1.0, residual=True)
    w = np.repeat(-BALLS[:, None], layers, axis=1)
    ratio, bound = pl_ratio(net, w), bounds.linear_residual(net, w)
    findings.curve("linear_residual_one_unit", "A = -tau", "pl_ratio", "largest norm of A", BALLS, ratio, bound=bound,
                   relation=">=")  # fmt: skip
    findings.check("PL ratio over its bound at A = -tau", "linear_residual_one_unit", (ratio / bound).max(), "=", 1, ROUNDING)


def worst_neuron(slope: float, h: float = 1e-4) -> tuple[LeakyNeuron, Array]:
    """Return a neuron with three inputs of two coordinates, and weights (2,) where its ratio tends to the bound as h -> 0.

    All inputs are on the flat side of w = (0, -h^2), almost 0. Of w* = (1, 0) the first, (sqrt c, h), sees the steep side and
    the second, (-1, h), the flat one: residuals are 1 and c times x . (w - w*), in the proportion that is worst in
    Kantorovich's inequality. The third, (0, 2), makes w* the direction of the least singular value and leaves its residual at
    0.
    """
    inputs = np.array([[slope**0.5, h], [-1, h], [0, 2]])
    return LeakyNeuron(inputs, leaky(inputs[:, 0], slope), slope), np.array([0, -(h**2)])


def _slopes(findings: Findings) -> None:
    """The ratio of the worst neuron and its constant, as the slope of the leaky ReLU tends to 0."""
    worst = [worst_neuron(slope) for slope in SLOPES]
    ratio = np.array([pl_ratio(*each) for each in worst])
    constant = np.array([bounds.leaky_neuron(net) for net, _ in worst])
    findings.curve("leaky_neuron_worst", "exact", "pl_ratio", "slope", SLOPES, ratio, bound=constant, relation=">=")
    findings.check("PL ratio over its bound, on the worst inputs", "leaky_neuron_worst", (ratio / constant).max(), "=", 1, 1e-2)


def _dead(findings: Findings, settings: Settings) -> None:
    """On positive inputs and negative weights the leaky neuron keeps its constant, and the ReLU neuron has no gradient."""
    rng = settings.rng("pl_networks", "dead")
    inputs, teacher = np.abs(rng.normal(size=(50, 5))), np.abs(rng.normal(size=5))
    draws = -np.abs(SIZES[:, None, None] * rng.normal(size=(len(SIZES), DRAWS, 5)))
    nets = {slope: LeakyNeuron(inputs, leaky(inputs @ teacher, slope), slope) for slope in (0.1, 0.0)}
    constant = bounds.leaky_neuron(nets[0.1])
    for slope, role in ((0.1, "claim"), (0.0, "control")):
        ratio = pl_ratio(nets[slope], draws)
        name = f"{nets[slope].name}_negative_weights"
        names, share = (name, "random weights", "pl_ratio over its bound", "size of the weights"), ratio / constant
        findings.curve(*names, SIZES, share.min(1), bound=1, relation=">=", role=role)
        findings.check("least PL ratio over the leaky neuron's bound", name, share.min(), ">=", 1, ROUNDING, role=role)
        _put_down(findings, name, constant, ratio.min(), role)


def _saddle(findings: Findings) -> None:
    """Near the saddle (0, 0) of (w_1 w_2 - 1)^2/2 the ratio is exactly 2 e^2 at (e, e): no constant is below all of them."""
    e = np.geomspace(1e-3, 0.5, 28)
    ratio = pl_ratio(Product(), np.stack([e, e], axis=1))
    names = ("product", "exact", "pl_ratio", "distance from the saddle")
    findings.curve(*names, e, ratio, bound=0.01, relation=">=", role="control")
    findings.check("PL ratio over 2 e^2 at (e, e)", "product", np.abs(ratio / (2 * e**2) - 1).max(), "<=", 0, ROUNDING)
    findings.check("least PL ratio", "product", ratio.min(), ">=", 0.01, role="control")
    _put_down(findings, "product", 0.01, ratio.min(), "control")


def _put_down(findings: Findings, name: str, claimed: float, measured: float, role: str = "claim") -> None:
    findings.add("pl", problem=name, claimed=claimed, certified_lower=np.nan, measured_upper=measured, role=role)
