"""What the eye sees on the surfaces, as numbers, paired by direction seed."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from scipy import special

from optprimer.errors import UserError
from optprimer.figures import style
from optprimer.figures.provenance import Provenance
from optprimer.landscape.jobs import CONTROL

MEASURES = {
    "roughness": "roughness\nof ln(loss + 0.1)",
    "local_minima": "local minima\n(number)",
    "sublevel_width": "width of the basin\nat + 1 nat (in α, β)",
    "loss_range": "range\nof ln(loss + 0.1)",
    "negative_share": "negative 2nd\ndifferences (share)",
}


_SPREAD = 0.12  # by how much seeds stand apart on either side, so that equal values do not hide each other


@dataclass(frozen=True)
class Interval:
    """A mean and its 95 % confidence interval."""

    mean: float
    low: float
    high: float


@style.house()
def geometry(geometry: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw every measure of optprimer.landscape.geometry, a point per network and direction seed, seeds connected.

    Of two networks, each panel gives the mean paired difference (with minus without skips) and its 95 % t interval. Controls
    come after them, with hollow points.

    Raises:
        UserError: no grid size is common to all filter-normalised surfaces.
    """
    rows = at_common_points(geometry)
    is_control = rows["surface"] == CONTROL
    nets, controls = style.ordered(rows.loc[~is_control, "net"]), style.ordered(rows.loc[is_control, "net"])
    colours = style.colours([*nets, *controls])
    figure = style.page(2.75)
    axes = figure.subplots(1, len(MEASURES))
    for panel, (measure, name) in zip(axes, MEASURES.items(), strict=True):
        values = rows.pivot(index="direction_seed", columns="net", values=measure)[[*nets, *controls]]
        _draw(panel, values, colours, controls)
        panel.set_title(name, fontsize=8)
        if len(nets) == 2:
            panel.set_xlabel(_told(paired_difference(values[nets[0]], values[nets[1]])), fontsize=7)
    names = style.labels(nets) | {net: f"control: {style.title(net)}" for net in controls}
    handles = [
        axes[0].plot([], [], "o", ms=4, color=colours[net], mfc=_fill(net, colours, controls), label=name)[0]
        for net, name in names.items()
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=3)
    style.footer(
        figure,
        provenance,
        f"{rows['direction_seed'].nunique()} direction pairs, filter-normalised, on {rows['points'].iloc[0]}² points",
        *(["numbers: mean paired difference (with − without skips) and its 95 % t interval"] if len(nets) == 2 else []),
        *(["control: trained once more, from another start and in another order"] if controls else []),
    )
    return figure


def at_common_points(rows: pd.DataFrame) -> pd.DataFrame:
    """Select the grid on which every network and filter-normalised direction seed was measured."""
    rows = rows[rows["directions"] == "filter"]
    common = rows[rows["common"]]
    if len(set(common["points"])) != 1 or len(common) < len(rows.drop_duplicates(["net", "direction_seed"])):
        raise UserError("geometry.csv has no grid size that all filter-normalised surfaces share")
    return common


def paired_difference(first: pd.Series, second: pd.Series) -> Interval:
    """Return the mean of second - first over common, finite entries with its 95 % Student t interval (NaN below two)."""
    differences = (second - first).dropna().to_numpy(float)
    n = len(differences)
    if n < 2:
        return Interval(differences.mean() if n else np.nan, np.nan, np.nan)
    half = special.stdtrit(n - 1, 0.975) * differences.std(ddof=1) / np.sqrt(n)
    mean = differences.mean()
    return Interval(mean, mean - half, mean + half)


def _told(difference: Interval) -> str:
    """Write the mean and its interval to one decimal place: that of the second digit of the largest."""
    largest = np.nanmax(np.abs([difference.mean, difference.low, difference.high]), initial=0)
    places = max(0, 1 - math.floor(math.log10(largest))) if largest > 0 else 0
    mean, low, high = (f"{value:+z.{places}f}" for value in (difference.mean, difference.low, difference.high))
    return f"{mean}\n[{low}, {high}]".replace("-", "−")


def _fill(net: str, colours: dict[str, str], controls: list[str]) -> str:
    return "w" if net in controls else colours[net]


def _draw(axes: Axes, values: pd.DataFrame, colours: dict[str, str], controls: list[str]) -> None:
    places = np.arange(values.shape[1])
    apart = np.linspace(-_SPREAD, _SPREAD, len(values)) if len(values) > 1 else np.zeros(1)
    axes.plot(places[:, None] + apart, values.to_numpy().T, color="0.75", linewidth=0.8, zorder=1)
    for place, net in zip(places, values, strict=True):
        fill = _fill(net, colours, controls)
        axes.plot(place + apart, values[net], "o", color=colours[net], mfc=fill, markersize=3.5, zorder=2, clip_on=False)
        axes.plot(place, values[net].mean(), "_", color=colours[net], markersize=16, markeredgewidth=1.6, zorder=3)
    axes.set_xticks([])
    axes.set_xlim(-0.5, len(places) - 0.5)
    axes.set_ylim(min(0, values.min(axis=None)), 1.04 * axes.get_ylim()[1])
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
