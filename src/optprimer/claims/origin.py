"""At which scale the tables of a run can be judged, by what they and their manifest say of themselves."""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pandas as pd

from optprimer.config.problem import SOURCES
from optprimer.config.scales import Images, scales_of
from optprimer.errors import UserError
from optprimer.manifest.names import MANIFEST
from optprimer.registry import TABLES, files_of


def check_scale(results: Path, scale: str) -> None:
    """Refuse to judge the tables in ``results`` at another scale than theirs.

    The images that a table names tell digits from CIFAR-10 and the sides of its images. Scales of the same images differ in
    settings that no table has; these are told apart by the manifest, where there is one.

    Raises:
        UserError: the images of a table are not those of ``scale``, or the manifest of these tables names another.
    """
    for path, name in _data_sets(results):
        images = _images(name)
        if images and scale not in (allowed := scales_of(images)):
            raise UserError(f"--scale {scale!r}: {path} is of {name}; allowed are {', '.join(allowed)}")
    recorded = _recorded(results)
    if recorded not in (None, scale):
        raise UserError(f"--scale {scale!r}: these tables are of scale {recorded}, says {results / MANIFEST}")


def _data_sets(results: Path) -> Iterator[tuple[Path, str]]:
    """The names of data sets in each table; whether it is whole is found out where it is read."""
    for path in (path for table in TABLES for path in files_of(table, results) if not table.startswith("claims")):
        try:
            column = pd.read_csv(path, usecols=["data"], dtype=str, keep_default_na=False)["data"]
        except (ValueError, OSError):  # no such column in a plan, and pandas' parser errors are ValueErrors
            continue
        yield from ((path, name) for name in column.unique())


def _images(name: str) -> Images | None:
    """Take ``cifar10-jpeg75-16``, as optprimer.data names it, apart; other data are of no scale."""
    family, _, side = name.rpartition("-")
    dataset = family.partition("-")[0]
    return Images(dataset, int(side)) if dataset in SOURCES and side.isdecimal() else None


def _recorded(results: Path) -> str | None:
    """The scale in the manifest, if all tables that it lists are there as they were.

    Otherwise it is of an earlier run: the verdicts of a run in progress are not there yet, and its settings may be others.
    """
    try:
        manifest = json.loads((results / MANIFEST).read_text(encoding="utf-8"))
        listed = {results / f"{name}.csv": table["sha256"] for name, table in manifest["tables"].items()}
        same = all(path.exists() and sha256(path.read_bytes()).hexdigest() == digest for path, digest in listed.items())
        return manifest["scale"] if same else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # none, or one that says nothing
        return None
