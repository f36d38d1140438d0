"""A short name for a configuration, for the provenance of tables and figures."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def config_digest(config: Mapping[str, Any]) -> str:
    """Return 12 hexadecimal digits that two configurations share when they differ in ``run`` and the order of keys alone."""
    settings = {key: value for key, value in config.items() if key != "run"}
    text = json.dumps(settings, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
