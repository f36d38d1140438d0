"""Convergence in direction (Ji and Telgarsky 2020, arXiv 2006.06657): weights grow without end, and turn less and less."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from optprimer.edge.direction_study import STRAIGHT
from optprimer.edge.plan import CLAIM, CONTROL
from optprimer.figures import style
from optprimer.figures.palette import BLUE, VERMILION
from optprimer.figures.provenance import Provenance

TINY = STRAIGHT / 4  # the axis of turns begins here
SIDES = {CONTROL: (VERMILION, "s", "with weight decay (control)"), CLAIM: (BLUE, "o", "gradient descent")}


@style.house()
def direction(direction: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw, by step, 1 - cos between weights of successive doublings of log(1 / loss), their norm and normalised margin."""
    figure = style.page(2.75)
    turns, norms, margins = figure.subplots(1, 3)
    for role, (colour, marker, _) in SIDES.items():
        for _, run in direction[direction["role"] == role].groupby("seed"):
            run = run.sort_values("doubling")
            look = {"color": colour, "marker": marker, "markersize": 3, "linewidth": 0.9, "alpha": 0.85}
            for axes, column in ((turns, "turn"), (norms, "norm"), (margins, "margin")):
                axes.plot(run["step"], run[column], **look)
        _loss(norms, direction[direction["role"] == role], colour, above=role == CLAIM)
    turns.axhline(STRAIGHT, color=style.GREY, linestyle=":", linewidth=1)
    turns.set(yscale="log", ylim=(TINY, None), ylabel="1 − cos of the turn")
    norms.set(yscale="log", ylabel="norm of the weights", ylim=(None, 2 * direction["norm"].max()))
    margins.axhline(0, color=style.GREY, linestyle=":", linewidth=1)
    margins.set(ylabel="margin / norm²")
    titles = ("(a) weights turn ever less", "(b) while they grow", "(c) and the margin too")
    for axes, title in zip((turns, norms, margins), titles, strict=True):
        axes.set(xscale="log", xlabel="step")
        style.panel_title(axes, title)
    handles = [Line2D([], [], color=c, marker=m, markersize=4, linewidth=0.9, label=t) for c, m, t in SIDES.values()][::-1]
    figure.legend(handles=handles, loc="outside upper center", ncols=2, fontsize=7.5)
    style.footer(
        figure,
        provenance,
        f"ReLU network with one hidden layer, without biases, {direction['parameters'].iloc[0]:,} weights",
        f"{style.images(direction)}, {direction['seed'].nunique()} runs (seeds)",
        "dots: log(1/loss) has doubled, from 1 on; turn: angle to the weights one dot before",
        "steps are scaled by 1/loss; dotted in (a): 0.001, the decision rule's bound, at which runs end",
        "the control is drawn after the same numbers of steps; it comes to rest at a finite norm",
        "margin: the smallest of all images",
    )
    return figure


def _loss(axes: Axes, rows: pd.DataFrame, colour: str, *, above: bool) -> None:
    """Name the loss at the last dot of the longest run."""
    if len(rows):
        last = rows.loc[rows["step"].idxmax()]
        place = {"xytext": (-5, 2) if above else (0, 5), "textcoords": "offset points", "ha": "right" if above else "center"}
        text = f"loss e$^{{−{-last['log_loss']:.0f}}}$"
        axes.annotate(text, (last["step"], last["norm"]), **place, va="bottom", fontsize=7.5, color=colour)
