"""Stochastic first-order methods; many independent runs advance at once, as arrays (runs, d)."""

import math
from collections.abc import Callable

import numpy as np

from optprimer.rates.methods.base import Array, Iterates
from optprimer.rates.problems.stochastic import Oracle

Steps = Callable[[int], Array | float]
"""The step size of step t = 0, 1, ..., one for all runs or an array that broadcasts with their points."""


def sgd(oracle: Oracle, steps: int, step: Steps, runs: int, rng: np.random.Generator, *, radius: float = math.inf) -> Iterates:
    """Yield w_0 ... w_steps of w_{t+1} = P(w_t - eta_t g_t), where E[g_t | w_t] is the gradient at w_t.

    P projects onto the cube of coordinates in [-``radius``, ``radius``].
    """
    w = np.tile(oracle.problem.start, (runs, 1))
    yield w
    for t in range(steps):
        w = np.clip(w - step(t) * oracle.draw(w, rng), -radius, radius)
        yield w


def adam(
    oracle: Oracle,
    steps: int,
    step: Steps,
    runs: int,
    rng: np.random.Generator,
    *,
    decay: float,
    amsgrad: bool = False,
    radius: float = math.inf,
) -> Iterates:
    """Yield w_0 ... w_steps of w_{t+1} = P(w_t - eta_t g_t/sqrt(v_t)), v_t = decay v_{t-1} + (1 - decay) g_t^2.

    That is Adam (Kingma & Ba 2015) without momentum or bias correction, as Reddi, Kale & Kumar (2018) analyse it; with
    ``amsgrad`` their remedy, which divides by the largest sqrt(v) so far.
    """
    w = np.tile(oracle.problem.start, (runs, 1))
    v = largest = np.zeros_like(w)
    yield w
    for t in range(steps):
        g = oracle.draw(w, rng)
        v = decay * v + (1 - decay) * g**2
        largest = np.maximum(largest, v) if amsgrad else v
        w = np.clip(w - step(t) * g / np.sqrt(largest), -radius, radius)
        yield w


def averaged(iterates: Iterates, weight: Callable[[int], float] = lambda t: 1.0) -> Iterates:
    """Yield the mean of w_0 ... w_t, weighted by ``weight(t)``, for every t."""
    mean, total = 0.0, 0.0
    for t, w in enumerate(iterates):
        total += weight(t)
        mean = mean + weight(t) / total * (w - mean)
        yield mean
