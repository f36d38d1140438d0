"""What can be moved on the page, by the figure below which it stands, with the tables that it is made from.

Each is a function of its name in optprimer.page.models, whose parameters are those tables by file name.
"""

from optprimer.figures.registry import FIGURES

MODELS: dict[str, tuple[str, ...]] = {
    "figure1": FIGURES["figure1"],
    "figure2": FIGURES["figure2"],
    "descent": ("rates/curves",),
    "memorization": FIGURES["memorization"],
}

ERRATA = "rates/errata"

# All tables that the page reads beside the verdicts.
TABLES = sorted({ERRATA, *(table for tables in MODELS.values() for table in tables)})
