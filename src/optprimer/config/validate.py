"""Refuse impossible settings before any job starts, in one line."""

import difflib
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match, by_relevance
from jsonschema.validators import extend

from optprimer.config.checks import CHECKS
from optprimer.config.schema import allowed, read_schema, walk
from optprimer.errors import UserError

_LONGEST_VALUE = 80


def check(config: Mapping[str, Any], schema_path: Path | None = None) -> None:
    """Check ``config`` against the schema and then against the checks that tie several keys together.

    Raises:
        UserError: one line, ``config: {dotted.key} = {value!r}: {what is allowed}``.
    """
    config = _plain(config)
    schema = read_schema(schema_path)
    error = best_match(_Validator(schema).iter_errors(config), key=_MOST_TELLING)
    if error is not None:
        raise UserError(_explain(error, schema))
    for violated in CHECKS:
        for problem in violated(config):
            raise UserError(line(problem.key, problem.value, problem.allowed))


def _is_integer(_: object, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(_: object, value: object) -> bool:
    return _is_integer(_, value) or (isinstance(value, float) and math.isfinite(value))


# JSON Schema takes 3.0 for an integer, and no range holds off a NaN: here an integer is an int and a number is finite.
_Validator = extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many({"integer": _is_integer, "number": _is_number}),
)

# A misspelt key is both unknown and missing; the first says more.
_MOST_TELLING = by_relevance(strong=frozenset({"additionalProperties"}))


def _plain(value: Any) -> Any:  # noqa: ANN401
    """Copy to dicts with text keys and lists, the types that JSON Schema knows."""
    if isinstance(value, Mapping):
        return {str(key): _plain(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(member) for member in value]
    return value


def _explain(error: ValidationError, schema: Mapping[str, Any]) -> str:
    while error.parent is not None and error.parent.absolute_path == error.absolute_path:
        error = error.parent  # from one choice of an anyOf back to all of them
    path = _dotted(error.absolute_path)
    if error.validator == "additionalProperties":
        return _explain_unknown(error, path, schema)
    if error.validator == "required":
        key = next(key for key in error.validator_value if key not in error.instance)
        return f"config: {_join(path, key)} is missing: {allowed(error.schema['properties'][key])}"
    return line(path or "(everything)", error.instance, allowed(error.schema))


def _explain_unknown(error: ValidationError, path: str, schema: Mapping[str, Any]) -> str:
    known = error.schema.get("properties", {})
    patterns = error.schema.get("patternProperties", {})
    key = next(key for key in error.instance if key not in known and not any(re.search(p, key) for p in patterns))
    permitted = f"unknown key, allowed here: {', '.join(known)}" if known else allowed(error.schema)
    text = line(_join(path, key), error.instance[key], permitted)
    # A near sibling, or the same name elsewhere (`--config epochs=3` for train.networks.{name}.epochs).
    near = difflib.get_close_matches(key, known, n=1) or [other.dotted for other in walk(schema) if other.path[-1] == key]
    return f"{text}; did you mean {' or '.join(map(repr, near))}?" if near else text


def line(key: str, value: object, permitted: str) -> str:
    """Say in one line which key is wrong, and what is allowed; a long value is cut."""
    shown = repr(value)
    if len(shown) > _LONGEST_VALUE:
        shown = shown[: _LONGEST_VALUE - 3] + "..."
    return f"config: {key} = {shown}: {permitted}"


def _dotted(path: Any) -> str:  # noqa: ANN401
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def _join(path: str, key: str) -> str:
    # An unknown key is the user's text; what does not print would break the line.
    shown = key if key.isprintable() else repr(key)
    return ".".join(filter(None, [path, shown if len(shown) <= _LONGEST_VALUE else f"{shown[: _LONGEST_VALUE - 3]}..."]))
