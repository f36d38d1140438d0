"""What the page is made from, read from the folders of a run: verdicts, tables, pictures."""

import os
import platform
import shlex
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from optprimer import __version__
from optprimer.claims.load import load
from optprimer.claims.results import judged
from optprimer.claims.wording import adjusted
from optprimer.figures.captions import captions, check_captions
from optprimer.figures.provenance import Provenance
from optprimer.figures.registry import FIGURES
from optprimer.page import models
from optprimer.page.pictures import picture
from optprimer.page.registry import ERRATA, MODELS
from optprimer.page.registry import TABLES as PAGE_TABLES
from optprimer.page.render import About, Drawn, Link, page
from optprimer.page.words import data_sets
from optprimer.registry import TABLES, files_of
from optprimer.tables import read

_TOOLS = ("numpy", "pandas", "scipy", "torch", "pepit", "python-flint", "matplotlib", "snakemake")


def page_of(results: Path, figures: Path, folder: Path, run: str, seed: int, run_digest: str) -> str:
    """Return the page of a run, to be stored in ``folder``, from which its links lead.

    Figures and tables that were not made are left out, and the page says so.

    Raises:
        UserError: the run was not judged, a file is damaged, or a claim names a figure that has no caption.
    """
    claims, evidence = judged(results)
    check_captions(claims["figure"], str(results / "claims.csv"))
    data = data_sets(claims["data"])
    scale = ", ".join(claims["scale"].unique())
    return page(
        claims=claims,
        evidence=evidence,
        errata=_table(ERRATA, results),
        captions=captions(),
        figures={name: _drawn(name, results, figures, folder) for name in FIGURES if (figures / f"{name}.png").exists()},
        models=_models(results),
        about=About(
            provenance=Provenance(run, seed, run_digest, ", ".join(data), __version__),
            scale=scale,
            data=tuple(data),
            versions=(
                ("optprimer", __version__),
                ("Python", platform.python_version()),
                *((each, version(each)) for each in _TOOLS),
            ),
            command=_command(run, scale, seed),
            tables=_links(("claims", "claims/evidence", ERRATA), results, folder),
        ),
        adjusted=adjusted(load(), claims, evidence),
    )


def _models(results: Path) -> dict[str, Mapping[str, Any]]:
    tables = {name: _table(name, results) for name in PAGE_TABLES}
    return {
        name: getattr(models, name)(**{table.rpartition("/")[2]: tables[table] for table in needed})
        for name, needed in MODELS.items()
        if not any(tables[table].empty for table in needed)
    }


def _table(name: str, results: Path) -> pd.DataFrame:
    paths = files_of(name, results)
    return read(TABLES[name], *paths) if paths else pd.DataFrame(columns=list(TABLES[name].to_schema().columns))


def _drawn(name: str, results: Path, figures: Path, folder: Path) -> Drawn:
    files = (path for kind in ("png", "pdf", "svg") if (path := figures / f"{name}.{kind}").exists())
    return Drawn(
        picture=picture(figures / f"{name}.png"),
        files=tuple(Link(path.suffix[1:].upper(), _relative(path, folder)) for path in files),
        tables=_links(FIGURES[name], results, folder),
    )


def _links(names: tuple[str, ...], results: Path, folder: Path) -> tuple[Link, ...]:
    return tuple(
        Link(path.relative_to(results).as_posix(), _relative(path, folder))
        for name in names
        for path in files_of(name, results)
    )


def _relative(path: Path, folder: Path) -> str:
    """Return the link to ``path`` from ``folder``; what has a meaning in addresses, as # and %, is written out."""
    return quote(Path(os.path.relpath(path, folder)).as_posix())


def _command(run: str, scale: str, seed: int) -> str:
    flags = "" if scale == "digits" else f" --configfile workflow/scales/{scale}.yaml"
    settings = [f"seed={seed}"] * (seed != 0) + [f"run={run}"] * (run != scale)
    return f"snakemake --cores all{flags}" + (f" --config {shlex.join(settings)}" if settings else "")
