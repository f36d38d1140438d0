"""What ``optprimer landscape`` reads: a network of your own, its weights, and images to measure it on."""

import importlib
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from optprimer.data.statistics import moments
from optprimer.errors import UserError


@dataclass(frozen=True)
class LabelledImages:
    """Images to measure on: uint8 (N, H, W, C), and integer labels (N,).

    ``mean`` and ``std``, per channel and of images scaled to [0, 1], are those that the network was trained with.
    """

    images: np.ndarray
    labels: np.ndarray
    mean: tuple[float, ...]
    std: tuple[float, ...]


def in_one_line(error: BaseException) -> str:
    """Say what went wrong in code that is not ours, whatever it raised."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}".removesuffix(": ")


def load_module(spec: str, weights: Path) -> nn.Module:
    """Build the network that ``module:function`` returns, importable from the working directory, and load its weights.

    ``weights`` is a safetensors file, or a state dict written by ``torch.save``; nothing is unpickled but tensors.

    Raises:
        UserError: no such module or function, it fails or does not return a module, or the weights do not fit it.
    """
    module_name, _, function_name = spec.partition(":")
    if not module_name or not function_name:
        raise UserError(f"--model {spec!r}: expected module:function, such as mynet:build")
    sys.path.insert(0, str(Path.cwd()))
    try:
        network = getattr(importlib.import_module(module_name), function_name)()
    except (Exception, SystemExit) as error:  # the user's code: anything may come out of it
        raise UserError(f"--model {spec!r}: {in_one_line(error)}") from None
    if not isinstance(network, nn.Module):
        raise UserError(f"--model {spec!r}: returned {type(network).__name__}, not a torch.nn.Module")
    try:
        state = load_file(weights) if weights.suffix == ".safetensors" else torch.load(weights, "cpu", weights_only=True)
        network.load_state_dict(state)
    except FileNotFoundError:
        raise UserError(f"--weights {weights}: no such file") from None
    except SafetensorError as error:
        raise UserError(f"--weights {weights}: not a safetensors file ({error})") from None
    except Exception as error:  # torch.load and load_state_dict raise many kinds, most of several lines
        raise UserError(f"--weights {weights}: do not fit {spec} ({in_one_line(error)})") from None
    return network.eval()


def load_npz(path: Path) -> LabelledImages:
    """Read ``images`` (uint8, N x H x W x C), ``labels`` (int, N) and, optionally, ``mean`` and ``std`` per channel.

    Raises:
        UserError: missing, damaged, or arrays of other shapes, types or values.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {key: stored[key] for key in ("images", "labels", "mean", "std") if key in stored}
    except FileNotFoundError:
        raise UserError(f"--data {path}: no such file") from None
    except Exception as error:  # a damaged file: anything from EOFError to zlib.error
        raise UserError(f"--data {path}: not an npz file ({in_one_line(error)})") from None
    for key in ("images", "labels"):
        if key not in arrays:
            raise UserError(f"--data {path}: has no array {key!r}")
    images, labels = arrays["images"], arrays["labels"]
    if images.dtype != np.uint8 or images.ndim != 4 or images.size == 0:
        raise UserError(f"--data {path}: images are {images.dtype} {images.shape}, expected uint8 (N, H, W, C)")
    if labels.shape != (len(images),) or not np.issubdtype(labels.dtype, np.integer):
        raise UserError(f"--data {path}: labels are {labels.dtype} {labels.shape}, expected integers ({len(images)},)")
    if labels.min() < 0:
        raise UserError(f"--data {path}: labels start at {labels.min()}, expected 0 or more")
    if not {"mean", "std"} <= arrays.keys():
        found = dict(zip(("mean", "std"), np.array(moments(images)) / 255, strict=True))
        arrays = found | arrays
    mean, std = (_per_channel(path, key, arrays[key], images.shape[3]) for key in ("mean", "std"))
    if min(std) <= 0:
        raise UserError(f"--data {path}: std is {min(std):g} for some channel, expected more than 0")
    return LabelledImages(images, labels, mean, std)


def _per_channel(path: Path, key: str, values: np.ndarray, channels: int) -> tuple[float, ...]:
    if values.dtype.kind not in "fiu" or np.atleast_1d(values).shape != (channels,):
        raise UserError(f"--data {path}: {key} is {values.dtype} {values.shape}, expected {channels} real numbers")
    with np.errstate(over="ignore"):
        rounded = np.atleast_1d(values).astype(np.float32)  # as images are normalised
    if not np.isfinite(rounded).all():
        raise UserError(f"--data {path}: {key} is not finite in fp32")
    return tuple(map(float, rounded))
