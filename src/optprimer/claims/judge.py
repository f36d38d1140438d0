"""From evidence to verdicts: each part by its rule, then claims by their conditions, parts and controls."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from optprimer.claims import statistics
from optprimer.claims.parts import AGREE, ALL, RUNS, Claim, Part, Verdict
from optprimer.claims.rules import RULES
from optprimer.claims.selection import Selection, groups, select
from optprimer.claims.statistics import Estimates
from optprimer.claims.wording import estimate
from optprimer.errors import UserError
from optprimer.seeds import derive

SUPPORTED, REFUTED, INCONCLUSIVE, NOT_RUN = Verdict.SUPPORTED, Verdict.REFUTED, Verdict.INCONCLUSIVE, Verdict.NOT_RUN
ROLES = ("requires", "evidence", "beside", "control")
Tables = Callable[[str], pd.DataFrame | None]


@dataclass(frozen=True)
class Judged:
    """A part with its verdict; of many values the estimate, interval and parameters are those of the worst."""

    part: Part
    verdict: Verdict
    reason: str = ""
    estimate: float = np.nan
    low: float = np.nan
    high: float = np.nan
    method: str = ""
    p_value: float = np.nan
    n: int = 0
    parameters: str = ""
    selection: Selection | None = None
    unjudged: bool = False  # not for what the rule says of the values, but since there are no rows, or not all of what it takes

    @property
    def rows_sha256(self) -> str:
        """The fingerprint of the rows, empty if there are none."""
        return self.selection.rows_sha256 if self.selection else ""

    @property
    def data(self) -> list[str]:
        """The data sets of the rows."""
        return self.selection.data if self.selection else []


@dataclass(frozen=True)
class Ruling:
    """A claim with its verdict, every part of it, and the part of evidence and the control that decide."""

    claim: Claim
    verdict: Verdict
    reason: str
    parts: tuple[tuple[str, Judged], ...]
    deciding: Judged
    control: Judged


def judge(claims: Iterable[Claim], tables: Tables, scale: str, seed: int = 0) -> list[Ruling]:
    """Judge every claim at ``scale``; ``tables`` gives a table by its name, or None where a run has not made it."""
    return [_judge_claim(claim, tables, scale, seed) for claim in claims]


def judge_part(part: Part, table: pd.DataFrame | None, seed: int, runs: pd.DataFrame | None = None) -> Judged:
    """Apply the rule of a part to its evidence; ``runs`` are those that rows of its table are put together from, if any are."""
    if table is None:
        return Judged(part, NOT_RUN, f"there is no table {part.table}", unjudged=True)
    try:
        selection = select(part, table, runs)
    except UserError as error:
        return Judged(part, INCONCLUSIVE, str(error), unjudged=True)
    measured, missing = selection.measured, selection.missing
    if measured.empty and not missing:
        return Judged(part, NOT_RUN, f"no rows of {part.table} are selected", selection=selection, unjudged=True)
    lacking = f"{missing} of {missing + len(measured)} values are missing" if missing else ""
    lacking += f": {part.missing}" if missing and part.missing else ""
    if measured.empty:
        return Judged(part, INCONCLUSIVE, lacking, selection=selection, unjudged=True)
    return _apply(part, selection, _estimates(part, measured, seed), lacking)


def _apply(part: Part, selection: Selection, found: Estimates, lacking: str) -> Judged:
    rule = RULES[part.rule]
    given = {name: selection.measured[name].to_numpy()[: len(found.estimate)] for name in part.parameters}
    decision = rule.decide(found, given)
    without_interval = np.isnan(found.low).all()
    if decision.refutes.any():
        failing = f"{decision.refutes.sum()} of {len(found.estimate)} values: " if len(found.estimate) > 1 else ""
        verdict, reason = REFUTED, failing + rule.refuted
    elif lacking:
        verdict, reason = INCONCLUSIVE, lacking
    elif decision.supports.all():
        verdict, reason = SUPPORTED, ""
    elif without_interval:
        verdict, reason = INCONCLUSIVE, "one value has no interval" if found.n == 1 else "there is no interval"
    else:
        verdict, reason = INCONCLUSIVE, rule.undecided
    rank = np.where(decision.refutes, 0, np.where(decision.supports, 2, 1))
    worst = np.lexsort((decision.slack, rank))[0]
    return Judged(
        part,
        verdict,
        reason,
        estimate=float(found.estimate[worst]),
        low=float(found.low[worst]),
        high=float(found.high[worst]),
        method=found.method,
        p_value=rule.p_value(found, given),
        n=found.n,
        parameters=", ".join(f"{name} {array[worst]:.6g}" for name, array in given.items() if not np.isnan(array[worst])),
        selection=selection,
        unjudged=verdict == INCONCLUSIVE and bool(lacking or without_interval),
    )


def _estimates(part: Part, measured: pd.DataFrame, seed: int) -> Estimates:
    if part.statistic == "rank_correlation":
        drawn = derive(seed, "claims", *f"{part.table}/{part.measure}/{part.selection}".split("/"))
        return statistics.rank_correlation(measured, drawn, part.permuted)
    return statistics.STATISTICS[part.statistic](measured)


def _judge_claim(claim: Claim, tables: Tables, scale: str, seed: int) -> Ruling:
    if scale not in claim.scales:
        reason = f"not judged at scale {scale}, only at {', '.join(claim.scales)}"
        found = [(role, _Asked(part, (Judged(part, NOT_RUN, reason),))) for role, part in claim.parts]
    else:
        found = [(role, _ask(part, tables, seed)) for role, part in claim.at(scale).parts]
    requires, evidence, beside, controls = ([asked for role, asked in found if role == wanted] for wanted in ROLES)
    verdict = combined(claim.combine, [asked.verdict for asked in evidence])
    deciding = next((asked for asked in evidence if asked.verdict == verdict), None) or next(
        (asked for asked in evidence if asked.verdict != SUPPORTED), evidence[0]
    )
    failed = next((asked.worst for asked in requires if asked.verdict != SUPPORTED), None)
    passing = [asked for asked in controls if asked.verdict == SUPPORTED]
    failing = [asked for asked in controls if asked.verdict != SUPPORTED]
    # Where some parts suffice, a control that passes the rule of one alone does not pass that of the claim.
    suffice = claim.combine if isinstance(claim.combine, int) else 1
    passes = len({asked.part.of for asked in passing}) >= suffice
    unjudged = [asked for asked in controls if asked.unjudged]
    control = (passing if passes else unjudged or failing or passing)[0].worst
    if verdict == NOT_RUN:
        reason = deciding.worst.reason
    elif failed:
        verdict, reason = INCONCLUSIVE, f"not judged: {failed.part.name} ({failed.reason or failed.verdict})"
    elif passes:
        verdict, reason = INCONCLUSIVE, f"untested: the control passes the same rule ({passing[0].part.name})"
    elif unjudged:
        what = "was not run" if control.verdict == NOT_RUN else "cannot be judged"
        verdict, reason = INCONCLUSIVE, f"untested: the control {what} ({control.part.name}: {control.reason})"
    else:
        reason = _reason(verdict, deciding.worst, evidence, claim.combine)
    told = [_in_words(judged) for asked in beside for judged in asked.groups if judged.verdict != NOT_RUN]
    if verdict != NOT_RUN and told:
        reason = f"{reason}; beside it: {'; '.join(told)}".removeprefix("; ")
    parts = tuple((role, judged) for role, asked in found for judged in asked.groups)
    return Ruling(claim, verdict, reason, parts, deciding.worst, control)


@dataclass(frozen=True)
class _Asked:
    """A part, and what became of it in each group of rows that its rule is asked of: it must hold in all."""

    part: Part
    groups: tuple[Judged, ...]

    @property
    def verdict(self) -> Verdict:
        return combined(ALL, [judged.verdict for judged in self.groups])

    @property
    def worst(self) -> Judged:
        return next(judged for judged in self.groups if judged.verdict == self.verdict)

    @property
    def unjudged(self) -> bool:
        """Whether nothing is known to speak against it, and something is not known."""
        open_ = [judged for judged in self.groups if judged.verdict != SUPPORTED]
        return bool(open_) and all(judged.unjudged for judged in open_)


def _ask(part: Part, tables: Tables, seed: int) -> _Asked:
    table, runs = tables(part.table), tables(RUNS[part.table]) if part.table in RUNS else None
    return _Asked(part, tuple(judge_part(group, table, seed, runs) for group in groups(part, table)))


def _in_words(judged: Judged) -> str:
    """``SGD less Adam: inconclusive, 0.002 [-0.001, 0.005]``."""
    row = {"estimate": judged.estimate, "ci_low": judged.low, "ci_high": judged.high}
    return f"{judged.part.name}: {judged.verdict}, {estimate(row)}"


def combined(combine: str | int, verdicts: list[Verdict]) -> Verdict:
    """Combine the verdicts of the parts of evidence: all, agree, or the number that suffices."""
    if isinstance(combine, int):
        if set(verdicts) == {NOT_RUN}:
            return NOT_RUN
        if verdicts.count(SUPPORTED) >= combine:
            return SUPPORTED
        return REFUTED if len(verdicts) - verdicts.count(REFUTED) < combine else INCONCLUSIVE
    if NOT_RUN in verdicts:
        return NOT_RUN
    if set(verdicts) == {SUPPORTED}:
        return SUPPORTED
    refuted = {ALL: REFUTED in verdicts, AGREE: set(verdicts) == {REFUTED}}
    return REFUTED if refuted[combine] else INCONCLUSIVE


def _reason(verdict: Verdict, deciding: Judged, evidence: list[_Asked], combine: str | int) -> str:
    others = [f"{asked.part.name} ({asked.verdict})" for asked in evidence if asked.verdict != SUPPORTED]
    if verdict == SUPPORTED:
        return f"{len(evidence) - len(others)} of {len(evidence)}; not: {', '.join(others)}" if others else ""
    reason = f"{deciding.part.name}: {deciding.reason}"
    if combine == AGREE:  # the parts that disagree say together what was found
        reason = "; ".join(
            [reason, *(_in_words(judged) for asked in evidence for judged in asked.groups if judged is not deciding)]
        )
    return reason
