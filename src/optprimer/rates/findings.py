"""What a study finds: rows of the tables of this stage, gathered with as little ceremony as can be."""

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from optprimer.rates.fits import Fit
from optprimer.rates.registry import TABLES
from optprimer.rates.tables import Checks, Cost, Curves, Errata, Exponents, Pl, WorstCase
from optprimer.tables import Table, write

MODELS: dict[str, type[Table]] = dict(zip(TABLES, (Curves, Exponents, Checks, WorstCase, Pl, Errata, Cost), strict=True))


@dataclass
class Findings:
    """The rows of one study; ``data`` names the images that it measured on."""

    study: str
    data: str = "analytic"
    rows: dict[str, list[pd.DataFrame]] = field(default_factory=dict)

    def add(self, table: str, **columns: ArrayLike) -> None:
        """Add rows to a table; single values are repeated."""
        lengths = [len(v) for v in columns.values() if np.ndim(v) == 1]
        index = range(max(lengths, default=1))
        self.rows.setdefault(table, []).append(pd.DataFrame({"data": self.data} | columns, index=index))

    def curve(
        self,
        problem: str,
        method: str,
        quantity: str,
        variable: str,
        t: ArrayLike,
        value: ArrayLike,
        *,
        bound: ArrayLike = math.nan,
        tight_bound: ArrayLike = math.nan,
        relation: str = "<=",
        interval: tuple[ArrayLike, ArrayLike] | None = None,
        seeds: int = 1,
        role: str = "claim",
    ) -> None:
        """Add a curve; the columns are those of tables.Curves, ``interval`` its (ci_low, ci_high)."""
        low, high = interval or (value, value)
        names = {"study": self.study, "problem": problem, "method": method, "quantity": quantity, "variable": variable}
        theory = {"bound": bound, "tight_bound": tight_bound, "relation": relation}
        self.add("curves", **names, t=t, value=value, ci_low=low, ci_high=high, **theory, seeds=seeds, role=role)

    def exponent(
        self,
        problem: str,
        method: str,
        quantity: str,
        variable: str,
        fit: Fit,
        theory: float,
        *,
        neighbour: float = math.nan,
        role: str = "claim",
    ) -> None:
        """Add a fitted exponent beside the one that theory gives."""
        names = {"study": self.study, "problem": problem, "method": method, "quantity": quantity, "variable": variable}
        estimate = {"estimate": fit.estimate, "ci_low": fit.low, "ci_high": fit.high}
        window = {"first": fit.first, "last": fit.last, "points": fit.points, "seeds": fit.seeds}
        self.add("exponents", **names, **estimate, theory=theory, neighbour=neighbour, **window, role=role)

    def check(
        self,
        name: str,
        problem: str,
        measured: float,
        relation: str,
        expected: float,
        tolerance: float = 0.0,
        *,
        role: str = "claim",
    ) -> None:
        """Add a number and what it should be: measured ``relation`` (=, <= or >=) expected, within ``tolerance``."""
        excess = {"=": abs(measured - expected), "<=": measured - expected, ">=": expected - measured}[relation]
        self.add(
            "checks",
            study=self.study,
            check=name,
            problem=problem,
            measured=measured,
            relation=relation,
            expected=expected,
            tolerance=tolerance,
            holds=bool(excess <= tolerance),
            role=role,
        )

    def write(self, folder: Path) -> None:
        """Write every table of the stage to ``folder``; one for which the study has no rows holds its header alone."""
        for name, model in MODELS.items():
            columns = list(model.to_schema().columns)
            rows = pd.concat(self.rows[name], ignore_index=True) if name in self.rows else pd.DataFrame(columns=columns)
            write(rows, model, folder / f"{name}.csv")
