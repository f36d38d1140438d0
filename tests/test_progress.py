"""Progress lines against a clock that we turn by hand."""

import subprocess
import sys
from pathlib import Path

import pytest

from optprimer import progress
from optprimer.progress import Progress


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def lines(capsys) -> list[str]:
    captured = capsys.readouterr()
    assert captured.out == ""  # stdout is for results
    return captured.err.splitlines()


def test_one_line_an_interval_and_one_at_the_end(clock, capsys):
    bar = Progress("training", 100, "images", interval=5)
    seen = []
    for _ in range(100):
        clock[0] += 0.5
        bar.add(1)
        seen += [len(lines(capsys))]
    # 50 seconds: every tenth call; the hundredth is also the end and still one line.
    assert [index + 1 for index, count in enumerate(seen) if count] == list(range(10, 101, 10))
    assert sum(seen) == 10


def test_the_end_is_reported_at_once(clock, capsys):
    bar = Progress("training", 2, "images")
    bar.add(1)
    assert lines(capsys) == []
    clock[0] += 0.5
    bar.add(1)
    assert lines(capsys) == ["training [####################] 100% 4.0 images/s, 0:00 left"]


def test_a_line_to_the_letter(clock, capsys):
    bar = Progress("surface", 40_000, "points")
    clock[0] += 5
    bar.add(10_000, "resnet56")
    # A quarter done at 2,000 a second leaves 15 seconds.
    assert lines(capsys) == ["surface [#####               ]  25% 2,000 points/s, 0:15 left  resnet56"]


def test_work_of_an_earlier_run_fills_the_bar_but_not_the_rate(clock, capsys):
    bar = Progress("training", 1000, "images")
    bar.skip(500)
    clock[0] += 10
    bar.add(100)
    # 100 in 10 seconds, 400 to go: 40 seconds, whatever was there before.
    assert lines(capsys) == ["training [############        ]  60% 10 images/s, 0:40 left"]


def test_minutes_left_are_not_hours(clock, capsys):
    bar = Progress("training", 6000, "images")
    clock[0] += 10
    bar.add(10)
    assert lines(capsys)[0].endswith("1.0 images/s, 99:50 left")


def test_a_slow_rate_is_no_zero(clock, capsys):
    bar = Progress("surface", 625, "points")
    clock[0] += 25
    bar.add(10)
    assert "0.4 points/s" in lines(capsys)[0]


def test_nothing_done_yet_is_no_division_by_zero(clock, capsys):
    bar = Progress("training", 10, "images")
    clock[0] += 6
    bar.add(0)
    assert lines(capsys) == ["training [                    ]   0% 0.0 images/s, 0:00 left"]


def test_more_work_than_announced_stays_at_the_end(clock, capsys):
    bar = Progress("training", 10, "images")
    clock[0] += 1
    bar.add(15)
    assert "[####################] 100%" in lines(capsys)[0]


def test_a_log_on_a_full_disk_ends_no_job():
    program = "from optprimer.progress import Progress; Progress('work', 10, 'rows', interval=0.0).add(1); print('went on')"
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=full, text=True, check=False)
    assert done.stdout == "went on\n"
