"""What the registry's schema cannot say: that rules fit statistics, and that tables, columns and figures exist."""

import math
from collections.abc import Iterator
from dataclasses import replace

import pandera.pandas as pa

from optprimer.claims.load import load
from optprimer.claims.parts import Claim, Part, Value
from optprimer.claims.rules import RULES
from optprimer.errors import UserError
from optprimer.figures.captions import FILE, captions
from optprimer.figures.registry import FIGURES
from optprimer.registry import TABLES


def checked(claims: list[Claim] | None = None) -> list[Claim]:
    """Return ``claims``, by default those of the registry, when all that they name exists and fits.

    Raises:
        UserError: one line, ``claim: part: key = value: what is allowed``.
    """
    claims = load() if claims is None else claims
    for claim in claims:
        for problem in _problems(claim):
            raise UserError(f"{claim.id}: {problem}")
    return claims


def _problems(claim: Claim) -> Iterator[str]:
    for figure in claim.figures:
        if figure not in FIGURES:
            yield f"figures = {figure!r}: one of {', '.join(FIGURES)}"
        elif figure not in captions():
            yield f"figures = {figure!r}: it has no caption in {FILE}"
    for scale in claim.scales:
        there = claim.at(scale)
        if not (there.evidence and there.controls):
            yield f"scales: no evidence or no control counts at {scale}"
        if isinstance(claim.combine, int) and claim.combine > len(there.evidence):
            yield f"combine.at_least = {claim.combine}: at most {len(there.evidence)}, the number of parts at {scale}"
        if isinstance(claim.combine, int) and claim.combine > len({part.of for part in there.controls}):
            yield f"control: of {claim.combine} parts at least, as combine.at_least, or it cannot pass at {scale}"
    evidence = {part.name: part for part in claim.evidence}
    for control in claim.controls:
        if replace(control, name=control.of, of=None) == evidence[control.of]:
            yield f"{control.name}: measures the same rows as the evidence, so it is no control"
    for _, part in claim.parts:
        for checks in (_rule, _statistic, _columns, _trivial):
            for problem in checks(part):
                yield f"{part.name}: {problem}"


def _rule(part: Part) -> Iterator[str]:
    rule, given = RULES[part.rule], set(part.parameters)
    if part.statistic not in rule.statistics:
        yield f"statistic = {part.statistic!r}: rule {part.rule} takes {', '.join(rule.statistics)}"
    if not any(needed <= given <= needed | rule.may for needed in rule.needs):
        forms = " or ".join(", ".join(sorted(needed)) for needed in rule.needs)
        optional = f", optionally {', '.join(rule.may)}" if rule.may else ""
        yield f"rule = {part.rule!r}: takes {forms}{optional}, and not {', '.join(sorted(given)) or 'nothing'}"


def _statistic(part: Part) -> Iterator[str]:
    """Every key is there that the statistic needs, and none that it would ignore."""
    wanted = {
        "unit": part.contrast is not None or part.statistic not in ("each", "reported"),
        "against": part.statistic == "rank_correlation",
        "interval": part.statistic == "reported",
    }
    for key, needed in wanted.items():
        if bool(getattr(part, key)) != needed:
            yield f"{key} is missing" if needed else f"{key}: of no use with statistic {part.statistic}"
    if part.permuted and part.statistic != "rank_correlation":
        yield f"permuted: of no use with statistic {part.statistic}"
    single = {"contrast": part.contrast, "over": part.over, "log": part.log}
    for key in single if part.statistic == "reported" else ("contrast",) if part.statistic == "rank_correlation" else ():
        if single[key]:
            yield f"{key}: not with statistic {part.statistic}"
    threshold = part.parameters.get("threshold", 0.0)
    if part.statistic == "share" and not isinstance(threshold, str) and not 0 <= threshold <= 1:
        yield f"threshold = {threshold}: of a share, a number from 0 to 1"


def _trivial(part: Part) -> Iterator[str]:
    """What a part compares differs: a column held against itself meets any rule."""
    if part.contrast and len(set(part.contrast.arms)) == 1:
        yield f"contrast = {str(part.contrast)!r}: two different values"
    for key, column in {"over": part.over, "against": part.against, **part.parameter_columns}.items():
        if column == part.value:
            yield f"{key} = {column!r}: another column than value"
    if part.interval and len({part.value, *part.interval}) < 3:
        yield f"interval = {', '.join(part.interval)}: two columns, neither of them value"
    for key, number in part.parameters.items():
        if isinstance(number, str):
            continue
        if not math.isfinite(number):
            yield f"{key} = {number}: a finite number"
        elif key in ("tolerance", "margin") and number < 0:
            yield f"{key} = {number}: at least 0"


def _columns(part: Part) -> Iterator[str]:
    if part.table not in TABLES:
        yield f"table = {part.table!r}: one of {', '.join(TABLES)}"
        return
    columns = TABLES[part.table].to_schema().columns
    numbers = {"value": part.value, "over": part.over, "against": part.against, **part.parameter_columns}
    numbers |= dict(zip(("interval[0]", "interval[1]"), part.interval or (), strict=False))
    names = {f"{key}.{column}": column for key in ("where", "without") for column in getattr(part, key)}
    names |= {f"{key}[{i}]": column for key in ("unit", "per") for i, column in enumerate(getattr(part, key))}
    if part.contrast:
        names["contrast.column"] = part.contrast.column
    for key, name in {**numbers, **names}.items():
        if name is None:
            continue
        if name not in columns:
            yield f"{key} = {name!r}: a column of {part.table}, one of {', '.join(columns)}"
        elif key in numbers and _kind(columns[name]) == "text":
            yield f"{key} = {name!r}: a column of numbers, not of text"
    if part.statistic == "share" and part.value in columns and _kind(columns[part.value]) != "truth":
        yield f"value = {part.value!r}: of a share, a column of true and false"
    for column, value in _wanted(part):
        if column in columns and not _may_be(columns[column], value):
            yield f"{column} = {value!r}: {_possible(columns[column])}"


def _wanted(part: Part) -> Iterator[tuple[str, Value]]:
    for column, values in (*part.where.items(), *part.without.items()):
        for value in values:
            yield column, value
    for arm in part.contrast.arms if part.contrast else ():
        yield part.contrast.column, arm


def _kind(column: pa.Column) -> str:
    dtype = str(column.dtype)
    return "text" if dtype.startswith("str") else "truth" if dtype.startswith("bool") else "number"


def _names(column: pa.Column) -> list[Value] | None:
    return next((check.statistics["allowed_values"] for check in column.checks if check.name == "isin"), None)


def _may_be(column: pa.Column, value: Value) -> bool:
    kind = "text" if isinstance(value, str) else "truth" if isinstance(value, bool) else "number"
    return kind == _kind(column) and value in (_names(column) or [value])


def _possible(column: pa.Column) -> str:
    names = _names(column)
    return (
        f"one of {', '.join(map(str, names))}"
        if names
        else {"text": "text", "truth": "true or false"}.get(_kind(column), "a number")
    )
