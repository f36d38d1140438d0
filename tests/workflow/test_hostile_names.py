"""Names that a shell would obey, given to Snakemake itself: refused in one line, or passed on whole; and where files go."""

import os
import re
import subprocess
import zipfile
from pathlib import Path

import pytest
import yaml
from running import ROOT, run_snakemake

HOSTILE = 'it\'s {x}; touch T1; $(touch T2) `touch T3` & "q" *\n.zip'


def said(done):
    return done.stdout + done.stderr


def settings(folder, **data):
    path = folder / "mine.yaml"
    path.write_text(
        yaml.safe_dump({"run": "mine", "data": {"dataset": "cifar10", "image_size": 16, "archive": HOSTILE} | data})
    )
    return ["--configfile", str(ROOT / "workflow/scales/cifar10-quick.yaml"), str(path)]


@pytest.fixture
def folder(tmp_path):
    """A working folder with a name of the same kind, and an archive in it that holds nothing."""
    place = tmp_path / "a 'b\"; touch T4; $(touch T5)\nc"
    place.mkdir()
    zipfile.ZipFile(place / HOSTILE, "w").close()
    return place


def traps(folder):
    return list(folder.parent.rglob("T[0-9]"))


def test_a_dry_run_shows_a_command_that_a_shell_reads_as_it_was_meant(folder):
    done = run_snakemake(folder, "--dry-run", "-p", *settings(folder), "--", "results/mine/data/provenance.json", smoke=False)
    assert done.returncode == 0, said(done)
    (command,) = re.findall(r"optprimer data.*?(?= > results)", done.stdout, re.S)
    words = subprocess.run(["bash", "-c", f"printf '%s\\0' {command}"], capture_output=True, text=True, cwd=folder, check=True)
    assert HOSTILE in words.stdout.split("\0")
    assert not traps(folder)


def test_a_real_job_gets_the_path_whole_and_ends_in_one_line(folder):
    done = run_snakemake(folder, *settings(folder), "--", "results/mine/data/provenance.json", smoke=False)
    assert done.returncode != 0
    (line,) = (folder / "results/mine/logs/data.log").read_text().splitlines()
    shown = HOSTILE.replace("\n", "\\n")
    assert line == f"optprimer: {shown}: no PNG or JPEG at train/<class>/ and test/<class>/"
    assert not traps(folder)
    assert not (folder / "results/mine/data").exists() or not list((folder / "results/mine/data").iterdir())


@pytest.mark.parametrize("run", ["a'b", "a b", "a;b", "$(touch T1)", "a\nb", "../up", "{x}"])
def test_a_run_name_that_a_shell_would_see_is_refused_before_any_job(tmp_path, run):
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump({"run": run}))
    done = run_snakemake(tmp_path, "--dry-run", "--configfile", str(tmp_path / "mine.yaml"), smoke=False)
    assert done.returncode != 0
    (line,) = [line for line in said(done).splitlines() if line.startswith("config: ")]
    assert line.startswith("config: run = ")
    assert {path.name for path in tmp_path.iterdir()} <= {"mine.yaml", ".snakemake"}


@pytest.mark.parametrize(
    ("overrides", "key"),
    [
        ({"landscape": {"surfaces": {"layer": {"points": 15}}}}, "landscape.surfaces.layer.points"),
        ({"train": {"schedule": "step", "milestones": []}}, "train.milestones"),
        ({"landscape": {"controls": ["nobody"]}}, "landscape.controls"),
    ],
)
def test_a_contradiction_is_one_line_before_any_job(tmp_path, overrides, key):
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(overrides))
    done = run_snakemake(tmp_path, "--dry-run", "--configfile", str(tmp_path / "mine.yaml"), smoke=False)
    assert done.returncode != 0
    (line,) = [line for line in said(done).splitlines() if line.startswith("config: ")]
    assert line.startswith(f"config: {key} = ")


def test_what_the_machine_lacks_is_one_line_before_any_job(tmp_path):
    wide = {"sharpness": {"networks": {"deep": {"widths": [100_000, 100_000, 100_000]}}}}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(wide))
    target = ["--", "results/digits/data/provenance.json"]
    done = run_snakemake(tmp_path, "--configfile", str(tmp_path / "mine.yaml"), *target, smoke=False)
    if os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") > 3e11:
        pytest.skip("a machine with more than 300 GB of memory")
    assert done.returncode != 0
    (line,) = [line for line in said(done).splitlines() if line.startswith("config: ")]
    assert line.startswith("config: sharpness.networks.deep.widths = [100000, 100000, 100000]: a job would hold")
    assert not (tmp_path / "results").exists()
    again = run_snakemake(tmp_path, *target, smoke=False)  # the folder is not left locked
    assert again.returncode == 0, said(again)


SKIPPED = {".git", "__pycache__", ".pytest_cache", ".ruff_cache", ".hypothesis", ".venv", "optprimer.egg-info"}


def listing(folder):
    """All files below a folder and when they were written, but for those of Git, of the environment and of the tests."""
    found = {}
    for top, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in SKIPPED]
        found |= {Path(top, name): Path(top, name).lstat().st_mtime_ns for name in names}
    return found


def test_files_go_to_results_and_to_caches_and_nowhere_else(tmp_path, monkeypatch):
    home, temporary, work = (tmp_path / name for name in ("home", "tmp", "work"))
    for path in (home, temporary, work):
        path.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    before = listing(ROOT)
    done = run_snakemake(work, "--", "results/smoke/data/provenance.json", "results/smoke/batch/plan.csv")
    assert done.returncode == 0, said(done)
    assert listing(ROOT) == before
    assert {path.name for path in work.iterdir()} == {"results", ".snakemake"}
    assert not listing(temporary)
    assert all(path.is_relative_to(home / ".cache") for path in listing(home))
