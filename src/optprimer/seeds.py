"""Seeds by named axes: every random draw of a run derives from one global seed and says what it is for.

Two arms of a comparison that share an axis (the same order of images, the same directions) get the same numbers,
so they are paired by construction.
"""

import hashlib


def derive(seed: int, *axis: str | int) -> int:
    """Return a 63-bit seed for ``axis`` under the global ``seed``: ``derive(0, "direction", 3, "d1")``.

    Raises:
        ValueError: a part of the axis has a "/", so that another axis could have the same seed; give such a name in its parts.
    """
    if any("/" in part for part in axis if isinstance(part, str)):
        raise ValueError(f"axis {axis}: no part may have a '/'")
    text = "/".join([str(seed), *map(str, axis)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
