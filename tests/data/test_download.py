import hashlib
import logging
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from optprimer.data import download
from optprimer.data.archives import Fingerprint
from optprimer.data.download import Patience, Release, cache_folder, fetch
from optprimer.errors import UserError

BODY = bytes(range(256)) * 400
PATIENCE = Patience(connect=2.0, stall=0.3, waits=(0.0, 0.0))


def fingerprint_of(data):
    return Fingerprint(hashlib.md5(data).hexdigest(), hashlib.sha256(data).hexdigest(), len(data))


@pytest.fixture
def release(server):
    server.body = BODY
    return lambda *urls: Release("file.tar.gz", fingerprint_of(BODY), urls)


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "the cache"


def asked(server):
    return [path for path, _ in server.requests]


def test_a_file_is_downloaded_once_and_then_cached(server, release, cache, leftovers):
    known = release(server.script("a", "ok"))
    assert fetch(known, cache, PATIENCE).read_bytes() == BODY
    assert fetch(known, cache, PATIENCE) == cache / "file.tar.gz"
    assert server.requests == [("a", "identity")]
    assert leftovers(cache) == ["file.tar.gz"]


def test_a_missing_file_is_not_asked_for_again_but_the_mirror_is(server, release, cache):
    known = release(server.script("gone", 404), server.script("mirror", 503, "ok"))
    assert fetch(known, cache, PATIENCE).read_bytes() == BODY
    assert asked(server) == ["gone", "mirror", "mirror"]


@pytest.mark.parametrize("trouble", [500, 503, 429, "truncated", "stalled"])
def test_temporary_trouble_is_retried_from_the_start(server, release, cache, trouble, leftovers):
    assert fetch(release(server.script("a", trouble, "ok")), cache, PATIENCE).read_bytes() == BODY
    assert asked(server) == ["a", "a"]
    assert leftovers(cache) == ["file.tar.gz"]


def test_a_mirror_comes_before_a_second_attempt(server, release, cache):
    fetch(release(server.script("slow", "stalled"), server.script("mirror", "ok")), cache, PATIENCE)
    assert asked(server) == ["slow", "mirror"]


REASONS = {
    404: "HTTP status 404",
    503: "HTTP status 503",
    "truncated": "the connection was cut off",
    "stalled": r"no data for 0\.3 s",
    "malformed": "malformed",
    BODY + b"more": "more bytes than the file should have",
}


@pytest.mark.parametrize("trouble", REASONS, ids=str)
def test_when_nothing_helps_one_line_says_why_and_what_else_there_is(server, release, cache, trouble, leftovers):
    url = server.script("a", trouble)
    with pytest.raises(UserError, match=REASONS[trouble]) as caught:
        fetch(release(url), cache, PATIENCE)
    line = str(caught.value)
    assert "\n" not in line
    for way in (url, f"place the file at {cache / 'file.tar.gz'}", "data.archive", "data.dataset: digits"):
        assert way in line
    assert leftovers(cache) == []


@pytest.mark.parametrize(
    ("body", "cause"),
    [(b"", "empty"), (b"\n<!DOCTYPE html>", "HTML page"), (BODY[:-1], "truncated"), (BODY[:-1] + b"?", "damaged")],
    ids=["empty", "html", "shorter", "altered"],
)
def test_a_wrong_file_is_moved_aside_and_the_mirror_asked(server, release, cache, body, cause, leftovers, caplog):
    fetch(release(server.script("wrong", body), server.script("mirror", "ok")), cache, PATIENCE)
    assert (cache / "file.tar.gz").read_bytes() == BODY
    assert (cache / "file.tar.gz.rejected").read_bytes() == body
    assert leftovers(cache) == ["file.tar.gz", "file.tar.gz.rejected"]
    [line] = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    for part in (cause, fingerprint_of(body).md5, fingerprint_of(BODY).md5, f"{len(body)} bytes", ".rejected"):
        assert part in line


def test_a_damaged_cache_is_moved_aside_and_renewed(server, release, cache):
    cache.mkdir()
    (cache / "file.tar.gz").write_bytes(b"half")
    assert fetch(release(server.script("a", "ok")), cache, PATIENCE).read_bytes() == BODY
    assert (cache / "file.tar.gz.rejected").read_bytes() == b"half"


def test_without_a_network_it_fails_at_once(release, cache, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    waits = []
    monkeypatch.setattr(download.time, "sleep", waits.append)
    with pytest.raises(UserError, match=r"cannot be reached.*cannot be reached.*data\.archive"):
        fetch(release(f"http://127.0.0.1:{port}/a", f"http://127.0.0.1:{port}/b"), cache)
    assert sum(waits) == 0


@pytest.mark.parametrize("url", ["http://example.org/a", "ftp://127.0.0.1/a", "file:///etc/passwd", "localhost"])
def test_only_https_is_used_beyond_this_machine(release, cache, url, monkeypatch):
    monkeypatch.setattr("requests.get", lambda *_, **__: pytest.fail("asked"))
    with pytest.raises(UserError, match="not an https address"):
        fetch(release(url), cache, PATIENCE)


def test_addresses_can_be_replaced_by_the_environment(server, release, cache, monkeypatch):
    mirrors = f"{server.script('x', 404)} {server.script('y', 'ok')}"
    monkeypatch.setenv("OPTPRIMER_CIFAR10_URLS", mirrors)
    fetch(release("https://nowhere.invalid/a"), cache, PATIENCE)
    assert asked(server) == ["x", "y"]


def test_the_cache_is_moved_by_the_environment(monkeypatch):
    monkeypatch.delenv("OPTPRIMER_CACHE", raising=False)
    assert cache_folder() == Path("data/cache")
    monkeypatch.setenv("OPTPRIMER_CACHE", "/somewhere/else")
    assert cache_folder() == Path("/somewhere/else")


def test_connections_and_stalls_have_their_own_limits(release, cache, monkeypatch):
    limits = []

    def refuse(*_, timeout, **__):
        limits.append(timeout)
        raise requests.ConnectTimeout

    monkeypatch.setattr("requests.get", refuse)
    with pytest.raises(UserError, match="no connection within 10 s"):
        fetch(release("https://nowhere.invalid/a"), cache)
    assert limits == [(10.0, 30.0)]  # and no second attempt, which would wait as long again


def test_two_at_once_do_not_disturb_each_other(server, release, cache, leftovers):
    known = release(server.script("a", "ok"))
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda _: fetch(known, cache, PATIENCE), range(4)))
    assert {path.read_bytes() for path in paths} == {BODY}
    assert leftovers(cache) == ["file.tar.gz"]


def test_a_cache_that_cannot_be_written_is_named(server, release, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be written"):
        fetch(release(server.script("a", "ok")), tmp_path / "file", PATIENCE)
