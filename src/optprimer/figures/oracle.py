"""What minibatch gradients are like on real images: unbiased, noisy as 1/b, and bounded or not."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from optprimer.figures import style
from optprimer.figures.palette import BLUE, GREEN, ORANGE
from optprimer.figures.provenance import Provenance
from optprimer.figures.rateplot import WRONG, chosen, minus

DEVIATION = "largest deviation of a coordinate's mean in standard errors, "
SAMPLINGS = {"with replacement": BLUE, "without replacement": GREEN, "one class twice as often": WRONG}


@style.house()
def oracle(curves: pd.DataFrame, exponents: pd.DataFrame, checks: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw the bias of three ways to sample, the variance against the batch size, and gradients along a ray."""
    curves, exponents, checks = (chosen(table, study="oracle") for table in (curves, exponents, checks))
    figure = style.page(2.9)
    bias, variance, ray = figure.subplots(1, 3, width_ratios=[1.05, 1, 1])
    _bias(bias, checks)
    _variance(variance, curves, exponents)
    _ray(ray, curves, exponents)
    shuffled = checks[checks["check"].str.startswith("the same, which shuffling")].iloc[0]["measured"]
    free = chosen(checks, problem="independent draws").iloc[0]["measured"]
    style.footer(
        figure,
        provenance,
        "linear classifiers of the images, whose full gradients and variances are exact",
        "left: largest over all coordinates; dashed: exceeded once in a thousand times by unbiased gradients (Bonferroni)",
        minus(
            f"last gradient of an epoch against the sum of the others: correlation {shuffled:.0f} shuffled, {free:.2f} drawn"
        ),
        f"{int(curves['seeds'].max())} batches of each size",
    )
    return figure


def _bias(axes: Axes, checks: pd.DataFrame) -> None:
    style.panel_title(axes, "is E g = ∇L?")
    places = ["zero", "random", "trained"]
    for line, (sampling, colour) in enumerate(SAMPLINGS.items()):
        rows = checks[checks["check"] == DEVIATION + sampling].set_index("problem")
        axes.plot(places, [rows.loc[f"softmax_{place}", "measured"] for place in places], "o", color=colour, markersize=5)
        name = sampling
        axes.text(0.04, 0.04 + 0.09 * line, name, transform=axes.transAxes, fontsize=7, color=colour)
    axes.axhline(rows["expected"].max(), color="0.3", linestyle="--", linewidth=1)
    axes.set(
        yscale="log", ylim=(0.5, None), xlim=(-0.5, 2.5), xlabel="weights", ylabel="deviation of the mean\n(standard errors)"
    )


def _variance(axes: Axes, curves: pd.DataFrame, exponents: pd.DataFrame) -> None:
    style.panel_title(axes, "variance as 1/b")
    for sampling in ("with replacement", "without replacement"):
        exact, runs = (chosen(curves, method=sampling + kind) for kind in (", exact", ""))
        axes.plot(exact["t"], exact["value"], color=SAMPLINGS[sampling], linewidth=1.2)
        sides = np.abs(runs[["ci_low", "ci_high"]].to_numpy().T - runs["value"].to_numpy())
        axes.errorbar(runs["t"], runs["value"], sides, fmt="o", color=SAMPLINGS[sampling], markersize=3, linewidth=1)
    row = chosen(exponents, method="with replacement").iloc[0]
    told = f"with replacement: S²/b\nslope {row['estimate']:.3f}\n[{row['ci_low']:.3f}, {row['ci_high']:.3f}]"
    axes.text(0.97, 0.97, minus(told), transform=axes.transAxes, ha="right", va="top", fontsize=7, color=BLUE)
    axes.text(0.03, 0.05, "without:\n(S²/b)(n − b)/(n − 1)", transform=axes.transAxes, fontsize=7, color=GREEN)
    axes.set(xscale="log", yscale="log", xlabel="batch size b", ylabel="E‖g − ∇L‖²")


def _ray(axes: Axes, curves: pd.DataFrame, exponents: pd.DataFrame) -> None:
    style.panel_title(axes, "are gradients bounded?")
    for problem, name, colour, place in (
        ("squares", "least squares", ORANGE, {"xytext": (-4, 12), "ha": "right"}),
        ("softmax", "softmax loss", BLUE, {"xytext": (24, 12), "ha": "center"}),
    ):
        rows = chosen(curves, problem=problem, variable="radius")
        axes.plot(rows["t"], rows["value"], "o-", color=colour, markersize=3, linewidth=1)
        slope = chosen(exponents, problem=problem, variable="radius").iloc[0]["estimate"]
        middle = rows.iloc[len(rows) // 2]
        axes.annotate(f"{name}\nslope {abs(slope):.2f}", (middle["t"], middle["value"]), textcoords="offset points", fontsize=7,
                      color=colour, **place)  # fmt: skip
    axes.plot(rows["t"], rows["bound"], color=BLUE, linestyle="--", linewidth=1)
    axes.annotate("√2 max‖xᵢ‖", (rows["t"].iloc[-1], rows["bound"].iloc[-1]), xytext=(0, -10), textcoords="offset points",
                  ha="right", fontsize=7, color=BLUE)  # fmt: skip
    axes.set(xscale="log", yscale="log", xlabel="‖W‖ along a ray", ylabel="largest gradient of a sample")
    axes.set_ylim(bottom=rows["value"].min() / 4)
