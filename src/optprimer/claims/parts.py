"""What a claim is: a statement, the parts of its evidence, each with a rule that was fixed beforehand, and controls."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any

Value = str | float | int | bool
AGREE, ALL = "agree", "all"
RULE_PARAMETERS = ("below", "above", "threshold", "target", "theory", "neighbour", "margin", "tolerance")


class Verdict(StrEnum):
    """What can be said of a part or of a claim."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Contrast:
    """The difference of two arms: rows whose ``column`` is ``of``, less those in which it is ``minus``."""

    column: str
    of: Value
    minus: Value


@dataclass(frozen=True)
class Part:
    """One measurement and the rule that it has to meet.

    ``where`` selects rows of ``table``; ``value``, divided by ``over``, is what is measured there, its natural logarithm if
    ``log``. ``unit`` are the columns that tell replications apart. ``parameters`` of the rule are numbers or columns. Of a
    control, ``of`` names the part whose rule is applied elsewhere.
    """

    name: str
    table: str
    value: str
    rule: str
    parameters: Mapping[str, float | str]
    where: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    over: str | None = None
    log: bool = False
    contrast: Contrast | None = None
    unit: tuple[str, ...] = ()
    statistic: str = "each"
    against: str | None = None
    interval: tuple[str, str] | None = None
    of: str | None = None

    @property
    def parameter_columns(self) -> dict[str, str]:
        """The parameters that are columns."""
        return {name: column for name, column in self.parameters.items() if isinstance(column, str)}

    @property
    def measure(self) -> str:
        """What is measured: ``ln(loss / bound), recipe: gd less sgd, paired by seed``."""
        text = f"{self.value} / {self.over}" if self.over else self.value
        text = f"ln({text})" if self.log else text
        if self.against:
            text += f" against {self.against}"
        if self.contrast:
            text += f", {self.contrast.column}: {self.contrast.of} less {self.contrast.minus}, paired by {', '.join(self.unit)}"
        return text

    @property
    def selection(self) -> str:
        """Which rows: ``network = mlp, regularizer = none or crop``."""
        return ", ".join(f"{column} = {' or '.join(map(str, values))}" for column, values in self.where.items()) or "all rows"


@dataclass(frozen=True)
class Claim:
    """A statement of the chapter that a computation can test, and how it is tested; ``combine`` is all, agree or a number."""

    id: str
    order: int
    section: str
    statement: str
    source: str
    scales: tuple[str, ...]
    figures: tuple[str, ...]
    published: str
    differs: str
    combine: str | int
    requires: tuple[Part, ...]
    evidence: tuple[Part, ...]
    controls: tuple[Part, ...]

    @property
    def parts(self) -> tuple[tuple[str, Part], ...]:
        """Every part with its role."""
        roles = {"requires": self.requires, "evidence": self.evidence, "control": self.controls}
        return tuple((role, part) for role, parts in roles.items() for part in parts)

    @property
    def rule_sha256(self) -> str:
        """A fingerprint of all that decides the verdict: selections, rules, controls, not the words about them."""
        fixed = [(role, {**asdict(part), "name": "", "of": ""}) for role, part in self.parts]
        return sha256(json.dumps([self.combine, fixed], sort_keys=True).encode()).hexdigest()


def read_part(entry: Mapping[str, Any]) -> Part:
    """Make a part of an entry of the registry that its schema allows."""
    fields = {key: value for key, value in entry.items() if key not in RULE_PARAMETERS}
    fields["where"] = {column: tuple(v) if isinstance(v, list) else (v,) for column, v in entry.get("where", {}).items()}
    if entry.get("contrast"):
        fields["contrast"] = Contrast(**entry["contrast"])
    for key in {"unit", "interval"} & entry.keys():
        fields[key] = tuple(entry[key])
    return Part(parameters={key: entry[key] for key in RULE_PARAMETERS if key in entry}, **fields)


def read_control(entry: Mapping[str, Any], evidence: Mapping[str, Any]) -> Part:
    """Make a control: the entry of the part that it is ``of``, with another selection."""
    where = {**evidence.get("where", {}), **entry.get("where", {})}
    merged = {**evidence, **entry, "where": {column: value for column, value in where.items() if value is not None}}
    return read_part(merged)
