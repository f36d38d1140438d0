"""The closed set of rules: when an estimate supports a claim, and when it refutes it.

A rule sees one or many estimates with their intervals (``Estimates``) and its parameters, an array each, and says of every
estimate whether it supports, whether it refutes (neither: inconclusive) and how far it is from failing. What is not a number
does neither.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optprimer.claims.statistics import Estimates

Floats = NDArray[np.float64]
Parameters = Mapping[str, Floats]


@dataclass(frozen=True)
class Decision:
    """Arrays over estimates; ``slack`` is the distance to failing, to find the worst by."""

    supports: NDArray[np.bool_]
    refutes: NDArray[np.bool_]
    slack: Floats


@dataclass(frozen=True)
class Rule:
    """A rule: ``decide``, the parameters that it takes, the statistics that it can be applied to, and its words.

    ``needs``: the sets of parameters, of which one must be given; ``may``: others. ``p_value`` is of the test that the rule
    amounts to, if it is one.
    """

    decide: Callable[[Estimates, Parameters], Decision]
    needs: tuple[frozenset[str], ...]
    statistics: tuple[str, ...]
    means: str
    refuted: str
    undecided: str = ""
    may: frozenset[str] = frozenset()
    p_value: Callable[[Estimates, Parameters], float] = lambda estimates, parameters: np.nan


def _bound_holds(found: Estimates, given: Parameters) -> Decision:
    """Every value is at most ``below``, or at least ``above``, up to ``tolerance``."""
    if "below" in given:
        bound = given["below"]
        slack = bound + given.get("tolerance", 0.0) - found.estimate
    else:
        bound = given["above"]
        slack = found.estimate - (bound - given.get("tolerance", 0.0))
    return _point(slack, np.abs(bound))


def _at_least(found: Estimates, given: Parameters) -> Decision:
    return _point(found.estimate - given["threshold"], np.abs(given["threshold"]))


def _agrees_within(found: Estimates, given: Parameters) -> Decision:
    return _point(given["tolerance"] - np.abs(found.estimate - given["target"]), given["tolerance"])


def _exponent_in(found: Estimates, given: Parameters) -> Decision:
    """The interval contains ``theory`` and excludes ``neighbour`` (NaN: there is none)."""
    slack = np.minimum(given["theory"] - found.low, found.high - given["theory"])
    neighbour = given.get("neighbour", np.full_like(found.low, np.nan))
    both = (found.low <= neighbour) & (neighbour <= found.high)
    return Decision((slack >= 0) & ~both, slack < 0, slack)


def _ci_above(found: Estimates, given: Parameters) -> Decision:
    slack = found.low - given["threshold"]
    return Decision(slack > 0, found.high < given["threshold"], slack)


def _ci_below(found: Estimates, given: Parameters) -> Decision:
    slack = given["threshold"] - found.high
    return Decision(slack > 0, found.low > given["threshold"], slack)


def _equivalent(found: Estimates, given: Parameters) -> Decision:
    """Two one-sided tests at 5 %: the 90 % interval lies within the margin; refuted if the 95 % one lies outside."""
    margin = given["margin"]
    slack = np.minimum(found.low_90 + margin, margin - found.high_90)
    return Decision(slack > 0, (found.low > margin) | (found.high < -margin), slack)


def _point(slack: Floats, scale: Floats) -> Decision:
    # Bounds of many magnitudes are compared by relative slack; where the scale is 0, by the slack itself.
    relative = slack / np.where(scale > 0, scale, 1.0)
    return Decision(slack >= 0, slack < 0, relative)


def _differs(found: Estimates, given: Parameters) -> float:
    return found.p_value(float(given["threshold"][0]))


def _within(found: Estimates, given: Parameters) -> float:
    return max(found.p_greater(-float(given["margin"][0])), found.p_less(float(given["margin"][0])))


def _needs(*names: str) -> tuple[frozenset[str], ...]:
    return (frozenset(names),)


_INTERVAL = ("mean", "geometric_mean", "share", "rank_correlation", "reported")
_ANY = ("each", *_INTERVAL)

RULES: dict[str, Rule] = {
    "bound_holds": Rule(
        decide=_bound_holds,
        needs=(frozenset({"below"}), frozenset({"above"})),
        may=frozenset({"tolerance"}),
        statistics=_ANY,
        means="every value is at most `below`, or at least `above`, up to the absolute `tolerance`",
        refuted="beyond the bound",
    ),
    "at_least": Rule(
        decide=_at_least,
        needs=_needs("threshold"),
        statistics=_ANY,
        means="every value is at least the `threshold`",
        refuted="less than the threshold",
    ),
    "agrees_within": Rule(
        decide=_agrees_within,
        needs=_needs("target", "tolerance"),
        statistics=_ANY,
        means="every value is within the absolute `tolerance` of the `target`",
        refuted="further than the tolerance from the target",
    ),
    "exponent_in": Rule(
        decide=_exponent_in,
        needs=_needs("theory"),
        may=frozenset({"neighbour"}),
        statistics=_INTERVAL,
        means="the interval contains `theory` and excludes the `neighbour`, the next exponent that could be confused with it; "
        "refuted if it excludes `theory`, inconclusive if it contains both",
        refuted="the interval excludes the exponent of theory",
        undecided="the interval contains the neighbouring exponent too",
    ),
    "ci_above": Rule(
        decide=_ci_above,
        needs=_needs("threshold"),
        statistics=_INTERVAL,
        means="the interval lies above the `threshold`; refuted if it lies below, inconclusive if it contains it",
        refuted="the interval lies below the threshold",
        undecided="the interval contains the threshold",
        p_value=_differs,
    ),
    "ci_below": Rule(
        decide=_ci_below,
        needs=_needs("threshold"),
        statistics=_INTERVAL,
        means="the interval lies below the `threshold`; refuted if it lies above, inconclusive if it contains it",
        refuted="the interval lies above the threshold",
        undecided="the interval contains the threshold",
        p_value=_differs,
    ),
    "equivalent": Rule(
        decide=_equivalent,
        needs=_needs("margin"),
        statistics=("mean",),
        means="two one-sided t tests at 5 %, that is, the 90 % interval of the mean lies within the `margin` on either side "
        "of 0; refuted if the 95 % interval lies outside, else inconclusive",
        refuted="the interval lies outside the margin",
        undecided="the interval lies neither within the margin nor outside it",
        p_value=_within,
    ),
}
