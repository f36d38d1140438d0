"""Runs that differ in their seed alone, put together and beside what is published."""

import math
from typing import Any

import pandas as pd

from optprimer.intervals import mean_interval
from optprimer.memorization.evidence import Band, mean_chance_band
from optprimer.memorization.published import PUBLISHED
from optprimer.memorization.tables import Summary

GROUP = ["data", *Summary._key]
INTERVALS = ["train_accuracy", "test_accuracy", "epochs_to_fit", "relative_time"]


def summarise(runs: pd.DataFrame) -> pd.DataFrame:
    """Return rows of memorization/summary.csv (optprimer.memorization.tables.Summary) from rows of ``runs.csv`` (``Runs``).

    Intervals are not clipped to [0, 1], and have no width where all runs agree. With one seed there are none. What is NaN in
    one run, such as the epochs of one that did not fit, is NaN for all together: the mean of the others is that of quick ones.
    """
    groups = _relative(runs).groupby(GROUP)
    rows = [dict(zip(GROUP, key, strict=True)) | _row(group) for key, group in groups]
    columns = [name for name in Summary.to_schema().columns if not name.startswith("published")]
    return pd.DataFrame(rows, columns=columns).merge(_published(), how="left", on=["network", "labels", "regularizer"])


def _relative(runs: pd.DataFrame) -> pd.DataFrame:
    """Add ``relative_time``: the run's epochs to fit, over those of the same network and seed on true labels, unregularized."""
    plain = runs[(runs["labels"] == "true_labels") & (runs["regularizer"] == "none")]
    unit = plain[["network", "seed", "epochs_to_fit"]].rename(columns={"epochs_to_fit": "unit"})
    pairs = runs.merge(unit, how="left", on=["network", "seed"], validate="many_to_one")
    return pairs.assign(relative_time=pairs["epochs_to_fit"] / pairs["unit"])


def _row(runs: pd.DataFrame) -> dict[str, Any]:
    n, parameters = round(runs["n"].mean()), int(runs["parameters"].iloc[0])  # folds differ by an image, networks in nothing
    band = mean_chance_band(list(map(Band, runs["chance_low"], runs["chance_high"])), runs["n_test"])
    return {
        "seeds": len(runs),
        "n": n,
        "parameters": parameters,
        "parameters_per_image": parameters / n,
        "fitted": runs["fitted"].mean(),
        "best_test_accuracy": runs["best_test_accuracy"].mean(),
        "chance_low": band.low,
        "chance_high": band.high,
        **{name: value for column in INTERVALS for name, value in _interval(runs[column]).items()},
    }


def _interval(values: pd.Series) -> dict[str, float]:
    name = str(values.name)
    if len(values) == 1:
        return {name: values.iloc[0], f"{name}_low": math.nan, f"{name}_high": math.nan}
    mean, (low, high) = mean_interval(values)
    return {name: float(mean), f"{name}_low": float(low), f"{name}_high": float(high)}


def _published() -> pd.DataFrame:
    return pd.DataFrame(PUBLISHED).rename(columns={"train": "published_train", "test": "published_test"})
