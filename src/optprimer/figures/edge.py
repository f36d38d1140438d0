"""The edge of stability (Cohen et al. 2021, arXiv 2103.00065): sharpness climbs to 2 / eta and stays, and the loss falls on."""

from collections.abc import Iterable

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from optprimer.edge.plan import ABOVE, BELOW, CLAIM, CONTROL, MARGINS, QUADRATIC
from optprimer.errors import UserError
from optprimer.figures import style
from optprimer.figures.palette import BLUE, BROWN, GREEN, ORANGE, PURPLE, SKY, VERMILION
from optprimer.figures.provenance import Provenance

ROW = 2.15  # inches
TOLERANCE = 0.1  # of the decision rule
NAMES = {"tanh": "tanh network", "conv": "convolutional ReLU network"}
_RATES = (BLUE, ORANGE, VERMILION, GREEN, PURPLE, SKY, BROWN)


@style.house()
def edge(curves: pd.DataFrame, summary: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw loss and sharpness by step for each network and learning rate, the controls, and all plateaus in units of 2 / eta.

    Raises:
        UserError: there is no run but those on the quadratic.
    """
    networks = sorted(set(curves["network"]) - {QUADRATIC}, key=lambda name: (name not in NAMES, [*NAMES, name].index(name)))
    if not networks:
        raise UserError("curves.csv: no run but those on the quadratic")
    figure = style.page(ROW * (len(networks) + 1) + 0.5)
    *rows, last = figure.subfigures(len(networks) + 1, 1)
    for place, (part, network) in enumerate(zip(rows, networks, strict=True)):
        _network(part, curves[curves["network"] == network], titles=place == 0)
        if len(networks) > 1:
            part.suptitle(NAMES.get(network, network), fontsize=8.5)
    plateaus, quadratic = last.subplots(1, 2, width_ratios=[1.75, 1])
    _plateaus(plateaus, summary[summary["network"] != QUADRATIC], networks)
    _quadratic(quadratic, curves[curves["network"] == QUADRATIC])
    measured = summary[summary["network"] != QUADRATIC]
    low, high = measured["sharpness_low"].min(), measured["sharpness_high"].max()
    style.footer(
        figure,
        provenance,
        f"{style.images(measured)}, {measured['seeds'].max()} runs (seeds) for each learning rate η",
        "full-batch gradient descent without momentum on half the squared error",
        "sharpness: largest eigenvalue of the Hessian; bars: 95 % t intervals over seeds",
        "late: the last third of the steps",
        f"over all networks, steps and seeds sharpness is {low:.2g} to {high:.3g}",
        *([f"{refused} measurements refused"] if (refused := int(measured["refused"].sum())) else []),
    )
    return figure


def rate_colours(rates: Iterable[float]) -> dict[float, str]:
    """Return the colour of each learning rate of a network, by size."""
    return dict(zip(sorted(set(rates)), _RATES * 9, strict=False))


def _network(part: Figure, rows: pd.DataFrame, *, titles: bool) -> None:
    losses, sharpness, control = part.subplots(1, 3, width_ratios=[1, 1.15, 1])
    claims = rows[rows["role"] == CLAIM]
    for rate, colour in rate_colours(claims["learning_rate"]).items():
        runs = claims[claims["learning_rate"] == rate]
        _runs(losses, runs, "loss", colour, f"η = {rate:g}")
        _runs(sharpness, runs.dropna(subset="sharpness"), "sharpness", colour)
        _line(sharpness, rate, colour)
    losses.set(yscale="log", ylabel="training loss")
    style.plain_log(losses)
    losses.legend(fontsize=7, loc="upper right", handlelength=1.2, borderaxespad=0)
    sharpness.set(ylim=(0, 1.35 * 2 / claims["learning_rate"].min()), ylabel="sharpness")
    _control(control, rows[rows["role"] == CONTROL], claims["learning_rate"])
    names = ("(a) the loss falls unevenly", "(b) sharpness settles at 2/η", "(c) not with a small η")
    for axes, name in zip((losses, sharpness, control), names, strict=True):
        axes.set_xlabel("step")
        axes.set_xlim(0, None)
        if titles:
            style.panel_title(axes, name)


def _control(axes: Axes, rows: pd.DataFrame, claims: pd.Series) -> None:
    rate = rows["learning_rate"].iloc[0]
    _runs(axes, rows.dropna(subset="sharpness"), "sharpness", style.GREY)
    _line(axes, rate, style.GREY)
    for other, colour in rate_colours(claims).items():
        _line(axes, other, colour, named=False)
    axes.set(ylim=(0, 1.15 * 2 / rate), ylabel="sharpness")


def _runs(axes: Axes, rows: pd.DataFrame, column: str, colour: str, label: str | None = None) -> None:
    """Draw the runs of one learning rate, the first seed's strong and the others' thin."""
    for seed, run in sorted(rows.groupby("seed"), reverse=True):
        strong = seed == rows["seed"].min()
        width, opacity = (1.1, 1.0) if strong else (0.5, 0.45)
        axes.plot(run["step"], run[column], color=colour, linewidth=width, alpha=opacity, label=label if strong else None)


def _line(axes: Axes, rate: float, colour: str, *, named: bool = True) -> None:
    axes.axhline(2 / rate, color=colour, linestyle=":", linewidth=1.1)
    if named:
        axes.text(1.01, 2 / rate, f"2/{rate:g}", transform=axes.get_yaxis_transform(), va="center", fontsize=7, color=colour)


def _plateaus(axes: Axes, rows: pd.DataFrame, networks: list[str]) -> None:
    """Draw the late sharpness of each learning rate in units of 2 / eta, and say what the loss does."""
    axes.axvspan(1 - TOLERANCE, 1 + TOLERANCE, color="0.92", linewidth=0)
    axes.axvline(1, color=style.GREY, linestyle=":", linewidth=1.1)
    labels = []
    for network in networks:
        own = rows[rows["network"] == network].sort_values(["role", "learning_rate"])  # controls last
        colours = rate_colours(own.loc[own["role"] == CLAIM, "learning_rate"])
        for _, row in own.iterrows():
            colour = style.GREY if row["role"] == CONTROL else colours[row["learning_rate"]]
            y = len(labels)
            axes.plot([row["plateau_low"], row["plateau_high"]], [y, y], color=colour, linewidth=2, solid_capstyle="butt")
            axes.plot(row["plateau"], y, "o", color=colour, markersize=4.5)
            axes.text(1.02, y, _told(row), transform=axes.get_yaxis_transform(), va="center", fontsize=6.5, color=colour)
            name = f"η = {row['learning_rate']:g}" + (" (control)" if row["role"] == CONTROL else "")
            labels.append(name if len(networks) == 1 else f"{NAMES.get(network, network).split()[0]}, {name}")
    axes.set_yticks(range(len(labels)), labels, fontsize=7)
    axes.set(xlim=(0, 1.25), ylim=(len(labels) - 0.4, -0.6))
    axes.set_xlabel("late sharpness in units of 2/η; grey: within 10 %")
    axes.tick_params(axis="y", length=0)
    style.panel_title(axes, "(d) late sharpness, and what the late loss does")


def _told(row: pd.Series) -> str:
    rises = PercentFormatter(1, decimals=0, symbol=" %").format_pct(row["late_rises"], 1)
    return f"{row['plateau']:.3f}; rises on {rises}\nof the steps, falls {row['late_fall']:.1f}×"


def _quadratic(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw the loss of the quadratic under and over its line."""
    for role, colour, side in ((ABOVE, VERMILION, "bottom"), (BELOW, BLUE, "top")):
        run = rows[rows["role"] == role].sort_values("step")
        axes.plot(run["step"], run["loss"], color=colour, linewidth=1.2)
        point = run.iloc[2 * len(run) // 3]
        place = {"xytext": (-5, 3 if role == ABOVE else -3), "textcoords": "offset points", "ha": "right", "va": side}
        axes.annotate(f"η = {MARGINS[role]:g}/λ", (point["step"], point["loss"]), **place, fontsize=7.5, color=colour)
    axes.set(yscale="log", xlabel="step", ylabel="loss", xlim=(0, None))
    style.panel_title(axes, "(e) a quadratic")
