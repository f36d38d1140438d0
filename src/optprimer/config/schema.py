"""The JSON Schema of the settings: where it is, which keys it has, and its ranges in words."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from optprimer.errors import UserError

ROOT = Path(__file__).resolve().parents[3]
CONFIG = ROOT / "config.yaml"
SCALES = ROOT / "workflow" / "scales"
SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"

_KINDS = {"integer": "integer", "number": "number", "string": "text", "boolean": "true or false", "object": "a mapping"}
_BOUNDS = {"exclusiveMinimum": ">", "minimum": ">=", "exclusiveMaximum": "<", "maximum": "<="}


class Key(NamedTuple):
    """A key of the schema: its path, with ``{name}`` for the entries of a map, and its subschema."""

    path: tuple[str, ...]
    node: dict[str, Any]

    @property
    def dotted(self) -> str:
        """The path as the messages and the documentation write it."""
        return ".".join(self.path)


def read_schema(path: Path | None = None) -> dict[str, Any]:
    """Read the schema, by default that of this repository.

    Raises:
        UserError: there is no such file (the package was installed without its repository).
    """
    path = path or SCHEMA
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such schema; run from a checkout of the repository") from None


def walk(node: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[Key]:
    """Yield every key below ``node`` in the schema's order, a mapping before its members."""
    for name, child in node.get("properties", {}).items():
        yield Key((*path, name), child)
        yield from walk(child, (*path, name))
    for child in node.get("patternProperties", {}).values():
        yield from walk(child, (*path, "{name}"))


def allowed(node: Mapping[str, Any]) -> str:
    """Say in words what a subschema allows: ``an odd integer >= 3 and <= 1001``."""
    if "title" in node:
        return node["title"]
    if "anyOf" in node:
        return " or ".join(allowed(choice) for choice in node["anyOf"])
    if "enum" in node:
        choices = ", ".join(map(str, node["enum"]))
        return f"one of {choices}" if len(node["enum"]) > 1 else choices
    if node["type"] == "array":
        limits = [text for key, text in {"minItems": "not empty", "uniqueItems": "without repeats"}.items() if key in node]
        return ", ".join(["a list", *limits, f"each entry {allowed(node['items'])}"])
    if node["type"] in ("integer", "number"):
        return _number(node)
    return _KINDS[node["type"]]


def _number(node: Mapping[str, Any]) -> str:
    if "multipleOf" in node.get("not", {}):
        kind = "an odd integer"
    elif "multipleOf" in node:
        kind = "an even integer"
    else:
        kind = {"integer": "an integer", "number": "a number"}[node["type"]]
    bounds = " and ".join(f"{sign} {node[key]}" for key, sign in _BOUNDS.items() if key in node)
    return f"{kind} {bounds}".strip()
