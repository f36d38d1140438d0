"""Of which images a scale speaks, by config.yaml and the files in workflow/scales; no code knows a scale by its name."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from optprimer.config.load import merge, read_yaml
from optprimer.config.problem import Config, Problem
from optprimer.config.schema import CONFIG, SCALES


class Images(NamedTuple):
    """A data set, ``digits`` or ``cifar10``, and the side of its images in pixels."""

    dataset: str
    side: int


def scales_of(images: Images) -> list[str]:
    """Return the scales at which ``images`` can be judged: those of their size or, if there is none, of their data set."""
    known = _images_of_scales()
    exactly = [scale for scale, each in known.items() if each == images]
    return exactly or [scale for scale, each in known.items() if each.dataset == images.dataset]


def scale_is_of_the_images(config: Config) -> Iterator[Problem]:
    """`scale` is one of images as in `data`, or of the same data set if no scale has images of that size."""
    allowed = scales_of(_images_in(config))
    if config["scale"] not in allowed:
        yield Problem("scale", config["scale"], f"{' or '.join(allowed)}, for the images in data")


def _images_in(config: Mapping[str, Any]) -> Images:
    return Images(config["data"]["dataset"], config["data"]["image_size"])


@cache
def _images_of_scales() -> dict[str, Images]:
    default = read_yaml(CONFIG)
    every = [default, *(merge(default, read_yaml(path)) for path in sorted(SCALES.glob("*.yaml")))]
    return {config["scale"]: _images_in(config) for config in every}
