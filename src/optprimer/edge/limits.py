"""Whether the weights of a run converge in direction while they grow: what the rule of claim I9 (docs/edge.md) asks."""

import math

import numpy as np
import pandas as pd

from optprimer.edge.tables import Limits


def limits(direction: pd.DataFrame) -> pd.DataFrame:
    """Return rows of edge/limits.csv (optprimer.edge.tables.Limits) from rows of ``direction.csv`` (``Direction``)."""
    runs = ["data", "role", "seed", "n", "parameters"]
    rows = [dict(zip(runs, key, strict=True)) | _run(run.sort_values("doubling")) for key, run in direction.groupby(runs)]
    return pd.DataFrame(rows, columns=list(Limits.to_schema().columns))


def _run(run: pd.DataFrame) -> dict[str, float]:
    """Describe one run; ``turn`` is NaN in its first row."""
    turn, norm = run["turn"].to_numpy()[1:], run["norm"].to_numpy()
    if not len(turn):
        return {"doublings": 0, "largest_turn": math.nan, "last_turn": math.nan, "first_norm": norm[0], "last_norm": norm[0]}
    falls = np.diff(turn[turn.argmax() :]) < 0
    return {
        "doublings": len(turn),
        "largest_turn": turn.max(),
        "last_turn": turn[-1],
        "turn_falls": falls.mean() if len(falls) else math.nan,
        "norm_grows": (np.diff(norm) > 0).mean(),
        "first_norm": norm[0],
        "last_norm": norm[-1],
    }
