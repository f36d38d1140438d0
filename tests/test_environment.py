"""pyproject.toml, requirements.lock and environment.yml say the same."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
CONDA_NAMES = {"torch": "pytorch", "matplotlib": "matplotlib-base"}
LOCK = {
    name.lower().replace("_", "-"): version
    for name, version in re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "requirements.lock").read_text(), re.M)
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
REQUIREMENTS = [Requirement(r) for r in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]]
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda r: r.name)
def test_lock_pins_what_the_project_asks_for(requirement):
    assert requirement.specifier.contains(LOCK[requirement.name.lower()])


def test_lock_pins_every_line_and_names_no_index():
    lines = [line for line in (ROOT / "requirements.lock").read_text().splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)


def test_conda_environment_has_the_versions_of_the_lock():
    conda = {line.split()[0]: line.split("=")[1] for line in CONDA if isinstance(line, str) and "=" in line}
    pip = dict(line.split("==") for line in CONDA[-1]["pip"])
    wanted = {Requirement(r).name.lower() for r in PROJECT["dependencies"]}
    for name in wanted:
        found = pip.get(name) or conda[CONDA_NAMES.get(name, name)]
        assert found == LOCK[name], name
    assert len(conda) - 1 + len(pip) == len(wanted)  # less python: nothing else is asked for


IMAGES = {path: (ROOT / "containers" / path).read_text(encoding="utf-8") for path in ("Dockerfile", "optprimer.def")}


@pytest.mark.parametrize("image", IMAGES)
def test_image_has_the_python_of_the_conda_environment_and_installs_the_lock(image):
    (base,) = re.findall(r"^from:? (\S+)$", IMAGES[image], re.M | re.I)
    (python,) = [line.removeprefix("python =") for line in CONDA if isinstance(line, str) and line.startswith("python ")]
    assert base == f"python:{python}-slim"
    assert f"Python {python};" in (ROOT / "requirements.lock").read_text()
    assert re.findall(r"pip install (.*)$", IMAGES[image], re.M) == [
        "--no-cache-dir --requirement requirements.lock",
        "--no-cache-dir --no-deps --no-build-isolation --editable .",
    ]
    assert "==" not in IMAGES[image]  # no version is named a second time


@pytest.mark.parametrize("image", IMAGES)
def test_image_copies_what_is_there(image):
    docker = re.findall(r"^COPY (\S+) \S+$", IMAGES[image], re.M)
    apptainer = re.findall(r"^    (\S+) /opt/optprimer/\S+$", IMAGES[image], re.M)
    assert {"requirements.lock", "pyproject.toml", "src"} <= set(docker + apptainer) or "." in docker
    assert all((ROOT / path).exists() for path in docker + apptainer)
