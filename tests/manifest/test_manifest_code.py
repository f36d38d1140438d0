import re
import subprocess

import pytest

from optprimer import __version__
from optprimer.config.schema import ROOT
from optprimer.digest import PACKAGE
from optprimer.manifest import code as module
from optprimer.manifest.code import UNKNOWN, code, commit, package_digest


def git(folder, *arguments):
    identity = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    return subprocess.run(
        ["git", "-C", folder, *identity, *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def checkout(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "a.txt").write_text("one")
    git(tmp_path, "add", "a.txt")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def test_a_clean_checkout(checkout):
    assert commit(checkout) == (git(checkout, "rev-parse", "HEAD"), False)


def test_an_edited_file_makes_it_dirty_and_a_new_one_does_not(checkout):
    (checkout / "b.txt").write_text("new")
    assert commit(checkout)[1] is False
    (checkout / "a.txt").write_text("two")
    assert commit(checkout)[1] is True


def test_a_folder_inside_the_checkout_of_another_project_is_not_of_its_commit(checkout):
    (checkout / "inside").mkdir()
    assert commit(checkout / "inside") == (UNKNOWN, UNKNOWN)


def test_outside_of_git_it_is_unknown(tmp_path):
    assert commit(tmp_path) == (UNKNOWN, UNKNOWN)


def test_without_git_it_is_unknown(checkout, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert commit(checkout) == (UNKNOWN, UNKNOWN)


def test_code_of_this_package():
    found = code()
    assert found.version == __version__
    assert re.fullmatch("[0-9a-f]{16}", found.digest)
    assert (found.commit == UNKNOWN) != (ROOT / ".git").exists()


def test_the_digest_covers_modules_that_nothing_imports(tmp_path, monkeypatch):
    package = tmp_path / PACKAGE.name
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.setattr(module, "PACKAGE", package)
    monkeypatch.setattr(module, "digest", lambda *targets: " ".join(sorted(targets)))
    (package / "stage").mkdir()
    for name in ("__init__", "alone"):
        (package / f"stage/{name}.py").write_text("")
    assert package_digest() == "optprimer optprimer.stage optprimer.stage.alone"
