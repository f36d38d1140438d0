"""How much sharper larger batches' minima are than the small one's, by every measure (Keskar et al. 2017, arXiv 1609.04836)."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from optprimer.errors import UserError
from optprimer.figures import style
from optprimer.figures.palette import BLUE, GREEN, SILVER, VERMILION
from optprimer.figures.provenance import Provenance
from optprimer.figures.rateplot import minus
from optprimer.sharpness.published import PUBLISHED

ARMS = {  # name in print, colour, marker, and place beside the line of the measure
    "small_reshuffled": ("same batch, other order (control)", SILVER, "s", -0.26),
    "large": ("large batch", BLUE, "o", 0.0),
    "full": ("all images", GREEN, "^", 0.26),
}
WARNING = "large_same_epochs"
GAP = 0.5  # between groups of lines


@style.house()
def sharpness(minima: pd.DataFrame, summary: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw the ratio of each measure to that of the small batch, a panel for each network.

    The two measures that decide the claim are on top. Below all, apart and shaded, is the large batch that was stopped after
    the epochs of the small one. Hollow diamonds are the paper's six networks.

    Raises:
        UserError: no arm was compared with the small batch.
    """
    if summary.empty:
        raise UserError("summary.csv: no arm was compared with the small batch")
    networks = list(dict.fromkeys(summary["network"]))
    places = lines(summary["measure"])
    figure = style.page(1.9 + 0.23 * (max(places.values()) + 1))
    panels = figure.subplots(1, len(networks), sharex=True, sharey=True, squeeze=False)[0]
    for axes, network in zip(panels, networks, strict=True):
        _draw(axes, summary[summary["network"] == network].set_index(["arm", "measure"]), places)
        weights = minima.loc[minima["network"] == network, "parameters"].iloc[0]
        style.panel_title(axes, f"{network}: {weights:,} weights")
        axes.set_xlabel(_tested(summary[summary["network"] == network]), fontsize=7)
    _name(panels[0], places)
    figure.legend(handles=_key(), loc="outside upper center", ncols=2, fontsize=7, columnspacing=1.5)
    seeds, sizes = summary["seeds"].max(), minima.groupby("arm")["batch_size"].max()
    style.footer(
        figure,
        provenance,
        f"{style.images(minima)}, Adam, batches of {sizes['small']} (small) and {sizes['large']} (large)",
        f"bars: 95 % intervals of the paired ratio over {seeds} seeds",
        _reached(summary),
        "published: other data, larger networks with batch norm, trained until the loss stalled; single values",
    )
    return figure


def lines(measures: pd.Series) -> dict[tuple[str, bool], float]:
    """Return the height of each (measure, whether it is of the arm of equal epochs), from the top."""
    found = set(measures)
    full, subspace, adaptive = (_by_epsilon(found, space) for space in ("full", "subspace", "adaptive"))
    groups = [
        [(full[0], False), ("lambda_max", False)],
        [(name, False) for name in (*full[1:], *subspace[:1], "trace", "lambda_normalised", *adaptive)],
        [(full[0], True), ("lambda_max", True)],
    ]
    places, line = {}, 0.0
    for group in groups:
        for each in group:
            places[each] = line
            line += 1
        line += GAP
    return places


def measure_name(measure: str) -> str:
    """Return the name in print of a measure."""
    if not measure.startswith("keskar_"):
        return {
            "lambda_max": "$\\lambda_\\mathrm{max}$ of the Hessian",
            "trace": "trace of the Hessian",
            "lambda_normalised": "$\\lambda_\\mathrm{max}$, by relative changes",
        }[measure]
    _, space, epsilon = measure.split("_")
    words = {"full": "", "subspace": "subspace, ", "adaptive": "adaptive box, "}[space]
    return f"Keskar’s φ, {words}ε = {epsilon}"


def _by_epsilon(measures: set[str], space: str) -> list[str]:
    """Return the measures of Keskar's metric in ``space``, the largest epsilon first."""
    return sorted((m for m in measures if m.startswith(f"keskar_{space}_")), key=lambda m: -float(m.rpartition("_")[2]))


def _draw(axes: Axes, rows: pd.DataFrame, places: dict[tuple[str, bool], float]) -> None:
    bottom = min(y for (_, warning), y in places.items() if warning) - 0.5
    axes.axhspan(bottom, max(places.values()) + 0.5, color="0.93", linewidth=0, zorder=0)
    axes.axvline(1, color=style.GREY, linewidth=0.9, zorder=1)
    for (measure, warning), y in places.items():
        arms = {WARNING: ("", VERMILION, "X", 0.0)} if warning else ARMS
        for arm, (_, colour, marker, offset) in arms.items():
            if (arm, measure) in rows.index:
                row = rows.loc[(arm, measure)]
                axes.plot(row[["ci_low", "ci_high"]], [y + offset] * 2, color=colour, linewidth=1.6, solid_capstyle="butt")
                axes.plot(row["estimate"], y + offset, marker, color=colour, markersize=4.4)
        if not warning:
            ratios = [each.large / each.small for each in PUBLISHED if each.measure == measure]
            axes.plot(ratios, [y] * len(ratios), "D", color="0.45", markersize=4, markerfacecolor="none", markeredgewidth=0.8)
    axes.set(xscale="log", ylim=(max(places.values()) + 0.5, -0.6))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.tick_params(axis="y", length=0)


def _name(axes: Axes, places: dict[tuple[str, bool], float]) -> None:
    axes.set_yticks(list(places.values()), [measure_name(measure) for measure, _ in places], fontsize=7)
    for label in axes.get_yticklabels()[:2]:
        label.set_fontweight("bold")


def _tested(rows: pd.DataFrame) -> str:
    """Say what became of test accuracy, in points."""
    tested = 100 * rows[rows["measure"] == "test_accuracy"].set_index("arm")[["estimate", "ci_low", "ci_high"]]
    parts = [
        f"{ARMS[arm][0]}: {row['estimate']:+z.1f} [{row['ci_low']:+z.1f}, {row['ci_high']:+z.1f}]"
        for arm, row in tested.reindex(["large", "full"]).dropna(how="all").iterrows()
    ]
    return minus("\n".join(["ratio to the small batch (above 1: sharper)", "", "test accuracy, change in points", *parts]))


def _reached(summary: pd.DataFrame) -> str:
    rest = summary[summary["arm"] != WARNING]
    missing = sorted(set(rest.loc[rest["reached"] < 1, "network"]))
    if missing:
        return f"not all runs reached the target loss: {', '.join(missing)}"
    losses = rest.loc[rest["measure"] == "train_loss", "estimate"]
    return f"all but the shaded runs ended at the target loss (ratios {losses.min():.2f} to {losses.max():.2f})"


def _key() -> list[Line2D]:
    style_of = {"linestyle": "none", "markersize": 5}
    handles = [Line2D([], [], marker=marker, color=colour, label=name, **style_of) for name, colour, marker, _ in ARMS.values()]
    label = "shaded: large batch, epochs of the small one, loss not equal"
    handles.insert(2, Line2D([], [], marker="X", color=VERMILION, label=label, **style_of))
    label = "Keskar et al. 2017: large batch, six networks"
    return [*handles, Line2D([], [], marker="D", color="0.45", markerfacecolor="none", label=label, **style_of)]
