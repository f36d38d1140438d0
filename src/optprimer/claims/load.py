"""Read the registry of claims: registry/*.yaml, one file per section of the chapter, in its order."""

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from optprimer.claims.parts import ALL, RUNS, Claim, read_control, read_part
from optprimer.config.schema import allowed
from optprimer.errors import UserError

REGISTRY = Path(__file__).parent / "registry"
SCHEMA = Path(__file__).parent / "registry.schema.yaml"
SECTIONS = {
    "introduction": "Introduction",
    "gradient_descent": "Gradient descent",
    "pl": "The PL condition",
    "stochastic_gradients": "Stochastic gradients",
}


def load(folder: Path = REGISTRY) -> list[Claim]:
    """Return all claims in the chapter's order; that their tables and columns exist is for optprimer.claims.checks to say.

    Raises:
        UserError: one line with file, claim and key, and what is allowed there.
    """
    claims: list[Claim] = []
    for file, section in SECTIONS.items():
        path = folder / f"{file}.yaml"
        for entry in _entries(path):
            claims.append(_claim(entry, section, len(claims) + 1, path.name))
            if any(claim.id == entry["claim"] for claim in claims[:-1]):
                raise UserError(f"{path.name}: {entry['claim']}: claim: there is another claim of this id")
    return claims


def tables_needed(scale: str, folder: Path = REGISTRY) -> list[str]:
    """The tables that the claims that are judged at ``scale`` need, with those of the runs behind them, sorted."""
    tables = {part.table for claim in load(folder) if scale in claim.scales for _, part in claim.at(scale).parts}
    return sorted(tables | {RUNS[table] for table in tables & RUNS.keys()})


def scales() -> list[str]:
    """The scales at which a claim can be judged."""
    return _validator().schema["$defs"]["scales"]["items"]["enum"]


def registry_sha256(folder: Path = REGISTRY) -> str:
    """A fingerprint of the registry's files, for the rule that judges by them."""
    return sha256(b"".join((folder / f"{file}.yaml").read_bytes() for file in SECTIONS)).hexdigest()[:16]


def _entries(path: Path) -> list[dict[str, Any]]:
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise UserError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    error = best_match(_validator().iter_errors(entries))
    if error is not None:
        raise UserError(f"{path.name}: {_explain(error, entries)}")
    return entries


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(yaml.safe_load(SCHEMA.read_text(encoding="utf-8")))


def _claim(entry: Mapping[str, Any], section: str, order: int, file: str) -> Claim:
    parts = {part["name"]: part for part in entry["evidence"]}
    names = [part["name"] for role in ("requires", "evidence", "beside", "control") for part in entry.get(role, [])]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"{file}: {entry['claim']}: name = {name!r}: two parts have this name")
    for control in entry["control"]:
        if control["of"] not in parts:
            raise UserError(f"{file}: {entry['claim']}: control.of = {control['of']!r}: one of {', '.join(parts)}")
    combine = entry.get("combine", ALL)
    return Claim(
        id=entry["claim"],
        order=order,
        section=section,
        statement=entry["statement"],
        source=entry["source"],
        scales=tuple(entry["scales"]),
        figures=tuple(entry["figures"]),
        published=entry.get("published", ""),
        differs=entry.get("differs", ""),
        combine=combine if isinstance(combine, str) else combine["at_least"],
        requires=tuple(map(read_part, entry.get("requires", []))),
        evidence=tuple(map(read_part, entry["evidence"])),
        beside=tuple(map(read_part, entry.get("beside", []))),
        controls=tuple(read_control(control, parts[control["of"]]) for control in entry["control"]),
    )


def _explain(error: ValidationError, entries: object) -> str:
    while error.parent is not None and error.parent.absolute_path == error.absolute_path:
        error = error.parent  # from one choice of an anyOf back to all of them
    if not error.absolute_path:
        return "a list of claims"
    place, *path = error.absolute_path
    entry = entries[place]
    claim = entry["claim"] if isinstance(entry, dict) and "claim" in entry else f"entry {place + 1}"
    key = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
    if error.validator == "additionalProperties":
        known = error.schema["properties"]
        unknown = next(name for name in error.instance if name not in known)
        return f"{claim}: {_join(key, unknown)}: unknown key, allowed here: {', '.join(known)}"
    if error.validator == "required":
        return f"{claim}: {_join(key, next(name for name in error.validator_value if name not in error.instance))} is missing"
    return f"{claim}: {key or 'entry'} = {str(error.instance)[:80]!r}: {allowed(_resolved(error.schema))}"


def _resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow a reference within the schema to what it stands for."""
    if "$ref" not in schema:
        return schema
    return _validator().schema["$defs"][schema["$ref"].removeprefix("#/$defs/")]


def _join(key: str, name: str) -> str:
    return f"{key}.{name}".lstrip(".")
