"""Copies of CIFAR-10 that are broken or malicious, given to the command itself: one line, status 1, and nothing is left."""

import io
import os
import pickle
import shutil
import stat
import struct
import sys
import tarfile
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image

from optprimer.cli import main
from optprimer.data.cifar10 import CLASSES

ODD = "train/airplane/0.png"
PNG = io.BytesIO()
Image.fromarray(np.zeros((32, 32, 3), dtype=np.uint8)).save(PNG, "PNG")
PNG = PNG.getvalue()


def zipped(path, entries, **attributes):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            entry = zipfile.ZipInfo(name)
            for attribute, value in attributes.items():
                setattr(entry, attribute, value)
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)


def tarred(path, name, kind=tarfile.REGTYPE, target="", data=b"x"):
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.type, member.linkname, member.size = kind, target, len(data) if kind == tarfile.REGTYPE else 0
        archive.addfile(member, io.BytesIO(data))


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_text_bomb():
    """A PNG of 32 x 32 pixels with a comment that unpacks to 256 MB."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(2**20)) for _ in range(256)) + packer.flush()
    return PNG[:33] + chunk(b"zTXt", b"Comment\0\0" + packed) + PNG[33:]


@pytest.fixture(scope="module")
def all_but_one(tmp_path_factory):
    """A zip with as many images of each class as there have to be, but for one: train/airplane/0.png."""
    path = tmp_path_factory.mktemp("zip") / "all but one.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for split, count in (("train", 5000), ("test", 1000)):
            for name in (f"{split}/{label}/{i}.png" for label in CLASSES for i in range(count)):
                if name != ODD:
                    archive.writestr(name, PNG)
    return path


@pytest.fixture
def with_odd(tmp_path, all_but_one):
    """Add the missing one."""

    def add(data):
        path = shutil.copy(all_but_one, tmp_path / "z.zip")
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(ODD, data)
        return path

    return add


@pytest.fixture
def refused(tmp_path, monkeypatch, capsys, leftovers):
    def run(path, reason):
        before = leftovers(tmp_path)
        output = tmp_path / "out" / "data"
        arguments = ["data", "--dataset", "cifar10", "--image-size", "8", "--archive", str(path), "--output", str(output)]
        monkeypatch.setattr(sys, "argv", ["optprimer", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 1
        (line,) = [line for line in capsys.readouterr().err.splitlines() if line.strip() and not line.startswith("decoding")]
        assert line.startswith("optprimer: ")
        assert reason in line
        assert leftovers(tmp_path) == before
        assert not output.parent.exists()

    return run


@pytest.mark.parametrize("name", ["train/cat/a\nb.txt.png", "valid/\r\n/x.png", "train/\x1b[31mcat/x.png"])
def test_names_that_would_break_the_line_are_shown_as_text(tmp_path, refused, name):
    zipped(tmp_path / "z.zip", {name: PNG})
    refused(tmp_path / "z.zip", "expected 5000" if name.startswith("train/cat/") else "is not at train/<class>/")
    folder = tmp_path / "a\nfolder" / name.rpartition("/")[0]
    folder.mkdir(parents=True)
    (folder / name.rpartition("/")[2]).write_bytes(PNG)
    refused(tmp_path / "a\nfolder", "a\\nfolder: ")


@pytest.mark.parametrize("name", ["../../etc/cron.d/x.png", "/etc/x.png", "train/cat/../../../x.png", "C:\\x.png"])
def test_names_that_lead_outside_write_nothing_there(tmp_path, refused, name):
    zipped(tmp_path / "z.zip", {name: PNG})
    refused(tmp_path / "z.zip", "points outside of the archive")


@pytest.mark.parametrize("target", ["/etc/passwd", "../../secret"])
def test_links_lead_nowhere(tmp_path, refused, target):
    zipped(tmp_path / "z.zip", {"train/cat/0.png": target}, external_attr=(stat.S_IFLNK | 0o777) << 16)
    refused(tmp_path / "z.zip", "is a link or device")
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
        tarred(tmp_path / "t.tar.gz", "cifar-10-batches-bin/data_batch_1.bin", kind, target)
        refused(tmp_path / "t.tar.gz", "not the official")  # by its checksum, before it is read


def test_encrypted_and_pickled_and_empty_ones(tmp_path, refused):
    zipped(tmp_path / "z.zip", {"train/cat/0.png": PNG})
    content = bytearray((tmp_path / "z.zip").read_bytes())
    content[6] |= 1  # of the file
    content[content.index(b"PK\x01\x02") + 8] |= 1  # of the directory
    (tmp_path / "z.zip").write_bytes(content)
    refused(tmp_path / "z.zip", "is encrypted")
    tarred(tmp_path / "p.tar.gz", "cifar-10-batches-py/data_batch_1", data=pickle.dumps({"data": 1}))
    refused(tmp_path / "p.tar.gz", "runs code when it is read")
    (tmp_path / "p.pkl").write_bytes(pickle.dumps({"data": 1}))
    refused(tmp_path / "p.pkl", "neither the binary archive")
    for name, content in {"nothing": b"", "nothing.zip": b"PK\x05\x06" + bytes(18)}.items():
        (tmp_path / name).write_bytes(content)
        refused(tmp_path / name, "it is empty" if name == "nothing" else "no PNG or JPEG")


def test_what_is_no_file_or_may_not_be_read(tmp_path, refused):
    (tmp_path / "cifar-10-binary.tar.gz").mkdir()
    refused(tmp_path / "cifar-10-binary.tar.gz", "no PNG or JPEG")
    (tmp_path / "zero").symlink_to("/dev/zero")
    refused(tmp_path / "zero", "not a regular file")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    refused(tmp_path / "loop", "no such file or folder")
    if os.geteuid():
        (tmp_path / "closed").touch(0o000)
        refused(tmp_path / "closed", "cannot be read")


def test_bombs_by_size_and_by_number(tmp_path, refused):
    zipped(tmp_path / "size.zip", {"train/cat/0.png": bytes(2**24)})  # 16 MB in 16 kB
    refused(tmp_path / "size.zip", "would unpack to 16777216 bytes, more than 262144")
    entry = b"PK\x01\x02" + struct.pack("<6H3L5H2L", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"x"
    count = 2**17 + 1
    end = struct.pack("<Q2H2L4Q", 44, 45, 45, 0, 0, count, count, count * len(entry), 0)
    locator = struct.pack("<LQL", 0, count * len(entry), 1)
    last = struct.pack("<4H2LH", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    many = entry * count + b"PK\x06\x06" + end + b"PK\x06\x07" + locator + b"PK\x05\x06" + last
    (tmp_path / "many.zip").write_bytes(b"PK\x03\x04" + many)
    refused(tmp_path / "many.zip", "")


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (PNG[:60], f"'{ODD}': "),
        (with_text_bomb(), f"'{ODD}': "),
        (PNG[:45] + bytes([PNG[45] ^ 4]) + PNG[46:], f"'{ODD}': "),
        (b"GIF89a", "not a PNG or JPEG"),
    ],
    ids=["truncated", "text bomb", "flipped bit", "another kind"],
)
def test_a_single_bad_image_of_sixty_thousand_is_named(with_odd, refused, odd, reason):
    refused(with_odd(odd), reason)


@pytest.mark.parametrize(("mode", "size"), [("L", 32), ("RGBA", 32), ("RGB", 31)])
def test_an_image_of_another_colour_model_or_size_is_named(with_odd, refused, mode, size):
    buffer = io.BytesIO()
    Image.new(mode, (size, size)).save(buffer, "PNG")
    refused(with_odd(buffer.getvalue()), f"'{ODD}': {'31 x 31 pixels' if size == 31 else f'colour model {mode}'}")
