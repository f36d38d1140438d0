"""Valid tables of any kind, made from its model alone, and a folder of results with one of each."""

from pathlib import Path

import numpy as np
import pandas as pd

from optprimer.registry import TABLES
from optprimer.tables import Table, write

ROWS = 8
REPLICATIONS = 4  # rows that differ in numbers of the key (seeds, steps) but not in its names


def made(model: type[Table], seed: int = 0) -> pd.DataFrame:
    """Return a table of ``model`` with drawn values."""
    rng = np.random.default_rng(seed)
    columns = model.to_schema().columns
    numbered = any(not str(columns[name].dtype).startswith("str") for name in model._key)
    return pd.DataFrame({name: _values(name, column, model._key, numbered, rng) for name, column in columns.items()})


def write_results(folder: Path) -> Path:
    """Write a table of each kind, as a run leaves them; the histories are of two networks."""
    for name, model in TABLES.items():
        if name == "train/history":
            for net in ("resnet56", "resnet56_noskip"):
                write(made(model).assign(net=net), model, folder / "train" / net / "history.csv")
        else:
            write(made(model), model, folder / f"{name}.csv")
    return folder


def _values(name: str, column: object, key: list[str], numbered: bool, rng: np.random.Generator) -> list:
    bounds = {check.name: check.statistics for check in column.checks}
    kind = str(column.dtype)
    if "isin" in bounds:
        return [next(iter(bounds["isin"]["allowed_values"]))] * ROWS
    if kind.startswith("str"):
        distinct = (name in key and not numbered) or column.unique
        return [f"{name}{i if distinct else i // REPLICATIONS}" for i in range(ROWS)]
    if kind.startswith("bool"):
        return rng.random(ROWS) < 0.5
    low = max((limits["min_value"] for limits in bounds.values() if "min_value" in limits), default=0)
    if name in key:
        high = min((limits["max_value"] for limits in bounds.values() if "max_value" in limits), default=low + ROWS)
        return low + (high - low) * (1 + np.arange(ROWS)) / ROWS if kind.startswith("float") else low + np.arange(ROWS)
    return low + rng.integers(0, 50, ROWS) if kind.startswith("int") else low + (0.01 + 0.98 * rng.random(ROWS))
