"""Colours that people with any colour vision tell apart, and shades for what comes in an order."""

import matplotlib
import numpy as np
from matplotlib.colors import to_hex

# Ten colours with the contrasts of Okabe & Ito's "Color universal design" (2008), as seaborn's palette "colorblind" has them.
BLUE, ORANGE, GREEN, VERMILION, PURPLE, BROWN, PINK, SILVER, YELLOW, SKY = COLOURBLIND = (
    "#0173b2", "#de8f05", "#029e73", "#d55e00", "#cc78bc", "#ca9161", "#fbafe4", "#949494", "#ece133", "#56b4e9",
)  # fmt: skip


def shades(name: str, count: int, lightest: float = 0.0) -> list[str]:
    """Return ``count`` colours, evenly spaced over matplotlib's map ``name`` from ``lightest`` (0 to 1) on, ends left out."""
    return [to_hex(colour) for colour in matplotlib.colormaps[name](np.linspace(lightest, 1, count + 2)[1:-1])]
