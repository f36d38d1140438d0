"""The gradient penalty of full-batch training (Geiping et al. 2022, arXiv 2109.14119, section 3.3), by finite differences.

On a block B of images, at learning rate eta and strength s, a step follows

    g_B + (eta / 4) (grad L_B(w + eps v) - g_B) / eps,    g_B = grad L_B(w),  v = s g_B,  eps = REACH / |v|,

where the quotient is H_B v to first order in eps. So it descends L_B + (eta s / 8) |g_B|^2, at the price of one more gradient.
The regularizer that SGD is said to have by itself (Smith et al. 2021, arXiv 2101.12176) is (eta / 4) |g_B|^2, twice that at
s = 1. As in the authors' configuration, the strength fades with the learning rate.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

REACH = 1e-2  # length of the displacement eps v, over all weights together


def penalised(
    here: list[Tensor], gradient: Callable[[], list[Tensor]], parameters: Sequence[Tensor], rate: float, strength: float
) -> list[Tensor]:
    """Return the penalised gradient of a block, the parameters where they were.

    Where the network has batch norm, the second gradient updates its running means too, as in the authors' code.

    Args:
        here: grad L_B at the present ``parameters``, one tensor for each.
        gradient: returns grad L_B at whatever the parameters are then.
        parameters: displaced for the second gradient, and then set back from a copy.
        rate: learning rate of this step.
        strength: s; at 0, or where the gradient vanishes, the plain gradient is returned.
    """
    length = strength * float(torch.linalg.vector_norm(torch.stack(torch._foreach_norm(here))))
    if rate * length == 0:
        return here
    eps, weights = REACH / length, [parameter.detach() for parameter in parameters]
    before = [weight.clone() for weight in weights]
    torch._foreach_add_(weights, here, alpha=eps * strength)
    there = gradient()
    torch._foreach_copy_(weights, before)
    return [g + rate / 4 * (displaced - g) / eps for g, displaced in zip(here, there, strict=True)]
