"""Small settings of the memorization stage, in the form of the configuration's section, and their plan on disk."""

from dataclasses import asdict
from pathlib import Path

import pandas as pd

from optprimer.memorization.plan import Run
from optprimer.memorization.tables import Plan
from optprimer.tables import write

NOTHING = {"weight_decay": 0.0, "dropout": 0.0, "crop_padding": 0, "flip": False}


def network(runs_per_job=4, **changes):
    recipe = {"architecture": "mlp", "widths": [8], "batch_size": 16, "learning_rate": 0.05, "decay": 1.0, "epochs": 3}
    return recipe | {"runs_per_job": runs_per_job} | changes


def study(**changes):
    lists = {"networks": ["small"], "labels": ["true_labels"], "corruption": [], "regularizers": ["none"], "seeds": 1}
    return lists | changes


def section(networks=None, regularizers=None, **studies):
    return {
        "patience": 2,
        "networks": networks or {"small": network(), "large": network(widths=[32, 16], epochs=5)},
        "regularizers": {"none": NOTHING} | (regularizers or {"decay": NOTHING | {"weight_decay": 0.01}}),
        "studies": studies or {"only": study()},
    }


def made_run(labels="random_labels", **changes):
    """A run that fits the noise of test_variants.made within its budget."""
    settings = {
        "network": "mlp",
        "labels": labels,
        "corruption": 1.0 if labels in ("random_labels", "redrawn_labels") else 0.0,
        "regularizer": "none",
        "seed": 0,
        "architecture": "mlp",
        "widths": (64,),
        "batch_size": 16,
        "learning_rate": 0.05,
        "decay": 1.0,
        "epochs": 60,
        "patience": 3,
    }
    return Run(**settings | NOTHING | changes)


def write_plan(path: Path, runs):
    rows = [asdict(run) | {"row": row, "widths": " ".join(map(str, run.widths))} for row, run in enumerate(runs)]
    write(pd.DataFrame(rows), Plan, path)
