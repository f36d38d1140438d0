"""The state of a training run on disk: one safetensors file, replaced atomically, from which it continues to the same bytes."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from optprimer.errors import UserError
from optprimer.tensors import load_tensors, save_tensors


@dataclass
class Progressed:
    """How far a run has come: rows of the history, finished epochs, steps of the epoch at hand and its running sums."""

    rows: list[dict[str, float]] = field(default_factory=list)
    epoch: int = 0
    reached_target: bool = False
    step_in_epoch: int = 0
    loss_sum: float = 0.0
    correct: int = 0


def save_state(path: Path, network: nn.Module, optimizer: Optimizer, progressed: Progressed, identity: str) -> None:
    """Write everything that the next step depends on. ``identity`` names settings, data and code."""
    tensors = {f"network/{name}": value for name, value in network.state_dict().items()}
    for index, slots in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer/{index}/{slot}": value for slot, value in slots.items() if value is not None}
    metadata = {"identity": identity, "progressed": json.dumps(asdict(progressed))}
    save_tensors(path, tensors, metadata | {"sha256": _sha256(tensors, metadata["progressed"])})


def load_state(path: Path, network: nn.Module, optimizer: Optimizer, identity: str) -> Progressed:
    """Continue from ``path`` if it holds a state of this very run; otherwise start at the beginning.

    Raises:
        UserError: the file is damaged, be it by a single bit.
    """
    if not path.exists():
        return Progressed()
    try:
        tensors, metadata = load_tensors(path)
    except UserError as error:
        raise UserError(f"{error}; remove it, and the run starts anew") from None
    if metadata.get("identity") != identity:
        return Progressed()
    if metadata.get("sha256") != _sha256(tensors, metadata.get("progressed", "")):
        raise UserError(f"{path}: damaged (wrong checksum); remove it, and the run starts anew")
    network.load_state_dict({k.removeprefix("network/"): v for k, v in tensors.items() if k.startswith("network/")})
    slots: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith("optimizer/"):
            _, index, slot = name.split("/")
            slots.setdefault(int(index), {})[slot] = value
    optimizer.load_state_dict({"state": slots, "param_groups": optimizer.state_dict()["param_groups"]})
    # Files hold contiguous tensors, but a fused optimizer walks weight and moment through memory side by side, so a moment
    # must have the layout (channels last) of its weight.
    for parameter, moments in optimizer.state.items():
        for slot, value in moments.items():
            if value.shape == parameter.shape:
                moments[slot] = torch.empty_like(parameter, requires_grad=False).copy_(value)
    return Progressed(**json.loads(metadata["progressed"]))


def _sha256(tensors: Mapping[str, Tensor], progressed: str) -> str:
    """Return the checksum of all that a state holds, by which a flipped bit is found that leaves the file readable."""
    total = hashlib.sha256(progressed.encode())
    for name in sorted(tensors):
        total.update(name.encode())
        total.update(tensors[name].detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return total.hexdigest()
