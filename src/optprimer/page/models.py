"""What can be moved on the page, as plain numbers for its scripts: each is made from the tables of one figure.

Numbers are rounded to what a screen can show. What is not finite is None, JSON's null.
"""

from collections.abc import Iterable
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from optprimer.figures.figure1 import VIEW, panels, titles
from optprimer.figures.figure2 import BASE, nearest, sandwiches
from optprimer.figures.grids import CAP, Grid, height, height_limits, largest, ticks_of
from optprimer.figures.memorized import by_epoch, network_names
from optprimer.figures.relief import BOX
from optprimer.figures.style import LOSS_MAP

Model = dict[str, Any]
_SIDE = 65  # points along each side of a surface, at most
_SHADES = 64
_SHARES = 3  # of corrupted labels, at least, for a slider
_ENDS = (
    "train_accuracy",
    "test_accuracy",
    "test_accuracy_low",
    "test_accuracy_high",
    "epochs_to_fit",
    "chance_low",
    "chance_high",
)
_SWEEP = "largest gradient norm after "
_DRAWN = {"quadratic_1d": "w²/2", "pseudo_huber": "√(1 + w²)"}  # losses with beta = 1 that descent.js knows by formula


def figure1(history: pd.DataFrame, surface: pd.DataFrame) -> Model:
    """Return the surfaces of figure 1: heights ln(loss + 0.1) on the grid that was measured, the scale and colours of all.

    {} where no surface along filter-normalised directions was measured, or no point of it is finite.
    """
    rows = surface[surface["directions"] == "filter"]
    if not np.isfinite(rows["loss"]).any():
        return {}
    grids = panels(largest(surface, "filter"))
    scale = height_limits([each.loss for each in grids], CAP)
    heights, losses = ticks_of(scale, CAP)
    colours = matplotlib.colormaps[LOSS_MAP](np.linspace(0, 1, _SHADES))[:, :3]
    return {
        "panels": [_panel(each, history) for each in grids],
        "low": _rounded(scale.vmin),
        "high": _rounded(scale.vmax),
        "cap": _rounded(float(height(CAP))),
        "ticks": [{"at": _rounded(at), "name": name} for at, name in zip(heights, losses, strict=True)],
        "colours": (colours * 255).round().astype(int).ravel().tolist(),
        "box": list(BOX),
        "turn": VIEW["azim"],
        "tilt": VIEW["elev"],
    }


def _panel(grid: Grid, history: pd.DataFrame) -> Model:
    rows, columns = (_thinned(len(axis)) for axis in (grid.beta, grid.alpha))
    name, result = titles(grid, history)
    return {
        "name": name,
        "result": result,
        "alpha": _rounded(grid.alpha[columns]),
        "beta": _rounded(grid.beta[rows]),
        "heights": _rounded(height(grid.loss)[np.ix_(rows, columns)]),
    }


def _thinned(count: int) -> np.ndarray:
    """Return which of ``count`` points are kept, the first and the last among them."""
    return np.linspace(0, count - 1, min(count, _SIDE)).round().astype(int)


def figure2(curves: pd.DataFrame) -> Model:
    """Return the loss of figure 2 with its bounds at every base point; {} where none were made."""
    if not (curves["study"] == "sandwich").any():
        return {}
    found = sandwiches(curves)
    return {
        "w": _rounded(found[0].w, 6),
        "loss": _rounded(found[0].loss, 6),
        "bases": [{"u": each.u, "lower": _rounded(each.lower, 6), "upper": _rounded(each.upper, 6)} for each in found],
        "beta": _rounded(found[0].beta, 6),
        "tolerance": 3e-6,  # of heights that were rounded
        "first": found.index(nearest(found, BASE)),
    }


def descent(curves: pd.DataFrame) -> Model:
    """Return the largest gradient that runs with each step size, eta times beta, were left with; {} where none were made."""
    rows = curves[(curves["study"] == "descent") & curves["quantity"].str.startswith(_SWEEP) & curves["problem"].isin(_DRAWN)]
    if rows.empty:
        return {}
    return {
        "after": rows["quantity"].iloc[0].removeprefix("largest gradient norm "),
        "losses": [
            {
                "problem": problem,
                "name": name,
                "steps": _rounded(own["t"], 6),
                "norms": [_significant(value) for value in own["value"]],
            }
            for problem, name in _DRAWN.items()
            if len(own := rows[rows["problem"] == problem].sort_values("t"))
        ],
    }


def memorization(curves: pd.DataFrame, summary: pd.DataFrame) -> Model:
    """Return accuracies by epoch and at the end, for every network that was trained at three shares of corruption or more.

    Lines are means over seeds. A run ends when it has fitted; its last accuracies are carried on to the last epoch of all.
    Networks with more shares come first. {} where there is none.
    """
    curves, summary = (table[_swept(table)] for table in (curves, summary))
    summary = summary[_pairs(summary).isin(_pairs(curves))]  # of the others there are no lines
    shares = summary.groupby("network")["corruption"].nunique()
    swept = shares[shares >= _SHARES].sort_values(ascending=False, kind="stable").index
    names = network_names(swept)
    networks = [
        _network(names[network][0], curves[curves["network"] == network], summary[summary["network"] == network])
        for network in swept
    ]
    return {"networks": networks} if networks else {}


def _network(name: str, curves: pd.DataFrame, summary: pd.DataFrame) -> Model:
    last = int(curves["epoch"].max())
    shares = []
    for row in summary.sort_values("corruption").to_dict("records"):
        runs = curves[curves["corruption"] == row["corruption"]]
        lines = {key: _rounded(by_epoch(runs, f"{key}_accuracy", last).mean(axis=1), 4) for key in ("train", "test")}
        shares.append(
            {"share": row["corruption"], "seeds": row["seeds"], **lines, **{key: _rounded(row[key], 4) for key in _ENDS}}
        )
    return {"name": name, "epochs": last, "shares": shares}


def _pairs(rows: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(rows[["network", "corruption"]])


def _swept(rows: pd.DataFrame) -> pd.Series:
    return rows["labels"].isin(["true_labels", "partial_labels", "random_labels"]) & (rows["regularizer"] == "none")


def _rounded(values: ArrayLike, digits: int = 3) -> float | list | None:
    """Round numbers, or an array of them, to plain ones; what is not finite becomes None."""
    if isinstance(values, Iterable):
        return [_rounded(each, digits) for each in values]
    return round(float(values), digits) + 0.0 if np.isfinite(values) else None


def _significant(value: float) -> float | None:
    return float(f"{value:.3g}") if np.isfinite(value) else None
