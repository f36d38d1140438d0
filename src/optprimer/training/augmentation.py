"""Crops and flips of whole minibatches, on tensors in memory."""

import torch
from torch import Tensor
from torch.nn import functional


def augment(x: Tensor, padding: int, flip: bool, generator: torch.Generator) -> Tensor:
    """Shift each image by up to ``padding`` pixels and, with ``flip``, mirror half of them.

    Args:
        x: uint8 images (n, H, W, C). The border that a shift uncovers is black (0 before normalisation), as in
            He et al. 2016, section 4.2.
        padding: largest shift in each direction; 0 leaves images where they are.
        flip: mirror each image left to right with probability 1/2.
        generator: a CPU generator, so that all devices see the same draws.
    """
    n, height, width, _ = x.shape
    device = x.device
    columns = torch.arange(width, device=device).expand(n, width)
    if flip:
        mirrored = torch.randint(0, 2, (n, 1), generator=generator).to(device).bool()
        columns = torch.where(mirrored, columns.flip(1), columns)
    if padding == 0 and not flip:
        return x
    dy, dx = torch.randint(0, 2 * padding + 1, (2, n, 1), generator=generator).to(device)
    padded = functional.pad(x, (0, 0, padding, padding, padding, padding))
    rows = torch.arange(height, device=device) + dy
    return padded[torch.arange(n, device=device)[:, None, None], rows[:, :, None], (columns + dx)[:, None, :]]
