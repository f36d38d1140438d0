"""A fingerprint of the code behind a rule, so that editing a solver reruns exactly what depends on it.

Snakemake sees the text of a rule but not the modules that it runs, so the rule's ``params`` carry their ``digest``. It
covers syntax trees, not text: comments, docstrings and formatting do not change it, and neither do the machine and its
version of Python. Files are parsed, never imported, once per process. A digest does not see what only a run can know:
modules imported by a computed name, and data files of the package, which a rule names as inputs.
"""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from optprimer.errors import UserError

PACKAGE = Path(__file__).parent

# Fields of syntax trees that say nothing about what runs: load or store (given by the place), and the u of u"text".
SILENT_FIELDS = frozenset({"ctx", "kind", "type_comment", "type_ignores"})


def digest(*targets: str, package: Path = PACKAGE) -> str:
    """Return 16 hexadecimal digits that change when the code behind ``targets`` does.

    A target is a module ("optprimer.landscape.surface") or a function of one ("optprimer.landscape.commands:surface_rows").
    A module stands for itself and for all that it imports from the package, inside functions too. A function stands for its
    own source, for the definitions and imports of its module that it names, directly or through others, and for all that
    these import; its neighbours may change. An import brings in the whole module and, as in Python, every package above it.
    Imports for type checkers only are left out, and so is ``__version__``: a release is not a change of code.

    Args:
        targets: modules or functions, in any order.
        package: folder of the package; its name is the first part of every target.

    Raises:
        UserError: there is no such module or function, or a file is not valid Python.
    """
    found: dict[str, _Code] = {target: _function(target, package) for target in targets if ":" in target}
    waiting = {target for target in targets if ":" not in target}.union(*(code.imports for code in found.values()))
    while waiting:
        name = waiting.pop()
        found[name] = _module(name, package)
        waiting |= found[name].imports - found.keys()
    text = "\n".join(f"{name} {found[name].text}" for name in sorted(found))
    return sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class _Code:
    """Statements as canonical text, and the modules of the package that must be there for them to run."""

    text: str
    imports: frozenset[str]


@cache
def _module(name: str, package: Path) -> _Code:
    return _code(name, _statements(name, package), package)


@cache
def _function(target: str, package: Path) -> _Code:
    name, _, function = target.partition(":")
    statements = [single for statement in _statements(name, package) for single in _single_imports(statement)]
    if not any(isinstance(each, ast.FunctionDef) and each.name == function for each in statements):
        raise UserError(f"{target}: {name} has no function {function!r}")
    return _code(name, _reached(function, statements), package)


def _code(name: str, statements: list[ast.stmt], package: Path) -> _Code:
    imports = set(_imports(name, statements, package))
    return _Code("\n".join(map(_canonical, statements)), frozenset(imports.union(*map(_parents, imports | {name}))))


@cache
def _statements(name: str, package: Path) -> list[ast.stmt]:
    """Parse a module; a folder without ``__init__`` is a package in which nothing runs."""
    path = _source(name, package)
    if path is None:
        raise UserError(f"{name}: no such module in {package.name}")
    if path.is_dir():
        return []
    try:
        return _stripped(ast.parse(path.read_bytes()).body)
    except SyntaxError as error:
        raise UserError(f"{path}: not valid Python (line {error.lineno}: {error.msg})") from None


@cache
def _source(name: str, package: Path) -> Path | None:
    root, *parts = name.split(".")
    if root != package.name or not all(part.isidentifier() for part in parts):
        return None
    folder = package.joinpath(*parts)
    candidates = (folder / "__init__.py", folder.with_suffix(".py"), folder)
    return next((path for path in candidates if path.exists()), None)


def _stripped(statements: list[ast.stmt]) -> list[ast.stmt]:
    """Drop what does not run or may change freely: docstrings, branches for type checkers, ``__version__``."""
    kept = []
    for statement in statements:
        match statement:
            case ast.Expr(value=ast.Constant(value=str())) | ast.Assign(targets=[ast.Name(id="__version__")]):
                continue
            case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
                kept += _stripped(statement.orelse)
                continue
        for block in ("body", "orelse", "finalbody", "handlers", "cases"):
            if inner := getattr(statement, block, None):
                setattr(statement, block, _stripped(inner))
        kept.append(statement)
    return kept


def _canonical(node: object) -> str:
    """Write a syntax tree without line numbers, and without empty fields, in which versions of Python differ."""
    if isinstance(node, list):
        return f"[{','.join(map(_canonical, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = ((field, getattr(node, field, None)) for field in node._fields if field not in SILENT_FIELDS)
    written = (f"{field}={_canonical(value)}" for field, value in fields if value is not None and value != [])
    return f"{type(node).__name__}({','.join(written)})"


def _imports(name: str, statements: list[ast.stmt], package: Path) -> Iterator[str]:
    """Yield the modules of the package that ``statements`` of module ``name`` import, at any depth."""
    for node in _walk(statements):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names if alias.name.partition(".")[0] == package.name)
            case ast.ImportFrom(names=names):
                origin = _origin(name, node, package)
                if origin.partition(".")[0] == package.name:
                    yield origin
                    members = (f"{origin}.{alias.name}" for alias in names)
                    yield from (member for member in members if _source(member, package))


def _origin(name: str, node: ast.ImportFrom, package: Path) -> str:
    """Return the absolute name of the module that a ``from`` import in module ``name`` reads."""
    if not node.level:
        return node.module or ""
    parts = name.split(".")
    is_package = _source(name, package).name == "__init__.py"
    above = parts[: len(parts) - node.level + is_package]
    return ".".join([*above, *filter(None, [node.module])])


def _parents(name: str) -> set[str]:
    parts = name.split(".")
    return {".".join(parts[:depth]) for depth in range(1, len(parts))}


def _single_imports(statement: ast.stmt) -> list[ast.stmt]:
    """Split ``import a, b`` into statements of one name each, so that each can be in use or not."""
    match statement:
        case ast.Import(names=names):
            return [ast.Import([alias]) for alias in names]
        case ast.ImportFrom(module=module, names=names, level=level):
            return [ast.ImportFrom(module, [alias], level) for alias in names]
    return [statement]


def _reached(function: str, statements: list[ast.stmt]) -> list[ast.stmt]:
    """Return the module-level ``statements`` that ``function`` runs on: those that define a name it uses, and so on."""
    defining: dict[str, list[ast.stmt]] = defaultdict(list)
    for statement in statements:
        for name in _defined(statement):
            defining[name].append(statement)
    chosen: set[ast.stmt] = set()
    waiting = [function, "*"]
    while waiting:
        new = set(defining.pop(waiting.pop(), [])) - chosen
        chosen |= new
        waiting += [node.id for node in _walk(new) if isinstance(node, ast.Name)]
    return [statement for statement in statements if statement in chosen]


def _defined(statement: ast.stmt) -> set[str]:
    """Return the names that a module-level statement defines or alters (``TABLE["a"] = 1``, ``TABLE.update(b)``)."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
    names = set()
    for node in ast.walk(statement):
        match node:
            case ast.alias(name=name, asname=asname):
                names.add(asname or name.partition(".")[0])
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Name(ctx=ast.Store()) | ast.Attribute(ctx=ast.Store()) | ast.Subscript(ctx=ast.Store()):
                names.add(_root(node))
            case ast.Expr(value=ast.Call(func=called)):
                names.add(_root(called))
    return names


def _root(node: ast.expr) -> str:
    """Return the variable at the start of an expression such as ``variable.attribute[0].method``; "" if there is none."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _walk(statements: Iterable[ast.stmt]) -> Iterator[ast.AST]:
    return (node for statement in statements for node in ast.walk(statement))
