"""Jobs that are killed, and what the next one finds."""

import json
import math
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optprimer import rowlog
from optprimer.errors import UserError
from optprimer.rowlog import RowLog, identity


def rows(key):
    return [{"alpha": i / 3, "loss": math.sin(key + i) * 10**key, "n": key} for i in range(3)]


class Counting:
    """Computes rows, remembers which, and dies before ``limit`` + 1."""

    def __init__(self, limit=math.inf):
        self.keys, self.limit = [], limit

    def __call__(self, key):
        if len(self.keys) >= self.limit:
            raise KeyboardInterrupt
        self.keys.append(key)
        return rows(key)


@pytest.fixture
def log(tmp_path):
    return RowLog(tmp_path / "jobs" / "rows.jsonl", "name")


def interrupted(log, keys, limit):
    with pytest.raises(KeyboardInterrupt):
        list(log.resumed(keys, Counting(limit)))


def test_all_rows_in_order(log):
    compute = Counting()
    assert list(log.resumed([4, 2, 3], compute)) == [rows(4), rows(2), rows(3)]
    assert compute.keys == [4, 2, 3]


def test_continues_where_the_last_job_stopped(log):
    interrupted(log, range(6), 4)
    compute = Counting()
    assert list(log.resumed(range(6), compute)) == [rows(k) for k in range(6)]
    assert compute.keys == [4, 5]
    idle = Counting()
    assert list(log.resumed(range(6), idle)) == [rows(k) for k in range(6)]
    assert idle.keys == []


def test_every_row_is_on_disk_before_the_next_begins(log):
    seen = []

    def compute(key):
        seen.append(len(log.path.read_text().splitlines()))
        return rows(key)

    list(log.resumed(range(4), compute))
    assert seen == [1, 2, 3, 4]  # the name, and a line for each row before


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 400))
def test_cut_anywhere(tmp_path_factory, cut):
    log = RowLog(tmp_path_factory.mktemp("cut") / "rows.jsonl", "name")
    list(log.resumed(range(4), Counting()))
    content = log.path.read_bytes()
    log.path.write_bytes(content[:cut])
    whole = max(0, content[:cut].count(b"\n") - 1)
    # The line without its newline may be whole too.
    compute = Counting()
    assert list(log.resumed(range(4), compute)) == [rows(k) for k in range(4)]
    assert compute.keys in (list(range(whole, 4)), list(range(whole + 1, 4)))
    assert log.path.read_bytes() == content


def test_a_line_cut_short_is_computed_again_and_not_left_behind(log):
    interrupted(log, range(4), 3)
    log.path.write_bytes(log.path.read_bytes()[:-9])
    compute = Counting()
    list(log.resumed(range(4), compute))
    assert compute.keys == [2, 3]
    written = [json.loads(line.partition(" ")[2]) for line in log.path.read_text().splitlines()]
    assert written == ["name", *([k, rows(k)] for k in range(4))]


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 8 * 1000))
def test_a_flipped_bit_anywhere_never_becomes_a_result(tmp_path_factory, position):
    log = RowLog(tmp_path_factory.mktemp("flipped") / "rows.jsonl", "name")
    list(log.resumed(range(4), Counting()))
    content = log.path.read_bytes()
    byte, bit = divmod(position % (8 * len(content)), 8)
    log.path.write_bytes(content[:byte] + bytes([content[byte] ^ 1 << bit]) + content[byte + 1 :])
    assert list(log.resumed(range(4), Counting())) == [rows(k) for k in range(4)]
    assert log.path.read_bytes() == content


def test_zeros_after_a_power_cut(log):
    interrupted(log, range(4), 2)
    with log.path.open("ab") as file:
        file.write(bytes(50))
    compute = Counting()
    assert list(log.resumed(range(4), compute)) == [rows(k) for k in range(4)]
    assert compute.keys == [2, 3]


def test_a_log_of_another_computation_is_ignored_and_replaced(log):
    list(RowLog(log.path, "other").resumed(range(3), lambda key: [{"loss": -1.0}]))
    compute = Counting()
    assert list(log.resumed(range(3), compute)) == [rows(k) for k in range(3)]
    assert compute.keys == [0, 1, 2]
    again = Counting()
    list(RowLog(log.path, "other").resumed(range(3), again))
    assert again.keys == [0, 1, 2]


def test_rows_that_an_earlier_job_shared_differently_are_kept(log):
    list(log.resumed([5, 6], Counting()))
    compute = Counting()
    list(log.resumed([6, 7], compute))
    assert compute.keys == [7]
    idle = Counting()
    list(log.resumed([5, 6, 7], idle))
    assert idle.keys == []


def test_floats_come_back_to_the_bit_and_nan_as_nan(log):
    values = [math.nan, math.inf, -math.inf, 0.1 + 0.2, 5e-324, 1.7976931348623157e308, -0.0]
    list(log.resumed([0], lambda key: [{"loss": v, "n": 3, "net": "ü"} for v in values]))
    (found,) = log.resumed([0], Counting(0))
    assert [row["loss"].hex() for row in found] == [v.hex() for v in values]
    assert all(row["n"] == 3 and isinstance(row["n"], int) and row["net"] == "ü" for row in found)


def test_finished_rows_survive_a_death_while_the_log_is_written_anew(log, monkeypatch):
    interrupted(log, range(6), 4)
    finished = log.path.read_bytes()

    def dies(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(rowlog.json, "dumps", dies)
        with pytest.raises(KeyboardInterrupt):
            list(log.resumed(range(6), Counting()))
    assert log.path.read_bytes() == finished


WORKER = """
    import sys, time
    from pathlib import Path
    from optprimer.rowlog import RowLog

    def compute(key):
        time.sleep(0.005)
        Path(sys.argv[2]).open("a").write(f"{key}\\n")
        return [{"loss": key + i / 7} for i in range(2000)]

    for rows in RowLog(Path(sys.argv[1]), "name").resumed(range(12), compute):
        print(len(rows), flush=True)
"""


@pytest.mark.parametrize("after", [1, 4, 9])
def test_killed_for_real(tmp_path, after):
    log, computed = tmp_path / "rows.jsonl", tmp_path / "computed"
    command = [sys.executable, "-c", textwrap.dedent(WORKER), str(log), str(computed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as worker:
        for _ in range(after):
            worker.stdout.readline()
        os.kill(worker.pid, signal.SIGKILL)  # somewhere in the next rows
    assert worker.returncode == -signal.SIGKILL
    keys = list(map(int, computed.read_text().split()))
    assert len(keys) >= after

    found, counting = RowLog(log, "name"), Counting()
    result = list(found.resumed(range(12), lambda key: counting(key) and [{"loss": key + i / 7} for i in range(2000)]))
    assert result == [[{"loss": key + i / 7} for i in range(2000)] for key in range(12)]
    # All but the row that was in the making.
    assert counting.keys in (list(range(len(keys), 12)), list(range(len(keys) - 1, 12)))


def test_identity_sees_content_and_values(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("weights")
    other.write_text("weights")
    name = identity(one, 25, "surface")
    assert name == identity(other, 25, "surface")
    assert len(name) == 64
    assert len({name, identity(one, 26, "surface"), identity(one, "25", "surface"), identity(25, one, "surface")}) == 4
    other.write_text("other weights")
    assert name != identity(other, 25, "surface")
    assert identity("ab", "c") != identity("a", "bc")
    with pytest.raises(FileNotFoundError):
        identity(Path(tmp_path / "missing"))


def test_a_log_that_another_job_continues_is_refused(log):
    first = log.resumed(range(3), Counting())
    next(first)
    with pytest.raises(UserError, match=r"rows\.jsonl: process .* is at work on it"):
        next(RowLog(log.path, "another").resumed(range(3), Counting()))
    assert list(first) == [rows(1), rows(2)]
    idle = Counting()
    assert list(log.resumed(range(3), idle)) == [rows(k) for k in range(3)]
    assert idle.keys == []


def test_a_full_disk_loses_no_finished_row(small_disk):
    log = RowLog(small_disk(64) / "rows.jsonl", "name")
    large = {key: [{"text": "x" * 20000}] for key in range(6)}
    with pytest.raises(UserError, match=r"rows\.jsonl: cannot be written \(No space left on device\)$"):
        list(log.resumed(large, large.get))
    kept = log.finished()
    assert 1 <= len(kept) < 6
    assert all(rows == large[key] for key, rows in kept.items())
