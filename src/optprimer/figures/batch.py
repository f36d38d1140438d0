"""GD against SGD, recipe by recipe: how well each was trained, how well it generalises, and whether that is as well as SGD."""

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MultipleLocator, PercentFormatter

from optprimer.batch.paired import MARGIN
from optprimer.figures import recipes, style
from optprimer.figures.palette import GREEN, VERMILION
from optprimer.figures.provenance import Provenance
from optprimer.figures.rateplot import minus

SHOWN = 3.0  # points: differences beyond are told by an arrow and a number
LEAST = 0.05  # of the axis of accuracies
Places = dict[tuple[str, str], int]


@style.house()
def batch(summary: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw a line for each network and recipe: training and test accuracy, and the difference to SGD with its verdict."""
    places = _places(summary)
    figure = style.page(1.3 + 0.172 * max(places.values()))
    accuracies, differences = figure.subplots(1, 2, sharey=True, width_ratios=[1, 1.15])
    for _, row in summary.iterrows():
        y, colour = places[row["network"], row["recipe"]], _colour(row)
        _accuracy(accuracies, row, y, colour)
        if pd.notna(row["difference"]):
            _difference(differences, row, y, colour)
    _finish(accuracies, differences, places, summary)
    figure.legend(handles=_key(), loc="outside upper center", ncols=5, fontsize=7, columnspacing=1.4, handletextpad=0.4)
    augmented = summary[summary["against"] != "sgd"]["recipe"].map(recipes.recipe_name).unique()
    others = [f"compared with its like on SGD's side: {', '.join(augmented)}"] if len(augmented) else []
    style.footer(
        figure,
        provenance,
        recipes.scale(summary),
        "differences are those of runs of the same seed, which start at the same weights",
        f"equivalent: the 90 % interval lies within ±{100 * MARGIN:g} point (two one-sided tests at 5 %)",
        "worse, better: the 95 % interval excludes 0; undecided: none of these",
        *([f"arrow: beyond ±{SHOWN:g} points, where intervals are cut off too"] if _is_cut(summary) else []),
        *others,
    )
    return figure


def _is_cut(summary: pd.DataFrame) -> bool:
    return bool((100 * summary[["difference_low", "difference_high"]].abs() > SHOWN).any(axis=None))


def verdict(row: pd.Series) -> str:
    """Say what the rules say of a row of the summary."""
    side = "worse" if row["worse"] else "better" if row["better"] else ""
    if row["equivalent"]:
        return f"equivalent, slightly {side}" if side else "equivalent"
    return side or "undecided"


def _places(summary: pd.DataFrame) -> Places:
    """Return the line of each network and recipe, from the top; above each network's first is room for its name."""
    places, line = {}, 0
    for network in sorted(summary["network"].unique(), key=lambda name: (name not in recipes.NETWORKS, name)):
        line += 1
        for recipe in recipes.ordered(summary.loc[summary["network"] == network, "recipe"]):
            places[network, recipe] = line
            line += 1
    return places


def _colour(row: pd.Series) -> str:
    if pd.isna(row["difference"]):
        return style.GREY
    return GREEN if row["equivalent"] else VERMILION if row["worse"] else style.GREY


def _accuracy(axes: Axes, row: pd.Series, y: int, colour: str) -> None:
    axes.plot(row["train_accuracy"], y, "D", color="0.55", markersize=4, markerfacecolor="white", clip_on=False)
    axes.plot([row["test_accuracy_low"], row["test_accuracy_high"]], [y, y], color=colour, linewidth=1.6, solid_capstyle="butt")
    axes.plot(row["test_accuracy"], y, "o", color=colour, markersize=4.5)
    axes.annotate(f"{row['steps']:,}", (1, y), xycoords=axes.get_yaxis_transform(), xytext=(33, 0), ha="right", va="center",
                  textcoords="offset points", fontsize=6.5, color=style.GREY)  # fmt: skip


def _difference(axes: Axes, row: pd.Series, y: int, colour: str) -> None:
    mean, *ends = (
        100 * row[f"{name}"] for name in ("difference", "difference_low", "difference_high", "tost_low", "tost_high")
    )
    low, high, tost_low, tost_high = (min(max(end, -SHOWN), SHOWN) for end in ends)
    if abs(mean) > SHOWN:
        tip = math.copysign(SHOWN, mean)
        axes.annotate("", (tip, y), xytext=(0.87 * tip, y), arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 1.2})
        axes.text(
            0.84 * tip, y, minus(f"{mean:+.1f}"), fontsize=6.5, color=colour, va="center", ha="left" if mean < 0 else "right"
        )
    else:
        axes.plot([low, high], [y, y], color=colour, linewidth=0.9, solid_capstyle="butt")
        axes.plot([tost_low, tost_high], [y, y], color=colour, linewidth=3, solid_capstyle="butt", alpha=0.55)
        axes.plot(mean, y, "o", color=colour, markersize=4.5)
    text = minus(f"{mean:+z.1f}  {verdict(row)}") if abs(mean) <= SHOWN else verdict(row)
    axes.annotate(text, (1, y), xycoords=axes.get_yaxis_transform(), xytext=(6, 0), textcoords="offset points", va="center",
                  fontsize=6.5, color=colour)  # fmt: skip


def _finish(accuracies: Axes, differences: Axes, places: Places, summary: pd.DataFrame) -> None:
    style.panel_title(accuracies, "accuracy")
    lowest = summary[["test_accuracy_low", "test_accuracy", "train_accuracy"]].min(axis=None)
    accuracies.set(xlim=(min(1 - LEAST, lowest - 0.01), 1), ylim=(max(places.values()) + 0.6, -0.5))
    accuracies.xaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    accuracies.annotate("steps", (1, 1), xycoords="axes fraction", xytext=(33, 5), textcoords="offset points", ha="right",
                        fontsize=7.5, color=style.GREY)  # fmt: skip
    accuracies.set_yticks(list(places.values()), [recipes.recipe_name(recipe) for _, recipe in places], fontsize=7)
    accuracies.tick_params(axis="y", length=0)
    first = {network: min(y for (other, _), y in places.items() if other == network) for network, _ in places}
    for network, y in first.items():
        accuracies.annotate(recipes.network_name(network), (0, y - 0.95), xycoords=accuracies.get_yaxis_transform(),
                            xytext=(-3.5, 0), textcoords="offset points", ha="right", va="center", fontsize=7.5,
                            fontweight="bold")  # fmt: skip
    style.panel_title(differences, "test accuracy less that of SGD (points)")
    differences.axvspan(-100 * MARGIN, 100 * MARGIN, color=GREEN, alpha=0.12, linewidth=0)
    differences.axvline(0, color=style.GREY, linewidth=0.8, linestyle=":")
    differences.set(xlim=(-SHOWN, SHOWN))
    differences.xaxis.set_major_locator(MultipleLocator(1))
    differences.xaxis.set_major_formatter(lambda value, _: minus(f"{value:+g}") if value else "0")
    differences.tick_params(axis="y", length=0)
    for axes in (accuracies, differences):
        for y in places.values():
            axes.axhline(y, color="0.9", linewidth=0.5, zorder=0)


def _key() -> list[Line2D]:
    dot = {"linestyle": "none", "color": style.GREY, "marker": "o", "markersize": 4.5}
    return [
        Line2D([], [], **dot | {"marker": "D", "markersize": 4, "color": "0.55"}, markerfacecolor="white", label="training"),
        Line2D([], [], **dot, label="test, 95 % interval"),
        Line2D([], [], color=style.GREY, linewidth=3, alpha=0.55, label="90 % interval"),
        Line2D([], [], **dot | {"color": GREEN}, label="equivalent to SGD"),
        Line2D([], [], **dot | {"color": VERMILION}, label="worse"),
    ]
