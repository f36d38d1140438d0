"""Arms against the small batch over paired seeds, and slopes over alpha."""

import math

import numpy as np
import pandas as pd

from optprimer.intervals import mean_interval
from optprimer.sharpness.arms import SMALL
from optprimer.sharpness.names import RELU
from optprimer.sharpness.tables import RUN, Slopes, Summary

RATIOS = (
    "lambda_max", "trace", "lambda_normalised", "gradient_norm", "train_loss", "steps", "epochs", "norm", "distance",
)  # fmt: skip
DIFFERENCES = ("train_accuracy", "test_accuracy", "test_loss")
# d ln / d ln alpha at the least and the largest alpha: H scales as D H D, the gradient as D g; two measures do not change.
THEORY = {
    "lambda_max": (-2.0, 2.0),
    "trace": (-2.0, 2.0),
    "gradient_norm": (-1.0, 1.0),
    "keskar_sharpness": (math.nan, math.nan),
    "adaptive_sharpness": (0.0, 0.0),
    "lambda_normalised": (0.0, 0.0),
}


def summarise(minima: pd.DataFrame, keskar: pd.DataFrame) -> pd.DataFrame:
    """Return rows of sharpness/summary.csv (optprimer.sharpness.tables.Summary) from ``minima.csv`` and ``keskar.csv``.

    A seed in which a measure is not known, or not above 0 where it has to be, leaves the comparison unknown.
    """
    spread = keskar.assign(measure="keskar_" + keskar["space"] + "_" + keskar["epsilon"].map("{:g}".format))
    spread = spread.pivot(index=RUN, columns="measure", values="keskar_sharpness")
    table = minima.set_index(RUN).join(spread).sort_index()
    kinds = dict.fromkeys((*RATIOS, *spread.columns), "ratio") | dict.fromkeys(DIFFERENCES, "difference")
    rows = []
    for (data, network, arm), runs in table.reset_index().groupby(["data", "network", "arm"]):
        if arm == SMALL:
            continue
        runs = runs.set_index("seed")
        small = table.loc[(network, SMALL)]
        names = {"data": data, "network": network, "arm": arm, "seeds": len(runs), "reached": runs["reached"].mean()}
        for measure, comparison in kinds.items():
            compared = _compared(runs[measure], small.loc[runs.index, measure], comparison)
            rows.append(names | {"measure": measure, "comparison": comparison} | compared)
    return pd.DataFrame(rows, columns=list(Summary.to_schema().columns))


def slopes(table: pd.DataFrame) -> pd.DataFrame:
    """Return rows of sharpness/slopes.csv (``Slopes``) from ``reparameterization.csv``; none with a single alpha."""
    table = table[table["variant"] == RELU]
    rows = []
    for quantity, theory in THEORY.items():
        values = np.log(table.pivot(index="alpha", columns="seed", values=quantity))
        steps = values.diff().div(np.diff(np.log(values.index), prepend=math.nan), axis=0).iloc[1:]
        for side, place, expected in zip(("least", "largest"), (0, -1), theory, strict=True):
            if len(steps):
                names = {"data": table["data"].iloc[0], "quantity": quantity, "side": side, "theory": expected}
                rows.append(names | {"seeds": steps.shape[1]} | _interval(steps.iloc[place]))
    return pd.DataFrame(rows, columns=list(Slopes.to_schema().columns))


def _compared(values: pd.Series, small: pd.Series, comparison: str) -> dict[str, float]:
    if comparison == "difference":
        return {"value": _mean(values), "small": _mean(small)} | _interval(values - small)
    logs, small_logs = (np.log(part.where(part > 0).astype(float)) for part in (values, small))
    found = {"value": _mean(logs), "small": _mean(small_logs)} | _interval(logs - small_logs)
    return {name: math.exp(number) for name, number in found.items()}


def _mean(values: pd.Series) -> float:
    return float(values.mean(skipna=False))


def _interval(values: pd.Series) -> dict[str, float]:
    low = high = math.nan
    if len(values) > 1:
        _, (low, high) = mean_interval(values)
    return {"estimate": _mean(values), "ci_low": float(low), "ci_high": float(high)}
