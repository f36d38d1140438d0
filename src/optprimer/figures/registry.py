"""Every figure by name, with the tables that it is drawn from.

A figure is a module of optprimer.figures with a function of its name, whose parameters are those tables by file name. Those in
``PAGES`` have an interactive page too, drawn from the same tables by ``page`` in optprimer.figures.{name}_page.
"""

FIGURES: dict[str, tuple[str, ...]] = {
    "figure1": ("train/history", "landscape/surface"),
    "contours": ("landscape/surface",),
    "lines": ("landscape/line",),
    "curvature": ("landscape/curvature",),
    "trajectory": ("landscape/trajectory", "landscape/surface"),
    "training": ("train/history",),
    "geometry": ("landscape/geometry",),
    "normalisation": ("landscape/surface",),
    "crosscheck": ("landscape/crosscheck", "landscape/precision"),
    "figure2": ("rates/curves",),
    "descent": ("rates/curves", "rates/checks"),
    "nonconvex": ("rates/curves", "rates/exponents"),
    "convex": ("rates/curves", "rates/exponents"),
    "acceleration": ("rates/curves", "rates/exponents"),
    "strongly_convex": ("rates/curves", "rates/exponents"),
    "hierarchy": ("rates/curves", "rates/exponents"),
    "worst_case": ("rates/worst_case",),
    "saddles": ("rates/curves", "rates/exponents"),
    "kinks": ("rates/curves", "rates/exponents"),
}

PAGES = ("figure1", "figure2")
