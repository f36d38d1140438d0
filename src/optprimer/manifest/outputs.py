"""What a run has made: its tables and figures, by the registries, so that other files in the folders do not count."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from optprimer.figures.registry import FIGURES, PAGES
from optprimer.registry import TABLES, files_of
from optprimer.tables import read

PAGE = "index.html"  # the page that shows all figures and verdicts


@dataclass(frozen=True)
class File:
    """A file of a run; ``rows`` and ``precision`` (those that its rows name) are of tables that have them."""

    path: Path
    sha256: str
    size: int
    rows: int | None = None
    precision: tuple[str, ...] = ()


def tables(results: Path) -> dict[str, File]:
    """Return the tables in a folder of results by name: "train/resnet56/history", "landscape/surface", ...

    Raises:
        UserError: one is damaged.
    """
    found = {}
    for kind, model in TABLES.items():
        for path in files_of(kind, results):
            rows = read(model, path)
            precision = tuple(sorted(rows["precision"].unique())) if "precision" in rows else ()
            name = path.relative_to(results).with_suffix("").as_posix()
            found[name] = File(path, _sha256(path), path.stat().st_size, len(rows), precision)
    return found


def figures(folder: Path) -> dict[str, File]:
    """Return the pictures and pages in a folder of figures by file name."""
    names = [f"{figure}.{extension}" for figure in FIGURES for extension in ("png", "pdf", "svg")]
    names += [*(f"{figure}.html" for figure in PAGES), PAGE]
    paths = (folder / name for name in names)
    return {path.name: File(path, _sha256(path), path.stat().st_size) for path in paths if path.exists()}


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
