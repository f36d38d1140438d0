"""What two manifests say: whether settings, versions and machine were the same, so that bytes have to be."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optprimer.errors import UserError
from optprimer.manifest.names import MANIFEST

# By aspect, what of a manifest equal bytes need. Times, the commit (the digest of the code says more) and, since a job has
# the threads that its settings say, the number of cores do not count.
ASPECTS = {
    "settings": ("config", "data.name", "data.digest"),
    "versions": ("code.digest", "python", "packages"),
    "machine": (
        *("machine.system", "machine.architecture", "machine.cpu", "machine.instructions", "machine.blas", "machine.gpu"),
        *("device.used", "precision.used"),
    ),
}
NAMES = ("config.run", "config.data.archive")  # where things are, not what they are
LONGEST = 5  # differences of one aspect that are named


@dataclass(frozen=True)
class Setting:
    """How two runs relate: by aspect, what differs, or None where a run has no manifest."""

    differ: dict[str, list[str]] | None

    @property
    def equal(self) -> bool:
        """Whether every table has to be equal, but for timings."""
        return self.differ is not None and not any(self.differ.values())


def read_manifest(results: Path) -> dict[str, Any] | None:
    """Read the manifest in a folder of results, None if there is none.

    Raises:
        UserError: it is no manifest.
    """
    path = results / MANIFEST
    if not path.exists():
        return None
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        for aspect in ASPECTS.values():
            for key in aspect:
                _value(record, key)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: a damaged manifest, or not one ({' '.join(str(error).split())})") from None
    return record


def setting(reference: Mapping[str, Any] | None, run: Mapping[str, Any] | None) -> Setting:
    """Compare two manifests."""
    if reference is None or run is None:
        return Setting(None)
    return Setting(
        {
            aspect: [line for key in keys for line in _differences(key, _value(reference, key), _value(run, key))]
            for aspect, keys in ASPECTS.items()
        }
    )


def described(found: Setting) -> list[str]:
    """Say in a line an aspect what is the same and what is not."""
    if found.differ is None:
        return ["no manifest of both: whether settings, versions and machine are the same is not known"]
    return [f"{aspect}: {_listed(lines) if lines else 'the same'}" for aspect, lines in found.differ.items()]


def _listed(lines: list[str]) -> str:
    more = f"; and {len(lines) - LONGEST} more" if len(lines) > LONGEST else ""
    return f"other: {'; '.join(lines[:LONGEST])}{more}"


def _differences(key: str, there: Any, here: Any) -> Iterator[str]:  # noqa: ANN401
    if isinstance(there, Mapping) and isinstance(here, Mapping):
        for name in dict.fromkeys([*there, *here]):
            yield from _differences(f"{key}.{name}", there.get(name), here.get(name))
    elif there != here and key not in NAMES:
        yield f"{key.removeprefix('config.')} {there} there, {here} here"


def _value(record: Mapping[str, Any], key: str) -> Any:  # noqa: ANN401
    for name in key.split("."):
        record = record[name] if record is not None else None  # a run that took no data has no record of them
    return record
