"""A tiny CIFAR-10 of noise, in every container, and a real HTTP server that misbehaves on request."""

import hashlib
import io
import tarfile
import threading
import zipfile
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from optprimer.data.archives import Fingerprint
from optprimer.data.cifar10 import CLASSES, Expected
from optprimer.data.download import Release

SIDE, PER_CLASS = 8, {"train": 10, "test": 5}


def encoded(pixels, kind, **options):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def fingerprint_of(data):
    return Fingerprint(hashlib.md5(data).hexdigest(), hashlib.sha256(data).hexdigest(), len(data))


def tar_gz(path, files):
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


@dataclass
class Tiny:
    """Images sorted by class, as a folder of images has them; the binary archive holds them in another order."""

    images: dict
    labels: dict
    expected: Expected

    def files(self, kind="png", **options):
        options = options or ({"quality": 75} if kind == "jpeg" else {})
        counters = defaultdict(int)
        files = {}
        for split in ("train", "test"):
            for pixels, label in zip(self.images[split], self.labels[split], strict=True):
                name = f"{split}/{CLASSES[label]}/{counters[split, label]:04d}.{kind}"
                files[name] = encoded(pixels, kind, **options)
                counters[split, label] += 1
        return files

    @staticmethod
    def zip(path, files):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        return path

    @staticmethod
    def folder(path, files):
        for name, data in files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(data)
        return path

    def batches(self):
        """The members of the binary archive, from the published description of the format."""
        order = {split: np.random.default_rng(1).permutation(len(self.labels[split])) for split in self.labels}

        def record(split, i):
            return bytes([self.labels[split][i]]) + b"".join(self.images[split][i, :, :, plane].tobytes() for plane in range(3))

        parts = np.array_split(order["train"], 5)
        files = {f"data_batch_{k}.bin": b"".join(record("train", i) for i in part) for k, part in enumerate(parts, start=1)}
        files["test_batch.bin"] = b"".join(record("test", i) for i in order["test"])
        files["batches.meta.txt"] = ("\n".join(CLASSES) + "\n\n").encode()
        return {f"cifar-10-batches-bin/{name}": data for name, data in files.items()}

    def binary(self, path, files=None, urls=()):
        """Write the archive, and return the release that it is then the true copy of."""
        tar_gz(path, files or self.batches())
        return Release("cifar-10-binary.tar.gz", fingerprint_of(path.read_bytes()), tuple(urls))


@pytest.fixture(scope="session")
def tiny():
    rng = np.random.default_rng(0)
    labels = {split: np.repeat(np.arange(10), n) for split, n in PER_CLASS.items()}
    images = {split: rng.integers(0, 256, (len(labels[split]), SIDE, SIDE, 3), dtype=np.uint8) for split in labels}
    return Tiny(images, labels, Expected(10, 5, SIDE, mean=(125.3, 123.0, 113.9), std=(63.0, 62.1, 66.7)))


@dataclass
class Server:
    """Answers each path by its script: a list of behaviours, one per request, the last for all further ones."""

    url: str
    body: bytes = b""
    scripts: dict = field(default_factory=dict)
    requests: list = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def script(self, path, *behaviours):
        self.scripts[path] = list(behaviours)
        return f"{self.url}/{path}"


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_GET(self):
        server = self.server.state
        path = self.path.lstrip("/")
        server.requests.append((path, self.headers["Accept-Encoding"]))
        script = server.scripts[path]
        behaviour = script.pop(0) if len(script) > 1 else script[0]
        if isinstance(behaviour, int):
            self.send_error(behaviour)
            return
        body = behaviour if isinstance(behaviour, bytes) else server.body
        self.send_response(200)
        self.send_header("Content-Length", "many" if behaviour == "malformed" else str(len(body)))
        self.end_headers()
        if behaviour in ("truncated", "stalled"):
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            if behaviour == "stalled":
                server.released.wait(20)
        else:
            self.wfile.write(body)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.delenv("OPTPRIMER_CIFAR10_URLS", raising=False)
    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    state = http.state = Server(f"http://127.0.0.1:{http.server_port}")
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    state.released.set()
    http.shutdown()
    http.server_close()
    thread.join()


@pytest.fixture
def leftovers():
    """All files below a folder, hidden and temporary ones included."""
    return lambda folder: sorted(p.relative_to(folder).as_posix() for p in Path(folder).rglob("*") if not p.is_dir())
