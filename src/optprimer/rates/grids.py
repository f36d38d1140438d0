"""At which steps and horizons curves are recorded."""

import numpy as np

from optprimer.rates.problems.base import Array


def octaves(last: float, per_octave: int = 2) -> Array:
    """Return whole numbers from 1 to ``last``, evenly spaced on a logarithmic axis."""
    return np.unique(np.geomspace(1, last, int(per_octave * np.log2(last)) + 1).round())
