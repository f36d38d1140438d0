"""The tables of the claims stage."""

from typing import ClassVar

import pandera.pandas as pa
from pandera.typing.pandas import Series

from optprimer.claims.load import SECTIONS
from optprimer.claims.parts import Verdict
from optprimer.tables import Table

VERDICTS = [str(verdict) for verdict in Verdict]


class Claims(Table):
    """claims.csv: one row per claim of the registry, in the chapter's order, and whether it held.

    ``estimate``, its 95 % interval, ``n`` (values, or units where ``ci_method`` names an interval), ``rule`` and ``threshold``
    (the rule's parameters, at the worst value where each must meet them) are those of the part named by ``evidence``: the first
    whose verdict is the claim's. ``control`` is the control that decides, or the first. ``figure`` is the main one.
    ``rows_sha256`` is of all rows that were looked at, ``rule_sha256`` of selections, rules, parameters and controls.
    """

    _key: ClassVar[list[str]] = ["order", "claim"]
    order: Series[int] = pa.Field(ge=1)
    data: Series[str]
    scale: Series[str]
    claim: Series[str] = pa.Field(unique=True)
    section: Series[str] = pa.Field(isin=list(SECTIONS.values()))
    statement: Series[str]
    verdict: Series[str] = pa.Field(isin=VERDICTS)
    reason: Series[str]
    estimate: Series[float] = pa.Field(nullable=True)
    ci_low: Series[float] = pa.Field(nullable=True)
    ci_high: Series[float] = pa.Field(nullable=True)
    ci_method: Series[str]
    n: Series[int] = pa.Field(ge=0)
    rule: Series[str]
    threshold: Series[str]
    control: Series[str]
    control_estimate: Series[float] = pa.Field(nullable=True)
    control_verdict: Series[str] = pa.Field(isin=VERDICTS)
    published: Series[str]
    differs: Series[str]
    source: Series[str]
    figure: Series[str]
    evidence: Series[str]
    rows_sha256: Series[str]
    rule_sha256: Series[str]


class Evidence(Table):
    """claims/evidence.csv: one row per part of each claim, by its role.

    ``requires`` are conditions; what is told ``beside`` the evidence decides nothing. A part whose rule is asked of several
    groups of rows, of each network say, has a row for each, named after it in brackets.
    ``rows`` were selected, ``n`` values (or units) of them judged. ``p_value`` is of the test that the rule amounts to, NaN
    where it is none: two-sided against the threshold, or the larger of the two one-sided ones of an equivalence.
    """

    _key: ClassVar[list[str]] = ["claim", "role", "part"]
    data: Series[str]
    claim: Series[str]
    role: Series[str] = pa.Field(isin=["requires", "evidence", "beside", "control"])
    part: Series[str]
    verdict: Series[str] = pa.Field(isin=VERDICTS)
    reason: Series[str]
    statistic: Series[str]
    estimate: Series[float] = pa.Field(nullable=True)
    ci_low: Series[float] = pa.Field(nullable=True)
    ci_high: Series[float] = pa.Field(nullable=True)
    p_value: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    n: Series[int] = pa.Field(ge=0)
    rows: Series[int] = pa.Field(ge=0)
    rule: Series[str]
    parameters: Series[str]
    selection: Series[str]
    table: Series[str]
    rows_sha256: Series[str]
