"""The digest of a run: what it depends on, and what it does not."""

import platform
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from optprimer.config.load import load, merge
from optprimer.manifest.identity import run_digest, versions

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]


def test_versions_are_those_of_the_package_and_of_all_that_it_asks_for():
    wanted = {Requirement(line).name for line in PROJECT["dependencies"]}
    assert set(versions()) == wanted | {"optprimer"}
    assert versions()["torch"] == metadata.version("torch")


def test_another_name_of_the_run_does_not_count():
    assert run_digest(load()) == run_digest(merge(load(), {"run": "another"}))


@pytest.mark.parametrize("change", [{"seed": 1}, {"device": "cpu"}, {"precision": "fp32"}, {"threads": 2}])
def test_settings_count(change):
    assert run_digest(load()) != run_digest(merge(load(), change))


def test_the_version_of_python_counts(monkeypatch):
    before = run_digest(load())
    monkeypatch.setattr(platform, "python_version", lambda: "3.11.0rc1")
    assert run_digest(load()) != before


def test_the_version_of_a_package_counts(monkeypatch):
    before = run_digest(load())
    installed = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "0.0" if name == "scipy" else installed(name))
    assert run_digest(load()) != before
