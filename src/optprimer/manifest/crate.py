"""The manifest for archives and other programs: an RO-Crate (https://w3id.org/ro/crate/1.2), JSON-LD beside the results.

The library rocrate knows the form; what is said is here. The root of the crate is the folder of results, so tables are data
entities of it. Figures lie in a folder of their own, outside the root, where the specification admits no files; they are
described all the same, by name and checksum.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rocrate.model import ContextEntity
from rocrate.rocrate import ROCrate

from optprimer.manifest.names import MANIFEST
from optprimer.manifest.outputs import File

LICENCE = "https://spdx.org/licenses/MIT"
MEDIA_TYPES = {"png": "image/png", "pdf": "application/pdf", "svg": "image/svg+xml", "html": "text/html"}


def crate(
    record: Mapping[str, Any], tables: Mapping[str, File], figures: Mapping[str, File], figures_folder: Path
) -> dict[str, Any]:
    """Return the crate of a run, whose manifest is ``record``, as JSON-LD."""
    crate = ROCrate(version="1.2")
    crate.name = f"optprimer, run {record['run']}"
    crate.description = (
        f"Tables and figures of the run {record['run']} (scale {record['scale']}, seed {record['seed']}, digest"
        f" {record['run_digest']}) of optprimer, which recomputes every figure and every empirical claim of a lecture"
        f" chapter on optimization. {MANIFEST} has all settings, versions and costs."
    )
    crate.datePublished = record["measured"]["finished"]
    crate.license = _add(crate, LICENCE, "CreativeWork", name="MIT", description="The licence of optprimer and its results")
    crate.root_dataset["identifier"] = _add(
        crate, "#digest", "PropertyValue", propertyID="run_digest", name="digest of the run", value=record["run_digest"]
    )
    crate.add_file(
        dest_path=MANIFEST,
        properties={"name": "Manifest", "description": "The record of the run", "encodingFormat": "application/json"},
    )
    results = [_table(crate, name, file) for name, file in tables.items()]
    results += [_figure(crate, name, file, figures_folder) for name, file in figures.items()]
    run = _add(
        crate,
        "#run",
        "CreateAction",
        name=f"The run {record['run']}",
        instrument=_software(crate, record),
        result=results,
        endTime=record["measured"]["finished"],
    )
    if record["data"]:
        run["object"] = _add(crate, "#data", "CreativeWork", name=record["data"]["name"], description=record["data"]["source"])
    crate.root_dataset["mentions"] = run
    return crate.metadata.generate()


def _add(crate: ROCrate, identifier: str, kind: str, **properties: object) -> ContextEntity:
    return crate.add(ContextEntity(crate, identifier, {"@type": kind, **properties}))


def _table(crate: ROCrate, name: str, file: File) -> Any:  # noqa: ANN401 (the library's)
    return crate.add_file(
        dest_path=f"{name}.csv",
        properties={
            "name": f"Table {name}",
            "description": f"{file.rows} rows; the columns are described in docs/architecture.md of optprimer",
            "encodingFormat": "text/csv",
            "contentSize": str(file.size),
            "sha256": file.sha256,
        },
    )


def _figure(crate: ROCrate, name: str, file: File, folder: Path) -> ContextEntity:
    extension = name.rpartition(".")[2]
    return _add(
        crate,
        f"#{name}",
        "WebPage" if extension == "html" else "ImageObject",
        name=name,
        description=f"in the folder {folder.as_posix()}",
        encodingFormat=MEDIA_TYPES[extension],
        contentSize=str(file.size),
        sha256=file.sha256,
    )


def _software(crate: ROCrate, record: Mapping[str, Any]) -> ContextEntity:
    packages = {"Python": record["python"], **record["packages"]}
    own = packages.pop("optprimer")
    code = record["code"]
    return _add(
        crate,
        "#optprimer",
        "SoftwareApplication",
        name="optprimer",
        version=own,
        description=f"commit {code['commit']}, digest of the code {code['digest']}",
        softwareRequirements=[
            _add(crate, f"#{name}", "SoftwareApplication", name=name, version=version) for name, version in packages.items()
        ],
    )
