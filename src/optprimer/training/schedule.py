"""Learning-rate schedules as functions of the step."""

import math
from dataclasses import dataclass

from optprimer.errors import UserError

KINDS = ("constant", "step", "one_cycle", "cosine")


@dataclass(frozen=True)
class Schedule:
    """Linear warm-up from 0 over the share ``warmup`` of all steps, then one of four shapes.

    constant: the peak rate. step: the peak rate times ``decay`` at each of ``milestones`` (shares of all steps). one_cycle: a
    straight line from the peak to 0 (Smith and Topin 2018). cosine: half a cosine from the peak to 0 (Loshchilov and
    Hutter 2017), or its first part alone, the share ``span`` of it.
    """

    kind: str
    peak: float
    warmup: float = 0.0
    milestones: tuple[float, ...] = ()
    decay: float = 0.1
    span: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what is no schedule.

        Raises:
            UserError: naming the setting.
        """
        if self.kind not in KINDS:
            raise UserError(f"schedule {self.kind!r}: allowed are {', '.join(KINDS)}")
        if not 0 < self.peak < math.inf:
            raise UserError(f"learning_rate {self.peak}: allowed are numbers above 0")
        if not all(0 <= share <= 1 for share in self.milestones):
            raise UserError(f"milestones {self.milestones}: allowed are shares of all steps, from 0 to 1")
        if not 0 < self.span <= 1:
            raise UserError(f"span {self.span}: allowed are numbers above 0, and at most 1")

    def __call__(self, step: int, total: int) -> float:
        """Return the learning rate of step 0 <= ``step`` < ``total``."""
        warm = round(self.warmup * total)
        if step < warm:
            return self.peak * (step + 1) / warm
        remaining = (step - warm) / max(1, total - warm)
        match self.kind:
            case "constant":
                return self.peak
            case "step":
                drops = sum(step >= round(m * total) for m in self.milestones)
                return self.peak * self.decay**drops
            case "one_cycle":
                return self.peak * (1 - remaining)
            case _:  # cosine
                return self.peak * (1 + math.cos(math.pi * self.span * remaining)) / 2
