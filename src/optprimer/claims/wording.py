"""How numbers, rules and verdicts are told to people, the same in the terminal, in docs/claims.md and on the page."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from optprimer.claims.load import SECTIONS
from optprimer.claims.multiplicity import holm, p_values
from optprimer.claims.parts import Claim, Part, Verdict

SHOWN_FIRST = (Verdict.REFUTED, Verdict.INCONCLUSIVE, Verdict.SUPPORTED, Verdict.NOT_RUN)
COUNTED = (Verdict.SUPPORTED, Verdict.INCONCLUSIVE, Verdict.REFUTED, Verdict.NOT_RUN)


@dataclass(frozen=True)
class RuleWords:
    """How a rule is told: ``says`` it with its parameters, which come written out; ``region`` is where it is met.

    By an estimate, or an interval, that lies there; an end is infinite where the region is open. If it has no width, it is a
    point that the interval has to contain.
    """

    says: Callable[[Mapping[str, str]], str]
    region: Callable[[Mapping[str, float]], tuple[float, float]]


def _bound(given: Mapping[str, str]) -> str:
    bound = f"at most {given['below']}" if "below" in given else f"at least {given['above']}"
    return bound + (f", up to {given['tolerance']}" if given.get("tolerance", "0") != "0" else "")


def _bounded(given: Mapping[str, float]) -> tuple[float, float]:
    slack = given.get("tolerance", 0.0)
    return (-math.inf, given["below"] + slack) if "below" in given else (given["above"] - slack, math.inf)


def _exponent(given: Mapping[str, str]) -> str:
    text = f"the interval contains the exponent {given['theory']}"
    return text + (f", and {given['neighbour']} is outside" if "neighbour" in given else "")


RULE_WORDS: dict[str, RuleWords] = {
    "bound_holds": RuleWords(_bound, _bounded),
    "at_least": RuleWords(
        lambda given: f"at least {given['threshold']}",
        lambda given: (given["threshold"], math.inf),
    ),
    "agrees_within": RuleWords(
        lambda given: f"within {given['tolerance']} of {given['target']}",
        lambda given: (given["target"] - given["tolerance"], given["target"] + given["tolerance"]),
    ),
    "exponent_in": RuleWords(_exponent, lambda given: (given["theory"], given["theory"])),
    "ci_above": RuleWords(
        lambda given: f"the interval lies above {given['threshold']}",
        lambda given: (given["threshold"], math.inf),
    ),
    "ci_below": RuleWords(
        lambda given: f"the interval lies below {given['threshold']}",
        lambda given: (-math.inf, given["threshold"]),
    ),
    "equivalent": RuleWords(
        lambda given: f"the 90 % interval lies between −{given['margin']} and {given['margin']}",
        lambda given: (-given["margin"], given["margin"]),
    ),
}
"""Of every rule of optprimer.claims.rules."""


def number(value: float) -> str:
    """Four digits, without an exponent where it can be read without."""
    return "" if pd.isna(value) else f"{value:.4g}"


def estimate(row: Mapping[str, float]) -> str:
    """The estimate of a row of claims.csv or claims/evidence.csv, with its interval if it has one: ``0.71 [0.65, 0.77]``."""
    interval = "" if pd.isna(row["ci_low"]) else f" [{number(row['ci_low'])}, {number(row['ci_high'])}]"
    return number(row["estimate"]) + interval


def parameters_of(part: Part) -> str:
    """The parameters of a part's rule: ``theory from column theory, neighbour -0.5``."""
    return ", ".join(f"{name} {'from column ' * isinstance(value, str)}{value}" for name, value in part.parameters.items())


def count(verdicts: Iterable[str]) -> str:
    """``38 claims: 33 supported, 3 inconclusive, 1 refuted, 1 not run``."""
    verdicts = list(verdicts)
    kinds = ", ".join(f"{verdicts.count(kind)} {kind}" for kind in COUNTED if kind in verdicts)
    return f"{len(verdicts)} claim{'' if len(verdicts) == 1 else 's'}" + (f": {kinds}" if kinds else "")


def adjusted(registry: list[Claim], claims: pd.DataFrame, evidence: pd.DataFrame) -> str:
    """How many of the supported claims that rest on a p-value remain so after Holm's adjustment."""
    values = p_values(registry, evidence)
    resting = [name for name in claims.loc[claims["verdict"] == Verdict.SUPPORTED, "claim"] if name in values]
    remaining = holm(values) & set(resting)
    return f"of {len(resting)} supported claims that rest on p-values, {len(remaining)} remain after Holm's adjustment at 5 %"


def by_section(claims: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The rows of each section, refuted and inconclusive ones first."""
    ranks = claims["verdict"].map({str(verdict): rank for rank, verdict in enumerate(SHOWN_FIRST)})
    ordered = claims.assign(rank=ranks).sort_values(["rank", "order"]).drop(columns="rank")
    groups = [(section, ordered[ordered["section"] == section]) for section in SECTIONS.values()]
    return [(section, rows) for section, rows in groups if len(rows)]
