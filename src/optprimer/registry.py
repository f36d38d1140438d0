"""Every table of the project by its stage and file name."""

from pathlib import Path

from optprimer.batch import tables as batch
from optprimer.claims import tables as claims
from optprimer.edge import tables as edge
from optprimer.landscape.tables import Crosscheck, Curvature, Geometry, Line, Precision, Surface, Trajectory
from optprimer.memorization import tables as memorization
from optprimer.rates.tables import Checks, Cost, Curves, Errata, Exponents, Pl, WorstCase
from optprimer.sharpness import tables as sharpness
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
    "batch/plan": batch.Plan,
    "batch/search": batch.Search,
    "batch/curves": batch.Curves,
    "batch/runs": batch.Runs,
    "batch/summary": batch.Summary,
    "batch/cost": batch.Cost,
    "edge/curves": edge.Curves,
    "edge/summary": edge.Summary,
    "edge/convexity": edge.Convexity,
    "edge/spectra": edge.Spectra,
    "edge/direction": edge.Direction,
    "edge/limits": edge.Limits,
    "sharpness/minima": sharpness.Minima,
    "sharpness/keskar": sharpness.Keskar,
    "sharpness/line": sharpness.Line,
    "sharpness/summary": sharpness.Summary,
    "sharpness/reparameterization": sharpness.Reparameterization,
    "sharpness/slopes": sharpness.Slopes,
    "sharpness/profile": sharpness.Profile,
    "rates/curves": Curves,
    "rates/exponents": Exponents,
    "rates/checks": Checks,
    "rates/worst_case": WorstCase,
    "rates/pl": Pl,
    "rates/errata": Errata,
    "rates/cost": Cost,
    "claims": claims.Claims,
    "claims/evidence": claims.Evidence,
}


def files_of(name: str, results: Path) -> list[Path]:
    """The files of a table in a folder of results: one, but for the histories of training, which are one per network."""
    if name == "train/history":
        return sorted(results.glob("train/*/history.csv"))
    path = results / f"{name}.csv"
    return [path] if path.exists() else []
