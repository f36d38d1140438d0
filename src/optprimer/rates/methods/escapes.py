"""Gradient descent and perturbed gradient descent past the saddles of an octopus, many runs at once.

Both yield (t, a): the steps taken and a = |x|, for by symmetry signs never matter.
"""

import math
from collections.abc import Iterable, Iterator

import numpy as np

from optprimer.rates.methods.base import Array
from optprimer.rates.problems.octopus import Octopus

Path = Iterator[tuple[Array, Array]]


def descend(problem: Octopus, log_start: Array, step: float, stride: float = math.inf) -> Path:
    """Run gradient descent from |x| = exp(``log_start``) (runs, d) until every coordinate has passed 2 tau.

    Waiting coordinates shrink geometrically for as long as the run has lasted: after 1075 halvings a float64 is 0 and never
    leaves, for a numerical reason alone. So log a is what is carried, with the relative error eps |log a| in a: a step
    multiplies a_j by 1 - eta r_j (Octopus.rates), which adds log(1 - eta r_j) to the logarithm and is exact for a_j = 1e-9999.
    The square of such a coordinate, which underflows, acts on others only by its sum with numbers near 1.

    Near a saddle (a_i <= tau) all rates are constant, so up to ``stride`` steps, as many as lead out of it, are taken at once
    and in closed form: with stride 1 the same exits are found, by as many evaluations as there are steps.

    Needs step < 1/(2 Lambda), by which no coordinate changes sign.
    """
    log_a, t = log_start, np.zeros(len(log_start))
    growth = math.log1p(2 * step * problem.repulsion)
    coordinates = np.arange(problem.dimension)
    while True:
        a = np.exp(log_a)
        yield t, a
        stage = problem.stage(a)
        if (stage == problem.dimension).all():
            return
        active = np.take_along_axis(log_a, np.minimum(stage, problem.dimension - 1)[:, None], -1)[:, 0]
        leaving = np.ceil((math.log(problem.tau) - active) / growth)
        steps = np.where(stage < problem.dimension, np.clip(leaving, 1, stride), 0)[:, None]
        contraction = (1 - 2 * step * problem.attraction) ** steps
        passed = 4 * problem.tau + contraction * (a - 4 * problem.tau)
        is_passed = coordinates < stage[:, None]
        log_a = np.where(is_passed, np.log(passed, where=is_passed, out=np.zeros_like(a)),
                         log_a + steps * np.log1p(-step * problem.rates(a)))  # fmt: skip
        t = t + steps[:, 0]


def perturb(
    problem: Octopus,
    start: Array,
    step: float,
    radius: float,
    threshold: float,
    patience: int,
    rng: np.random.Generator,
) -> Path:
    """Run perturbed gradient descent (Jin et al. 2017, ICML) from ``start`` (runs, d) until every coordinate has passed 2 tau.

    Where the gradient is at most ``threshold`` long, and more than ``patience`` steps have passed since the last time, a point
    drawn uniformly from the ball of ``radius`` is added before the gradient step. Radius 0 is gradient descent. Kicks keep
    waiting coordinates at the size of ``radius``, so nothing underflows. It stops by the coordinates and not by the gradient,
    for at the minimum it would be kicked for ever.
    """
    x, last = start, np.full(len(start), -math.inf)
    for t in range(10**9):
        yield np.full(len(x), float(t)), np.abs(x)
        if (problem.stage(np.abs(x)) == problem.dimension).all():
            return
        gradient = problem.gradient(x)
        kicked = (np.linalg.norm(gradient, axis=-1) <= threshold) & (t - last > patience)
        last = np.where(kicked, t, last)
        x = np.where(kicked[:, None], x + _ball(x.shape, radius, rng), x)
        x = x - step * problem.gradient(x)


def exit_times(problem: Octopus, path: Iterable[tuple[Array, Array]]) -> Array:
    """Return the steps (runs, d) at which each |x_k| is first past 2 tau, and all before it."""
    exits: Array | None = None
    for t, a in path:
        if exits is None:
            exits = np.full(a.shape, np.inf)
        passed = problem.stage(a)[:, None] > np.arange(problem.dimension)
        exits = np.minimum(exits, np.where(passed, t[:, None], np.inf))
    return exits


def least_exit_times(problem: Octopus, log_start: Array, step: float) -> Array:
    """Return lower bounds on the ``exit_times`` (runs, d) of descent from |x| = exp(``log_start``) <= tau, proved here.

    Let S_k be the step at which a_k is first past tau. Until S_k, a_{k+1} shrinks by 1 - 2 eta Lambda in each step, and
    afterwards it grows by at most 1 + 2 eta gamma, since g2 >= -gamma. It is past tau at S_{k+1}, so

        S_{k+1} log(1 + 2 eta gamma) > log(tau/a_{k+1}(0)) + S_k (log(1 + 2 eta gamma) - log(1 - 2 eta Lambda)),

    which is S_{k+1} > log(tau/a_{k+1}(0))/log(1 + 2 eta gamma) + F S_k with F = ``growth_factor``, from S_0 = 0; and a_k is
    not past 2 tau before S_k. So the waits grow as F^k, exponentially in the dimension, as Du et al. (2017) prove.
    """
    delays = (math.log(problem.tau) - log_start) / math.log1p(2 * step * problem.repulsion)
    factor = growth_factor(problem, step)
    bounds = [delays[:, 0]]
    for delay in delays.T[1:]:
        bounds.append(delay + factor * bounds[-1])
    return np.stack(bounds, axis=-1)


def growth_factor(problem: Octopus, step: float) -> float:
    """Return F = 1 + |log(1 - 2 eta Lambda)|/log(1 + 2 eta gamma), to which the ratio of successive exit times tends."""
    return 1 - math.log1p(-2 * step * problem.attraction) / math.log1p(2 * step * problem.repulsion)


def _ball(shape: tuple[int, ...], radius: float, rng: np.random.Generator) -> Array:
    direction = rng.standard_normal(shape)
    direction /= np.linalg.norm(direction, axis=-1, keepdims=True)
    return radius * rng.uniform(size=(*shape[:-1], 1)) ** (1 / shape[-1]) * direction
