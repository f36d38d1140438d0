"""Atomic files: a reader sees the old content or the new, never a half of either. What cannot be written is one line."""

import errno
import fcntl
import glob
import os
import platform
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from optprimer.errors import UserError

# What a file system says of itself. Other OSErrors, failed downloads among them, are told where they arise.
REFUSALS = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ESTALE),
    *(errno.EROFS, errno.EACCES, errno.EPERM, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG),
}

ROOM = 2**20  # bytes


def check_room(folder: Path) -> None:
    """Check, by a nameless file that is gone at once, that ``folder``, or where it would be made, can take ``ROOM`` more.

    Raises:
        UserError: it cannot be written.
    """
    place = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    with writing(folder), tempfile.TemporaryFile(dir=place) as trial:
        trial.write(bytes(ROOM))
        trial.flush()


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the file system refuses (a full disk, a lost permission, ...) into one line that names ``path``.

    Raises:
        UserError: ``path`` cannot be written.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in REFUSALS:
            raise
        raise UserError(f"{path}: cannot be written ({error.strerror})") from None


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Let no other process work on ``path``, by a lock on ``{path}.lock`` that ends with this process, however it ends.

    Raises:
        UserError: another process, alive, is at work on ``path``, or the lock cannot be written.
    """
    with ExitStack() as stack:
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = stack.enter_context(path.with_name(f"{path.name}.lock").open("a+", encoding="utf-8"))
            try:
                _lock(lock.fileno())
            except BlockingIOError:
                lock.seek(0)
                raise UserError(f"{path}: {lock.read()} is at work on it; wait for its end, or end it") from None
            except OSError:  # a file system without locks: there nothing is held
                pass
            lock.truncate(0)
            lock.write(f"process {os.getpid()} on {platform.node()}")
            lock.flush()
        yield


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; on success it is flushed to disk and renamed over ``path``.

    The folder is created when missing. On an exception the temporary file is removed and ``path`` is untouched. Only a kill
    leaves a temporary file, ``.{name}.*.part``; the next to write ``path`` removes it.

    Raises:
        UserError: ``path`` cannot be written.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(path)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        temporary = Path(name)
        try:
            with suppress(OSError):  # a file system without locks: there nothing is removed
                _lock(descriptor)
            yield temporary
            with temporary.open("rb") as handle:
                os.fsync(handle.fileno())
            temporary.chmod(0o666 & ~_umask())
            temporary.replace(path)
            _sync_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)
            os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8 to ``path``, atomically."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def _remove_abandoned(path: Path) -> None:
    """Remove the temporary files of writers of ``path`` that are dead: those of living ones are locked."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        with suppress(OSError), left.open("r+b") as handle:  # NFS locks what is open for writing
            _lock(handle.fileno())
            left.unlink()


def _lock(descriptor: int) -> None:
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    # The rename itself survives a power cut only once the folder is on disk.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
