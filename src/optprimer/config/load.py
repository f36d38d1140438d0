"""Read config.yaml and lay scale files over it, as Snakemake does with ``--configfile``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from optprimer.config.schema import CONFIG
from optprimer.errors import UserError


def load(*scales: Path) -> dict[str, Any]:
    """Return config.yaml of this repository with ``scales`` laid over it in turn; nothing is checked yet.

    Raises:
        UserError: a file is missing, is no YAML, or is no mapping.
    """
    config = read_yaml(CONFIG)
    for path in scales:
        config = merge(config, read_yaml(path))
    return config


def merge(base: Any, over: Any) -> Any:  # noqa: ANN401
    """Return ``base`` with ``over`` laid over it: mappings key by key, everything else (lists too) replaced whole."""
    if not isinstance(over, Mapping):
        return over
    base = base if isinstance(base, Mapping) else {}
    return {**base, **{key: merge(base.get(key), value) for key, value in over.items()}}


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file that holds a mapping.

    Raises:
        UserError: one line with the file and, for invalid YAML, the line number.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UserError(f"{path}: not a text file in UTF-8") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise UserError(f"{path}, line {mark.line + 1}: not valid YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError) as error:  # a control character, or a date such as 2026-02-31
        raise UserError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise UserError(f"{path}: settings are a mapping of keys to values")
    return content
