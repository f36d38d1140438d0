import io
import os
import stat
import tarfile
import warnings
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optprimer.data.archives import Limits, fingerprint, first_name, opened, read_tar
from optprimer.errors import UserError

LIMITS = Limits(members=20, member_bytes=10_000, total_bytes=30_000)
CONTENT = {"b/x.txt": b"hello" * 100, "a/y.bin": bytes(range(256))}


def write_zip(path, content=CONTENT, *, kind=zipfile.ZIP_DEFLATED, tamper=None):
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", kind) as archive:
        warnings.simplefilter("ignore")  # of a name given twice
        for name, data in content.items() if isinstance(content, dict) else content:
            archive.writestr(zipfile.ZipInfo(name), data, kind)
        if tamper:
            tamper(archive.filelist[0])  # only the central directory is still to be written
    return path


def write_tar(path, content=CONTENT, *extra, **options):
    with tarfile.open(path, "w:gz", **options) as archive:
        for name, data in content.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        for member in extra:
            archive.addfile(member)
    return path


def read_all(path):
    with opened(path, LIMITS) as members:
        return {name: members.read(name) for name in members.names}


def refused(path, reason, read=read_all):
    with pytest.raises(UserError, match=reason) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_fingerprint_of_a_known_text(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    found = fingerprint(tmp_path / "abc")
    assert found.md5 == "900150983cd24fb0d6963f7d28e17f72"  # RFC 1321
    assert found.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2
    assert found.size == 3


@pytest.mark.parametrize("kind", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_is_read_in_the_order_of_names(tmp_path, kind):
    path = write_zip(tmp_path / "z", kind=kind)
    assert read_all(path) == CONTENT
    assert list(read_all(path)) == sorted(CONTENT)


def test_a_tar_is_read(tmp_path):
    folder = tarfile.TarInfo("b")
    folder.type = tarfile.DIRTYPE
    path = write_tar(tmp_path / "t", CONTENT, folder)
    assert read_tar(path, LIMITS) == CONTENT
    assert first_name(path, LIMITS) == "b/x.txt"


NAMES = ["../x", "a/../../x", "/etc/passwd", "C:/x", "a\\..\\x", ".."]


@pytest.mark.parametrize("name", NAMES)
def test_names_that_escape_are_refused(tmp_path, name):
    refused(write_zip(tmp_path / "z", {"fine": b"1", name: b"2"}), "outside of the archive")
    refused(write_tar(tmp_path / "t", {"fine": b"1", name: b"2"}), "outside of the archive", lambda p: read_tar(p, LIMITS))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK])
def test_links_and_devices_in_a_zip_are_refused(tmp_path, kind):
    def tamper(entry):
        entry.external_attr = (kind | 0o777) << 16

    refused(write_zip(tmp_path / "z", tamper=tamper), "link or device")


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.CONTTYPE]
)
def test_links_and_devices_in_a_tar_are_refused(tmp_path, kind):
    member = tarfile.TarInfo("odd")
    member.type, member.linkname = kind, "b/x.txt"
    refused(write_tar(tmp_path / "t", CONTENT, member), "'odd' is a link", lambda p: read_tar(p, LIMITS))


def test_an_encrypted_zip_is_refused(tmp_path):
    def tamper(entry):
        entry.flag_bits |= 0x1

    refused(write_zip(tmp_path / "z", tamper=tamper), "'b/x.txt' is encrypted")


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_memory_hungry_compressions_are_refused(tmp_path, kind):
    refused(write_zip(tmp_path / "z", kind=kind), "neither stored nor deflated")


def test_a_name_twice_is_refused(tmp_path):
    refused(write_zip(tmp_path / "z", [("a", b"1"), ("a", b"2")]), "twice")


BOMBS = [
    ({f"{i}": b"" for i in range(21)}, "members, more than 20|more than 20 members"),
    ({"a": bytes(10_001)}, "'a' would unpack to 10001 bytes, more than 10000"),
    ({f"{i}": bytes(9_000) for i in range(4)}, "unpacks? to more than 30000 bytes"),
]


@pytest.mark.parametrize(("content", "reason"), BOMBS, ids=["members", "member", "total"])
def test_bombs_are_refused(tmp_path, content, reason):
    refused(write_zip(tmp_path / "z", content), reason)
    refused(write_tar(tmp_path / "t", content), reason, lambda p: read_tar(p, LIMITS))


def test_nothing_of_a_bomb_is_read_before_it_is_refused(tmp_path, monkeypatch):
    path = write_zip(tmp_path / "z", {"a": b"1", "b": bytes(10_001)})
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *_: pytest.fail("read"))
    refused(path, "more than 10000")


def test_a_zip_that_declares_less_than_it_holds_is_refused(tmp_path):
    def tamper(entry):
        entry.file_size = 5

    refused(write_zip(tmp_path / "z", tamper=tamper), "truncated or corrupt")


def test_a_tar_whose_headers_are_the_bomb_is_refused(tmp_path):
    path = write_tar(tmp_path / "t", CONTENT, format=tarfile.PAX_FORMAT, pax_headers={"comment": "x" * 100_000})
    refused(path, "unpacks to more than 30000 bytes", lambda p: read_tar(p, LIMITS))


def test_a_folder_is_read_where_images_are(tmp_path):
    for name in ("train/cat/1.png", "train/dog/1.png", "train/cat/deeper/1.png", "readme"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    assert read_all(tmp_path) == {name: name.encode() for name in ("train/cat/1.png", "train/dog/1.png")}


def test_a_pipe_in_a_folder_is_refused_instead_of_waited_for(tmp_path):
    (tmp_path / "train/cat").mkdir(parents=True)
    os.mkfifo(tmp_path / "train/cat/1.png")
    refused(tmp_path, "not a regular file")


def test_too_much_in_a_folder_is_refused(tmp_path):
    (tmp_path / "train/cat").mkdir(parents=True)
    (tmp_path / "train/cat/big.png").write_bytes(bytes(10_001))
    refused(tmp_path, "larger than 10000 bytes")
    for i in range(20):
        (tmp_path / f"train/cat/{i}.png").touch()
    refused(tmp_path, "more than 20 files")


def damaged(tmp_path_factory, write, read, position=None, length=None):
    """A single flipped bit or a missing end: true content, or one line that says no.

    A flipped length in a zip's directory can hide a member from the standard library; counting images finds that out.
    """
    path = write(tmp_path_factory.mktemp("damaged") / "archive")
    data = bytearray(path.read_bytes())
    if position is not None:
        position %= 8 * len(data)
        data[position // 8] ^= 1 << position % 8
    else:
        data = data[: length % len(data)]
    path.write_bytes(data)
    line = content = None
    try:
        content = read(path)
    except UserError as error:
        line = str(error)
    if line is None:
        assert position is not None
        assert content.items() <= CONTENT.items()
    else:
        assert str(path) in line
        assert "\n" not in line


@given(position=st.integers(0, 1 << 16))
@settings(max_examples=200, deadline=None)
def test_any_flipped_bit_of_a_zip_is_harmless_or_refused(tmp_path_factory, position):
    damaged(tmp_path_factory, write_zip, read_all, position)


@given(length=st.integers(0, 1 << 12))
@settings(max_examples=50, deadline=None)
def test_any_truncated_zip_is_refused(tmp_path_factory, length):
    damaged(tmp_path_factory, write_zip, read_all, length=length)


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9])
def test_a_truncated_tar_is_refused(tmp_path, share):
    path = write_tar(tmp_path / "t", {"a": os.urandom(9_000)})
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    refused(path, "truncated|corrupt", lambda p: read_tar(p, LIMITS))
    assert first_name(path, LIMITS) is None
