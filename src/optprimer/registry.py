"""Every table of the project by its stage and file name."""

from optprimer.landscape.tables import Crosscheck, Curvature, Geometry, Line, Precision, Surface, Trajectory
from optprimer.memorization import tables as memorization
from optprimer.rates.tables import Checks, Cost, Curves, Errata, Exponents, Pl, WorstCase
from optprimer.tables import Table
from optprimer.training.tables import History

TABLES: dict[str, type[Table]] = {
    "train/history": History,
    "landscape/surface": Surface,
    "landscape/line": Line,
    "landscape/curvature": Curvature,
    "landscape/trajectory": Trajectory,
    "landscape/geometry": Geometry,
    "landscape/crosscheck": Crosscheck,
    "landscape/precision": Precision,
    "memorization/plan": memorization.Plan,
    "memorization/curves": memorization.Curves,
    "memorization/runs": memorization.Runs,
    "memorization/summary": memorization.Summary,
    "rates/curves": Curves,
    "rates/exponents": Exponents,
    "rates/checks": Checks,
    "rates/worst_case": WorstCase,
    "rates/pl": Pl,
    "rates/errata": Errata,
    "rates/cost": Cost,
}
