"""What identifies a run before it starts. Everything here is quick: the workflow asks for it at every start."""

import hashlib
import json
import platform
import re
from collections.abc import Mapping
from importlib import metadata
from typing import Any

from optprimer.config.digest import config_digest


def versions() -> dict[str, str]:
    """Return the versions of this package and of those that it asks for, by their names."""
    wanted = (re.match(r"[\w.-]+", line)[0] for line in metadata.requires("optprimer") if "extra ==" not in line)
    return {name: metadata.version(name) for name in ("optprimer", *wanted)}


def run_digest(config: Mapping[str, Any]) -> str:
    """Return 12 hexadecimal digits for the settings (but for ``run``, a mere name), Python and the versions of packages.

    Seed, device, precision and threads are settings. Neither time nor commit counts: who repeats a run gets its digest again,
    and a figure that carries it leads to the manifest in which it is spelled out.
    """
    parts = {"settings": config_digest(config), "python": platform.python_version(), "packages": versions()}
    text = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
