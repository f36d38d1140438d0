"""What the settings ask of the machine that runs them, told before the first job starts."""

from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

from optprimer.config.memory import memory_here, too_large
from optprimer.config.problem import Config
from optprimer.config.validate import line
from optprimer.errors import UserError


def check_machine(config: Config) -> None:
    """Check this machine, on which jobs run, against a valid ``config``.

    Raises:
        UserError: one line; a package has another version, there is no GPU, or a job needs more than all memory.
    """
    check_packages()
    if config["device"] == "cuda" and not _has_gpu():
        raise UserError(line("device", "cuda", "PyTorch finds no GPU here; use auto or cpu"))
    for problem in too_large(config, memory_here()):
        raise UserError(line(*problem))


def check_packages() -> None:
    """Check that the installed packages are those that pyproject.toml asks for.

    Raises:
        UserError: one line; names the first that is missing or has another version.
    """
    for requirement in map(Requirement, requires("optprimer") or ()):
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        found = _installed(requirement.name)
        if found is None or not requirement.specifier.contains(found, prereleases=True):
            raise UserError(
                f"{requirement.name} is {found or 'not installed'}, but {requirement} is needed; make setup installs it"
            )


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()
