"""From a claim back to the rows of its tables, in the terminal, and to the command that makes these anew."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from optprimer.claims.judge import Tables
from optprimer.claims.parts import Claim, Part
from optprimer.claims.rules import RULES
from optprimer.claims.selection import Selection, groups, select
from optprimer.claims.wording import estimate, number, parameters_of
from optprimer.errors import UserError
from optprimer.registry import TABLES

ROWS = 5
TITLES = {"requires": "Condition", "evidence": "Evidence", "beside": "Beside it", "control": "Control"}


def explained(claim: Claim, verdict: pd.Series, evidence: pd.DataFrame, tables: Tables) -> Iterator[str]:
    """Yield the lines that say how ``claim`` was judged.

    Args:
        claim: of the registry.
        verdict: its row of claims.csv.
        evidence: its rows of claims/evidence.csv.
        tables: the tables of the run, by name.
    """
    yield f"{claim.id} ({claim.section}): {claim.statement}"
    yield f"Source: {claim.source}"
    yield f"Verdict at scale {verdict['scale']}: {verdict['verdict']}" + (
        f" ({verdict['reason']})" if verdict["reason"] else ""
    )
    if verdict["rule_sha256"] != claim.rule_sha256:
        yield "The registry's rules for this claim have changed since it was judged."
    judged = evidence.set_index(["role", "part"])
    parts = claim.at(verdict["scale"]).parts
    for role, part in [(role, group) for role, asked in parts for group in groups(asked, tables(asked.table))]:
        yield ""
        if (role, part.name) in judged.index:
            yield from _part(role, part, judged.loc[(role, part.name)], tables(part.table))
        else:
            yield f"{TITLES[role]}: {part.name}: judged by no run so far"
    combine = claim.combine if isinstance(claim.combine, str) else f"at least {claim.combine}"
    yield ""
    yield f"Evidence is combined by: {combine}."


def _part(role: str, part: Part, row: pd.Series, table: pd.DataFrame | None) -> Iterator[str]:
    yield f"{TITLES[role]}: {part.name}" + (f" (control of: {part.of})" if part.of else "")
    yield f"  table      {part.table}.csv, {row['rows']} rows: {part.selection}"
    yield f"  measured   {part.measure}"
    if table is not None:
        try:
            selection = select(part, table)
        except UserError as error:
            yield f"             {error}"
        else:
            if selection.rows_sha256 != row["rows_sha256"] and row["rows_sha256"]:
                yield "             (the table has changed since it was judged)"
            yield from _rows(part, selection)
    yield f"  statistic  {part.statistic}: {estimate(row) or 'none'}, n = {row['n']}" + _p_value(row["p_value"])
    yield f"  rule       {part.rule}, {parameters_of(part)}: {RULES[part.rule].means}"
    yield f"  verdict    {_verdict(row)}"


def _rows(part: Part, selection: Selection) -> Iterator[str]:
    """The first rows as they stand in the CSV: what tells them apart, and what is measured."""
    named = [
        *TABLES[part.table]._key,
        part.value,
        part.over,
        part.against,
        *(part.interval or ()),
        *part.parameter_columns.values(),
    ]
    columns = list(dict.fromkeys(name for name in named if name))
    if len(selection.rows):
        yield from (f"    {line}" for line in selection.rows[columns].head(ROWS).to_csv(index=False).splitlines())
    if len(selection.rows) > ROWS:
        yield f"    ... {len(selection.rows) - ROWS} more"


def _verdict(row: pd.Series) -> str:
    return row["verdict"] + (f" ({row['reason']})" if row["reason"] else "")


def _p_value(value: float) -> str:
    return "" if pd.isna(value) else f", p = {number(value)}"


def remaking(claim: Claim, run: str, scale: str, results: Path) -> list[str]:
    """The two commands that make the evidence of ``claim`` anew and judge it."""
    flags = "" if scale == "digits" else f" --configfile workflow/scales/{scale}.yaml"
    flags += "" if run == scale else f" --config run={run}"
    targets = " ".join(
        dict.fromkeys(path for _, part in claim.at(scale).parts for path in _targets(part, f"results/{run}", results))
    )
    return [
        f"snakemake --cores all --forceall {targets}{flags}",
        f"optprimer claims judge --results results/{run} --scale {scale} --output results/{run}",
    ]


def _targets(part: Part, folder: str, results: Path) -> list[str]:
    if part.table != "train/history":
        return [f"{folder}/{part.table}.csv"]
    nets = part.where.get("net") or sorted(path.parent.name for path in results.glob("train/*/history.csv"))
    return [f"{folder}/train/{net}/history.csv" for net in nets]
