"""Which code a run came from: the release, the commit, and a digest of the package as it stands."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from optprimer import __version__
from optprimer.config.schema import ROOT
from optprimer.digest import PACKAGE, digest

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Code:
    """``commit`` and ``dirty`` (tracked files differ from it) are "unknown" outside a checkout of the repository."""

    version: str
    commit: str
    dirty: bool | str
    digest: str


def code() -> Code:
    """Describe the code that runs."""
    return Code(__version__, *commit(ROOT), package_digest())


def commit(root: Path) -> tuple[str, bool | str]:
    """Return the commit of the checkout at ``root``, and whether its tracked files differ from that."""
    try:
        # A package installed somewhere below another project's checkout is not of that project's commit.
        if Path(_git(root, "rev-parse", "--show-toplevel")).resolve() != root.resolve():
            return UNKNOWN, UNKNOWN
        return _git(root, "rev-parse", "HEAD"), bool(_git(root, "status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.CalledProcessError):
        return UNKNOWN, UNKNOWN


def package_digest() -> str:
    """Return the digest of every module: comments and docstrings do not change it."""
    paths = (path.relative_to(PACKAGE.parent).with_suffix("") for path in PACKAGE.rglob("*.py"))
    return digest(*(".".join(path.parts).removesuffix(".__init__") for path in paths))


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
