"""Faults of machines and of their users, met by the whole workflow: a clear line each, nothing lost, nothing silently wrong."""

import os
import re
import shutil
import signal
import subprocess
import time

import pytest
from crashing import RESULTS, Graph, kill_group, targets


def same(found: dict[str, bytes], expected: dict[str, bytes], *required: str) -> bool:
    """Tell whether files are all there that are required, each with the bytes of the undisturbed run."""
    return set(required) <= set(found) and all(expected[path] == content for path, content in found.items())


def test_a_second_run_in_the_folder_and_the_lock_of_a_dead_one_are_told(undisturbed, tmp_path):
    graph = undisturbed.begun(tmp_path / "run", "data")
    first = graph.start("--", *targets("data"))
    graph.wait_for_job("data", first)
    os.killpg(first.pid, signal.SIGSTOP)
    beside = graph.run("--", *targets("data"))
    kill_group(first)
    after = graph.run("--", *targets("data"))
    for refused in (beside, after):
        assert refused.status == 1
        assert "Error: Directory cannot be locked" in refused.line
        assert "It can be removed with the --unlock argument" in refused.line
    done = graph.recover("data")
    assert done.status == 0, done.said
    assert same(graph.contents(), undisturbed.contents(), *targets("data"))


def test_a_table_cut_short_by_a_dead_machine_is_named_and_made_again_once_it_is_removed(undisturbed, tmp_path):
    graph = undisturbed.begun(tmp_path / "run", "gather")
    cut = graph.folder / RESULTS / "memorization/0-2/runs.csv"
    times = cut.stat()
    cut.write_bytes(cut.read_bytes()[:-10])
    os.utime(cut, (times.st_atime, times.st_mtime))  # what a machine loses in dying it loses silently
    (cut.parent / ".runs.csv.abcdefgh.part").write_bytes(b"half")
    refused = graph.run("--", *targets("gather"))
    assert refused.status == 1
    name = cut.relative_to(graph.folder)
    assert f"optprimer: {name}: not a table of runs rows (it ends in the middle of a line)" in refused.line
    cut.unlink()
    done = graph.run("--", *targets("gather"))
    assert done.status == 0, done.said
    assert same(graph.contents(), undisturbed.contents(), *targets("gather"))  # so without the .part


def test_files_from_the_future_are_told_and_right_once_they_are_touched(undisturbed, tmp_path):
    graph, target = undisturbed.begun(tmp_path / "run", "edge"), str(RESULTS / "edge/direction.csv")
    inputs = [*(graph.folder / RESULTS / "data").iterdir()]
    for path in inputs:
        os.utime(path, (time.time() + 86400,) * 2)
    told = graph.run("--", target)
    assert told.status == 1
    assert re.search(rf"Output {target} has older modification time .* than input .*clock", told.line), told.said
    assert target not in graph.contents()
    for path in inputs:
        os.utime(path)
    done = graph.run("--", target)
    assert done.status == 0, done.said
    assert same(graph.contents(), undisturbed.contents(), target)


@pytest.mark.parametrize("year", [1980, 2100])
def test_a_finished_run_is_finished_whatever_the_clock_said(undisturbed, tmp_path, year):
    folder = shutil.copytree(undisturbed.folder, tmp_path / "run")
    for path in (folder / RESULTS / "data").iterdir():
        os.utime(path, ((year - 1970) * 365.25 * 86400,) * 2)
    done = Graph(folder, undisturbed.env).run("--dry-run", "--", *targets("edge"))
    assert "Nothing to be done" in done.said


def test_a_full_disk_is_told_before_any_job(env, small_disk):
    disk = small_disk(512)
    done = Graph(disk, env).run("--", *targets("data"))
    assert done.status == 1
    lines = [line for line in done.said.splitlines() if "results/crash" in line]
    assert lines == ["results/crash: cannot be written (No space left on device)"]
    assert not (disk / "results").exists()


def test_a_folder_without_permission_is_told_before_any_job(env, tmp_path, obeying):
    (tmp_path / "results").mkdir(mode=0o555)
    command = [*obeying, *Graph(tmp_path, env).command("--", *targets("data"))]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    lines = [line for line in (done.stdout + done.stderr).splitlines() if "results/crash" in line]
    assert lines == ["results/crash: cannot be written (Permission denied)"]
