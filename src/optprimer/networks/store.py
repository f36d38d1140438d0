"""Trained networks and trajectories on disk, as safetensors that carry their architecture."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from optprimer.errors import UserError
from optprimer.networks.resnet import resnet
from optprimer.tensors import load_tensors, save_tensors


@dataclass(frozen=True)
class Architecture:
    """What ``resnet`` needs to build a network."""

    depth: int
    skips: bool
    channels: int
    classes: int


def save_network(network: nn.Module, architecture: Architecture, path: Path) -> None:
    """Write parameters and buffers under their own names, and the architecture as metadata."""
    save_tensors(path, network.state_dict(), asdict(architecture))


def load_network(path: Path) -> nn.Module:
    """Rebuild a network that ``save_network`` wrote, in evaluation mode, on the CPU, fp32.

    Raises:
        UserError: the file is missing, or is not a network of this package.
    """
    tensors, metadata = load_tensors(path)
    try:
        network = resnet(**asdict(Architecture(**metadata)), generator=torch.Generator())
        network.load_state_dict(tensors)
    except (TypeError, ValueError, RuntimeError) as error:  # the last: names or shapes do not fit
        raise UserError(f"{path}: not the weights of a network trained here ({str(error).splitlines()[0]})") from None
    return network.eval()


def save_trajectory(checkpoints: Iterable[tuple[int, dict[str, Tensor]]], path: Path) -> None:
    """Write the state of each stored epoch, as ``epoch{e}/{name}``."""
    tensors = {f"epoch{epoch}/{name}": value for epoch, values in checkpoints for name, value in values.items()}
    save_tensors(path, tensors, {})


def load_trajectory(path: Path) -> dict[int, dict[str, Tensor]]:
    """Read the state dict of each stored epoch, in order of epochs.

    Raises:
        UserError: the file is missing or damaged, or is not a trajectory.
    """
    found: dict[int, dict[str, Tensor]] = {}
    for key, value in load_tensors(path)[0].items():
        epoch, _, name = key.partition("/")
        if not (epoch.removeprefix("epoch").isdecimal() and name):
            raise UserError(f"{path}: not the trajectory of a network trained here (it holds {key!r})")
        found.setdefault(int(epoch.removeprefix("epoch")), {})[name] = value
    return dict(sorted(found.items()))
