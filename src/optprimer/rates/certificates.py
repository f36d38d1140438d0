"""The largest constant of the PL inequality on the real line, proved from both sides.

An even loss L with L* = 0 is PL with constant alpha if and only if its ratio L'^2/(2 L) is at least alpha wherever L > 0. Three
parts cover the half line x >= 0:

1. the well, an interval that contains a minimiser and on which L'' >= m > 0. There L is m-strongly convex, hence its ratio is
   at least m: minimise both sides of L(v) >= L(x) + L'(x) (v - x) + (m/2) (v - x)^2 over v.
2. the tail, on which a lower bound of the ratio is known that does not decrease.
3. what is between, a bounded set without minimisers. Intervals are bisected, the one with the least bound first; each is
   bounded from below by interval arithmetic.

All numbers are balls (arb, Johansson 2017, IEEE Trans. Comput. 66) that contain the true ones, rounding included, so that
bounds from below are proofs. From above a single point is enough: alpha cannot exceed the ratio anywhere.
"""

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass

from flint import arb

Extension = Callable[[arb], arb]
"""A function on balls: its value contains the function's values at all points of the ball."""

NEGLIGIBLE = 1e-9  # a ratio below this counts as zero: no positive constant is looked for any longer
MOST = 20_000  # intervals


@dataclass(frozen=True)
class EvenLoss:
    """An even loss on the line with infimum 0, on balls, and what is known of it where bisection does not go.

    Attributes:
        value: L.
        slope: L'.
        curvature: L''.
        well: an interval of x >= 0 that contains the only minimiser there; None where L'' vanishes at the minimisers, so that
            nothing is known.
        tail: a lower bound of the ratio which does not decrease on x >= ``far``.
        far: where the tail begins.
    """

    value: Extension
    slope: Extension
    curvature: Extension
    well: tuple[float, float] | None
    tail: Extension
    far: float

    def ratio(self, x: arb) -> arb:
        """Return L'(x)^2/(2 L(x)); not finite where the ball reaches a zero of L."""
        return self.slope(x) ** 2 / (2 * self.value(x))

    def ratio_slope(self, x: arb) -> arb:
        """Return the derivative of the ratio, L' (L'' - ratio)/L."""
        return self.slope(x) * (self.curvature(x) - self.ratio(x)) / self.value(x)


@dataclass(frozen=True, order=True)
class Piece:
    """An interval, and a proved lower bound of the ratio on it."""

    bound: float
    low: float
    high: float


@dataclass(frozen=True)
class Enclosure:
    """What is proved of the largest constant: it is at least ``lower`` and at most ``upper``, the ratio's value at ``point``.

    ``pieces`` cover the half line from left to right; ``lower`` is the least of their bounds, or 0.
    """

    lower: float
    upper: float
    point: float
    pieces: tuple[Piece, ...]


def largest(loss: EvenLoss, digits: int = 6) -> Enclosure:
    """Enclose the largest PL constant to so many ``digits``; ``lower`` is 0 where it is proved to be below ``NEGLIGIBLE``.

    Raises:
        ArithmeticError: the bounds are still apart after ``MOST`` intervals.
    """
    return _bisect(loss, lambda lower, upper: upper - lower <= 10.0**-digits * upper)


def certify(loss: EvenLoss, alpha: float) -> Enclosure:
    """Prove or refute that ``loss`` is PL with constant ``alpha``: it is if ``lower`` >= alpha, and not if ``upper`` < alpha.

    Raises:
        ArithmeticError: neither is found with ``MOST`` intervals, as when alpha is the largest constant to all digits.
    """
    return _bisect(loss, lambda lower, upper: lower >= alpha or upper < alpha)


def refutes(loss: EvenLoss, alpha: float, x: float) -> bool:
    """Whether L'(x)^2 < 2 alpha L(x) at this one point is proved, and with it that ``loss`` is not PL with ``alpha``."""
    at = arb(x)
    return bool(loss.slope(at) ** 2 - 2 * arb(alpha) * loss.value(at) < 0)


def stationary_above_optimum(loss: EvenLoss, low: float, high: float) -> bool:
    """Whether a stationary point with L > 0 is proved to lie in [low, high], after which no alpha > 0 is left.

    L' changes its sign between the ends, and L has no zero in between.
    """
    slopes = loss.slope(arb(low)) * loss.slope(arb(high))
    return bool(slopes < 0) and bool(loss.value(_ball(low, high)) > 0)


def sine_well(c: float) -> EvenLoss:
    """Return x^2 + c sin^2 x, for 0 < c < 8; the chapter's has c = 3.

    On the well [0, 1/2], L'' = 2 + 2 c cos 2x > 0. On the tail x > c/2 we have |L'| >= 2x - c and L <= x^2 + c, hence a ratio
    of at least (2x - c)^2/(2 x^2 + 2 c), which increases: its logarithm has the derivative 2 c (x + 2)/((2x - c) (x^2 + c)).
    """
    return EvenLoss(
        value=lambda x: x**2 + c * x.sin() ** 2,
        slope=lambda x: 2 * x + c * (2 * x).sin(),
        curvature=lambda x: 2 + 2 * c * (2 * x).cos(),
        well=(0.0, 0.5),
        tail=lambda x: (2 * x - c) ** 2 / (2 * x**2 + 2 * c),
        far=4.0,
    )


def double_well() -> EvenLoss:
    """Return (x^2 - 1)^2/4, whose ratio is 2 x^2: it has a stationary point at 0, above the minima at -1 and 1."""
    return EvenLoss(
        value=lambda x: (x**2 - 1) ** 2 / 4,
        slope=lambda x: x**3 - x,
        curvature=lambda x: 3 * x**2 - 1,
        well=(0.75, 1.25),
        tail=lambda x: 2 * x**2,
        far=2.0,
    )


def quartic() -> EvenLoss:
    """Return x^4/4, convex, with the ratio 2 x^2: it is flatter at its minimiser than PL allows."""
    return EvenLoss(
        value=lambda x: x**4 / 4,
        slope=lambda x: x**3,
        curvature=lambda x: 3 * x**2,
        well=None,
        tail=lambda x: 2 * x**2,
        far=2.0,
    )


def _bisect(loss: EvenLoss, done: Callable[[float, float], bool]) -> Enclosure:
    """Bisect the interval with the least bound until ``done(lower, upper)``, or until the ratio is negligible somewhere."""
    ends, known = _parts(loss)
    heap = [Piece(_lower_bound(loss, low, high), low, high) for low, high in ends]
    heapq.heapify(heap)
    upper, point = min((_upper(loss.ratio(arb(x))), x) for _, x in ends)
    while not (upper < NEGLIGIBLE or done(lower := min(heap[0], *known).bound, upper)):
        if len(heap) > MOST or min(known).bound <= lower:
            raise ArithmeticError(f"undecided: the constant is between {lower} and {upper}")
        worst = heapq.heappop(heap)
        middle = (worst.low + worst.high) / 2
        upper, point = min((upper, point), (_upper(loss.ratio(arb(middle))), middle))
        for low, high in ((worst.low, middle), (middle, worst.high)):
            heapq.heappush(heap, Piece(max(_lower_bound(loss, low, high), worst.bound), low, high))
    pieces = sorted([*heap, *known], key=lambda piece: piece.low)
    lower = 0.0 if upper < NEGLIGIBLE else min(pieces).bound
    return Enclosure(lower, upper, point, tuple(pieces))


def _parts(loss: EvenLoss) -> tuple[list[tuple[float, float]], list[Piece]]:
    """Return the intervals to bisect, and the pieces that are known without: the well and the tail."""
    known = [Piece(_lower(loss.tail(arb(loss.far))), loss.far, math.inf)]
    if loss.well is None:
        return [(0.0, loss.far)], known
    low, high = loss.well
    known.append(Piece(_lower(loss.curvature(_ball(low, high))), low, high))
    return [ends for ends in ((0.0, low), (high, loss.far)) if ends[0] < ends[1]], known


def _lower_bound(loss: EvenLoss, low: float, high: float) -> float:
    """Bound the ratio on [low, high] from below: by its values on the ball, and by the mean value theorem from the middle.

    The first is best on wide intervals, the second on narrow ones, where its error is quadratic in the width.
    """
    ball, middle = _ball(low, high), arb((low + high) / 2)
    return max(0.0, _lower(loss.ratio(ball)), _lower(loss.ratio(middle) + loss.ratio_slope(ball) * (ball - middle)))


def _ball(low: float, high: float) -> arb:
    return arb(low).union(arb(high))


def _lower(x: arb) -> float:
    """Return a float that is at most every number of the ball; -inf where it is not finite."""
    return math.nextafter(float(x.lower()), -math.inf) if x.is_finite() else -math.inf


def _upper(x: arb) -> float:
    return math.nextafter(float(x.upper()), math.inf) if x.is_finite() else math.inf
