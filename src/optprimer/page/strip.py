"""A small picture of a verdict: where the estimate, its interval and the control lie, and where they have to lie."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from optprimer.claims.wording import RULE_WORDS

WIDTH = 100.0  # of the strip; positions are shares of it
_MARGIN = 8.0  # on either side
_REACH = 1.5  # spans of what decides by which a control may lie away and still be drawn in its place


@dataclass(frozen=True)
class Strip:
    """Positions from 0 to ``WIDTH``; None where there is nothing to draw.

    ``region`` is where the rule wants the estimate, or its interval, to be; of an exponent it has no width, and ``neighbour``
    is where the interval must not reach. ``beyond`` tells that the control lies so far away that it is drawn at the edge.
    """

    region: tuple[float, float]
    neighbour: float | None
    estimate: float
    interval: tuple[float, float] | None
    control: float | None
    beyond: bool


def strip(
    rule: str, parameters: Mapping[str, float], estimate: float, interval: tuple[float, float], control: float
) -> Strip | None:
    """Lay out a strip; None where there is no estimate of finite size, or no parameters to hold it against.

    Args:
        rule: of optprimer.claims.rules.
        parameters: of the rule, none if they were not written down.
        estimate: NaN if there is none.
        interval: NaN where an end is not known; it is then not drawn. Infinite ends are drawn at the edge.
        control: the control's estimate, NaN if there is none.
    """
    if not parameters or not math.isfinite(estimate):
        return None
    region = RULE_WORDS[rule].region(parameters)
    neighbour = parameters.get("neighbour", math.nan)
    decisive = _finite([*region, neighbour, estimate, *interval])
    span = max(decisive) - min(decisive) or abs(estimate) or 1.0
    reach = (min(decisive) - _REACH * span, max(decisive) + _REACH * span)
    near = math.isfinite(control) and reach[0] <= control <= reach[1]
    drawn = [*decisive, control] if near else decisive
    low, high = min(drawn), max(drawn)
    if not math.isfinite(high - low):
        return None  # numbers at the end of what a computer can tell have no distance
    if high == low:
        low, high = low - span, high + span

    def place(value: float) -> float:
        share = min(max((value - low) / (high - low), -1.0), 2.0)
        return round(min(max(_MARGIN + share * (WIDTH - 2 * _MARGIN), 0.0), WIDTH), 2)

    return Strip(
        region=(place(region[0]), place(region[1])),
        neighbour=None if math.isnan(neighbour) else place(neighbour),
        estimate=place(estimate),
        interval=None if math.isnan(sum(map(abs, interval))) else (place(interval[0]), place(interval[1])),
        control=None if math.isnan(control) else place(control) if near else (WIDTH if control > high else 0.0),
        beyond=not math.isnan(control) and not near,
    )


def _finite(values: Iterable[float]) -> list[float]:
    return [value for value in values if math.isfinite(value)]
