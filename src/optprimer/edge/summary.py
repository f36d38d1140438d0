"""Runs of gradient descent that differ in the seed alone, put together: whether they settle at the edge of stability.

The decision rule of claim G5, fixed in docs/edge.md, is applied to these numbers.
"""

import math
from typing import Any

import numpy as np
import pandas as pd

from optprimer.edge.tables import SETTING, Summary
from optprimer.intervals import mean_interval

LATE = 2 / 3  # of a run's steps: what comes after is its plateau


def summarise(curves: pd.DataFrame) -> pd.DataFrame:
    """Return rows of edge/summary.csv (optprimer.edge.tables.Summary) from rows of ``curves.csv`` (``Curves``)."""
    settings = ["data", *SETTING]
    rows = []
    for key, group in curves.groupby(settings):
        measured = pd.DataFrame([_run(run.sort_values("step")) for _, run in group.groupby("seed")])
        rows.append(dict(zip(settings, key, strict=True)) | _together(measured) | _spread(group))
    return pd.DataFrame(rows, columns=list(Summary.to_schema().columns))


def _run(run: pd.DataFrame) -> dict[str, float]:
    """Describe one run, its sharpness in units of 2 / eta."""
    ratio = run["sharpness"] * run["learning_rate"].iloc[0] / 2
    late = run["step"] > LATE * run["step"].max()
    loss = run["loss"].to_numpy()
    rising = np.diff(loss) > 0
    crossed = run.loc[ratio >= 1, "step"]
    return {
        "steps": run["step"].max(),
        "plateau": ratio[late].mean(),
        "first_crossing": crossed.iloc[0] if len(crossed) else math.nan,
        "late_rises": rising[late.to_numpy()[1:]].mean(),
        "late_fall": run.loc[late, "loss"].iloc[0] / run["loss"].iloc[-1],
        "rises": rising.sum(),
        "fall": loss[0] / loss[-1],
        "largest": ratio.max(),
    }


def _together(runs: pd.DataFrame) -> dict[str, Any]:
    low, high = (math.nan, math.nan) if len(runs) == 1 else map(float, mean_interval(runs["plateau"])[1])
    return {
        "seeds": len(runs),
        "steps": runs["steps"].max(),
        "plateau": runs["plateau"].mean(),
        "plateau_low": low,
        "plateau_high": high,
        "crossed": runs["first_crossing"].notna().mean(),
        "first_crossing": runs["first_crossing"].mean(skipna=False),
        "late_rises": runs["late_rises"].mean(),
        "late_fall": runs["late_fall"].mean(),
        "rises": runs["rises"].max(),
        "fall": runs["fall"].mean(),
        "largest": runs["largest"].max(),
    }


def _spread(rows: pd.DataFrame) -> dict[str, Any]:
    measured = rows["products"] > 0
    return {
        "n": rows["n"].iloc[0],
        "parameters": rows["parameters"].iloc[0],
        "sharpness_low": rows["sharpness"].min(),
        "sharpness_high": rows["sharpness"].max(),
        "measured": measured.sum(),
        "refused": (measured & rows["sharpness"].isna()).sum(),
        "products": rows["products"].sum(),
    }
