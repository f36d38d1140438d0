"""Reading archives that may be damaged or hostile: members go into memory, within limits, and never to the disk.

Nothing is extracted, so a name cannot escape and a link cannot point anywhere; names and types that would do so are refused
all the same, because such an archive is not what it claims to be.
"""

import gzip
import hashlib
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from optprimer.errors import UserError

# What the standard library raises on damaged archives; UnicodeDecodeError is a ValueError.
DAMAGE = (OSError, EOFError, ValueError, NotImplementedError, struct.error, zlib.error, tarfile.TarError, zipfile.BadZipFile)


@dataclass(frozen=True)
class Limits:
    """Largest number of members, size of one of them, and sum of their sizes, unpacked, in bytes."""

    members: int
    member_bytes: int
    total_bytes: int


@dataclass(frozen=True)
class Fingerprint:
    """Checksums, in hexadecimal, and size in bytes of a file."""

    md5: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Members:
    """The files of a folder or archive: their ``names``, sorted, with ``/`` between folders, and a way to ``read`` one."""

    names: tuple[str, ...]
    read: Callable[[str], bytes]


def fingerprint(path: Path) -> Fingerprint:
    """Return the fingerprint of a file.

    Raises:
        UserError: it cannot be read.
    """
    try:
        with path.open("rb") as handle:
            md5 = hashlib.file_digest(handle, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
            handle.seek(0)
            return Fingerprint(md5, hashlib.file_digest(handle, "sha256").hexdigest(), path.stat().st_size)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None


@contextmanager
def opened(path: Path, limits: Limits) -> Iterator[Members]:
    """Give the members of a folder (of those at ``*/*/*``, where images are) or of a zip file.

    All names and declared sizes are checked before the first byte of content is read.

    Raises:
        UserError: unsafe, encrypted, beyond the limits, truncated or corrupt; also from ``Members.read``.
    """
    if path.is_dir():
        yield _folder(path, limits)
        return
    with _named(path):
        archive = zipfile.ZipFile(path)
    with archive:
        yield _zip(path, archive, limits)


def read_tar(path: Path, limits: Limits) -> dict[str, bytes]:
    """Return the content of every regular file of a gzip-compressed tar archive, by name.

    Raises:
        UserError: unsafe, beyond the limits, truncated or corrupt.
    """
    content = {}
    for member, data in _tar(path, limits):
        if member.name in content:
            raise UserError(f"{path}: holds {member.name!r} twice")
        content[member.name] = data
    return content


def first_name(path: Path, limits: Limits) -> str | None:
    """Return the name of the first member of a gzip-compressed tar archive, or None where there is none to be read."""
    try:
        return next((member.name for member, _ in _tar(path, limits)), None)
    except UserError:
        return None


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Turn what the standard library raises on damage into one line that names the archive."""
    try:
        yield
    except DAMAGE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UserError(f"{path}: truncated or corrupt archive ({reason})") from None


def _folder(path: Path, limits: Limits) -> Members:
    files: dict[str, Path] = {}
    for file in path.glob("*/*/*"):
        if len(files) == limits.members:
            raise UserError(f"{path}: more than {limits.members} files")
        if not file.is_dir():
            files[file.relative_to(path).as_posix()] = file

    def read(name: str) -> bytes:
        file = files[name]
        try:
            if not file.is_file():  # a pipe or device would block or never end
                raise UserError(f"{file}: not a regular file")
            if file.stat().st_size > limits.member_bytes:
                raise UserError(f"{file}: larger than {limits.member_bytes} bytes")
            return file.read_bytes()
        except OSError as error:
            raise UserError(f"{file}: cannot be read ({error.strerror})") from None

    return Members(tuple(sorted(files)), read)


def _zip(path: Path, archive: zipfile.ZipFile, limits: Limits) -> Members:
    entries = archive.infolist()
    if len(entries) > limits.members:
        raise UserError(f"{path}: {len(entries)} members, more than {limits.members}")
    total = 0
    for entry in entries:
        kind = stat.S_IFMT(entry.external_attr >> 16)
        total += entry.file_size
        _check_member(path, entry.filename, entry.file_size, total, limits)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise UserError(f"{path}: {entry.filename!r} is a link or device, not a file")
        if entry.flag_bits & 0x1:
            raise UserError(f"{path}: {entry.filename!r} is encrypted")
        # lzma and bzip2 may ask for far more memory than they deliver.
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UserError(f"{path}: {entry.filename!r} is neither stored nor deflated")
    files = {entry.filename: entry for entry in entries if not entry.is_dir()}
    if len(files) < sum(not entry.is_dir() for entry in entries):
        raise UserError(f"{path}: holds a name twice")

    def read(name: str) -> bytes:
        with _named(path):  # zipfile stops at the declared size and then compares the CRC
            return archive.read(files[name])

    return Members(tuple(sorted(files)), read)


def _tar(path: Path, limits: Limits) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
    total = 0
    with (
        _named(path),
        gzip.open(path) as stream,
        tarfile.open(fileobj=_Bounded(path, stream, limits.total_bytes), mode="r|") as archive,
    ):
        for count, member in enumerate(archive, start=1):
            if count > limits.members:
                raise UserError(f"{path}: more than {limits.members} members")
            total += member.size
            _check_member(path, member.name, member.size, total, limits)
            if member.isdir():
                continue
            if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
                raise UserError(f"{path}: {member.name!r} is a link, device or sparse file, not a plain one")
            data = archive.extractfile(member).read()
            if len(data) < member.size:
                raise UserError(f"{path}: truncated archive (in {member.name!r})")
            yield member, data


def _check_member(path: Path, name: str, size: int, total: int, limits: Limits) -> None:
    if name.startswith("/") or name[1:2] == ":" or "\\" in name or ".." in name.split("/"):
        raise UserError(f"{path}: the name {name!r} points outside of the archive")
    if size > limits.member_bytes:
        raise UserError(f"{path}: {name!r} would unpack to {size} bytes, more than {limits.member_bytes}")
    if total > limits.total_bytes:
        raise UserError(f"{path}: would unpack to more than {limits.total_bytes} bytes")


class _Bounded:
    """A stream that refuses to deliver more than ``limit`` bytes, also to tarfile's own reading of long headers."""

    def __init__(self, path: Path, stream: IO[bytes], limit: int) -> None:
        self.path, self.stream, self.limit, self.left = path, stream, limit, limit

    def read(self, size: int) -> bytes:
        data = self.stream.read(size)
        self.left -= len(data)
        if self.left < 0:
            raise UserError(f"{self.path}: unpacks to more than {self.limit} bytes")
        return data
