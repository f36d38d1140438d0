"""The settings of the study: the section ``sharpness`` of the configuration, and how its seeds are shared out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optprimer.errors import UserError


@dataclass(frozen=True)
class Network:
    """An architecture of optprimer.networks.build and its widths."""

    architecture: str
    widths: tuple[int, ...]

    @property
    def name(self) -> str:
        """A file name: ``mlp-128-128``."""
        return "-".join([self.architecture, *map(str, self.widths)])


@dataclass(frozen=True)
class Settings:
    """What the keys of ``sharpness`` in docs/configuration.md say; None for all images."""

    images: int | None
    test_images: int | None
    folds: int
    networks: Mapping[str, Network]
    learning_rate: float
    batch_size: int
    large_share: float
    target_loss: float
    epochs: int
    epsilons: tuple[float, ...]
    subspace: int
    trace_draws: int
    line_points: int
    scaled_width: int
    scales: int

    @classmethod
    def parse(cls, text: str) -> "Settings":
        """Read the (checked) section from JSON.

        Raises:
            UserError: it is not JSON.
        """
        try:
            section = json.loads(text)
        except ValueError as error:
            raise UserError(f"--settings: not JSON ({error})") from None
        kept = {name: section[name] for name in cls.__dataclass_fields__}
        networks = {name: Network(net["architecture"], tuple(net["widths"])) for name, net in section["networks"].items()}
        images = {name: None if section[name] == "all" else section[name] for name in ("images", "test_images")}
        return cls(**kept | images | {"networks": networks, "epsilons": tuple(section["epsilons"])})


def jobs(sharpness: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Return the first and last seed of each job."""
    seeds, each = sharpness["seeds"], sharpness["seeds_per_job"]
    return [(first, min(first + each, seeds) - 1) for first in range(0, seeds, each)]
