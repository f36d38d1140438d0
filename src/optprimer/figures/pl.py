"""What the PL inequality gives gradient descent, and networks that satisfy it."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from optprimer.figures import style
from optprimer.figures.palette import BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION, shades
from optprimer.figures.provenance import Provenance
from optprimer.figures.rateplot import WRONG, chosen, minus

NETWORKS = {
    "leaky_neuron_0.1_few_points": ("leaky neuron, n < d", BLUE),
    "leaky_neuron_0.1_many_points": ("leaky neuron, n > d", SKY),
    "linear_2": ("linear, 2 layers", GREEN),
    "linear_3": ("linear, 3 layers", ORANGE),
    "linear_residual_4": ("linear residual, 4 layers", PURPLE),
}
"""The networks drawn, with their names and colours."""

FLOOR = 1e-4  # where a share of 0 is drawn


@style.house()
def pl(curves: pd.DataFrame, exponents: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw rates under PL and of losses that are not, the networks' ratios beside their bounds, and the sweep of the width."""
    function, networks, wide = (chosen(curves, study=f"pl_{name}") for name in ("function", "networks", "wide"))
    figure = style.page(5.6)
    (runs, step, flat), (shares, path, width) = figure.subplots(2, 3)
    _runs(runs, function)
    _step(step, chosen(function, quantity="worst factor of the gap per step"))
    _not_linear(flat, function)
    _shares(shares, chosen(networks, quantity="pl_ratio over its bound"))
    _paths(path, chosen(networks, method="gd", quantity="pl_ratio"))
    _width(width, wide, chosen(exponents, study="pl_wide"))
    style.footer(
        figure,
        provenance,
        "theorem: if L is β-smooth and PL with α, gradient descent with η = 1/β has L − L* ≤ (1 − q)ᵗ D, q = α/β, D = L₀ − L*",
        "in one dimension (1 − q)²ᵗ D",
        "dashed: bound of the chapter, or each network's own; solid grey: exact",
        "networks: least ratio of 300 random weights per size, residual ones on balls ‖A‖ ≤ τ (size = τ)",
        "tanh networks, both layers trained on 8 points: mean and 95 % interval of 10, exponents in m (theory); K as m → ∞",
    )
    return figure


def _runs(axes: Axes, curves: pd.DataFrame) -> None:
    """Runs on figure 3's function, as shares of the first gap, under the chapter's rate and the exact one."""
    runs = curves[(curves["problem"] == "x2_3sin2") & (curves["quantity"] == "gap")]
    starts = {float(method.removeprefix("gd from ")): run for method, run in runs.groupby("method")}
    for start, colour in zip(sorted(starts), shades("OrRd", len(starts), lightest=0.4), strict=True):
        run = starts[start]
        shown = run[run["value"] > 1e-14 * run["value"].iloc[0]]
        share = shown["value"] / run["value"].iloc[0]
        axes.plot(shown["t"], share, "o-", color=colour, markersize=2.6, linewidth=0.9, label=f"$w_0$ = {start:g}")
    first = run["value"].iloc[0]
    axes.plot(run["t"], run["bound"] / first, "--", color=style.GREY, linewidth=1.1)
    axes.plot(run["t"], run["tight_bound"] / first, color=style.GREY, linewidth=1.1)
    last = run.iloc[-1]
    _say(axes, "(1 − q)ᵗ: α = 1/32", (last["t"], last["bound"] / first), (0, 4), style.GREY, "right")
    _say(axes, "(1 − q)²ᵗ", (last["t"], last["tight_bound"] / first), (0, -10), style.GREY, "right")
    axes.set(yscale="log", ylim=(1e-13, 40), xlabel="steps t", ylabel="(L − L*) / D")
    axes.legend(fontsize=6.5, loc="lower left", handlelength=1.2)
    style.panel_title(axes, "runs on x² + 3 sin² x")


def _step(axes: Axes, worst: pd.DataFrame) -> None:
    """The worst single step from anywhere, along the family."""
    axes.plot(worst["t"], worst["bound"], "--", color=style.GREY, linewidth=1.1)
    axes.plot(worst["t"], worst["tight_bound"], color=style.GREY, linewidth=1.1)
    axes.plot(worst["t"], worst["value"], "o", color=VERMILION, markersize=4)
    middle = worst.iloc[len(worst) // 2]
    _say(axes, "1 − q (chapter)", (middle["t"], middle["bound"]), (-2, 8), style.GREY, "right")
    _say(axes, "(1 − q)²", (middle["t"], middle["tight_bound"]), (8, -12), style.GREY)
    _say(axes, "worst step of\ngradient descent", (worst["t"].iloc[0], worst["value"].iloc[0]), (10, -3), VERMILION)
    axes.set(xlabel="c in x² + c sin² x", ylabel="factor of L − L* in one step", ylim=(0.45, 1.03))
    style.panel_title(axes, "the worst single step")


def _not_linear(axes: Axes, curves: pd.DataFrame) -> None:
    """PL without strong convexity is linear, convex without PL is not."""
    gaps = chosen(curves, method="gd", quantity="gap")
    names = {
        "least_squares": ("least squares with\na kernel: PL", GREEN, (-38, 12)),
        "power_4": ("w⁴: not PL", WRONG, (0, -26)),
        "logistic_separable": ("log(1 + e⁻ʷ): not PL", "#ee7733", (0, 12)),
    }
    last = gaps.loc[gaps["problem"] == "least_squares", "t"].max()
    for problem, (name, colour, offset) in names.items():
        run = chosen(gaps, problem=problem)
        run = run[run["t"] <= last]
        first = run["value"].iloc[0]
        axes.plot(run["t"], run["value"] / first, "o-", color=colour, markersize=2.6, linewidth=0.9)
        at = run.iloc[-1]
        _say(axes, name, (at["t"], at["value"] / first), offset, colour, "right")
    run = chosen(gaps, problem="least_squares")
    axes.plot(run["t"], run["bound"] / run["value"].iloc[0], "--", color=style.GREY, linewidth=1.1)
    axes.set(yscale="log", ylim=(1e-13, 100), xlabel="steps t", ylabel="(L − L*) / (L₁ − L*)")
    style.panel_title(axes, "no PL, no linear rate")


def _shares(axes: Axes, curves: pd.DataFrame) -> None:
    axes.axhspan(FLOOR / 2, 1, color="0.93", linewidth=0)
    axes.axhline(1, color=style.GREY, linestyle="--", linewidth=1.1)
    for problem, (name, colour) in NETWORKS.items():
        curve = chosen(curves, problem=problem)
        axes.plot(curve["t"], curve["value"], color=colour, linewidth=1.2, label=name)
    axes.legend(fontsize=6.5, loc="upper center", bbox_to_anchor=(0.5, 0.51), handlelength=1.2, labelspacing=0.25)
    dead = chosen(curves, role="control")
    axes.plot(dead["t"], dead["value"].clip(lower=FLOOR), "v", color=WRONG, markersize=3)
    _say(axes, "ReLU neuron, dead: 0", (dead["t"].median(), FLOOR), (0, 6), WRONG, "center")
    _say(axes, "excluded by the theorems", (dead["t"].median(), 1), (0, -10), style.GREY, "center")
    axes.set(xscale="log", yscale="log", xlabel="size of the weights", ylabel="least PL ratio / its bound")
    axes.set_ylim(FLOOR / 2, None)
    style.panel_title(axes, "random weights")


def _paths(axes: Axes, curves: pd.DataFrame) -> None:
    for problem, (_, colour) in NETWORKS.items():
        curve = chosen(curves, problem=problem)
        axes.plot(curve["t"], curve["value"], color=colour, linewidth=1.2)
        axes.plot(curve["t"], curve["bound"], "--", color=colour, linewidth=0.9)
    axes.set(xscale="symlog", yscale="log", xlabel="steps t", ylabel="PL ratio and its bound")
    axes.set_xlim(0, None)
    style.panel_title(axes, "along gradient descent")


def _width(axes: Axes, curves: pd.DataFrame, exponents: pd.DataFrame) -> None:
    """The least ratio beside half the limit of the least eigenvalue, and how far weights and kernel move."""
    sweep = curves[curves["variable"] == "width"]
    for quantity, colour, marker, name in (
        ("movement", BLUE, "s", "movement"),
        ("drift of K", ORANGE, "^", "drift of K"),
        ("pl_ratio, least on the path", GREEN, "o", "least PL ratio"),
    ):
        rows = chosen(sweep, quantity=quantity, role="claim")
        error = [rows["value"] - rows["ci_low"].clip(lower=1e-6), rows["ci_high"] - rows["value"]]
        fit = exponents[(exponents["quantity"] == quantity)]
        label = name if fit.empty else minus(f"{name}: {fit['estimate'].iloc[0]:.2f} ({fit['theory'].iloc[0]:g})")
        axes.errorbar(rows["t"], rows["value"], error, fmt=f"{marker}-", color=colour, markersize=3, linewidth=0.9, label=label)
    least = chosen(sweep, quantity="pl_ratio, least on the path")
    control = chosen(least, role="control")
    axes.plot(control["t"], control["value"], "o", color=WRONG, markersize=4)
    axes.axhline(control["bound"].iloc[0], color=style.GREY, linestyle="--", linewidth=1.1)
    _say(axes, "½ $\\lambda_\\mathrm{min}$(K)", (6.5, control["bound"].iloc[0]), (0, -10), style.GREY)
    _say(axes, "control: two units", (control["t"].iloc[0], control["value"].iloc[0]), (5, -3), WRONG)
    axes.set(xscale="log", yscale="log", ylim=(1e-3, 90), xlabel="units m", ylabel="relative movement; ratio")
    axes.legend(fontsize=6.5, loc="upper right", handlelength=1.2)
    style.panel_title(axes, "wide networks")


def _say(axes: Axes, text: str, at: tuple[float, float], offset: tuple[float, float], colour: str, side: str = "left") -> None:
    axes.annotate(text, at, xytext=offset, textcoords="offset points", ha=side, fontsize=7, color=colour)
