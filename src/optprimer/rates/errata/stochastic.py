"""Errata of the section on stochastic gradient descent, each by exact expectations: none is sampled.

On L = w^2/2 (beta = 1) with noise of variance sigma^2 the second moment e_t = E w_t^2 = E ||grad L(w_t)||^2 obeys
e_{t+1} = (1 - eta)^2 e_t + eta^2 sigma^2.
"""

import math
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray
from scipy import special

from optprimer.rates.errata.base import Erratum, slope

Array = NDArray[np.float64]

SGD = "Stochastic gradient descent (SGD)"


def _moments(first: float, eta: float, steps: int, sigma: float = 1.0) -> Array:
    """Return e_0 ... e_{steps-1} from e_0 = ``first``, by the recursion's closed form."""
    floor = eta * sigma**2 / (2 - eta)
    return floor + (first - floor) * (1 - eta) ** (2 * np.arange(steps))


def conditional_mean() -> tuple[float, float]:
    """Compare E<grad L(w_t), g_t> with E ||grad L(w_t)||^2 at t = 3, relative, over all orders in which samples are drawn.

    Losses (w - a_i)^2/2 of four samples from w_0 = 1, eta = 1/2. Shuffled, each sample is as likely as any other at each t, so
    E(g_t - grad L(w_t)) = 0 as printed, but not given w_t, which remembers what has been drawn.
    """
    samples = np.array([-3.0, -1.0, 1.0, 3.0])
    t = 3

    def mismatch(orders: list[tuple[float, ...]]) -> float:
        drawn = np.array(orders)
        w = np.ones(len(drawn))
        for i in range(t):
            w = w - 0.5 * (w - drawn[:, i])
        full = w - samples.mean()
        return float(abs((full * (w - drawn[:, t])).mean() / (full**2).mean() - 1))

    return mismatch(list(permutations(samples))), mismatch(list(product(samples, repeat=len(samples))))


def bounded_gradients() -> tuple[float, float]:
    """Count the convex losses, of two, whose gradients the statement calls unbounded and are bounded, or the reverse.

    Logistic loss and least squares on the same samples x = 1 and x = -2, label 1: the largest gradient of a sample grows from
    |w| = 10^2 to 10^4 with exponent 0 and 1. Only least squares is strongly convex.
    """
    samples = np.array([1.0, -2.0])
    sizes = np.array([1e2, 1e4])
    weights = np.stack([sizes, -sizes])[..., None]
    logistic = np.abs(samples * special.expit(-weights * samples)).max((0, 2))
    squares = np.abs(samples * (weights * samples - 1)).max((0, 2))
    grows = np.array([slope(sizes, largest) > 0.5 for largest in (logistic, squares)])
    return float((grows != [True, True]).sum()), float((grows != [False, True]).sum())


def dropped_noise() -> tuple[float, float]:
    """Compare the exponent of min E ||grad L||^2 in the size of the noise with 0 and 1, at T = 10^6.

    eta = sqrt(2 D/(beta T sigma^2)): the bound is then sigma sqrt(2 beta D/T), so that T grows like sigma^2/eps^4.
    """
    horizon, first = 1_000_000, 4.0
    sigmas = 2.0 ** np.arange(4)
    exponent = slope(sigmas, [_moments(first, math.sqrt(first / horizon) / s, horizon, s).min() for s in sigmas])
    return abs(exponent), abs(exponent - 1)


def loss_for_gradient() -> tuple[float, float]:
    """Return the largest excess of eta <., g> over L_t - L_{t+1} + (beta/2) eta^2 ||g||^2, relative, with L and with L' in it.

    On w^2/2 the descent lemma is an equality, so the corrected line is one too, whatever the noise in g.
    """
    eta = 0.25
    w, noise = (each.ravel() for each in np.meshgrid(np.linspace(-4, 4, 33), [-1.0, 0.0, 1.0]))
    g = w + noise
    right = w**2 / 2 - (w - eta * g) ** 2 / 2 + eta**2 * g**2 / 2
    scale = 1 + np.abs(right)
    printed, corrected = (((eta * each * g - right) / scale).max() for each in (w**2 / 2, w))
    return max(0.0, printed), max(0.0, corrected)


def loss_in_the_conclusion() -> tuple[float, float]:
    """Return by how much min E L^2 and min E ||grad L||^2 exceed the bound, relative to it, where L = 1 + w^2/2.

    T = 10^4, eta = sqrt(2 D/(beta T G^2)), G^2 = E g_0^2, the largest. L^2 >= 1, whatever T.
    """
    horizon, first = 10_000, 4.0
    square = first + 1
    eta = math.sqrt(first / (horizon * square))
    bound = first / 2 / (eta * horizon) + eta * square / 2
    least = _moments(first, eta, horizon).min()
    return 1 / bound - 1, max(0.0, least / bound - 1)


def telescoping_range() -> tuple[float, float]:
    """Compare the sum of L_t - L_{t+1} over t = 0 ... T and over t = 0 ... T-1 with L_0 - L_T, relative; E L_t as it is."""
    horizon = 20
    loss = _moments(4.0, 0.1, horizon + 2) / 2
    total = loss[0] - loss[horizon]
    printed, corrected = (abs(-np.diff(loss[: terms + 1]).sum() - total) / total for terms in (horizon + 1, horizon))
    return float(printed), float(corrected)


def order_of_the_step() -> tuple[float, float]:
    """Compare the exponent in T of min E ||grad L||^2 with -1/2, for eta = 1/T, which is O(1/sqrt T), and eta = 1/sqrt(T)."""
    horizons = 4 ** np.arange(5, 11)
    printed, corrected = (
        slope(horizons, [_moments(4.0, float(horizon) ** power, horizon).min() for horizon in horizons])
        for power in (-1.0, -0.5)
    )
    return abs(printed + 0.5), abs(corrected + 0.5)


STOCHASTIC = (
    Erratum(
        SGD,
        "property 1",
        "the expectation of g_i - grad L(w_i) is 0",
        "the expectation of g_i - grad L(w_i) given w_i is 0",
        "four samples, step 4 of an epoch, all orders: E<grad L(w), g>/E||grad L(w)||^2 - 1; shuffled, which meets what is "
        "printed, and drawn independently, which meets what is corrected",
        conditional_mean,
    ),
    Erratum(
        SGD,
        "remark on property 2",
        "bounded gradients: for convex functions this is not even true",
        "for strongly convex functions on the whole space it is not even true",
        "logistic loss and least squares: of how many the statement tells wrongly whether gradients are bounded",
        bounded_gradients,
    ),
    Erratum(
        SGD,
        "theorem",
        "O(beta/eps^4) steps",
        "2 beta (L_0 - L_opt) G^2/eps^4 steps",
        "w^2/2, tuned step, T = 10^6: exponent of min E||grad L||^2 in the noise sigma, against 0 and 1",
        dropped_noise,
        0.02,
    ),
    Erratum(
        SGD,
        "proof, three displays",
        "<L(w_t), g_t> and ||L(w_t)||^2",
        "<grad L(w_t), g_t> and ||grad L(w_t)||^2",
        "w^2/2, g = w + noise: largest excess of the left side of the rearranged bound over the right, relative",
        loss_for_gradient,
    ),
    Erratum(
        SGD,
        "proof, conclusion",
        "min E||L(w_t)||^2 of order 1/sqrt(T)",
        "min E||grad L(w_t)||^2 of order 1/sqrt(T)",
        "1 + w^2/2, T = 10^4: excess over the bound of the line before, relative",
        loss_in_the_conclusion,
    ),
    Erratum(
        SGD,
        "proof, telescoping",
        "from 0 through T, with L_0 - L_T on the right",
        "from 0 to T-1, with L_0 - E L_T on the right",
        "w^2/2, T = 20: sum of E L_t - E L_t+1 against L_0 - E L_T, relative",
        telescoping_range,
    ),
    Erratum(
        SGD,
        "proof, step size",
        "eta = O(1/sqrt(T))",
        "eta = Theta(1/sqrt(T)), namely sqrt(2 (L_0 - L_opt)/(beta G^2 T)), with T known beforehand",
        "w^2/2: exponent in T of min E||grad L||^2, less -1/2, for eta = 1/T and for eta = 1/sqrt(T)",
        order_of_the_step,
        0.02,
    ),
)
