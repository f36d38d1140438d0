"""Stochastic gradient descent at every rate it has, each with its theorem and with the control that lacks the rate."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from optprimer.figures import style
from optprimer.figures.palette import BLUE, GREEN, PURPLE
from optprimer.figures.provenance import Provenance
from optprimer.figures.rateplot import WRONG, chosen, minus


@style.house()
def sgd(curves: pd.DataFrame, exponents: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw six panels: the chapter's two rates, and the four cases beyond them."""
    figure = style.page(5.6)
    (smooth, convex, strongly), (floor, fitted, unbounded) = figure.subplots(2, 3)
    first, beyond = ((chosen(curves, study=name), chosen(exponents, study=name)) for name in ("sgd", "sgd_beyond"))
    for axes in (smooth, convex, strongly, floor, unbounded):
        axes.set(xscale="log", yscale="log")
    fitted.set(yscale="log")
    _smooth(smooth, *first)
    _convex(convex, *first)
    _strongly_convex(strongly, *beyond)
    _floor(floor, beyond[0])
    _interpolation(fitted, *beyond)
    _unbounded(unbounded, beyond[0])
    for axes in (smooth, convex):
        axes.set_xlabel("horizon T, step ∝ 1/√T")
    for axes in (strongly, floor, fitted, unbounded):
        axes.set_xlabel("step t")
    handles = [
        smooth.plot([], [], "--", color=style.GREY, linewidth=1, label="bound")[0],
        smooth.plot([], [], "-", color=style.GREY, linewidth=1.2, label="exact expectation")[0],
        smooth.errorbar([], [], [], fmt="o", color=style.GREY, markersize=3, linewidth=1, label="mean of runs, 95 % interval"),
        smooth.plot([], [], "-", color=WRONG, linewidth=1.2, label="control: another rate")[0],
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=4, columnspacing=1.5)
    seeds = int(first[0]["seeds"].max())
    style.footer(
        figure,
        provenance,
        "smooth: mean of E‖∇L‖² over t < T is at most (L₀ − L*)/(ηT) + βηG²/2",
        "convex: E L − L* ≤ RG/√T for the averaged iterate; no method gets below the dotted line",
        "strongly convex: exactly σ²/(2αT) with steps 1/(αt); c/t with cα < ½ gives t⁻²ᶜ only",
        "constant steps end at βησ²/(2α) or below",
        "samples that can all be fitted: (1 − α/maxᵢ βᵢ)ᵗ R²",
        "unbounded gradients: E‖g‖² ≤ M + M_G‖∇L‖² is enough (Bottou, Curtis & Nocedal 2018, Thm 4.6)",
        f"{seeds} runs",
    )
    return figure


def _smooth(axes: Axes, curves: pd.DataFrame, exponents: pd.DataFrame) -> None:
    style.panel_title(axes, "smooth: ‖∇L‖² as 1/√T")
    exact = chosen(curves, problem="quadratic", quantity="least squared gradient")
    huber = chosen(curves, problem="horizon_huber", method="sgd")
    _exact(axes, exact, BLUE)
    _sampled(axes, chosen(curves, problem="quadratic", quantity="mean squared gradient of the second half"), BLUE)
    _sampled(axes, huber, GREEN)
    _bound(axes, huber, GREEN)
    _exact(axes, chosen(curves, problem="horizon_huber", role="control"), WRONG)
    lines = [
        ("Huber", GREEN, _slope(exponents, problem="horizon_huber", method="sgd")),
        ("w²/2", BLUE, _slope(exponents, problem="quadratic", quantity="least squared gradient")),
        ("no noise", WRONG, _slope(exponents, problem="horizon_huber", method="gd")),
    ]
    _told(axes, lines, room=0.008)
    axes.set_ylabel("E‖∇L‖²")


def _convex(axes: Axes, curves: pd.DataFrame, exponents: pd.DataFrame) -> None:
    style.panel_title(axes, "convex: L − L* as 1/√T")
    coin = chosen(curves, problem="biased_coin")
    _exact(axes, chosen(coin, method="sgd_average, exact"), BLUE)
    _sampled(axes, chosen(coin, method="sgd_average"), BLUE)
    best = chosen(coin, method="best_guess")
    axes.plot(best["t"], best["value"], color=BLUE, linestyle=":", linewidth=1.4)
    _sampled(axes, chosen(curves, problem="absolute", quantity="mean gap"), GREEN)
    _bound(axes, chosen(curves, problem="absolute", method="sgd_average"), GREEN)
    _sampled(axes, chosen(curves, problem="quadratic", method="sgd_average"), WRONG)
    lines = [
        ("|w|", GREEN, _slope(exponents, problem="absolute")),
        ("biased coin", BLUE, _slope(exponents, problem="biased_coin", method="sgd_average, exact")),
        ("w²/2", WRONG, _slope(exponents, problem="quadratic", method="sgd_average")),
    ]
    _told(axes, lines, room=0.008)
    axes.set_ylabel("E L − L*")


def _strongly_convex(axes: Axes, curves: pd.DataFrame, exponents: pd.DataFrame) -> None:
    style.panel_title(axes, "strongly convex: 1/t")
    average = chosen(curves, problem="absolute_strongly_convex")
    _exact(axes, chosen(curves, problem="quadratic", method="sgd_1/t"), BLUE)
    _sampled(axes, chosen(curves, problem="quadratic", method="sgd_1/t, sampled"), BLUE)
    _exact(axes, chosen(curves, problem="quadratic", method="sgd_0.25/t"), WRONG)
    _sampled(axes, average, GREEN)
    _bound(axes, average, GREEN)
    lines = [
        ("1/(4t)", WRONG, _slope(exponents, problem="quadratic", method="sgd_0.25/t")),
        ("1/t", BLUE, _slope(exponents, problem="quadratic", method="sgd_1/t")),
        ("|w| + w²/2, averaged", GREEN, ""),
    ]
    _told(axes, lines, room=0.002)
    axes.set_ylabel("E L − L*")


def _floor(axes: Axes, curves: pd.DataFrame) -> None:
    style.panel_title(axes, "constant step: floor ∝ η")
    rows = curves[curves["method"].str.startswith("sgd, eta = ")]
    for (method, of_step), colour in zip(rows.groupby("method"), (BLUE, PURPLE, GREEN), strict=True):
        of_step = of_step.sort_values("t")
        _exact(axes, of_step, colour)
        last, eta = of_step.iloc[-1], float(method.removeprefix("sgd, eta = "))
        axes.annotate(f"η = 1/{1 / eta:.0f}", (last["t"], last["value"]), xytext=(0, -8), textcoords="offset points",
                      ha="right", va="center", fontsize=7, color=colour,
                      bbox={"color": "white", "pad": 0.5})  # fmt: skip
    axes.set_ylim(bottom=rows["value"].min() / 3)
    axes.set_ylabel("E L − L*")


def _interpolation(axes: Axes, curves: pd.DataFrame, exponents: pd.DataFrame) -> None:
    style.panel_title(axes, "interpolation: exp(−ct)")
    fitted, noisy = chosen(curves, problem="interpolation"), chosen(curves, problem="noisy_labels")
    _exact(axes, fitted, BLUE)
    axes.plot(noisy["t"], noisy["value"], color=WRONG, linewidth=1.2)
    last = noisy.iloc[-1]
    axes.annotate("noisy labels", (last["t"], last["value"]), xytext=(3, 0), textcoords="offset points", va="center",
                  fontsize=7, color=WRONG)  # fmt: skip
    row = chosen(exponents, problem="interpolation").iloc[0]
    slope = minus(f"slope of ln per step\n{row['estimate']:.4f}\nin theory {row['theory']:.4f}")
    axes.text(0.04, 0.05, slope, transform=axes.transAxes, fontsize=6.5, color=BLUE)
    axes.set_ylabel("E‖w − w*‖²")


def _unbounded(axes: Axes, curves: pd.DataFrame) -> None:
    style.panel_title(axes, "unbounded gradients")
    rows = chosen(curves, problem="least_squares", quantity="gap")
    _exact(axes, chosen(rows, method="sgd_one_sample"), BLUE)
    _exact(axes, chosen(rows, method="sgd_above_limit"), WRONG)
    axes.text(0.5, 0.9, "step above the\nlimit of stability", transform=axes.transAxes, va="center", fontsize=6.5, color=WRONG)
    axes.text(0.03, 0.06, "least squares, step of the theorem", transform=axes.transAxes, fontsize=6.5, color=BLUE)
    axes.set_ylim(bottom=rows["value"].min() / 5)
    axes.set_ylabel("E L − L*")


def _told(axes: Axes, lines: list[tuple[str, str, str]], room: float) -> None:
    """Write name and slope of each curve, in its colour, in room made below the curves."""
    low, high = axes.dataLim.intervaly
    axes.set_ylim(low * room, high * 2)
    axes.text(
        1.0, 0.03 + 0.075 * len(lines), "slope, 95 %", transform=axes.transAxes, ha="right", fontsize=6.5, color=style.GREY
    )
    for line, (name, colour, slope) in enumerate(reversed(lines)):
        place = {"transform": axes.transAxes, "fontsize": 6.5, "color": colour}
        axes.text(0.03, 0.03 + 0.075 * line, name, **place)
        axes.text(1.0, 0.03 + 0.075 * line, slope, ha="right", **place)


def _exact(axes: Axes, curve: pd.DataFrame, colour: str) -> None:
    axes.plot(curve["t"], curve["value"], color=colour, linewidth=1.2)
    _bound(axes, curve, colour)


def _bound(axes: Axes, curve: pd.DataFrame, colour: str) -> None:
    axes.plot(curve["t"], curve["bound"], color=colour, linestyle="--", linewidth=1)


def _sampled(axes: Axes, curve: pd.DataFrame, colour: str) -> None:
    sides = np.abs(curve[["ci_low", "ci_high"]].to_numpy().T - curve["value"].to_numpy())
    axes.errorbar(curve["t"], curve["value"], sides, fmt="o", color=colour, markersize=3, linewidth=1)


def _slope(exponents: pd.DataFrame, **columns: str) -> str:
    row = chosen(exponents, **columns).iloc[0]
    return minus(f"{row['estimate']:.2f} [{row['ci_low']:.2f}, {row['ci_high']:.2f}]")
