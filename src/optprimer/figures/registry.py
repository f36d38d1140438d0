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
    "figure3": ("rates/curves", "rates/pl"),
    "pl": ("rates/curves", "rates/exponents"),
    "sgd": ("rates/curves", "rates/exponents"),
    "oracle": ("rates/curves", "rates/exponents", "rates/checks"),
    "nonsmooth": ("rates/curves", "rates/exponents"),
    "cost": ("rates/cost",),
    "saddles": ("rates/curves", "rates/exponents"),
    "kinks": ("rates/curves", "rates/exponents"),
    "memorization": ("memorization/curves", "memorization/summary"),
    "memorization_kinds": ("memorization/curves", "memorization/summary"),
    "regularization": ("memorization/summary",),
    "early_stopping": ("memorization/curves", "memorization/runs"),
    "memorization_evidence": ("memorization/runs",),
    "batch": ("batch/summary",),
    "batch_curves": ("batch/curves", "batch/summary"),
    "batch_cost": ("batch/cost",),
    "edge": ("edge/curves", "edge/summary"),
    "convexity": ("edge/convexity", "edge/spectra"),
    "direction": ("edge/direction",),
    "sharpness": ("sharpness/minima", "sharpness/summary"),
    "sharpness_lines": ("sharpness/line",),
    "reparameterization": ("sharpness/reparameterization", "sharpness/profile"),
}

PAGES = ("figure1", "figure2")

REGISTRY = "optprimer/figures/registry.py"  # for messages


def target(name: str) -> str:
    """Return the name by which Snakemake is asked for a figure: figure1, figure_contours."""
    return name if name.startswith("figure") else f"figure_{name}"


# Studies of rates whose rows a figure shows, where that is not the one study of its name.
STUDIES = {
    "figure2": ("sandwich",),
    "figure3": ("pl_function",),
    "pl": ("pl_function", "pl_networks", "pl_wide"),
    "sgd": ("sgd", "sgd_beyond"),
    "hierarchy": ("nonconvex", "convex", "acceleration", "strongly_convex"),
}
