"""What minibatch gradients are like, on real images: unbiased, with a variance of 1/b, and not always bounded.

Linear classifiers have exact full gradients and exact variances, so that nothing is estimated that can be computed. Unbiased:
at fixed weights (zero, random, and after 100 full-batch steps) the mean of many batch gradients, drawn with and without
replacement, is compared with the full gradient in every coordinate, at a level that allows for their number. Variance:
E||g_B - g||^2 against the batch size b is S^2/b with replacement, exponent -1, and (S^2/b)(n - b)/(n - 1) without. Controls:
drawing one class twice as often is detected by the same test; and within an epoch of shuffled data the gradient of the
last sample is a function of the earlier ones, correlation -1, so that it is not unbiased given the weights, while independent
draws show no correlation. Bounded: along a ray, the largest gradient of a sample grows without limit for least squares, at the
exponent 1; for the softmax loss, convex as well, it stays below sqrt(2) max ||x_i|| (control: 1 is rejected there).
"""

from collections.abc import Callable

import numpy as np

from optprimer.intervals import mean_interval
from optprimer.rates import fits
from optprimer.rates.findings import Findings
from optprimer.rates.problems.base import Array
from optprimer.rates.problems.images import LinearModel, Softmax, Squares, design
from optprimer.rates.settings import Settings
from optprimer.rates.significance import critical, largest_deviation

BATCH = 32
DRAWS = 10_000  # batches whose mean is compared with the full gradient
RUNS = 400  # batches of each size, at most, whose variance is measured
RADII = np.geomspace(1, 1e4, 17)
Draw = Callable[[np.random.Generator, int], Array]
"""Draws the places of the b samples of a batch: called with a generator and b."""


def study(settings: Settings) -> Findings:
    """Measure bias, variance, dependence and size of stochastic gradients."""
    findings = Findings("oracle", settings.data.name)
    softmax = Softmax(*design(settings.data, slice(settings.images)))
    _unbiased(findings, softmax, settings)
    _variance(findings, softmax, settings)
    _epochs(findings, softmax, settings)
    _rays(findings, softmax, settings)
    return findings


def with_replacement(n: int) -> Draw:
    """Draw every sample of a batch from all n, each as likely."""
    return lambda rng, b: rng.integers(n, size=b)


def without_replacement(n: int) -> Draw:
    """Draw the samples of a batch as a random subset."""
    return lambda rng, b: rng.choice(n, b, replace=False)


def favouring(favourite: Array) -> Draw:
    """Draw with replacement, the samples where ``favourite`` (n,) is true twice as often than others."""
    shares = np.cumsum(1 + favourite)
    return lambda rng, b: np.searchsorted(shares, rng.random(b) * shares[-1], "right")


def _unbiased(findings: Findings, model: LinearModel, settings: Settings) -> None:
    """Compare the mean of batch gradients with the full one; standard errors are exact, and so is a coordinate without any."""
    rng = settings.rng("oracle", "unbiased")
    n = len(model.inputs)
    shape = model.inputs.shape[1], model.targets.shape[1]
    weights = {"zero": np.zeros(shape), "random": rng.normal(size=shape) / np.sqrt(shape[0]), "trained": _trained(model, 100)}
    draws = {
        "with replacement": (with_replacement(n), 1.0, "claim"),
        "without replacement": (without_replacement(n), (n - BATCH) / (n - 1), "claim"),
        "one class twice as often": (favouring(model.targets[:, 0] == 1), 1.0, "control"),
    }
    for method, (draw, share, role) in draws.items():
        drawn = np.concatenate([draw(rng, BATCH) for _ in range(DRAWS)])
        frequency = np.bincount(drawn, minlength=n) / len(drawn)
        for place, w in weights.items():
            mean = model.inputs.T @ (frequency[:, None] * model.errors(w))
            error = np.sqrt(model.variance(w) * share / (BATCH * DRAWS))
            off = np.abs(mean - model.gradient(w))
            random = error > 1e-9 * error.max()
            deviation, limit = float((off[random] / error[random]).max()), critical(int(random.sum()))
            name = f"largest deviation of a coordinate's mean in standard errors, {method}"
            findings.check(name, f"softmax_{place}", deviation, "<=", limit, role=role)


def _trained(model: LinearModel, steps: int) -> Array:
    """Return the weights after full-batch steps of 1/beta, beta <= lambda_max(X^T X/n)/2 for the softmax loss, from 0."""
    step = 2 * len(model.inputs) / np.linalg.norm(model.inputs, 2) ** 2
    weights = np.zeros((model.inputs.shape[1], model.targets.shape[1]))
    for _ in range(steps):
        weights = weights - step * model.gradient(weights)
    return weights


def _variance(findings: Findings, model: LinearModel, settings: Settings) -> None:
    """Measure E||g_B - g||^2 at weights 0 for batch sizes b below n, and check that all of it has none."""
    rng = settings.rng("oracle", "variance")
    n, seeds = len(model.inputs), min(settings.seeds, RUNS)
    weights = np.zeros((model.inputs.shape[1], model.targets.shape[1]))
    full, total = model.gradient(weights), float(model.variance(weights).sum())
    sizes = 2 ** np.arange(int(np.log2(n - 1)) + 1)

    def squared_error(draw: Draw, b: int) -> float:
        return float(((model.gradient(weights, draw(rng, b)) - full) ** 2).sum())

    for method, draw, exact in (
        ("with replacement", with_replacement(n), total / sizes),
        ("without replacement", without_replacement(n), total / sizes * (n - sizes) / (n - 1)),
    ):
        runs = np.array([[squared_error(draw, b) for b in sizes] for _ in range(seeds)])
        mean, interval = mean_interval(runs)
        of = ("softmax", method, "variance of the gradient", "batch_size")
        findings.curve(*of, sizes, mean, interval=interval, seeds=seeds)
        findings.curve(of[0], f"{method}, exact", *of[2:], sizes, exact)
        if method == "with replacement":
            findings.exponent(*of, fits.resampled_power(sizes, runs, rng), -1, neighbour=-0.5)
        name = f"variance against its exact value: largest deviation in standard errors, {method}"
        findings.check(name, "softmax", largest_deviation(runs, exact), "<=", critical(len(sizes), seeds))
    whole = squared_error(without_replacement(n), n) / total
    findings.check("variance of a batch of all samples, without replacement, over S^2", "softmax", whole, "=", 0, 1e-12)


def _epochs(findings: Findings, model: LinearModel, settings: Settings) -> None:
    """Correlate the last gradient of an epoch with the sum of the earlier ones, along a random direction, at fixed weights."""
    rng = settings.rng("oracle", "epochs")
    n = len(model.inputs)
    direction = rng.normal(size=(model.inputs.shape[1], model.targets.shape[1]))
    along = ((model.inputs @ direction) * model.errors(np.zeros_like(direction))).sum(1)  # <g_i, direction>
    limit = critical(1) / np.sqrt(settings.seeds)
    name = "correlation of an epoch's last gradient with the sum of the earlier ones"
    for problem, draw, role in (
        ("independent draws", with_replacement(n), "claim"),
        ("shuffled epochs", without_replacement(n), "control"),
    ):
        epochs = [along[draw(rng, n)] for _ in range(settings.seeds)]
        correlation = float(np.corrcoef([epoch[-1] for epoch in epochs], [epoch[:-1].sum() for epoch in epochs])[0, 1])
        findings.check(name, problem, abs(correlation), "<=", limit, role=role)
        if role == "control":
            findings.check("the same, which shuffling makes -1", problem, correlation, "=", -1, 1e-9)


def _rays(findings: Findings, softmax: LinearModel, settings: Settings) -> None:
    """Follow the largest gradient of a sample along W = r V, ||V|| = 1."""
    rng = settings.rng("oracle", "rays")
    direction = rng.normal(size=(softmax.inputs.shape[1], softmax.targets.shape[1]))
    direction /= np.linalg.norm(direction)
    squares = Squares(softmax.inputs, softmax.targets)
    limit = float(np.sqrt(2) * np.linalg.norm(softmax.inputs, axis=1).max())
    late = RADII >= 100
    for problem, model, role in (("squares", squares, "claim"), ("softmax", softmax, "control")):
        largest = np.array([model.norms(r * direction).max() for r in RADII])
        full = np.array([np.linalg.norm(model.gradient(r * direction)) for r in RADII])
        of = (problem, "ray", "largest gradient of a sample", "radius")
        if problem == "squares":  # the mean of gradients is at most the largest, and it grows where the loss is strongly convex
            findings.curve(*of, RADII, largest, bound=full, relation=">=")
        else:
            findings.curve(*of, RADII, largest, bound=limit)
        neighbour = 0.0 if role == "claim" else np.nan
        findings.exponent(*of, fits.power(RADII[late], largest[late]), 1, neighbour=neighbour, role=role)
