"""The files of the page that are no Python: templates, style sheet, scripts, and what is said of chapter and figures."""

import base64
from hashlib import sha256
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
# One after the other, each uses what is before it.
SCRIPTS = ("nav", "live", "chart", "landscape", "sandwich", "descent", "memorization")


def style() -> str:
    """Return the style sheet."""
    return _static("page.css")


def script() -> str:
    """Return all scripts as one, in a scope of their own."""
    return "(() => {\n'use strict';\n" + "\n".join(_static(f"{name}.js") for name in SCRIPTS) + "})();\n"


def fingerprint(text: str) -> str:
    """Return the name by which a content security policy knows a style sheet or a script."""
    return f"sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}"


def assets_sha256(package: Path = PACKAGE) -> str:
    """Return a fingerprint of all these files, for the rule that makes the page: a digest of code does not see them."""
    paths = [package / "figures" / "captions.yaml", *(package / "page").rglob("*.*")]
    kept = sorted(path for path in paths if path.suffix in (".css", ".js", ".j2", ".yaml"))
    return sha256(b"".join(path.read_bytes() for path in kept)).hexdigest()[:16]


def _static(name: str) -> str:
    return (PACKAGE / "page" / "static" / name).read_text(encoding="utf-8")
