"""Rows of the verdicts' tables as the page shows them: one object per thing that a reader sees."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from optprimer.claims.rules import RULES
from optprimer.errors import UserError
from optprimer.page.strip import Strip, strip
from optprimer.page.words import rule_in_words, shown


@dataclass(frozen=True)
class Part:
    """A line of the table of all that was looked at for a claim."""

    role: str
    name: str
    verdict: str
    reason: str
    number: str
    rule: str
    n: int
    p_value: str
    selection: str
    table: str


@dataclass(frozen=True)
class Claim:
    """A claim as the page shows it."""

    id: str
    section: str
    statement: str
    verdict: str
    reason: str
    number: str
    interval: str  # how it was made, empty if there is none
    n: int
    evidence: str
    rule: str
    control: str
    control_number: str
    control_told: str  # what became of it
    control_fails: bool  # the rule, as it must
    published: str
    differs: str
    source: str
    figure: str
    strip: Strip | None
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Erratum:
    """A statement of the chapter that does not stand, what stands in its place, and the number that tells them apart."""

    number: int
    section: str
    place: str
    printed: str
    corrected: str
    check: str
    printed_error: str
    corrected_error: str
    tolerance: str
    contradicted: bool  # what is printed
    holds: bool  # what is put in its place


def claims_in(claims: pd.DataFrame, evidence: pd.DataFrame) -> list[Claim]:
    """Return the rows of claims.csv, in the chapter's order, each with its rows of claims/evidence.csv.

    Raises:
        UserError: a rule, or its parameters, are none of the closed set.
    """
    parts = {name: rows.to_dict("records") for name, rows in evidence.groupby("claim")}
    return [_claim(row, parts.get(row["claim"], [])) for row in claims.sort_values("order").to_dict("records")]


def errata_in(errata: pd.DataFrame) -> list[Erratum]:
    """Return the rows of rates/errata.csv."""
    numbers = ("printed_error", "corrected_error", "tolerance")
    return [
        Erratum(
            **{key: shown(value) if key in numbers else value for key, value in row.items() if key != "data"},
            contradicted=row["printed_error"] > row["tolerance"],
            holds=row["corrected_error"] <= row["tolerance"],
        )
        for row in errata.sort_values("number").to_dict("records")
    ]


def _claim(row: Mapping[str, Any], parts: Sequence[Mapping[str, Any]]) -> Claim:
    looked_at = tuple(_part(part) for part in sorted(parts, key=lambda part: list(_ROLES).index(part["role"])))
    told, fails = _control(row, parts)
    return Claim(
        id=row["claim"],
        section=row["section"],
        statement=row["statement"],
        verdict=row["verdict"],
        reason=row["reason"],
        number=number(row),
        interval=row["ci_method"] if _has_interval(row) else "",
        n=row["n"],
        evidence=row["evidence"],
        rule=_rule(row, "threshold"),
        control=row["control"],
        control_number=_number(row["control_estimate"]),
        control_told=told,
        control_fails=fails,
        published=row["published"],
        differs=row["differs"],
        source=row["source"],
        figure=row["figure"],
        strip=_strip(row, parts),
        parts=looked_at,
    )


def _control(row: Mapping[str, Any], parts: Iterable[Mapping[str, Any]]) -> tuple[str, bool]:
    """Say what became of the control of a claim, and whether that is what it is for."""
    match row["control_verdict"]:
        case "supported":
            return "it meets the rule too, so the rule tells nothing", False
        case "not run":
            return "not run", False
        case "inconclusive":
            # Where the rule leaves it open the control does not meet it; where values are missing nobody knows.
            named = (part for part in parts if (part["role"], part["part"]) == ("control", row["control"]))
            for part in named:
                if part["reason"] != RULES[part["rule"]].undecided:
                    return f"it cannot be judged: {part['reason']}", False
    return "fails the rule, as it must", True


def _strip(row: Mapping[str, Any], parts: Iterable[Mapping[str, Any]]) -> Strip | None:
    """Lay out the strip of a claim; a control that has to meet other numbers has no place on it."""
    same = any(
        (part["role"], part["part"], part["rule"], part["parameters"])
        == ("control", row["control"], row["rule"], row["threshold"])
        for part in parts
    )
    return strip(
        row["rule"],
        _parameters(row, "threshold"),
        row["estimate"],
        (row["ci_low"], row["ci_high"]),
        row["control_estimate"] if same else math.nan,
    )


_ROLES = {"requires": "condition", "evidence": "evidence", "beside": "beside it", "control": "control"}  # in this order


def _part(row: Mapping[str, Any]) -> Part:
    return Part(
        role=_ROLES[row["role"]],
        name=row["part"],
        verdict=row["verdict"],
        reason=row["reason"],
        number=number(row),
        rule=_rule(row, "parameters"),
        n=row["n"],
        p_value=_number(row["p_value"]),
        selection=row["selection"],
        table=row["table"],
    )


def number(row: Mapping[str, float]) -> str:
    """The estimate of a row with its interval, if it has one: ``0.71 [0.65, 0.77]``."""
    interval = f" [{shown(row['ci_low'])}, {shown(row['ci_high'])}]" if _has_interval(row) else ""
    return _number(row["estimate"]) + interval


def _has_interval(row: Mapping[str, float]) -> bool:
    """Whether an end of the interval is known, or both."""
    return not (pd.isna(row["ci_low"]) and pd.isna(row["ci_high"]))


def _number(value: float) -> str:
    return "" if pd.isna(value) else shown(value)


def _rule(row: Mapping[str, Any], column: str) -> str:
    """The rule of a row in words, empty where nothing was judged and no parameters are written down."""
    parameters = _parameters(row, column)
    return rule_in_words(row["rule"], parameters) if parameters else ""


def _parameters(row: Mapping[str, Any], column: str) -> dict[str, float]:
    """Read the parameters of a rule as the tables have them: ``theory -0.5, neighbour -1``.

    Raises:
        UserError: there is no such rule, or these are not what it takes.
    """
    rule, text = RULES.get(row["rule"]), row[column]
    try:
        pairs = (piece.rsplit(" ", 1) for piece in text.split(", ") if piece)
        given = {name: float(value) for name, value in pairs}
    except ValueError:
        given = {"": math.nan}
    if rule is None or (given and not any(needed <= given.keys() <= needed | rule.may for needed in rule.needs)):
        table = {"threshold": "claims.csv", "parameters": "claims/evidence.csv"}[column]
        raise UserError(f"{table}: {row['claim']}: {row['rule']} {text!r}: no rule, or not the parameters that it takes")
    return given
