"""Losses of networks are not convex in the weights: segments whose middle lies too high, and eigenvalues below zero."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from optprimer.edge.setting import LINEAR, RELU, TANH
from optprimer.figures import style
from optprimer.figures.palette import BLUE, ORANGE, VERMILION
from optprimer.figures.provenance import Provenance

MODELS = {
    TANH: (VERMILION, "o", "tanh network"),
    RELU: (ORANGE, "^", "ReLU network"),
    LINEAR: (BLUE, "s", "softmax regression (control)"),
}
KINDS = {"between": "between two\nnetworks", "permuted": "to itself with\nunits permuted"}
LINEAR_RANGE = 1e-3  # of the axis of eigenvalues, which is logarithmic beyond


@style.house()
def convexity(convexity: pd.DataFrame, spectra: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw the shares of segments that break convexity, before and after training, and the smallest eigenvalues under way."""
    figure = style.page(3.3)
    before, after, lowest = figure.subplots(1, 3, width_ratios=[1, 1, 1.05])
    steps = sorted(set(convexity["step"]))
    for axes, step in ((before, steps[0]), (after, steps[-1])):
        _shares(axes, convexity[convexity["step"] == step])
    before.set_yticks(*_ticks(convexity), fontsize=7)
    after.set_yticks(_ticks(convexity)[0], [])
    style.panel_title(before, f"(a) {_told(steps[0])}")
    style.panel_title(after, f"(b) {_told(steps[-1])}")
    _eigenvalues(lowest, spectra)
    handles = [Line2D([], [], color=c, marker=m, linestyle="none", markersize=4.5, label=t) for c, m, t in MODELS.values()]
    figure.legend(handles=handles, loc="outside upper center", ncols=3, fontsize=7.5)
    low, high = convexity["segments"].min(), convexity["segments"].max()
    style.footer(
        figure,
        provenance,
        f"{style.images(convexity)}, networks with one hidden layer, cross-entropy loss, gradient descent",
        f"{low} to {high} independent segments a dot; bars: exact 95 % binomial intervals",
        "violated: the loss in the middle is above the mean of the ends'",
        "around: both ends r times the norm of the weights away from a network, in random directions",
        f"(c) {spectra['start'].nunique()} starts each, Lanczos iteration; the axis is linear between ±{LINEAR_RANGE:g}",
    )
    return figure


def _told(step: int) -> str:
    return "at the start" if step == 0 else f"after {step} steps"


def _places(rows: pd.DataFrame) -> list[tuple[str, float]]:
    """Return kind and radius of each line, from the top; NaN where a kind has no radius."""
    radii = sorted(rows["radius"].dropna().unique())
    return [*((kind, float("nan")) for kind in KINDS), *(("around", radius) for radius in radii)]


def _ticks(rows: pd.DataFrame) -> tuple[range, list[str]]:
    names = [KINDS.get(kind, f"around one,\nr = {radius:g}") for kind, radius in _places(rows)]
    return range(len(names)), names


def _shares(axes: Axes, rows: pd.DataFrame) -> None:
    places = _places(rows)
    for place, (network, (colour, marker, _)) in enumerate(MODELS.items()):
        own = rows[rows["network"] == network]
        for y, (kind, radius) in enumerate(places):
            found = own[(own["segment"] == kind) & (own["radius"].eq(radius) | own["radius"].isna())]
            for _, row in found.iterrows():
                height = y + 0.22 * (place - 1)
                axes.plot([row["share_low"], row["share_high"]], [height] * 2, color=colour, linewidth=1.6,
                          solid_capstyle="butt", clip_on=False)  # fmt: skip
                axes.plot(row["share"], height, marker, color=colour, markersize=4.5, clip_on=False, zorder=3)
    for y in range(1, len(places)):
        axes.axhline(y - 0.5, color="0.88", linewidth=0.5, zorder=0)
    axes.set(xlim=(-0.02, 1.02), xticks=[0, 0.5, 1], ylim=(len(places) - 0.5, -0.5), xlabel="violated segments (%)")
    axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=""))
    axes.tick_params(axis="y", length=0)


def _eigenvalues(axes: Axes, spectra: pd.DataFrame) -> None:
    steps = sorted(set(spectra["step"]))
    for place, (network, (colour, marker, _)) in enumerate(MODELS.items()):
        for _, run in spectra[spectra["network"] == network].groupby("start"):
            run = run.sort_values("step")
            x = [steps.index(step) + 0.06 * (place - 1) for step in run["step"]]
            axes.plot(x, run["lambda_min"], color=colour, marker=marker, markersize=3.5, linewidth=0.7, alpha=0.8)
    axes.axhline(0, color=style.GREY, linewidth=0.8, zorder=0)
    axes.set_yscale("symlog", linthresh=LINEAR_RANGE)
    decades = -np.logspace(0, np.log10(LINEAR_RANGE), 4)
    axes.set_yticks([*decades, 0], [*(f"−{-value:g}" for value in decades), "0"])
    axes.minorticks_off()
    axes.set_xticks(range(len(steps)), [str(step) for step in steps])
    axes.set(xlabel="step", ylabel="smallest eigenvalue", ylim=(None, LINEAR_RANGE))
    style.panel_title(axes, "(c) lowest curvature")
