"""Named tensors on disk: safetensors with one JSON string of metadata, equal content giving equal bytes."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from optprimer.errors import UserError
from optprimer.files import replacing


def save_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> None:
    """Write named tensors, contiguous and on the CPU, with sorted names: equal content gives equal bytes.

    Raises:
        UserError: ``path`` cannot be written.
    """
    stored = {name: tensors[name].detach().cpu().contiguous() for name in sorted(tensors)}
    # safetensors writes metadata in hash order, which changes between processes: one entry has only one order.
    with replacing(path) as temporary:
        try:
            save_file(stored, temporary, {"optprimer": json.dumps(metadata, sort_keys=True)})
        except SafetensorError as error:  # its own, whatever the file system said
            raise UserError(f"{path}: cannot be written ({error})") from None


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what ``save_tensors`` wrote.

    Raises:
        UserError: the file is missing, truncated, or of another kind.
    """
    try:
        with safe_open(path, "pt") as handle:
            tensors = {name: handle.get_tensor(name) for name in handle.keys()}  # noqa: SIM118 (not a mapping)
            metadata = json.loads((handle.metadata() or {}).get("optprimer", "{}"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except (OSError, SafetensorError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{path}: damaged, or no file of tensors ({reason})") from None
    if not isinstance(metadata, dict):
        raise UserError(f"{path}: damaged, or no file of tensors (its metadata are no mapping)")
    return tensors, metadata
