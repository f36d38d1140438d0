"""Loss landscapes. For a network of your own: ``landscape(network, data, output, runtime)``.

from pathlib import Path
from optprimer.landscape import LabelledImages, Settings, landscape
from optprimer.runtime import set_up

landscape(network, LabelledImages(images, labels, mean, std), Path("out"), set_up(), Settings(points=25))
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optprimer.landscape.network import LabelledImages, Landscape, Settings, landscape

__all__ = ["LabelledImages", "Landscape", "Settings", "landscape"]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    # Late, so that commands without torch start fast; by name, so that this door is not part of every rule's code digest.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("optprimer.landscape.network"), name)
