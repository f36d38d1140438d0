"""What the eye sees on the surfaces, as numbers, paired by direction seed."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from optprimer.errors import UserError
from optprimer.figures import style
from optprimer.figures.provenance import Provenance

MEASURES = {
    "roughness": "roughness\nof ln(loss + 0.1)",
    "local_minima": "local minima",
    "sublevel_width": "width of the basin\n(centre + 1 nat)",
    "loss_range": "range\nof ln(loss + 0.1)",
    "negative_share": "share of negative\n2nd differences",
}


@dataclass(frozen=True)
class Interval:
    """A mean and its 95 % confidence interval."""

    mean: float
    low: float
    high: float


@style.house()
def geometry(geometry: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw every measure of optprimer.landscape.geometry, a point per network and direction seed, seeds connected.

    With two networks, each panel gives the mean paired difference (with minus without skips) and its 95 % t interval.

    Raises:
        UserError: no grid size is common to all filter-normalised surfaces.
    """
    rows = at_common_points(geometry)
    nets = style.ordered(rows["net"])
    colours = style.colours(nets)
    figure = style.page(2.75)
    axes = figure.subplots(1, len(MEASURES))
    for panel, (measure, name) in zip(axes, MEASURES.items(), strict=True):
        values = rows.pivot(index="direction_seed", columns="net", values=measure)[nets]
        _draw(panel, values, colours)
        panel.set_title(name, fontsize=8)
        if len(nets) == 2:
            panel.set_xlabel(_told(paired_difference(values[nets[0]], values[nets[1]])), fontsize=7)
    names = style.labels(nets)
    handles = [axes[0].plot([], [], "o", ms=4, color=colours[net], label=names[net])[0] for net in nets]
    figure.legend(handles=handles, loc="outside upper center", ncols=3)
    style.footer(
        figure,
        provenance,
        f"{rows['direction_seed'].nunique()} direction pairs, filter-normalised, on {rows['points'].iloc[0]}² points",
        *(["numbers: mean paired difference (with − without skips) and its 95 % t interval"] if len(nets) == 2 else []),
    )
    return figure


def at_common_points(rows: pd.DataFrame) -> pd.DataFrame:
    """Select the smallest grid on which every network and filter-normalised direction seed was measured."""
    rows = rows[rows["directions"] == "filter"].drop_duplicates(["net", "direction_seed", "points"])
    pairs = rows.drop_duplicates(["net", "direction_seed"])
    for _, group in rows.groupby("points"):
        if len(group) == len(pairs):
            return group
    raise UserError("geometry.csv has no grid size that all filter-normalised surfaces share")


def paired_difference(first: pd.Series, second: pd.Series) -> Interval:
    """Return the mean of second - first over common, finite entries with its 95 % Student t interval (NaN below two)."""
    differences = (second - first).dropna().to_numpy(float)
    n = len(differences)
    if n < 2:
        return Interval(differences.mean() if n else np.nan, np.nan, np.nan)
    half = stats.t.ppf(0.975, n - 1) * differences.std(ddof=1) / np.sqrt(n)
    mean = differences.mean()
    return Interval(mean, mean - half, mean + half)


def _told(difference: Interval) -> str:
    return f"{difference.mean:+.2g}\n[{difference.low:+.2g}, {difference.high:+.2g}]".replace("-", "−")


def _draw(axes: Axes, values: pd.DataFrame, colours: dict[str, str]) -> None:
    places = np.arange(values.shape[1])
    axes.plot(places, values.to_numpy().T, color="0.75", linewidth=0.8, zorder=1)
    for place, net in zip(places, values, strict=True):
        axes.plot(np.full(len(values), place), values[net], "o", color=colours[net], markersize=4, zorder=2)
        axes.plot(place, values[net].mean(), "_", color=colours[net], markersize=16, markeredgewidth=1.6, zorder=3)
    axes.set_xticks([])
    axes.set_xlim(-0.5, len(places) - 0.5)
    low, high = axes.get_ylim()
    axes.set_ylim(min(0, low), high + 0.04 * abs(high))
