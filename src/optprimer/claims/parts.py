"""What a claim is: a statement, the parts of its evidence, each with a rule that was fixed beforehand, and controls."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from hashlib import sha256
from typing import Any

Value = str | float | int | bool
AGREE, ALL = "agree", "all"
RULE_PARAMETERS = ("below", "above", "threshold", "target", "theory", "neighbour", "margin", "tolerance")

# Where the runs stand of which the rows of a table are means, shares or slopes.
RUNS = {
    "edge/summary": "edge/curves",
    "edge/convexity": "edge/spectra",  # of the same networks, the first of them
    "memorization/summary": "memorization/runs",
    "sharpness/slopes": "sharpness/reparameterization",
}


class Verdict(StrEnum):
    """What can be said of a part or of a claim."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Contrast:
    """Rows whose ``column`` is ``of``, less those in which it is ``minus`` or divided by those in which it is ``over``."""

    column: str
    of: Value
    minus: Value | None = None
    over: Value | None = None

    @property
    def arms(self) -> tuple[Value, Value]:
        """The two values of the column."""
        return (self.of, self.minus) if self.over is None else (self.of, self.over)

    def __str__(self) -> str:
        """``recipe: gd less sgd``."""
        return f"{self.column}: {(' less ' if self.over is None else ' over ').join(map(str, self.arms))}"


@dataclass(frozen=True)
class Part:
    """One measurement and the rule that it has to meet.

    ``where`` selects rows of ``table``, ``without`` leaves some of them out; ``value``, divided by ``over``, is what is
    measured there, its natural logarithm if ``log``. ``unit`` are the columns that tell replications apart. The rule is asked
    of every group of rows that the columns ``per`` tell apart; its ``parameters`` are numbers or columns. ``permuted``: the
    column ``against`` is shuffled within each unit. With ``scales`` the part counts at these alone. ``missing`` says what a
    missing value means. Of a control, ``of`` names the part whose rule is applied elsewhere.
    """

    name: str
    table: str
    value: str
    rule: str
    parameters: Mapping[str, float | str]
    where: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    without: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    per: tuple[str, ...] = ()
    over: str | None = None
    log: bool = False
    contrast: Contrast | None = None
    unit: tuple[str, ...] = ()
    statistic: str = "each"
    against: str | None = None
    permuted: bool = False
    interval: tuple[str, str] | None = None
    scales: tuple[str, ...] = ()
    missing: str = ""
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
            text += f" against {self.against}" + ", shuffled" * self.permuted
        if self.contrast:
            text += f", {self.contrast}, paired by {', '.join(self.unit)}"
        return text + f", for each {' and '.join(self.per)}" * bool(self.per)

    @property
    def selection(self) -> str:
        """Which rows: ``network = mlp, regularizer = none or crop, step not 0``."""
        kept = [f"{column} = {' or '.join(map(str, values))}" for column, values in self.where.items()]
        left = [f"{column} not {' or '.join(map(str, values))}" for column, values in self.without.items()]
        return ", ".join(kept + left) or "all rows"


@dataclass(frozen=True)
class Claim:
    """A statement of the chapter that a computation can test, and how it is tested.

    ``combine`` is all, agree or a number. What stands ``beside`` the evidence is told with the verdict and decides nothing.
    """

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
    beside: tuple[Part, ...] = ()

    @property
    def parts(self) -> tuple[tuple[str, Part], ...]:
        """Every part with its role."""
        roles = {"requires": self.requires, "evidence": self.evidence, "beside": self.beside, "control": self.controls}
        return tuple((role, part) for role, parts in roles.items() for part in parts)

    def at(self, scale: str) -> "Claim":
        """The claim without the parts that do not count at ``scale``."""

        def counting(parts: tuple[Part, ...]) -> tuple[Part, ...]:
            return tuple(part for part in parts if not part.scales or scale in part.scales)

        return replace(
            self,
            requires=counting(self.requires),
            evidence=counting(self.evidence),
            beside=counting(self.beside),
            controls=counting(self.controls),
        )

    @property
    def rule_sha256(self) -> str:
        """A fingerprint of all that decides the verdict: selections, rules, controls, not the words about them."""
        numbers = {part.name: number for number, part in enumerate(self.evidence)}
        fixed = [(role, {**asdict(part), "name": "", "of": numbers.get(part.of)}) for role, part in self.parts]
        for _, deciding in fixed:
            del deciding["missing"]
        return sha256(json.dumps([self.combine, fixed], sort_keys=True).encode()).hexdigest()


def read_part(entry: Mapping[str, Any]) -> Part:
    """Make a part of an entry of the registry that its schema allows."""
    fields = {key: value for key, value in entry.items() if key not in RULE_PARAMETERS}
    for key in {"where", "without"} & entry.keys():
        fields[key] = {column: tuple(v) if isinstance(v, list) else (v,) for column, v in entry[key].items()}
    if entry.get("contrast"):
        fields["contrast"] = Contrast(**entry["contrast"])
    for key in {"unit", "per", "interval", "scales"} & entry.keys():
        fields[key] = tuple(entry[key])
    return Part(parameters={key: entry[key] for key in RULE_PARAMETERS if key in entry}, **fields)


def read_control(entry: Mapping[str, Any], evidence: Mapping[str, Any]) -> Part:
    """Make a control: the entry of the part that it is ``of``, with another selection."""
    merged = {**evidence, **entry}
    for key in ("where", "without"):
        values = {**evidence.get(key, {}), **entry.get(key, {})}
        merged[key] = {column: value for column, value in values.items() if value is not None}
    return read_part(merged)
