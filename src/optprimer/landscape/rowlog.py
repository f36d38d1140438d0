"""A log of finished grid rows, from which a killed job continues.

One JSON line per grid row, flushed to disk before the next begins. The first line names what is computed; a log of anything
else, or a line cut short by the kill, counts as not there. JSON keeps floats to the bit, NaN included.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

Rows = list[dict[str, Any]]


def identity(*parts: object) -> str:
    """Name what is computed: the SHA-256 of files (by content) and of other values (by their text)."""
    total = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else repr(part).encode()
        total.update(hashlib.sha256(content).digest())
    return total.hexdigest()


def resumed(path: Path, name: str, keys: Iterable[int], compute: Callable[[int], Rows]) -> Iterator[Rows]:
    """Yield ``compute(key)`` for each key in order, from the log at ``path`` where an earlier run has done it.

    Args:
        path: the log; it stays when the job ends, and a later job with another ``name`` overwrites it.
        name: identity of the computation.
        keys: which grid rows are wanted.
        compute: turns the index of a grid row into rows of the table.
    """
    done = _read(path, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written anew, without the torn end of a killed run.
    with path.open("w", encoding="utf-8") as log:
        log.write(json.dumps(name) + "\n")
        for key in keys:
            rows = done[key] if key in done else compute(key)
            log.write(json.dumps([key, rows]) + "\n")
            log.flush()
            os.fsync(log.fileno())
            yield rows


def _read(path: Path, name: str) -> dict[int, Rows]:
    done: dict[int, Rows] = {}
    if not path.exists():
        return done
    with path.open(encoding="utf-8") as log:
        for number, line in enumerate(log):
            if not line.endswith("\n"):
                break
            content = json.loads(line)
            if number == 0:
                if content != name:
                    break
                continue
            done[content[0]] = content[1]
    return done
