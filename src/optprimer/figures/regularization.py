"""What regularizers change: test accuracy on true labels, a little, and the memorization of random ones, rarely.

Tables 1 and 4 of Zhang et al. 2017 (arXiv 1611.03530) as one picture.
"""

from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from optprimer.errors import UserError
from optprimer.figures import memorized, style
from optprimer.figures.provenance import Provenance
from optprimer.figures.rateplot import minus

STRONG = "strong_weight_decay"  # the control, which has to stop memorization


@dataclass(frozen=True)
class Side:
    """One half: the accuracy drawn for runs on one kind of labels, what the paper prints, and whether changes are told."""

    labels: str
    title: str
    accuracy: str
    published: str
    changes: bool


SIDES = (
    Side("true_labels", "true labels: test accuracy", "test_accuracy", "published_test", changes=True),
    Side("random_labels", "random labels: training accuracy", "train_accuracy", "published_train", changes=False),
)


@style.house()
def regularization(summary: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw test accuracy on true labels and training accuracy on random ones, a line for each network and regularizer.

    Raises:
        UserError: no network but the controls was run on true or random labels.
    """
    rows = summary[summary["labels"].isin([side.labels for side in SIDES]) & ~summary["network"].isin(memorized.CONTROLS)]
    if rows.empty:
        raise UserError("summary.csv: no network but the controls was run on true or random labels")
    sides = [side for side in SIDES if side.labels in set(rows["labels"])]
    places = heights(rows)
    figure = style.page(1.65 + 0.165 * max(places.values()))
    panels = figure.subplots(1, len(sides), sharey=True, squeeze=False)[0]
    for axes, side in zip(panels, sides, strict=True):
        _draw(axes, rows[rows["labels"] == side.labels], side, places)
    _name(panels[0], places)
    figure.legend(handles=_key(rows), loc="outside upper center", ncols=2, fontsize=7, columnspacing=1.5)
    style.footer(
        figure,
        provenance,
        memorized.scale(rows),
        "bars: 95 % intervals over seeds",
        "numbers: means in %, in brackets the change in points against the same network without regularizer",
        *_published(rows),
        "dotted: a guess",
    )
    return figure


def heights(rows: pd.DataFrame) -> dict[tuple[str, str], int]:
    """Return the line of each network and regularizer, from the top; above each network's first is room for its name."""
    places, line = {}, 0
    for network in memorized.networks(rows["network"]):
        line += 1
        for regularizer in memorized.regularizers(rows.loc[rows["network"] == network, "regularizer"]):
            places[network, regularizer] = line
            line += 1
    return places


def _draw(axes: Axes, rows: pd.DataFrame, side: Side, places: dict[tuple[str, str], int]) -> None:
    names = memorized.network_names(network for network, _ in places)
    plain = rows[rows["regularizer"] == "none"].set_index("network")[side.accuracy]
    changes = rows[side.accuracy] - rows["network"].map(plain)
    for (_, regularizer), y in places.items():
        if regularizer == STRONG:
            axes.axhspan(y - 0.5, y + 0.5, color="0.93", linewidth=0, zorder=0)
        axes.axhline(y, color="0.88", linewidth=0.5, zorder=0)
    for index, row in rows.iterrows():
        y, (_, colour) = places[row["network"], row["regularizer"]], names[row["network"]]
        interval = row[[f"{side.accuracy}_low", f"{side.accuracy}_high"]].astype(float).clip(0, 1)
        axes.plot(interval, [y, y], color=colour, linewidth=2, solid_capstyle="butt", clip_on=False)
        axes.plot(row[side.published], y, "D", color="0.45", markersize=7, markerfacecolor="none", markeredgewidth=0.9,
                  clip_on=False, zorder=5)  # fmt: skip
        memorized.ending(axes, row[side.accuracy], y, colour, row["fitted"] == 1)
        text = _told(row[side.accuracy], changes[index] if side.changes and row["regularizer"] != "none" else float("nan"))
        axes.text(1.04, y, text, transform=axes.get_yaxis_transform(), va="center", fontsize=6.5, color=colour)
    axes.axvline(0.1, color=style.GREY, linestyle=":", linewidth=0.8)
    axes.set(xlim=(0, 1), ylim=(max(places.values()) + 0.6, -0.5))
    axes.set_xlabel(_found(rows, changes, side), fontsize=7.5)
    axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.tick_params(axis="y", length=0)
    style.panel_title(axes, side.title)


def _told(accuracy: float, change: float) -> str:
    return minus(f"{100 * accuracy:.1f}" + (f" ({100 * change:+z.1f})" if pd.notna(change) else ""))


def _found(rows: pd.DataFrame, changes: pd.Series, side: Side) -> str:
    """Say what the panel shows, the control apart."""
    usual = ~rows["regularizer"].isin(["none", STRONG])
    if side.changes:
        changes = 100 * changes[usual].dropna()
        return minus(f"regularizers change it by {changes.min():+z.1f} to {changes.max():+z.1f} points") if len(changes) else ""
    groups = rows["regularizer"].where(rows["regularizer"].isin(["none", "weight_decay", STRONG]), "others")
    fitted = (rows["fitted"] == 1).groupby(groups).agg(["sum", "size"])
    names = {"none": "without regularizer", "weight_decay": "with weight decay", "others": "with others"}
    counts = [
        f"{row['sum']} of {row['size']} {names[name]}" for name, row in fitted.reindex(names).dropna().astype(int).iterrows()
    ]
    return "all labels fitted: " + ", ".join(counts).replace(", ", ",\n", 1)


def _name(axes: Axes, places: dict[tuple[str, str], int]) -> None:
    """Name the lines left of the first panel, and the networks above theirs."""
    axes.set_yticks(list(places.values()), [memorized.regularizer_name(regularizer) for _, regularizer in places], fontsize=7)
    first = {network: min(y for (other, _), y in places.items() if other == network) for network, _ in places}
    for network, (name, colour) in memorized.network_names(first).items():
        axes.annotate(name, (0, first[network] - 0.95), xycoords=axes.get_yaxis_transform(), xytext=(-3.5, 0), va="center",
                      textcoords="offset points", ha="right", color=colour, fontsize=7.5, fontweight="bold")  # fmt: skip


def _key(rows: pd.DataFrame) -> list[Line2D]:
    dot = {"linestyle": "none", "color": style.GREY, "markersize": 5}
    handles = [Line2D([], [], marker="o", **dot, label="all runs classified all training images as labelled")]
    if (rows["fitted"] < 1).any():
        label = "not all of them did within their epochs"
        handles.append(Line2D([], [], marker="$\\otimes$", **dot | {"markersize": 6.5}, markeredgewidth=0.3, label=label))
    if rows[["published_test", "published_train"]].notna().any(axis=None):
        label = "Zhang et al. 2017 (CIFAR-10, 50,000 images 28×28)"
        handles.append(Line2D([], [], marker="D", **dot | {"color": "0.5"}, markerfacecolor="none", label=label))
    return handles


def _published(rows: pd.DataFrame) -> list[str]:
    facts = []
    if rows[["published_test", "published_train"]].notna().any(axis=None):
        facts.append("published: single values, of other data and larger networks")
    decayed = rows[(rows["network"] == "alexnet") & (rows["regularizer"] == "weight_decay")]
    if (decayed["labels"] == "random_labels").any():
        facts.append("there AlexNet with weight decay “failed to converge” on random labels")
    return facts
