"""One function, written down in many ways: as sharp as one likes (Dinh et al. 2017, arXiv 1703.04933)."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from optprimer.figures import style
from optprimer.figures.palette import BLUE, GREEN, ORANGE, PURPLE, SILVER, VERMILION
from optprimer.figures.provenance import Provenance
from optprimer.figures.rateplot import minus

VARIANTS = {
    "relu": ("scaled ReLU network", BLUE, "o"),
    "tanh": ("tanh instead of ReLU (control)", ORANGE, "^"),
    "bias_not_scaled": ("bias left as it is (control)", PURPLE, "s"),
}
STABLE = 2.0  # of learning rate times lambda_max, above which gradient descent goes up


@style.house()
def reparameterization(reparameterization: pd.DataFrame, profile: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw what depends on alpha (curvature, Keskar's metric), what does not (function, accuracy), and profiles of the loss."""
    figure = style.page(4.6)
    (curvature, box, logits), (accuracy, *profiles) = figure.subplots(2, 3)
    scaled = reparameterization[reparameterization["variant"] == "relu"]
    _curvature(curvature, scaled)
    _box(box, scaled)
    for variant, (label, colour, marker) in VARIANTS.items():
        rows = reparameterization[reparameterization["variant"] == variant]
        marks = {"color": colour, "marker": marker, "markersize": 3.2, "linewidth": 0.9, "label": label}
        changes = _means(rows, "output_difference").replace(0, math.nan)  # by alpha = 1, which has no logarithm
        logits.plot(changes.index, changes, **marks)
        tested = _means(rows, "test_accuracy")
        accuracy.plot(tested.index, tested, **marks)
    logits.set(xscale="log", yscale="log", ylabel="largest logit change", xlabel="α")
    style.panel_title(logits, "(c) the function")
    accuracy.set(xscale="log", ylabel="test accuracy", xlabel="α", ylim=(0, 1.02))
    accuracy.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    style.panel_title(accuracy, "(d) its test accuracy")
    for axes, kind, title in zip(profiles, ("filter", "none"), ("(e) filter-normalised", "(f) not normalised"), strict=True):
        _profile(axes, profile[profile["normalisation"] == kind])
        style.panel_title(axes, title)
    low, high = profiles[0].get_ylim()
    profiles[0].set_ylim(low, high * (high / low) ** 0.4)  # room for the key above the valley
    profiles[0].legend(fontsize=6.5, loc="upper center", handlelength=1.6)
    figure.legend(*logits.get_legend_handles_labels(), loc="outside upper center", ncols=3, fontsize=7.5)
    _footer(figure, scaled, provenance)
    return figure


def relative(rows: pd.DataFrame, quantity: str) -> pd.DataFrame:
    """Return a quantity over its value at alpha = 1, by alpha and seed."""
    values = rows.pivot(index="alpha", columns="seed", values=quantity)
    return values / values.iloc[np.abs(np.log(values.index)).argmin()]


def _means(rows: pd.DataFrame, quantity: str) -> pd.Series:
    return rows.groupby("alpha")[quantity].mean()


def _each(axes: Axes, values: pd.DataFrame, colour: str, label: str, marker: str = "") -> None:
    """Draw a thin line for each seed and the geometric mean."""
    axes.plot(values.index, values, color=colour, linewidth=0.5, alpha=0.5)
    axes.plot(values.index, np.exp(np.log(values).mean(axis=1)), color=colour, linewidth=1.5, marker=marker, label=label)


def _curvature(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw lambda_max with hollow dots where gradient descent goes down and filled ones where it goes up."""
    values = relative(rows, "lambda_max")
    _each(axes, values, VERMILION, "")
    _each(axes, relative(rows, "lambda_normalised"), GREEN, "")
    for up, face in ((True, VERMILION), (False, "white")):
        chosen = rows[rows["rises"].astype(bool) == up]
        axes.plot(chosen["alpha"], chosen["rate_times_lambda"], "o", color=VERMILION, markersize=3.4, markerfacecolor=face,
                  linestyle="none", markeredgewidth=0.8, zorder=3)  # fmt: skip
    axes.axhline(STABLE, color=style.GREY, linestyle=":", linewidth=0.9)
    least, largest = values.index[[0, -1]]
    for alpha, slope, ends in ((least, -2, (1, 5)), (largest, 2, (1, 1 / 5))):
        x = alpha * np.array(ends)
        y = 0.12 * values.loc[alpha].mean() * (x / alpha) ** slope
        axes.plot(x, y, color=style.GREY, linewidth=0.9)
        axes.annotate(minus(f"slope {slope}"), (x[1], y[1]), xytext=(-5 * slope, -1), textcoords="offset points", va="top",
                      ha="right" if slope < 0 else "left", fontsize=7, color=style.GREY)  # fmt: skip
    axes.annotate("$\\lambda_\\mathrm{max}$", (1, values.max().max()), ha="center", va="top", color=VERMILION, fontsize=9)
    axes.annotate("by relative changes", (1, 1), xytext=(0, -4), textcoords="offset points", ha="center", va="top", fontsize=7,
                  color=GREEN)  # fmt: skip
    axes.set(xscale="log", yscale="log", xlabel="α", ylabel="relative to α = 1")
    axes.set_ylim(0.2, None)
    style.panel_title(axes, "(a) curvature")


def _box(axes: Axes, rows: pd.DataFrame) -> None:
    for quantity, colour in (("keskar_sharpness", VERMILION), ("adaptive_sharpness", GREEN)):
        _each(axes, relative(rows, quantity), colour, "")
    high = relative(rows, "keskar_sharpness").max().max()
    axes.annotate("box ε(|x| + 1)", (1, high), ha="center", va="top", fontsize=7.5, color=VERMILION)
    axes.annotate("box ε|x|", (rows["alpha"].max(), 1), xytext=(0, -4), textcoords="offset points", ha="right", va="top",
                  fontsize=7, color=GREEN)  # fmt: skip
    axes.set(xscale="log", yscale="log", xlabel="α", ylabel="relative to α = 1")
    axes.set_ylim(0.2, None)
    style.panel_title(axes, "(b) Keskar’s φ")


def _profile(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw the loss of one seed for each alpha, the later ones thinner, so that lines that coincide show all of them."""
    rows = rows[rows["seed"] == rows["seed"].min()]
    lines = rows.pivot(index="step", columns="alpha", values="loss")
    looks = ((SILVER, 5.0, "-"), (BLUE, 2.2, "-"), (VERMILION, 1.2, (0, (2, 2))))
    for alpha, (colour, width, dashes) in zip(lines, looks, strict=True):
        axes.plot(lines.index, lines[alpha], color=colour, linewidth=width, linestyle=dashes, label=f"α = {alpha:g}")
    axes.set(yscale="log", xlabel="step along a direction", ylabel="loss (nats)")


def _footer(figure: Figure, scaled: pd.DataFrame, provenance: Provenance) -> None:
    agreeing = (scaled["rises"].astype(bool) == (scaled["rate_times_lambda"] > STABLE)).mean()
    style.footer(
        figure,
        provenance,
        f"ReLU network with one hidden layer, {scaled['parameters'].max():,} weights, float64, {style.images(scaled)}",
        f"layer 1 times α, layer 2 over α; thin: {scaled['seed'].nunique()} seeds, thick: their geometric mean",
        "filled dots: gradient descent with rate 1/λ at α = 1 goes up, hollow: down; dotted: where theory has it change"
        f" ({agreeing:.0%} agree)".replace("%", " %"),
        f"largest change of a logit by scaling: {scaled['output_difference'].max():.1g}",
        "(e, f): one direction, drawn as those of figure 1, seed 0",
    )
