"""Runs that differ in their seed alone, put together and against the recipe that they are to be compared with."""

import math
from typing import Any

import numpy as np
import pandas as pd

from optprimer.batch.paired import paired
from optprimer.batch.tables import Summary
from optprimer.intervals import mean_interval

GROUP = ["data", "network", "recipe", "against"]
MEANS = ["train_loss", "gradient_norm", "distance"]
INTERVALS = ["train_accuracy", "test_accuracy"]


def summarise(runs: pd.DataFrame) -> pd.DataFrame:
    """Return rows of batch/summary.csv (optprimer.batch.tables.Summary) from rows of ``runs.csv`` (``Runs``).

    Intervals are not clipped to [0, 1]. What is NaN in one run is NaN for all together.
    """
    accuracy = runs.set_index(["network", "recipe", "seed"])["test_accuracy"]
    rows = []
    for (data, network, recipe, against), group in runs.groupby(GROUP):
        names = {"data": data, "network": network, "recipe": recipe, "against": against}
        mine, theirs = (_by_seed(accuracy, network, name) for name in (recipe, against))
        rows.append(names | _row(group) | _compared((mine - theirs).dropna() if recipe != against else mine[:0]))
    return pd.DataFrame(rows, columns=list(Summary.to_schema().columns))


def _by_seed(accuracy: pd.Series, network: str, recipe: str) -> pd.Series:
    return accuracy.xs((network, recipe), level=("network", "recipe"))


def _row(runs: pd.DataFrame) -> dict[str, Any]:
    """Put the runs of one recipe together. Folds may differ by an image, and so the numbers of steps: their means count."""
    return {
        "seeds": len(runs),
        "n": round(runs["n"].mean()),
        "parameters": runs["parameters"].iloc[0],
        "steps": round(runs["steps"].mean()),
        "gradient_evaluations": round(runs["gradient_evaluations"].mean()),
        "learning_rate_low": runs["learning_rate"].min(),
        "learning_rate_high": runs["learning_rate"].max(),
        "at_edge": runs["at_edge"].mean(),
        "diverged": runs["diverged"].sum(),
        "sharpness": float(np.exp(np.log(runs["sharpness"].clip(lower=0)).mean(skipna=False))),
        **{name: runs[name].mean(skipna=False) for name in MEANS},
        **{name: value for column in INTERVALS for name, value in _interval(runs[column]).items()},
    }


def _interval(values: pd.Series) -> dict[str, float]:
    name, low, high = str(values.name), math.nan, math.nan
    if len(values) > 1:
        _, (low, high) = mean_interval(values)
    return {name: values.mean(), f"{name}_low": float(low), f"{name}_high": float(high)}


def _compared(differences: pd.Series) -> dict[str, Any]:
    found = paired(differences)
    return {
        "difference": found.mean,
        "difference_low": found.low,
        "difference_high": found.high,
        "tost_low": found.tost_low,
        "tost_high": found.tost_high,
        "equivalent": found.equivalent,
        "worse": found.worse,
        "better": found.better,
    }
