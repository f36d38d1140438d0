"""The digest against edits of a small package: which must change it, and which must not."""

import os
import shutil
import subprocess
import sys
from itertools import count

import pytest

from optprimer.digest import PACKAGE, digest
from optprimer.errors import UserError

FILES = {
    "__init__.py": '"""A package."""\n__version__ = "1.0"\n',
    "base.py": "def helper(x):\n    return x + 1\n",
    "late.py": "VALUE = 3\n",
    "types.py": "class Thing:\n    pass\n",
    "unrelated.py": "NOTHING = 0\n",
    "stage/__init__.py": "FLAG = True\n",
    "stage/solver.py": (
        '"""A solver."""\n'
        "import pkg.base as base\n"
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n"
        "    from pkg.types import Thing\n"
        "def solve(x: 'Thing') -> float:\n"
        '    """Solve it."""\n'
        "    from pkg import late\n"
        "    # a comment\n"
        "    return base.helper(x) * late.VALUE * 1.5\n"
    ),
    "stage/commands.py": (
        "from pathlib import Path\n"
        "from pkg.unrelated import NOTHING\n"
        "SCALE = 2\n"
        "TABLE = {}\n"
        "TABLE['a'] = SCALE\n"
        "TABLE.update(b=3)\n"
        "LONELY = 7\n"
        "def first(x):\n"
        "    from pkg.stage.solver import solve\n"
        "    return solve(_shared(x))\n"
        "def _shared(x):\n"
        "    return TABLE['a'] * x\n"
        "def second(x):\n"
        "    return NOTHING + LONELY\n"
    ),
}
SOLVER, FIRST, SECOND = "pkg.stage.solver", "pkg.stage.commands:first", "pkg.stage.commands:second"


@pytest.fixture
def digest_after(tmp_path):
    """Digest a target of the package after replacing ``old`` by ``new`` in a file; each call in a folder of its own."""
    copies = count()

    def digest_edited(target: str, file: str = "base.py", old: str = "", new: str = "") -> str:
        package = tmp_path / str(next(copies)) / "pkg"
        for name, text in FILES.items():
            path = package / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if name == file:
                assert old in text
                text = text.replace(old, new, 1)
            path.write_text(text, encoding="utf-8")
        return digest(target, package=package)

    return digest_edited


@pytest.mark.parametrize(
    ("target", "file", "old", "new"),
    [
        (SOLVER, "stage/solver.py", "1.5", "1.6"),
        (SOLVER, "stage/solver.py", "1.5", "1.5 - 0"),
        (SOLVER, "base.py", "x + 1", "x - 1"),
        (SOLVER, "base.py", "x + 1", "x + 1.0"),  # equal, but not the same code
        (SOLVER, "base.py", "x + 1", "x + True"),
        (SOLVER, "base.py", "(x)", "(x=0)"),
        (SOLVER, "late.py", "3", "4"),  # imported inside a function
        (SOLVER, "stage/__init__.py", "True", "False"),  # runs on import
        (SOLVER, "__init__.py", '"1.0"', '"1.0"\nimport os'),
        (FIRST, "stage/commands.py", "solve(_shared(x))", "solve(_shared(x)) + 1"),
        (FIRST, "stage/commands.py", "TABLE['a'] * x", "TABLE['a'] / x"),
        (FIRST, "stage/commands.py", "SCALE = 2", "SCALE = 3"),  # named by what it names
        (FIRST, "stage/commands.py", "b=3", "b=4"),  # alters what it names
        (FIRST, "late.py", "3", "4"),
        (FIRST, "stage/__init__.py", "True", "False"),
        (SECOND, "unrelated.py", "0", "1"),
        (SECOND, "stage/commands.py", "LONELY = 7", "LONELY = 8"),
        ("pkg.stage.commands", "stage/commands.py", "LONELY = 7", "LONELY = 8"),
        ("pkg.stage.commands", "late.py", "3", "4"),
    ],
)
def test_an_edit_in_the_closure_changes_the_digest(digest_after, target, file, old, new):
    assert digest_after(target, file, old, new) != digest_after(target)


@pytest.mark.parametrize(
    ("target", "file", "old", "new"),
    [
        (SOLVER, "stage/solver.py", "# a comment", "# another\n\n"),
        (SOLVER, "stage/solver.py", '"""Solve it."""', '"""Solve it well."""'),
        (SOLVER, "stage/solver.py", '"""A solver."""', ""),
        (SOLVER, "stage/solver.py", "base.helper(x) * late.VALUE * 1.5", "(base.helper(x)\n        * late.VALUE * 1.50)"),
        (SOLVER, "base.py", "\n", "\r\n"),
        (SOLVER, "stage/solver.py", "    from pkg.types import Thing\n", "    from pkg.types import Other\n"),
        (SOLVER, "types.py", "pass", "x = 1"),  # imported for type checkers only
        (SOLVER, "unrelated.py", "0", "1"),
        (SOLVER, "stage/commands.py", "SCALE = 2", "SCALE = 3"),  # imports the solver, not the other way round
        (SOLVER, "__init__.py", "1.0", "1.1"),
        (FIRST, "stage/commands.py", "NOTHING + LONELY", "NOTHING - LONELY"),
        (FIRST, "stage/commands.py", "LONELY = 7", "LONELY = 8"),
        (FIRST, "unrelated.py", "0", "1"),
        (SECOND, "stage/commands.py", "SCALE = 2", "SCALE = 3"),
        (SECOND, "stage/solver.py", "1.5", "1.6"),
    ],
)
def test_other_edits_do_not(digest_after, target, file, old, new):
    assert digest_after(target, file, old, new) == digest_after(target)


@pytest.mark.parametrize(
    "imports", ["from ..unrelated import *", "from ..unrelated import NOTHING", "from .. import unrelated as NOTHING"]
)
def test_relative_and_star_imports_are_followed(digest_after, monkeypatch, imports):
    relative = (SECOND, "stage/commands.py", "from pkg.unrelated import NOTHING", imports)
    before = digest_after(*relative)
    monkeypatch.setitem(FILES, "unrelated.py", "NOTHING = 1\n")
    assert digest_after(*relative) != before


def test_a_relative_import_in_a_package_starts_from_the_package(digest_after, monkeypatch):
    relative = (SOLVER, "stage/__init__.py", "FLAG", "from .extra import X\nFLAG")
    monkeypatch.setitem(FILES, "stage/extra.py", "X = 1\n")
    before = digest_after(*relative)
    monkeypatch.setitem(FILES, "stage/extra.py", "X = 2\n")
    assert digest_after(*relative) != before


def test_targets_are_a_set(digest_after, tmp_path):
    digest_after(SOLVER)
    package = tmp_path / "0" / "pkg"
    assert digest(SOLVER, FIRST, package=package) == digest(FIRST, SOLVER, SOLVER, package=package)
    assert len({digest(target, package=package) for target in (SOLVER, FIRST, SECOND)}) == 3


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("pkg.nowhere", "pkg.nowhere: no such module"),
        ("pkg.nowhere:first", "pkg.nowhere: no such module"),
        ("json", "json: no such module in pkg"),
        ("", "no such module"),
        ("pkg...base", "no such module"),
        ("pkg.base:nothing", "pkg.base:nothing: pkg.base has no function 'nothing'"),
        ("pkg.stage.commands:SCALE", "has no function 'SCALE'"),
    ],
)
def test_unknown_targets_are_refused(digest_after, target, reason):
    with pytest.raises(UserError, match=r"^[^\n]+$") as caught:
        digest_after(target)
    assert reason in str(caught.value)


def test_an_import_of_nothing_and_a_broken_file_are_refused(digest_after):
    with pytest.raises(UserError, match=r"pkg\.gone: no such module"):
        digest_after(SOLVER, "base.py", "def", "import pkg.gone\ndef")
    with pytest.raises(UserError, match=r"base\.py: not valid Python \(line 1"):
        digest_after(SOLVER, "base.py", "(x):", "(x:")


def test_the_package_is_parsed_not_imported_and_the_hash_seed_does_not_matter(tmp_path):
    # Every module of this package, by a fresh interpreter under another hash seed, from a copy in another folder.
    copy = tmp_path / "optprimer"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    modules = sorted(".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts) for path in PACKAGE.rglob("*.py"))
    targets = [module.removesuffix(".__init__") for module in modules] + ["optprimer.tables:write"]
    program = (
        "import sys; from pathlib import Path; from optprimer.digest import digest\n"
        f"print(digest(*{targets!r}, package=Path({str(copy)!r})))\n"
        "assert not {'torch', 'pandas', 'numpy', 'optprimer.tables'} & set(sys.modules)"
    )
    environment = os.environ | {"PYTHONHASHSEED": "1234"}
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True)
    assert run.stdout.strip() == digest(*targets)
    assert len(run.stdout.strip()) == 16


def test_the_same_code_has_this_digest_everywhere(digest_after):
    # A number on record: it holds on every machine and version of Python, and breaks when the algorithm does.
    assert digest_after("pkg.base") == "492bcd07954af45c"
