"""How numbers and verdicts are written for people, the same in the terminal and in docs/claims.md."""

from collections.abc import Iterable, Mapping

import pandas as pd

from optprimer.claims.load import SECTIONS
from optprimer.claims.multiplicity import holm, p_values
from optprimer.claims.parts import Claim, Part, Verdict

SHOWN_FIRST = (Verdict.REFUTED, Verdict.INCONCLUSIVE, Verdict.SUPPORTED, Verdict.NOT_RUN)
COUNTED = (Verdict.SUPPORTED, Verdict.INCONCLUSIVE, Verdict.REFUTED, Verdict.NOT_RUN)


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
