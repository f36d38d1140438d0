"""Many claims are tested at once: what would be left of them after Holm's adjustment."""

import pandas as pd

from optprimer.claims.parts import Claim

LEVEL = 0.05


def p_values(claims: list[Claim], evidence: pd.DataFrame) -> dict[str, float]:
    """Return the p-value of each claim that rests on one: the largest of its parts, or of the best ones where some suffice.

    Args:
        claims: of the registry.
        evidence: rows of claims/evidence.csv.
    """
    parts = evidence[(evidence["role"] == "evidence") & evidence["p_value"].notna()]
    found = {}
    for claim in claims:
        values = sorted(parts.loc[parts["claim"] == claim.id, "p_value"])
        if values:
            found[claim.id] = values[: claim.combine][-1] if isinstance(claim.combine, int) else values[-1]
    return found


def holm(values: dict[str, float], level: float = LEVEL) -> set[str]:
    """Return the names whose p-values remain below ``level`` when all are adjusted together (Holm 1979).

    The smallest is held against ``level`` over their number, the next against ``level`` over one less, until one fails.
    """
    remaining = set()
    for rank, (name, value) in enumerate(sorted(values.items(), key=lambda item: item[1])):
        if value > level / (len(values) - rank):
            break
        remaining.add(name)
    return remaining
