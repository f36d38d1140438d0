"""Names, colours and order of what the memorization studies compare: kinds of labels and pixels, networks, regularizers."""

from collections.abc import Iterable

import pandas as pd
from matplotlib.axes import Axes

from optprimer.figures import style
from optprimer.figures.palette import BLUE, BROWN, GREEN, ORANGE, PINK, PURPLE, SILVER, SKY, VERMILION, YELLOW
from optprimer.memorization.plan import CONTROLS

# As in the legend of Zhang et al. 2017, figure 1a, and in its order.
KINDS = {
    "true_labels": ("true labels", BLUE),
    "partial_labels": ("partly random labels", PURPLE),
    "random_labels": ("random labels", VERMILION),
    "shuffled_pixels": ("shuffled pixels", GREEN),
    "random_pixels": ("random pixels", ORANGE),
    "gaussian": ("Gaussian", SKY),
    "redrawn_labels": ("labels redrawn every epoch (control)", SILVER),
}
NETWORKS = {
    "inception": ("Inception", VERMILION),
    "inception_no_bn": ("Inception without batch norm", ORANGE),
    "alexnet": ("AlexNet", GREEN),
    "mlp_3x512": ("MLP 3×512", PURPLE),
    "mlp_1x512": ("MLP 1×512", BLUE),
    "mlp_1x8": ("MLP 1×8 (control)", BROWN),
    "linear": ("linear model (control)", SILVER),
}
REGULARIZERS = {
    "none": "none",
    "weight_decay": "weight decay",
    "crop": "random shifts",
    "crop_weight_decay": "random shifts, weight decay",
    "dropout": "dropout",
    "strong_weight_decay": "strong weight decay (control)",
}
WHOLE = ("true_labels", "random_labels", "shuffled_pixels", "random_pixels", "gaussian")  # done to all images alike
_OTHERS = (PINK, YELLOW, SKY, SILVER)


def networks(names: Iterable[str], *, controls: bool = False) -> list[str]:
    """Return the distinct ``names`` in the order of the legend, those that are not in it last; controls only if asked for."""
    order = list(NETWORKS)
    kept = {name for name in names if controls or name not in CONTROLS}
    return sorted(kept, key=lambda name: (order.index(name) if name in order else len(order), name))


def network_names(names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return the name in print and the colour of each network; foreign ones keep their names and take the colours left."""
    others = iter(_OTHERS * 9)
    return {name: NETWORKS[name] if name in NETWORKS else (name, next(others)) for name in networks(names, controls=True)}


def regularizers(names: Iterable[str]) -> list[str]:
    """Return the distinct ``names`` in the order of ``REGULARIZERS``, those that are not in it before the control."""
    order = list(REGULARIZERS)
    return sorted(set(names), key=lambda name: (order.index(name) if name in order else len(order) - 1.5, name))


def regularizer_name(name: str) -> str:
    """Return the name in print of a regularizer; foreign ones keep theirs."""
    return REGULARIZERS.get(name, name)


def of_kinds(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the kinds that have no degree, without regularizer, where a network has any but true labels."""
    rows = table[table["labels"].isin(WHOLE) & (table["regularizer"] == "none")]
    return rows[rows["network"].isin(rows.loc[rows["labels"] != "true_labels", "network"])]


def by_epoch(rows: pd.DataFrame, column: str, last: int) -> pd.DataFrame:
    """Return ``column`` of the runs of one setting by epoch and seed (last + 1, seeds), NaN after the end of a run.

    But a run that ended since it had fitted keeps its last value.
    """
    values = rows.pivot(index="epoch", columns="seed", values=column).reindex(range(last + 1))
    for seed, run in rows.groupby("seed"):
        end = run.loc[run["epoch"].idxmax()]
        if end["train_accuracy"] == 1:
            values.loc[end["epoch"] + 1 :, seed] = end[column]
    return values


def scale(summary: pd.DataFrame) -> str:
    """Say how many images the runs were trained on, and how many runs the bands and means are of."""
    low, high = summary["seeds"].min(), summary["seeds"].max()
    runs = f"{low} runs" if low == high else f"{low} to {high} runs"
    return f"{style.images(summary)}, {runs} (seeds) each"


def chance_line(axes: Axes, classes: int = 10) -> None:
    """Mark the accuracy of a guess."""
    axes.axhline(1 / classes, color=style.GREY, linestyle=":", linewidth=0.8)


def ending(axes: Axes, x: float, y: float, colour: str, fitted: bool, *, size: float = 5) -> None:
    """Mark how runs ended: a filled dot if all fitted, a hollow and crossed one if not, so that colour is not all there is."""
    axes.plot(x, y, "o", color=colour, markersize=size, markerfacecolor=colour if fitted else "white", clip_on=False, zorder=3)
    if not fitted:
        axes.plot(x, y, "x", color=colour, markersize=0.6 * size, clip_on=False, zorder=4)
