"""Every table of the project by its file name."""

from optprimer.landscape.tables import Crosscheck, Curvature, Geometry, Line, Precision, Surface, Trajectory
from optprimer.tables import Table
from optprimer.training.tables import History

TABLES: dict[str, type[Table]] = {
    "history": History,
    "surface": Surface,
    "line": Line,
    "curvature": Curvature,
    "trajectory": Trajectory,
    "geometry": Geometry,
    "crosscheck": Crosscheck,
    "precision": Precision,
}
