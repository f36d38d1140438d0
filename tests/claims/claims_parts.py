"""Parts, claims and tables that are small enough to know the truth of."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from optprimer.claims.judge import Judged, judge_part
from optprimer.claims.parts import Claim, Part, read_control, read_part

MEAN = {"statistic": "mean", "unit": ["seed"]}
CONTRAST = {**MEAN, "contrast": {"column": "recipe", "of": "gd", "minus": "sgd"}}


def entry(**changes: Any) -> dict[str, Any]:
    """A part as the registry holds it; by default every test accuracy of recipe gd is to be at least 0.5."""
    chosen = {"rule": "at_least", "threshold": 0.5} if "rule" not in changes else {}
    return {"name": "part", "table": "batch/runs", "value": "test_accuracy", "where": {"recipe": "gd"}, **chosen, **changes}


def part(**changes: Any) -> Part:
    return read_part(entry(**changes))


def runs(**recipes: Sequence[float]) -> pd.DataFrame:
    """Rows of batch/runs for one network: test accuracies of each recipe, seed by seed; more columns than a claim needs.

    Runs of other seeds end at other losses, as real ones do.
    """
    rows = [
        {
            "network": "mlp",
            "recipe": recipe,
            "seed": seed,
            "data": "made",
            "test_accuracy": value,
            "train_accuracy": 1.0,
            "train_loss": 0.1 + seed / 100,
        }
        for recipe, values in recipes.items()
        for seed, value in enumerate(values)
    ]
    return pd.DataFrame(rows)


def exponents(*rows: tuple[float, ...]) -> pd.DataFrame:
    """Rows of rates/exponents: estimate, ci_low, ci_high, theory, neighbour."""
    names = ("estimate", "ci_low", "ci_high", "theory", "neighbour")
    frame = pd.DataFrame([dict(zip(names, row, strict=True)) for row in rows])
    named = {"study": "s", "method": "gd", "quantity": "gap", "variable": "step", "data": "analytic"}
    return frame.assign(problem=[f"p{number}" for number in range(len(rows))], **named)


def reported(**changes: Any) -> Part:
    """A part whose evidence are exponents with the intervals of their table."""
    given = {"rule": "exponent_in", "theory": "theory", "neighbour": "neighbour", **changes}
    return part(
        table="rates/exponents", where={}, value="estimate", statistic="reported", interval=["ci_low", "ci_high"], **given
    )


def judged(part: Part, table: pd.DataFrame | None) -> Judged:
    return judge_part(part, table, 0)


def claim(
    evidence: list[dict[str, Any]] | None = None,
    control: list[dict[str, Any]] | None = None,
    requires: list[dict[str, Any]] | None = None,
    combine: str | int = "all",
    claim: str = "S9",
    **changes: Any,
) -> Claim:
    """A claim on ``runs``; by default gd's accuracies are high, and those of recipe poor, the control, are not."""
    parts = evidence or [entry()]
    controls = control or [{"of": parts[0]["name"], "name": "control", "where": {"recipe": "poor"}}]
    by_name = {each["name"]: each for each in parts}
    fields = {
        "id": claim,
        "order": 1,
        "section": "Stochastic gradients",
        "statement": "GD is accurate.",
        "source": "the chapter",
        "scales": ("digits",),
        "figures": ("batch",),
        "published": "",
        "differs": "",
        "combine": combine,
        "requires": tuple(map(read_part, requires or [])),
        "evidence": tuple(map(read_part, parts)),
        "controls": tuple(read_control(each, by_name[each["of"]]) for each in controls),
    }
    return Claim(**{**fields, **changes})


def nan(*values: float) -> list[float]:
    """The values with a gap after them."""
    return [*values, np.nan]
