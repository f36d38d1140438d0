"""A small picture of a verdict: where the estimate, its interval and the control lie, and where they have to lie."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

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


def wanted(rule: str, parameters: Mapping[str, float]) -> tuple[float, float] | None:
    """Return the region in which a rule wants the estimate or its interval; infinite ends are open."""
    tolerance = parameters.get("tolerance", 0.0)
    match rule, parameters:
        case "bound_holds", {"below": bound}:
            return -math.inf, bound + tolerance
        case "bound_holds", {"above": bound}:
            return bound - tolerance, math.inf
        case (("at_least" | "ci_above"), {"threshold": threshold}):
            return threshold, math.inf
        case "ci_below", {"threshold": threshold}:
            return -math.inf, threshold
        case "agrees_within", {"target": target}:
            return target - tolerance, target + tolerance
        case "exponent_in", {"theory": theory}:
            return theory, theory
        case "equivalent", {"margin": margin}:
            return -margin, margin
    return None


def strip(
    rule: str, parameters: Mapping[str, float], estimate: float, interval: tuple[float, float], control: float
) -> Strip | None:
    """Lay out a strip; None where there is no estimate, or no region to hold it against.

    Args:
        rule: of optprimer.claims.rules.
        parameters: of the rule.
        estimate: NaN if there is none.
        interval: two NaN if there is none.
        control: the control's estimate, NaN if there is none.
    """
    region = wanted(rule, parameters)
    if region is None or not math.isfinite(estimate):
        return None
    neighbour = parameters.get("neighbour", math.nan)
    decisive = _finite([*region, neighbour, estimate, *interval])
    span = max(decisive) - min(decisive) or abs(estimate) or 1.0
    reach = (min(decisive) - _REACH * span, max(decisive) + _REACH * span)
    near = math.isfinite(control) and reach[0] <= control <= reach[1]
    drawn = [*decisive, control] if near else decisive
    low, high = min(drawn), max(drawn)
    if high == low:
        low, high = low - span, high + span

    def place(value: float) -> float:
        share = min(max((value - low) / (high - low), -1.0), 2.0)
        return round(min(max(_MARGIN + share * (WIDTH - 2 * _MARGIN), 0.0), WIDTH), 2)

    return Strip(
        region=(place(region[0]), place(region[1])),
        neighbour=None if math.isnan(neighbour) else place(neighbour),
        estimate=place(estimate),
        interval=None if not _finite(interval) else (place(interval[0]), place(interval[1])),
        control=None if math.isnan(control) else place(control) if near else (WIDTH if control > high else 0.0),
        beyond=not math.isnan(control) and not near,
    )


def _finite(values: Iterable[float]) -> list[float]:
    return [value for value in values if math.isfinite(value)]
