"""What stochastic gradient descent is promised, and what it does exactly where that can be computed.

D is the gap L(w_0) - L*, R the distance from w_0 to a minimiser, T the number of steps, w_0 ... w_{T-1} the points at which
gradients are drawn, E||g||^2 <= G^2, and E||g - grad L||^2 <= sigma^2. All proofs start from one of two lines. Descent, for a
beta-smooth loss: E L(w_{t+1}) <= E L(w_t) - eta E||grad L(w_t)||^2 + beta eta^2/2 E||g_t||^2. Distance, for a convex one:
E||w_{t+1} - w*||^2 <= E||w_t - w*||^2 - 2 eta E<grad L(w_t), w_t - w*> + eta^2 E||g_t||^2, which projections leave true.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from optprimer.rates.bounds.base import Array


def nonconvex(horizon: ArrayLike, eta: ArrayLike, gap: float, beta: float, square: ArrayLike) -> Array:
    """Return D/(eta T) + beta eta G^2/2 for the mean over t < T of E||grad L(w_t)||^2, hence for the least of them.

    The chapter's theorem: add up the descent line. The mean is what a uniformly random iterate has.
    """
    return gap / (np.asarray(eta) * horizon) + beta * np.asarray(eta) * square / 2


def nonconvex_step(horizon: ArrayLike, gap: float, beta: float, square: float) -> Array:
    """Return sqrt(2 D/(beta G^2 T)), the step at which ``nonconvex`` is least."""
    return np.sqrt(2 * gap / (beta * square * np.asarray(horizon, float)))


def nonconvex_tuned(horizon: ArrayLike, gap: float, beta: float, square: float) -> Array:
    """Return G sqrt(2 beta D/T), ``nonconvex`` with ``nonconvex_step``: T = 2 beta D G^2/eps^4 steps for a norm of eps."""
    return np.sqrt(2 * beta * gap * square / np.asarray(horizon, float))


def nonconvex_variance(horizon: ArrayLike, eta: ArrayLike, gap: float, beta: float, variance: float) -> Array:
    """Return (D/(eta T) + beta eta sigma^2/2)/(1 - beta eta/2), eta < 2/beta, for the same mean, from the variance alone.

    In the descent line E||g||^2 <= ||grad L||^2 + sigma^2 (as Ghadimi & Lan 2013, SIAM J. Optim. 23). On beta w^2/2 all is an
    equality up to what is left of the gap, which D includes.
    """
    eta = np.asarray(eta)
    return (gap / (eta * horizon) + beta * eta * variance / 2) / (1 - beta * eta / 2)


def nonconvex_growth(horizon: ArrayLike, eta: ArrayLike, gap: float, beta: float, noise: float) -> Array:
    """Return 2 D/(eta T) + beta eta M for the same mean, where E||g||^2 <= M + M_G ||grad L||^2 and eta <= 1/(beta M_G).

    Bottou, Curtis & Nocedal 2018 (SIAM Review 60), Thm 4.8: M_G takes at most half of the decrease in the descent line.
    Nothing bounds the gradients.
    """
    return 2 * gap / (np.asarray(eta) * horizon) + beta * np.asarray(eta) * noise


def growth(t: ArrayLike, eta: float, gap: float, alpha: float, beta: float, noise: float) -> Array:
    """Return F + (1 - eta alpha)^t (D - F), F = beta eta M/(2 alpha), for E L(w_t) - L*, under the same assumptions and PL.

    Bottou, Curtis & Nocedal 2018, Thm 4.6: E L(w_{t+1}) <= E L(w_t) - eta/2 ||grad L||^2 + beta eta^2 M/2, and ||grad L||^2 >=
    2 alpha (L - L*). With E||g - grad L||^2 <= sigma^2, M = sigma^2 and M_G = 1: down to a floor proportional to eta.
    """
    floor = beta * eta * noise / (2 * alpha)
    return floor + (1 - eta * alpha) ** np.asarray(t, float) * (gap - floor)


def smoothness(t: ArrayLike, eta: float, distance: float, alpha: float, noise: float) -> Array:
    """Return (1 - eta alpha)^t R^2 + eta N/alpha for E||w_t - w*||^2, where N = 2 E||g(w*)||^2 and eta <= 1/(2 beta).

    Nguyen et al. 2018 (ICML), whose Lemma 1 replaces bounded gradients: if each sample's loss is convex and beta-smooth, then
    E||g||^2 <= 4 beta (L - L*) + N. In the distance line, with <grad L, w - w*> >= L - L* + (alpha/2) ||w - w*||^2, the gap
    then has the factor -2 eta (1 - 2 beta eta) <= 0.
    """
    return (1 - eta * alpha) ** np.asarray(t, float) * distance**2 + eta * noise / alpha


def smoothness_step(t: ArrayLike, alpha: float, beta: float) -> Array:
    """Return 2/(alpha (t + E)) with E = 4 beta/alpha, so that the first step is 1/(2 beta)."""
    return 2 / (alpha * np.asarray(t, float) + 4 * beta)


def smoothness_decreasing(t: ArrayLike, distance: float, alpha: float, beta: float, noise: float) -> Array:
    """Return max(4 N/alpha^2, E R^2)/(t + E), E = 4 beta/alpha, for the same with ``smoothness_step``.

    By induction, as in Thm 4.7 of Bottou, Curtis & Nocedal: with s = t + E and v the maximum, (1 - 2/s) v/s + 4 N/(alpha s)^2
    <= (s - 1) v/s^2 <= v/(s + 1). Nguyen et al. 2018, Thm 2, have the same 1/t.
    """
    shift = 4 * beta / alpha
    return max(4 * noise / alpha**2, shift * distance**2) / (np.asarray(t, float) + shift)


def interpolation(t: ArrayLike, distance: float, alpha: float, beta: float) -> Array:
    """Return (1 - alpha/beta)^t R^2 for E||w_t - w*||^2 with eta = 1/beta, where every sample's loss is least at w*.

    beta is that of the least smooth sample. A convex beta-smooth loss with gradient 0 at w* has ||g||^2 <= beta <g, w - w*>, so
    that the distance line is at most ||w - w*||^2 - eta <grad L, w - w*>, and <grad L, w - w*> >= alpha ||w - w*||^2.
    Compare Needell, Srebro & Ward 2016 (Math. Program. 155).
    """
    return (1 - alpha / beta) ** np.asarray(t, float) * distance**2


def convex_step(horizon: ArrayLike, distance: float, square: float) -> Array:
    """Return R/(G sqrt(T)), the step at which ``convex`` is least."""
    return distance / np.sqrt(square * np.asarray(horizon, float))


def convex(horizon: ArrayLike, distance: float, square: float) -> Array:
    """Return R G/sqrt(T) for the mean over t < T of E L(w_t) - L*, hence for the gap of the averaged iterate (Jensen).

    Add up the distance line: the mean is at most R^2/(2 eta T) + eta G^2/2, here with eta = R/(G sqrt(T)). On |w| with any
    continuous noise of bounded variance it is an equality up to what is left of the distance, which R includes.
    """
    return distance * np.sqrt(square / np.asarray(horizon, float))


def coin(horizon: ArrayLike) -> Array:
    """Return d (1 - TV), below which no method's worst expected gap is on the pair d (w + 1), d (1 - w), d = 1/(2 sqrt(T)).

    The mean of both expected gaps is d (1 + (E_+ w - E_- w)/2), where w in [-1, 1] is a function of T tosses of a coin with
    mean d or -d; so |E_+ w - E_- w| <= 2 TV, the total variation between the two. Going to the end that most tosses point away
    from attains it. TV is that of the number of heads: P_+(N > T/2) - P_-(N > T/2), about 2 Phi(1/2) - 1.
    """
    horizon = np.asarray(horizon)
    slope = 0.5 / np.sqrt(horizon)
    more = [stats.binom.sf(horizon // 2, horizon, (1 + sign * slope) / 2) for sign in (1, -1)]
    return slope * (1 - (more[0] - more[1]))


def strongly_convex(horizon: ArrayLike, alpha: float, square: float) -> Array:
    """Return 2 G^2/(alpha (T + 1)) for the gap of sum_t t w_t/sum_t t, t = 1 ... T, eta_t = 2/(alpha (t + 1)).

    Lacoste-Julien, Schmidt & Bach 2012 (arXiv 1212.2002): multiply the distance line by t, with <grad L, w - w*> >= L - L* +
    (alpha/2) ||w - w*||^2, and add up.
    """
    return 2 * square / (alpha * (np.asarray(horizon, float) + 1))


def strongly_convex_exact(horizon: ArrayLike, alpha: float, variance: float) -> Array:
    """Return sigma^2/(2 alpha T), which E L(w_T) is on alpha w^2/2 with eta_t = 1/(alpha t), t = 1 ... T.

    There w_T is minus the mean of the noise, divided by alpha, wherever the run started.
    """
    return variance / (2 * alpha * np.asarray(horizon, float))


def second_moment(t: ArrayLike, eta: ArrayLike, first: float, variance: float = 1.0) -> Array:
    """Return E w_t^2 = E (L'(w_t))^2 on w^2/2 from w_0 = ``first``, where e_{t+1} = (1 - eta)^2 e_t + eta^2 sigma^2.

    It tends to eta sigma^2/(2 - eta). Other curvatures c: w^2/2 in the units eta c and variance/c^2.
    """
    eta = np.asarray(eta)
    floor = eta * variance / (2 - eta)
    return floor + (1 - eta) ** (2 * np.asarray(t, float)) * (first**2 - floor)


def first_moment(t: ArrayLike, eta: ArrayLike, first: float, variance: float = 1.0) -> Array:
    """Return E|w_t| = E|L'(w_t)| on the same with normal noise, whose w_t is normal: the mean of a folded normal variable."""
    mean = (1 - np.asarray(eta)) ** np.asarray(t, float) * first
    spread = np.sqrt(np.maximum(second_moment(t, eta, first, variance) - mean**2, np.finfo(float).tiny))
    share = mean / spread / np.sqrt(2)
    return spread * np.sqrt(2 / np.pi) * np.exp(-(share**2)) + mean * special.erf(share)


def subgradient(steps: ArrayLike, distance: float = 1.0, lipschitz: float = 1.0) -> Array:
    """Return G R/sqrt(N + 1) for the best of w_0 ... w_N, N steps of R/(G sqrt(N + 1)): the distance line without noise.

    Exact, and no method is better on the class (Drori & Teboulle 2016, Math. Program. 160).
    """
    return lipschitz * distance / np.sqrt(np.asarray(steps, float) + 1)


def subgradient_decreasing(steps: ArrayLike, c: float) -> Array:
    """Return (R^2 + sum eta_t^2)/(2 sum eta_t), t = 1 ... N + 1, for the best of w_0 ... w_N; eta_t = c/sqrt(t), G = R = 1."""
    eta = c / np.sqrt(np.arange(1, np.max(steps) + 2))
    return ((1 + np.cumsum(eta**2)) / (2 * np.cumsum(eta)))[np.asarray(steps, int)]


def regret(horizon: ArrayLike, c: float, diameter: float, first: float, square: float) -> Array:
    """Return [diameter^2 v sqrt(T)/(2c) + (c/2) s sum_t 1/sqrt(t)]/T for the mean of E L(w_t) - L* over t <= T.

    For projected steps h_t = c/(sqrt(t) v_t) that do not increase, the distance line divided by 2 h_t adds up to
    diameter^2/(2 h_T) + sum h_t g_t^2/2 (Zinkevich 2003). ``first`` is a bound v on v_T and ``square`` one s on E g_t^2/v_t:
    v_t = 1 for SGD, the largest sqrt(v) so far for AMSGrad (Reddi, Kale & Kumar 2018). Adam's steps may increase.
    """
    horizon = np.asarray(horizon, int)
    roots = np.cumsum(1 / np.sqrt(np.arange(1, horizon.max() + 1)))[horizon - 1]
    return (diameter**2 * first * np.sqrt(horizon) / (2 * c) + c / 2 * square * roots) / horizon
