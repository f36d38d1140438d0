"""Atomic files: whatever goes wrong, a reader finds the old bytes or the new ones, and no litter."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from optprimer.errors import UserError
from optprimer.files import check_room, held, replacing, write_text, writing


def test_replaces_the_old_content_and_makes_the_folder(tmp_path):
    path = tmp_path / "deep" / "er" / "table.csv"
    write_text(path, "old")
    write_text(path, "new\n")
    assert path.read_bytes() == b"new\n"
    assert list(path.parent.iterdir()) == [path]


def test_text_is_utf8_with_plain_line_ends(tmp_path):
    write_text(tmp_path / "text", "é\nβ\n")
    assert (tmp_path / "text").read_bytes() == "é\nβ\n".encode()


def test_nothing_is_seen_before_the_end(tmp_path):
    path = tmp_path / "table.csv"
    with replacing(path) as temporary:
        temporary.write_text("half")
        assert not path.exists()
        assert temporary.parent == path.parent  # a rename is atomic within one file system only
    assert path.read_text() == "half"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_the_old_content_and_no_litter(tmp_path, error):
    path = tmp_path / "table.csv"
    path.write_text("old")

    def fail(temporary):
        temporary.write_text("half")
        raise error

    with pytest.raises(error), replacing(path) as temporary:
        fail(temporary)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_kill_leaves_the_old_content(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    program = (
        "import os, signal, sys; from pathlib import Path; from optprimer.files import replacing\n"
        "with replacing(Path(sys.argv[1])) as temporary:\n"
        "    temporary.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    run = subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert run.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    (left,) = set(tmp_path.iterdir()) - {path}
    assert left.read_text() == "half"
    write_text(tmp_path / "table.csv.old", "")  # the next writer of another file leaves it alone
    assert left.exists()
    write_text(path, "new")
    assert sorted(tmp_path.iterdir()) == [path, tmp_path / "table.csv.old"]


def test_the_temporary_file_of_a_living_process_is_left_alone(tmp_path):
    path = tmp_path / "a[1]*.csv"  # not a pattern
    program = (
        "import sys; from pathlib import Path; from optprimer.files import replacing\n"
        "with replacing(Path(sys.argv[1])) as temporary:\n"
        "    temporary.write_text('theirs'); print(flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        write_text(path, "ours")
        assert len(list(tmp_path.iterdir())) == 2
        other.stdin.close()
    assert other.returncode == 0
    assert path.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [path]


def test_content_reaches_the_disk_before_the_name_and_the_name_after(tmp_path, monkeypatch):
    path = tmp_path / "table.csv"
    path.write_text("old")
    synced = []

    def fsync(descriptor):
        synced.append((Path(f"/proc/self/fd/{descriptor}").readlink(), path.read_text()))

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("needs /proc to see which file is flushed")
    monkeypatch.setattr(os, "fsync", fsync)
    with replacing(path) as temporary:
        temporary.write_text("new")
    assert synced == [(temporary, "old"), (tmp_path, "new")]


@pytest.mark.parametrize("mask", [0o022, 0o027, 0o077])
def test_permissions_follow_the_umask(tmp_path, mask):
    before = os.umask(mask)
    try:
        write_text(tmp_path / "file", "")
        assert os.umask(mask) == mask  # asking for it does not change it
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o666 & ~mask


def test_two_writers_do_not_share_a_temporary_file(tmp_path):
    path = tmp_path / "table.csv"
    with replacing(path) as first:
        first.write_text("first")
        with replacing(path) as second:
            second.write_text("second")
        assert path.read_text() == "second"
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


# What the file system refuses.


def test_a_full_disk_is_one_line_and_leaves_the_old_content(small_disk):
    path = small_disk(64) / "table.csv"
    path.write_text("old")
    with pytest.raises(UserError, match=r"table\.csv: cannot be written \(No space left on device\)$"):
        write_text(path, "x" * 10**6)
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]
    write_text(path, "new")  # nothing of the failure takes up room
    assert path.read_text() == "new"


def test_a_lost_permission_is_one_line(tmp_path, obeying):
    program = (
        "import sys; from pathlib import Path; from optprimer.errors import UserError; from optprimer.files import *\n"
        "for refused in (write_text, lambda path, _: check_room(path), lambda path, _: held(path).__enter__()):\n"
        "    try: refused(Path(sys.argv[1]), 'new')\n"
        "    except UserError as error: print(error)"
    )
    path = tmp_path / "closed" / "below" / "table.csv"
    path.parent.parent.mkdir(mode=0o555)
    run = subprocess.run([*obeying, sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    assert run.stdout == 3 * f"{path}: cannot be written (Permission denied)\n"


@pytest.mark.parametrize("error", [OSError("no errno"), FileNotFoundError(errno.ENOENT, "none"), ValueError()])
def test_other_failures_are_passed_on(tmp_path, error):
    with pytest.raises(type(error)) as caught, writing(tmp_path / "table.csv"):
        raise error
    assert caught.value is error


def test_room_is_looked_for_where_a_folder_would_be(small_disk):
    disk = small_disk(2048)
    check_room(disk / "results" / "run")
    assert list(disk.iterdir()) == []
    (disk / "much").write_bytes(bytes(1536 * 1024))
    with pytest.raises(UserError, match=r"results/run: cannot be written \(No space left on device\)$"):
        check_room(disk / "results" / "run")
    assert [path.name for path in disk.iterdir()] == ["much"]


def test_what_a_living_process_holds_is_refused_and_a_dead_one_holds_nothing(tmp_path):
    path = tmp_path / "jobs" / "state"
    program = (
        "import sys; from pathlib import Path; from optprimer.files import held\n"
        "with held(Path(sys.argv[1])):\n"
        "    print(flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        with pytest.raises(UserError, match=rf"state: process {other.pid} on .+ is at work on it; wait"), held(path):
            pass
        with held(path.with_name("another")):
            pass
        other.kill()
    with held(path):
        assert path.with_name("state.lock").read_text().startswith(f"process {os.getpid()} on")
    with held(path):
        pass
