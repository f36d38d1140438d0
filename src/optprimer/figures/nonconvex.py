"""Without convexity the least gradient falls like 1/√t: on the worst loss of each horizon, and on no fixed one."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from optprimer.figures import style
from optprimer.figures.palette import shades
from optprimer.figures.provenance import Provenance
from optprimer.figures.rateplot import COLOURS, WRONG, chosen, guide, minus, spread


@style.house()
def nonconvex(curves: pd.DataFrame, exponents: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw squared gradients in units of the chapter's bound, the exponents of fixed losses, and the steps on the chain."""
    curves, exponents = chosen(curves, study="nonconvex"), chosen(exponents, study="nonconvex")
    figure = style.page(3.3)
    share, tails, chain = figure.subplots(1, 3, width_ratios=[1.35, 1, 1])
    _share(share, curves, exponents)
    _tails(tails, exponents[exponents["problem"].str.startswith("tail_")])
    _chain(chain, chosen(curves, problem="chain", quantity="steps to a unit gradient"), exponents)
    style.footer(
        figure,
        provenance,
        "if L is β-smooth, gradient descent with η = 1/β has min ‖∇L‖² ≤ 2βD/(t + 1) over w₀ … wₜ, D = L₀ − L*",
        "the worst case is 4βD/(3t + 2), on a loss whose gradient is a sawtooth (Abbaszadehpeivasti et al. 2022)",
        "bars: range of local slopes, prolonged by their drift",
        "chain: Carmon et al. 2020, T ∝ βD/ε²; the lower bound is for methods that move along revealed coordinates",
    )
    return figure


def _share(axes: Axes, curves: pd.DataFrame, exponents: pd.DataFrame) -> None:
    def draw(problem: str, colour: str | tuple[float, ...], style: str = "-", **columns: str) -> pd.DataFrame:
        curve = chosen(curves, problem=problem, **columns)
        axes.plot(curve["t"], (curve["value"] / curve["bound"]) ** 2, style, color=colour, markersize=3.2, linewidth=1)
        return curve

    axes.axhspan(1, 30, color="0.93", linewidth=0)
    names = _tail_names(curves)
    colours = shades("viridis", len(names))
    firsts = [draw(problem, colour).iloc[0] for problem, colour in zip(names, colours, strict=True)]
    heights = spread(((first["value"] / first["bound"]) ** 2 for first in firsts), 1.9)
    for problem, colour, height in zip(names, colours, heights, strict=True):
        axes.annotate(f"p = {problem.removeprefix('tail_')}", (1, height), xytext=(-3, 0), va="center", ha="right",
                      textcoords="offset points", fontsize=6.5, color=colour)  # fmt: skip
    worst = draw("sawtooth_envelope", COLOURS["gd"], "o")
    axes.plot(worst["t"], (worst["tight_bound"] / worst["bound"]) ** 2, color=COLOURS["gd"], linewidth=1)
    row = chosen(exponents, problem="sawtooth_envelope", role="claim").iloc[0]
    text = minus(f"worst loss of each t: 2/3\n‖∇L‖ has exponent {row['estimate']:.4f}")
    axes.annotate(text, (worst["t"].max() ** 0.6, 0.55), ha="center", va="top", fontsize=7, color=COLOURS["gd"])
    draw("quadratic_1d", WRONG, "--", method="gd_too_long", role="control")
    axes.annotate("control: w²/2\nwith η = 2.1/β", (40, 6), fontsize=7, color=WRONG)
    axes.annotate("excluded by the theorem", (2 * worst["t"].max(), 1.4), ha="right", fontsize=7, color="0.35")
    axes.set(xscale="log", yscale="log", ylim=(2e-3, 30), xlabel="steps t", ylabel="min ‖∇L‖² (t + 1) / 2βD")
    axes.set_xlim(0.04, None)  # to the left of the first step are the names of the tails
    axes.set_xticks(10.0 ** np.arange(np.log10(worst["t"].max()) + 1))
    axes.xaxis.set_minor_locator(NullLocator())
    style.panel_title(axes, "share of the chapter's bound")


def _tails(axes: Axes, rows: pd.DataFrame) -> None:
    p = rows["problem"].str.removeprefix("tail_").astype(float)
    grid = np.linspace(0, 1.1 * p.max(), 100)
    axes.plot(grid, -(grid + 1) / (grid + 2), color=style.GREY, linewidth=1, label="−(p + 1)/(p + 2)")
    error = np.abs(rows[["ci_low", "ci_high"]].to_numpy().T - rows["estimate"].to_numpy())
    axes.errorbar(p, rows["estimate"], error, fmt="o", color=COLOURS["gd"], markersize=3.6, capsize=2, label="measured")
    axes.plot(0, -0.5, "o", color="white", markeredgecolor="black", markersize=5, clip_on=False, zorder=5)
    axes.annotate("−1/2: no fixed loss", (0, -0.5), xytext=(7, 0), textcoords="offset points", va="center", fontsize=7)
    axes.set(xlabel="tail |w|⁻ᵖ of the loss", ylabel="exponent of min ‖∇L‖ in t", xlim=(0, None))
    axes.legend(loc="upper right", bbox_to_anchor=(1, 0.92), fontsize=7)
    style.panel_title(axes, "fixed losses are faster")


def _chain(axes: Axes, curve: pd.DataFrame, exponents: pd.DataFrame) -> None:
    axes.plot(curve["t"], curve["value"], "o-", color=COLOURS["gd"], markersize=3.6, linewidth=1)
    axes.plot(curve["t"], curve["bound"], color="0.2", linewidth=1.2)
    axes.fill_between(curve["t"], curve["bound"], 1, color="0.93", linewidth=0)
    axes.annotate("no method of this kind", (curve["t"].max(), 1.6), ha="right", fontsize=7, color="0.35")
    row = chosen(exponents, problem="chain").iloc[0]
    guide(axes, curve["t"].iloc[1], 10 * curve["t"].iloc[1], 1, "T ∝ ε⁻²", decades=0.6)
    text = minus(f"gradient descent; increments:\nexponent {row['estimate']:.2f} [{row['ci_low']:.2f}, {row['ci_high']:.2f}]")
    axes.annotate(text, (0.04, 0.98), xycoords="axes fraction", va="top", fontsize=7, color=COLOURS["gd"])
    axes.set(xscale="log", yscale="log", ylim=(1, 10 * curve["value"].max()), xlabel="coordinates T")
    axes.set_ylabel("steps until ‖∇F‖ ≤ 1")
    style.panel_title(axes, "ε⁻² steps are needed")


def _tail_names(curves: pd.DataFrame) -> list[str]:
    names = {problem for problem in curves["problem"] if problem.startswith("tail_")}
    return sorted(names, key=lambda name: float(name.removeprefix("tail_")))
