"""Downloading one file of known checksum: several addresses, several attempts, a cache, and no half files."""

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import pooch
import requests
import urllib3

from optprimer.data.archives import Fingerprint, fingerprint
from optprimer.errors import UserError
from optprimer.files import replacing

CACHE_VARIABLE = "OPTPRIMER_CACHE"
CACHE = Path("data/cache")  # in the working folder
URLS_VARIABLE = "OPTPRIMER_CIFAR10_URLS"
LOCAL_HOSTS = ("localhost", "127.0.0.1")
RETRYABLE_STATUS = (408, 429)  # and every 5xx: the server asks for patience; other refusals are final

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Release:
    """A published file: its ``name``, what identifies it, and the addresses that offer it, best first."""

    name: str
    fingerprint: Fingerprint
    urls: tuple[str, ...]


@dataclass(frozen=True)
class Patience:
    """Seconds to wait for a connection, for the next bytes, and before each further round of attempts."""

    connect: float = 10.0
    stall: float = 30.0
    waits: tuple[float, ...] = (1.0, 3.0, 9.0)


PATIENCE = Patience()


class _FailureError(Exception):
    """One attempt failed; ``temporary`` when the same address may succeed a little later."""

    def __init__(self, reason: str, *, temporary: bool = False) -> None:
        super().__init__(reason)
        self.temporary = temporary


def cache_folder() -> Path:
    """Return the folder of downloads: $OPTPRIMER_CACHE, or data/cache in the working folder."""
    return Path(os.environ.get(CACHE_VARIABLE) or CACHE)


def fetch(release: Release, cache: Path, patience: Patience = PATIENCE) -> Path:
    """Return the path of ``release`` in the folder ``cache``, downloading it when it is not there.

    Addresses (those of $OPTPRIMER_CIFAR10_URLS, separated by spaces, in place of the release's own, where set) are tried in
    turn. An address that cannot be reached or refuses is given up; one that is slow, cut off or overloaded is tried again
    in the next round, from the start. A file with another checksum, also one found in the cache, is moved aside as
    ``*.rejected``. Without a network this fails at once.

    Raises:
        UserError: no address delivered; the line tells why and what else can be done.
    """
    target = cache / release.name
    if target.is_file():
        found = fingerprint(target)
        if found == release.fingerprint:
            return target
        log.warning("%s", _reject(target, target, found, release))
    urls = os.environ.get(URLS_VARIABLE, "").split() or list(release.urls)
    failures: dict[str, str] = {}
    for wait in (0.0, *patience.waits):
        if not urls:
            break
        time.sleep(wait)
        for url in list(urls):
            try:
                _download(url, target, release, patience)
            except _FailureError as failure:
                failures[url] = str(failure)
                log.warning("%s: %s%s", url, failure, "; will try again" if failure.temporary else "")
                if not failure.temporary:
                    urls.remove(url)
            else:
                return target
    reasons = "; ".join(f"{url}: {reason}" for url, reason in failures.items())
    raise UserError(
        f"{release.name}: not downloaded ({reasons}): place the file at {target}, or set data.archive to a copy of your own,"
        " or use the embedded digits (data.dataset: digits)"
    )


def _download(url: str, target: Path, release: Release, patience: Patience) -> None:
    """Make one attempt at ``url``; ``target`` appears only when its checksums are right."""
    downloader = pooch.HTTPDownloader(
        progressbar=True,
        chunk_size=2**16,
        timeout=(patience.connect, patience.stall),
        headers={"Accept-Encoding": "identity"},  # or a helpful server's second gzip would be undone together with the first
    )
    try:
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOCAL_HOSTS):
            raise _FailureError("not an https address")
        log.info("downloading %s to %s", url, target)
        with replacing(target) as temporary:
            with temporary.open("wb") as handle:
                downloader(url, _AtMost(handle, release.fingerprint.size), None)
            found = fingerprint(temporary)
            if found != release.fingerprint:
                raise _FailureError(_reject(temporary, target, found, release))
    except requests.RequestException as error:
        raise _explained(error, patience) from None
    except ValueError:
        raise _FailureError("a malformed address or answer") from None


class _AtMost:
    """A file for writing that refuses more than ``limit`` bytes, so that no server can fill the disk."""

    def __init__(self, handle: IO[bytes], limit: int) -> None:
        self.handle, self.left = handle, limit
        self.flush: Callable[[], None] = handle.flush

    def write(self, data: bytes) -> int:
        self.left -= len(data)
        if self.left < 0:
            raise _FailureError("more bytes than the file should have")
        return self.handle.write(data)


def _reject(file: Path, target: Path, found: Fingerprint, release: Release) -> str:
    """Move a wrong ``file`` to ``target``.rejected and tell, in one line, what is wrong with it."""
    rejected = target.with_name(f"{target.name}.rejected")
    cause = likely_cause(file, release.fingerprint)
    file.replace(rejected)
    return f"{mismatch(found, release.fingerprint)}; {cause}; moved to {rejected}"


def mismatch(found: Fingerprint, expected: Fingerprint) -> str:
    """Say in words how two fingerprints differ."""
    kind = "md5" if found.md5 != expected.md5 else "sha256"
    hashes = f"{kind} {getattr(found, kind)}, expected {getattr(expected, kind)}"
    return f"wrong checksum: {hashes} ({found.size} bytes, expected {expected.size})"


def likely_cause(file: Path, expected: Fingerprint) -> str:
    """Guess why a file is not the expected one."""
    size = file.stat().st_size
    if not size:
        return "it is empty"
    with file.open("rb") as handle:
        start = handle.read(512).lstrip().lower()
    if start.startswith(b"<"):
        return "it looks like an HTML page, probably a server's error message"
    return f"it is {'truncated' if size < expected.size else 'damaged'}, or another file"


def _explained(error: requests.RequestException, patience: Patience) -> _FailureError:
    if isinstance(error, requests.HTTPError):
        status = error.response.status_code
        return _FailureError(f"HTTP status {status}", temporary=status >= 500 or status in RETRYABLE_STATUS)
    if isinstance(error, requests.ConnectTimeout):
        return _FailureError(f"no connection within {patience.connect:g} s")
    cause = error.args[0] if error.args else None
    unreachable = isinstance(getattr(cause, "reason", None), urllib3.exceptions.NewConnectionError)
    if unreachable or isinstance(error, (requests.exceptions.ProxyError, requests.exceptions.SSLError)):
        return _FailureError("cannot be reached")
    if isinstance(error, requests.ReadTimeout) or isinstance(cause, urllib3.exceptions.ReadTimeoutError):
        return _FailureError(f"no data for {patience.stall:g} s", temporary=True)
    if isinstance(error, (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        return _FailureError("the connection was cut off", temporary=True)
    return _FailureError(type(error).__name__)
