"""First-order methods, deterministic and stochastic."""

from optprimer.rates.methods import gradient, momentum
from optprimer.rates.methods.base import Method

METHODS: tuple[Method, ...] = (*gradient.METHODS, *momentum.METHODS)
