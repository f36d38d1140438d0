"""docs/configuration.md, generated: what each key means, what is refused, and what each scale changes."""

import inspect
import json
from collections.abc import Iterator, Mapping
from functools import reduce
from pathlib import Path
from typing import Any

from optprimer.config.checks import CHECKS
from optprimer.config.load import load
from optprimer.config.schema import SCALES, Key, allowed, read_schema, walk

_INTRODUCTION = """\
# Configuration

<!-- Generated from workflow/schemas/config.schema.yaml, config.yaml and workflow/scales/ by
     `optprimer config docs --output docs/configuration.md`; edit those instead. -->

Every setting of a run is in `config.yaml`, and a scale file is laid over it:

    snakemake --cores all --configfile workflow/scales/cifar10-quick.yaml

Mappings are merged key by key, lists are replaced whole. A missing key is an error and so is an unknown one. Settings can
be checked without running anything: `optprimer config check workflow/scales/cifar10-quick.yaml`. YAML takes `1e-3` for
text: write `0.001` or `1.0e-3`.
"""


def page() -> str:
    """Return the whole page as Markdown."""
    schema, config = read_schema(), load()
    keys = list(walk(schema))
    top = [key for key in keys if len(key.path) == 1 and key.node.get("type") != "object"]
    sections = [key for key in keys if len(key.path) == 1 and key not in top]
    parts = [_INTRODUCTION, "## The run\n", _key_table(top, config)]
    for section in sections:
        members = [key for key in keys if key.path[0] == section.path[0] and len(key.path) > 1]
        parts += [f"## {_code(section.dotted)}\n", section.node["description"] + "\n", _key_table(members, config)]
        parts += [_entry_table(key, config) for key in members if "patternProperties" in key.node]
    parts += ["## Combinations\n", "Each of these must hold as well:\n", "".join(f"- {inspect.getdoc(c)}\n" for c in CHECKS)]
    parts += ["## Scales\n", "What each file in `workflow/scales/` changes.\n"]
    parts += [_scale(path, config) for path in sorted(SCALES.glob("*.yaml"))]
    return "\n".join(parts)


def _key_table(keys: list[Key], config: Mapping[str, Any]) -> str:
    rows = [
        (_code(key.dotted), _cell(allowed(key.node)), _default(key, config), _cell(key.node["description"])) for key in keys
    ]
    return _table(("key", "allowed", "config.yaml", "meaning"), rows)


def _default(key: Key, config: Mapping[str, Any]) -> str:
    if key.node.get("type") == "object" or "{name}" in key.path:
        return ""
    return _code(reduce(lambda value, name: value[name], key.path, config))


def _entry_table(key: Key, config: Mapping[str, Any]) -> str:
    """What a map of named entries holds in config.yaml, one row per entry."""
    entries = reduce(lambda value, name: value[name], key.path, config)
    columns = [member.path[-1] for member in walk(key.node)]
    rows = [
        (_code(name), *(_code(entry[column]) if column in entry else "" for column in columns))
        for name, entry in entries.items()
    ]
    return f"`{key.dotted}` of config.yaml:\n\n" + _table(("name", *columns), rows)


def _scale(path: Path, config: Mapping[str, Any]) -> str:
    before, after = dict(_leaves(config)), dict(_leaves(load(path)))
    changed = [key for key in after if key not in before or before[key] != after[key]]
    rows = [(_code(key), _code(before[key]) if key in before else "", _code(after[key])) for key in changed]
    name = path.relative_to(SCALES.parents[1]).as_posix()
    return f"### {path.stem}\n\n{_header(path)} (`{name}`)\n\n" + _table(("key", "config.yaml", path.stem), rows)


def _leaves(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in config.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def _header(path: Path) -> str:
    """The comment at the head of a scale file, as one paragraph."""
    comment = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        comment.append(line.lstrip("# "))
    return " ".join(comment)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _code(value: object) -> str:
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
