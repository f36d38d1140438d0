"""Images in memory, normalised once, in the layout and precision in which they are evaluated."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from optprimer.data.sampling import stratified
from optprimer.runtime import Runtime


@dataclass(frozen=True)
class Images:
    """A fixed sample: ``inputs`` (n, C, H, W) on the device, ``labels`` (n,) int64, drawn from ``population`` images."""

    inputs: Tensor
    labels: Tensor
    population: int

    def __len__(self) -> int:
        return len(self.labels)


def normalised(images: np.ndarray, mean: tuple[float, ...], std: tuple[float, ...], runtime: Runtime) -> Tensor:
    """Turn uint8 images (n, H, W, C) into (x / 255 - mean) / std, as (n, C, H, W) channels_last in the runtime's dtype."""
    x = torch.from_numpy(np.ascontiguousarray(images)).to(runtime.device).float().div_(255)
    x = x.sub_(torch.tensor(mean, device=x.device)).div_(torch.tensor(std, device=x.device))
    return x.to(runtime.dtype).permute(0, 3, 1, 2)


def sample(
    images: np.ndarray,
    labels: np.ndarray,
    n: int,
    seed: int,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    runtime: Runtime,
) -> Images:
    """Draw a stratified sample of ``n`` of the given uint8 images (N, H, W, C)."""
    chosen = stratified(np.asarray(labels), n, seed)
    targets = torch.from_numpy(np.asarray(labels)[chosen].astype(np.int64)).to(runtime.device)
    return Images(normalised(images[chosen], mean, std, runtime), targets, len(labels))
