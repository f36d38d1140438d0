"""Losses with everything that theory wants to know of them."""

import numpy as np

from optprimer.rates.problems import pl
from optprimer.rates.problems.base import Problem
from optprimer.rates.problems.convex import (
    Huber,
    LogisticRegression,
    Power,
    PseudoHuber,
    Quadratic,
    SeparableLogistic,
)
from optprimer.rates.problems.nonconvex import Cosine, Sawtooth, SigmoidNeuron

PROBLEMS: tuple[Problem, ...] = (
    Quadratic("quadratic", np.geomspace(0.01, 1, 20)),
    Huber(0.01),
    PseudoHuber(),
    Power(4),
    Power(8),
    SeparableLogistic(),
    LogisticRegression(),
    LogisticRegression(kappa=100),
    Cosine(),
    Sawtooth(64),
    SigmoidNeuron(),
    *pl.PROBLEMS,
)
