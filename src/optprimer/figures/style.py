"""The house style: one page width, one theme, one colour and one name per network.

Figures are built with matplotlib's object interface (no pyplot state); ``house()`` holds the settings while they are built
and saved, and leaves no trace outside.
"""

import math
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from optprimer.figures.palette import BLUE, COLOURBLIND, GREEN, ORANGE, VERMILION
from optprimer.figures.provenance import Provenance

PAGE_WIDTH = 7.0  # inches
LOSS_MAP = "viridis"
GREY = "0.35"

_INK = ".15"
_THEME = {
    "font.family": ["DejaVu Sans"],  # ships with matplotlib, so the same bytes on every machine
    "text.hinting": "no_hinting",  # the font's own hints distort + at small sizes
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), _INK),
    **dict.fromkeys(("font.size", "axes.labelsize", "legend.title_fontsize"), 8.64),
    **dict.fromkeys(("xtick.labelsize", "ytick.labelsize", "legend.fontsize"), 7.92),
    "axes.titlesize": 9,
    "figure.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    **dict.fromkeys(("axes.linewidth", "xtick.major.width", "ytick.major.width"), 1.0),
    **dict.fromkeys(("patch.linewidth", "xtick.minor.width", "ytick.minor.width"), 0.8),
    **dict.fromkeys(("xtick.major.size", "ytick.major.size"), 4.8),
    **dict.fromkeys(("xtick.minor.size", "ytick.minor.size"), 3.2),
    "grid.color": ".8",
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "lines.markersize": 4.8,
    "lines.solid_capstyle": "round",
    "patch.edgecolor": "w",
    "patch.force_edgecolor": True,
}


@contextmanager
def house() -> Iterator[None]:
    """Hold the house style; also a decorator, ``@house()``."""
    with matplotlib.rc_context(_THEME):
        yield


def page(height: float) -> Figure:
    """Return an empty figure of the page's width and ``height`` inches."""
    return Figure(figsize=(PAGE_WIDTH, height), layout="constrained")


def footer(figure: Figure, provenance: Provenance, *facts: str) -> None:
    """Write what was measured and where it came from under ``figure``, in small grey lines of at most one page width."""
    text = "\n".join(_filled(origin(provenance, *facts), width=125))
    figure.supxlabel(text, x=0.01, ha="left", fontsize=6, color=GREY)


def origin(provenance: Provenance, *facts: str) -> list[str]:
    """Return the parts of a caption: the data, the ``facts`` of the figure, and the run."""
    return [provenance.data, *facts, f"run {provenance.run}, seed {provenance.seed}", f"digest {provenance.run_digest}"]


def _filled(parts: Iterable[str], width: int) -> list[str]:
    lines = [""]
    for part in parts:
        joined = f"{lines[-1]} · {part}" if lines[-1] else part
        if len(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(part)
    return lines


def ordered(nets: Iterable[str]) -> list[str]:
    """Return the distinct ``nets`` in the order of the panels: those without skips first."""
    return sorted(set(nets), key=lambda net: ("noskip" not in net, [int(n) for n in re.findall(r"\d+", net)], net))


def title(net: str) -> str:
    """Name ``net`` in full: ``resnet56_noskip`` is "ResNet-56, no skip connections"; foreign names stay as they are."""
    match = re.fullmatch(r"resnet(\d+)(_noskip)?(?:_(.+))?", net)
    if match is None:
        return net
    depth, noskip, variant = match.groups()
    skips = "no skip connections" if noskip else "with skip connections"
    return f"ResNet-{depth}, {skips}" + (f", {variant}" if variant else "")


def labels(nets: Iterable[str]) -> dict[str, str]:
    """Return the legend's name of each of ``nets``: short for one network with and without skips, else the full title."""
    nets = ordered(nets)
    if len(nets) == 2 and nets[0] == f"{nets[1]}_noskip":
        return {nets[0]: "without skip connections", nets[1]: "with skip connections"}
    return {net: title(net) for net in nets}


def colours(nets: Iterable[str]) -> dict[str, str]:
    """Return the colour of each of ``nets``: vermilion without skips, blue with skips, others for further networks."""
    firsts = {True: [VERMILION, ORANGE], False: [BLUE, GREEN]}
    others = list(COLOURBLIND[4:])
    return {net: (firsts["noskip" in net] or others).pop(0) for net in ordered(nets)}


def tile(count: int) -> tuple[int, int]:
    """Return the rows and columns on which ``count`` panels, at most three abreast, are laid out."""
    rows = math.ceil(count / 3)
    return rows, math.ceil(count / rows)


def images(table: pd.DataFrame, column: str = "n") -> str:
    """Say how many images the losses of ``table`` are means over."""
    return f"{_span(table[column])} images"


def epochs(history: pd.DataFrame) -> str:
    """Say how long each network was trained."""
    last = history.groupby("net")["epoch"].max()
    names = labels(last.index)
    if len(set(last)) == 1:
        return f"{last.iloc[0]} epochs"
    return ", ".join(f"{last[net]} epochs {name}" for net, name in names.items())


def _span(values: pd.Series) -> str:
    low, high = int(values.min()), int(values.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def panel_title(axes: Axes, text: str) -> None:
    """Title a panel, left-aligned and in bold."""
    axes.set_title(text, loc="left", fontweight="bold")


def row_title(axes: Axes, text: str) -> None:
    """Name a row of panels, upright beside its first, clear of that panel's own labels."""
    axes.annotate(
        text.replace(" ", "\n", 1), (0, 0.5), xytext=(-54, 0), xycoords="axes fraction", textcoords="offset points",
        rotation=90, ha="center", va="center", fontweight="bold", fontsize=7.5,
    )  # fmt: skip


def plain_log(axes: Axes) -> None:
    """Give the logarithmic y axis of a drawn panel plain numbers, the more of them the fewer decades it spans."""
    low, high = axes.get_ylim()
    decades = math.log10(high / low)
    subs = (1,) if decades > 2.5 else (1, 2, 5) if decades > 0.9 else (1, 1.5, 2, 3, 4, 5, 7)
    axes.yaxis.set_major_locator(LogLocator(subs=subs))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def precisions(table: pd.DataFrame) -> str:
    """Say in which floating-point formats ``table`` was computed."""
    return " and ".join(sorted(table["precision"].unique()))
