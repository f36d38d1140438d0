"""A figure by its name: read its tables, draw it, store it in every format."""

import importlib
import inspect
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from optprimer import __version__
from optprimer.errors import UserError
from optprimer.figures.provenance import Provenance
from optprimer.figures.registry import FIGURES, PAGES, STUDIES
from optprimer.figures.save import save, with_extension
from optprimer.registry import TABLES
from optprimer.tables import read


def draw(name: str, paths: Sequence[Path], stem: Path, run: str, seed: int, run_digest: str) -> None:
    """Draw figure ``name`` from tables, each known by its file name, to ``stem`` .png, .pdf, .svg; and its page to .html.

    Tables whose parameter in the figure's function has a default may be left out.

    Raises:
        UserError: no such figure, or a table is missing, not one of its own, or damaged.
    """
    if name not in FIGURES:
        raise UserError(f"figure {name!r}: allowed are {', '.join(FIGURES)}")
    function = getattr(importlib.import_module(f"optprimer.figures.{name}"), name)
    tables = _tables(name, function, paths)
    data = sorted({label for table in tables.values() for label in table["data"]})
    provenance = Provenance(run, seed, run_digest, ", ".join(data), __version__)
    save(function(**tables, provenance=provenance), stem, provenance)
    if name in PAGES:
        page = importlib.import_module(f"optprimer.figures.{name}_page").page
        page(**tables, path=with_extension(stem, "html"), provenance=provenance)


def _tables(name: str, function: Callable, paths: Sequence[Path]) -> dict[str, pd.DataFrame]:
    models = {table.rpartition("/")[2]: TABLES[table] for table in FIGURES[name]}
    found: dict[str, list[Path]] = {}
    for path in paths:
        if path.stem not in models:
            raise UserError(f"{path}: figure {name} is drawn from {', '.join(f'{table}.csv' for table in models)}")
        found.setdefault(path.stem, []).append(path)
    for table in models:
        if table not in found and inspect.signature(function).parameters[table].default is inspect.Parameter.empty:
            raise UserError(f"figure {name} needs {table}.csv")
    return {table: _of_figure(name, read(models[table], *files)) for table, files in found.items()}


def _of_figure(name: str, table: pd.DataFrame) -> pd.DataFrame:
    return table[table["study"].isin(STUDIES.get(name, (name,)))] if "study" in table else table
