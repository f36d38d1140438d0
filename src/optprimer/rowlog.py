"""A log of finished work, from which a killed job continues.

One line per grid row, or per run, flushed to disk before the next begins: a checksum and JSON. The first line names what is
computed; a log of anything else, or what follows a line that is damaged or cut short by the kill, counts as not there. JSON
keeps floats to the bit, NaN included.
"""

import hashlib
import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optprimer.files import held, write_text, writing

Rows = list[dict[str, Any]]


def identity(*parts: object) -> str:
    """Name what is computed: the SHA-256 of files (by content) and of other values (by their text)."""
    total = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else repr(part).encode()
        total.update(hashlib.sha256(content).digest())
    return total.hexdigest()


@dataclass(frozen=True)
class RowLog:
    """Where finished rows go, and the ``name`` (identity) of the computation that they belong to.

    The file stays when the job ends; a later job with another name overwrites it.
    """

    path: Path
    name: str

    def resumed(self, keys: Iterable[int], compute: Callable[[int], Rows]) -> Iterator[Rows]:
        """Yield ``compute(key)`` for each key in order, from the log where an earlier run has done it.

        Raises:
            UserError: another process continues the same log, or it cannot be written.
        """
        with held(self.path):
            done = self.finished()
            # Anew, without the torn end of a killed run; atomically, so that a second kill loses nothing.
            write_text(self.path, "".join(map(_line, [self.name, *done.items()])))
            for key in keys:
                if key not in done:
                    done[key] = compute(key)
                    self._append(_line((key, done[key])))
                yield done[key]

    def _append(self, line: str) -> None:
        with writing(self.path), self.path.open("a", encoding="utf-8") as log:
            log.write(line)
            log.flush()
            os.fsync(log.fileno())

    def finished(self) -> dict[int, Rows]:
        """Return the rows that earlier runs have finished, by key."""
        done: dict[int, Rows] = {}
        if not self.path.exists():
            return done
        with self.path.open("rb") as log:
            for number, line in enumerate(log):
                checksum, _, text = line.rstrip(b"\n").partition(b" ")
                if checksum != _checksum(text):
                    break
                content = json.loads(text)
                if number == 0 and content != self.name:
                    break
                if number > 0:
                    done[content[0]] = content[1]
        return done


def _line(content: object) -> str:
    text = json.dumps(content)
    return f"{_checksum(text.encode()).decode()} {text}\n"


def _checksum(text: bytes) -> bytes:
    return b"%08x" % zlib.crc32(text)
