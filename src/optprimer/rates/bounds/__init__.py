"""Theorems as functions of the step, each with its source or proof."""

from optprimer.rates.bounds import gradient, momentum, pl
from optprimer.rates.bounds.base import Bound

BOUNDS: tuple[Bound, ...] = (*gradient.BOUNDS, *momentum.BOUNDS, *pl.BOUNDS)
