"""Every figure of the project by name, and how it is drawn from its tables."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from optprimer import __version__
from optprimer.errors import UserError
from optprimer.figures.contours import contours
from optprimer.figures.crosscheck import crosscheck
from optprimer.figures.curvature import curvature
from optprimer.figures.figure1 import figure1
from optprimer.figures.geometry import geometry
from optprimer.figures.interactive import figure1_html
from optprimer.figures.lines import lines
from optprimer.figures.normalisation import normalisation
from optprimer.figures.provenance import Provenance
from optprimer.figures.save import save, with_extension
from optprimer.figures.training import training
from optprimer.figures.trajectory import trajectory
from optprimer.registry import TABLES
from optprimer.tables import read

FIGURES: dict[str, Callable[..., Figure]] = {
    function.__name__: function
    for function in (figure1, contours, lines, curvature, trajectory, training, geometry, normalisation, crosscheck)
}


def draw(name: str, paths: Sequence[Path], stem: Path, run: str, seed: int, config_digest: str) -> None:
    """Draw figure ``name`` from tables, each known by its file name, to ``stem`` .png, .pdf, .svg; figure 1 also .html.

    The tables that a figure takes are the names of its function's parameters; those with a default may be left out.

    Raises:
        UserError: no such figure, or a table is missing, not one of its own, or damaged.
    """
    if name not in FIGURES:
        raise UserError(f"figure {name!r}: allowed are {', '.join(FIGURES)}")
    tables = _tables(name, paths)
    provenance = Provenance(run, seed, config_digest, next(iter(tables.values()))["data"].iloc[0], __version__)
    save(FIGURES[name](**tables, provenance=provenance), stem, provenance)
    if name == "figure1":
        figure1_html(tables["surface"], tables.get("history"), with_extension(stem, "html"), provenance)


def _tables(name: str, paths: Sequence[Path]) -> Mapping[str, pd.DataFrame]:
    parameters = inspect.signature(FIGURES[name]).parameters
    allowed = [parameter for parameter in parameters if parameter in TABLES]
    found: dict[str, list[Path]] = {}
    for path in paths:
        if path.stem not in allowed:
            raise UserError(f"{path}: figure {name} is drawn from {', '.join(f'{table}.csv' for table in allowed)}")
        found.setdefault(path.stem, []).append(path)
    for table in allowed:
        if table not in found and parameters[table].default is inspect.Parameter.empty:
            raise UserError(f"figure {name} needs {table}.csv")
    return {table: read(TABLES[table], *files) for table, files in found.items()}
