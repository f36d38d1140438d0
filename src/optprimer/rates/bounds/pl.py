"""What the PL inequality ||grad L||^2 >= 2 alpha (L - L*) promises gradient descent, and networks that satisfy it.

q = alpha/beta, D the gap L(start) - L*, eta = 1/beta. Constants of networks are lower bounds of the ratio ||grad L||^2/(2 (L -
L*)).
"""

import math

import numpy as np

from optprimer.rates.bounds.base import Array, Bound
from optprimer.rates.problems.base import Problem
from optprimer.rates.problems.pl_networks import LeakyNeuron, LinearNetwork, WideNetwork


def chapter_factor(q: float) -> float:
    """Return 1 - q, by which one step multiplies the gap at most.

    The descent lemma gives L_{t+1} <= L_t - ||grad L_t||^2/(2 beta), and PL bounds the last term by q (L_t - L*).
    """
    return 1 - q


def best_factor(q: float) -> float:
    """Return (2 - 2q)/(2 + q), the same in any dimension, from interpolation conditions.

    Abbaszadehpeivasti, de Klerk & Zamani 2023, Optim. Lett. 17, Thm 3. Not known to be attained.
    """
    return (2 - 2 * q) / (2 + q)


def line_factor(q: float) -> float:
    """Return (1 - q)^2, the exact factor on the real line, where (alpha/2) w^2 attains it.

    Let L* = 0 and g = L'(w) > 0. Up to the end of the step, a distance s <= g/beta to the left, L' >= g - beta s >= 0 by
    smoothness, so L falls all the way, and PL makes L' at least sqrt(2 alpha L): sqrt(L) falls at the rate sqrt(alpha/2) at
    least. The step is g/beta >= sqrt(2 alpha L(w))/beta long, hence sqrt(L) ends below (1 - alpha/beta) sqrt(L(w)).
    """
    return (1 - q) ** 2


def linear(problem: Problem, t: Array) -> Array:
    """Return the chapter's (1 - q)^t D."""
    return chapter_factor(problem.pl / problem.beta) ** t * problem.gap


def linear_best(problem: Problem, t: Array) -> Array:
    """Return the best bound known: powers of ``line_factor`` in one dimension, of ``best_factor`` in more."""
    factor = line_factor if problem.start.size == 1 else best_factor
    return factor(problem.pl / problem.beta) ** t * problem.gap


def leaky_neuron(net: LeakyNeuron) -> float:
    """Return a PL constant of a leaky-ReLU neuron at all w, for n <= d inputs or for targets that a neuron w* realises.

    Let s be the least singular value of X (n, d), of full rank, lambda = s^2/n, c the slope, r the residuals and psi' in [c,
    1].

    n <= d: the gradient is X^T (psi' r)/n, so ||grad L||^2 >= s^2 c^2 ||r||^2/n^2 = 2 c^2 lambda L: the constant is c^2 lambda.

    n > d: put D_i = x_i . (w - w*). Since psi rises with slopes in [c, 1], r_i = s_i D_i with s_i in [c, 1], so <grad L, w -
    w*> = mean(psi'_i s_i D_i^2) >= c mean(s D^2). With ||w - w*||^2 <= mean(D^2)/lambda and Cauchy-Schwarz, ||grad L||^2 >= c^2
    lambda mean(s D^2)^2/mean(D^2), where 2 L = mean(s^2 D^2). Kantorovich's inequality, mean(s D^2)^2 >= 4 c/(1 + c)^2
    mean(D^2) mean(s^2 D^2) for s in [c, 1], leaves the constant 4 c^3 lambda/(1 + c)^2.

    For the ReLU, c = 0, both are 0, and rightly so. Charles & Papailiopoulos 2018 (ICML) treat this case first.
    """
    count, dimension = net.inputs.shape
    least = float(np.linalg.svd(net.inputs, compute_uv=False)[-1]) ** 2 / count
    if count <= dimension:
        return net.slope**2 * least
    return 4 * net.slope**3 / (1 + net.slope) ** 2 * least


def linear_network(net: LinearNetwork, w: Array) -> Array:
    """Return 2 scale s(S)^2 sum_j prod_{k != j} s(W_k)^2 at ``w``, (...), s the least singular value.

    For two layers, the hidden one at least as wide as input and output, or any number of square ones. The derivative by W_j is
    2 scale A^T (P - M) S S^T B^T, where P is the whole product, A what follows W_j and B what precedes it. A has full row rank
    and B full column rank as long as the bound is not 0, hence its norm is at least 2 scale s(A) s(B) s(S) ||(P - M) S||, and
    the least singular value of a product of such matrices is at least the product of theirs. It holds at w alone: where a layer
    loses its rank, as at w = 0, nothing is left.
    """
    return _linear(net, [np.linalg.svd(each, compute_uv=False)[..., -1] for each in net.weights(w)])


def linear_residual(net: LinearNetwork, w: Array) -> Array:
    """Return 2 scale l (1 - tau)^(2l - 2) s(S)^2 at ``w``, tau = max_j ||A_j|| < 1, (...).

    As ``linear_network``, with s(I + A_j) >= 1 - tau. So a constant holds on the whole ball ||A_j|| <= tau around the identity:
    Hardt & Ma 2017 (ICLR). Attained by one unit per layer with A_j = -tau.
    """
    norms = np.stack([np.linalg.norm(each, 2, axis=(-2, -1)) for each in net.weights(w)])
    return _linear(net, [1 - np.minimum(norms.max(0), 1)] * len(norms))


def tangent_kernel(net: WideNetwork, w: Array) -> Array:
    """Return lambda_min(K(w)), (...): ||grad L||^2 = r . K r >= lambda_min ||r||^2 = 2 lambda_min L.

    Liu, Zhu & Belkin 2022 (ACHA 59): K hardly changes on a ball around the start if the network is wide, so its least
    eigenvalue there is a PL constant of the ball.
    """
    return np.maximum(np.linalg.eigvalsh(net.kernel(w))[..., 0], 0)  # a singular kernel has rounding errors of both signs


def _linear(net: LinearNetwork, least: list[Array]) -> Array:
    squares = np.stack(least) ** 2
    others = sum(np.delete(squares, j, axis=0).prod(0) for j in range(len(squares)))
    return 2 * net.scale * np.linalg.svd(net.root, compute_uv=False)[-1] ** 2 * others


def _pl_only(problem: Problem) -> bool:
    return problem.pl > 0 and problem.alpha == 0 and math.isfinite(problem.beta)  # strong convexity has better bounds


BOUNDS: tuple[Bound, ...] = (Bound("gd", "gap", _pl_only, linear, linear_best),)
