"""The manifest of a run as one JSON document."""

import platform
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from optprimer.config.digest import config_digest
from optprimer.data.dataset import PROVENANCE, read_provenance
from optprimer.manifest.code import code
from optprimer.manifest.identity import run_digest, versions
from optprimer.manifest.jobs import costs
from optprimer.manifest.machine import device_used, here
from optprimer.manifest.outputs import File


def manifest(
    config: Mapping[str, Any], results: Path, tables: Mapping[str, File], figures: Mapping[str, File]
) -> dict[str, Any]:
    """Return the record of the run in the folder ``results``, whose settings were ``config``.

    Equal inputs on an equal machine give an equal record, but for ``measured``. ``used`` is what jobs take for auto on this
    machine, and the precisions that tables name; some measurements are always in fp32.
    """
    data = results / "data"
    precisions = {precision for file in tables.values() for precision in file.precision}
    return {
        "run": config["run"],
        "run_digest": run_digest(config),
        "scale": config["scale"],
        "seed": config["seed"],
        "threads": config["threads"],
        "device": {"set": config["device"], "used": device_used(config["device"])},
        "precision": {"set": config["precision"], "used": sorted(precisions)},
        "code": asdict(code()),
        "python": platform.python_version(),
        "packages": versions(),
        "machine": asdict(here()),
        "data": read_provenance(data) if (data / PROVENANCE).exists() else None,
        "tables": {name: {"sha256": file.sha256, "rows": file.rows} for name, file in tables.items()},
        "figures": {name: {"sha256": file.sha256} for name, file in figures.items()},
        "config_digest": config_digest(config),
        "config": config,
        "measured": {
            "finished": _newest([*tables.values(), *figures.values()]),
            "rules": {rule: asdict(cost) for rule, cost in costs(results / "benchmarks").items()},
        },
    }


def _newest(files: list[File]) -> str:
    """Return when the last of ``files`` was written, in UTC to the second."""
    last = max(file.path.stat().st_mtime for file in files)
    return datetime.fromtimestamp(last, UTC).isoformat(timespec="seconds")
