"""Rulings as rows of the tables claims.csv and claims/evidence.csv."""

from collections.abc import Mapping
from hashlib import sha256

import pandas as pd

from optprimer.claims.judge import Judged, Ruling
from optprimer.claims.parts import Claim
from optprimer.claims.tables import Claims, Evidence


def claims_frame(rulings: list[Ruling], scale: str) -> pd.DataFrame:
    """The rows of claims.csv."""
    rows = [_claims_row(ruling, scale) for ruling in rulings]
    return pd.DataFrame(rows, columns=list(Claims.to_schema().columns))


def _claims_row(ruling: Ruling, scale: str) -> Mapping[str, object]:
    claim, deciding, control = ruling.claim, ruling.deciding, ruling.control
    evidence = [judged for role, judged in ruling.parts if role == "evidence"]
    return {
        "order": claim.order,
        "data": ", ".join(sorted({name for judged in evidence for name in judged.data})),
        "scale": scale,
        "claim": claim.id,
        "section": claim.section,
        "statement": claim.statement,
        "verdict": ruling.verdict,
        "reason": ruling.reason,
        "estimate": deciding.estimate,
        "ci_low": deciding.low,
        "ci_high": deciding.high,
        "ci_method": deciding.method,
        "n": deciding.n,
        "rule": deciding.part.rule,
        "threshold": deciding.parameters,
        "control": control.part.name,
        "control_estimate": control.estimate,
        "control_verdict": control.verdict,
        "published": claim.published,
        "differs": claim.differs,
        "source": claim.source,
        "figure": claim.figures[0],
        "evidence": deciding.part.name,
        "rows_sha256": sha256("".join(judged.rows_sha256 for _, judged in ruling.parts).encode()).hexdigest(),
        "rule_sha256": claim.rule_sha256,
    }


def evidence_frame(rulings: list[Ruling]) -> pd.DataFrame:
    """The rows of claims/evidence.csv."""
    rows = [_evidence_row(ruling.claim, role, judged) for ruling in rulings for role, judged in ruling.parts]
    return pd.DataFrame(rows, columns=list(Evidence.to_schema().columns))


def _evidence_row(claim: Claim, role: str, judged: Judged) -> Mapping[str, object]:
    part = judged.part
    return {
        "data": ", ".join(judged.data),
        "claim": claim.id,
        "role": role,
        "part": part.name,
        "verdict": judged.verdict,
        "reason": judged.reason,
        "statistic": part.statistic,
        "estimate": judged.estimate,
        "ci_low": judged.low,
        "ci_high": judged.high,
        "p_value": judged.p_value,
        "n": judged.n,
        "rows": len(judged.selection.rows) if judged.selection else 0,
        "rule": part.rule,
        "parameters": judged.parameters,
        "selection": f"{part.measure}; {part.selection}",
        "table": part.table,
        "rows_sha256": judged.rows_sha256,
    }
