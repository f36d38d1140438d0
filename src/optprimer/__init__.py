"""optprimer: every figure and every empirical claim of "A primer on optimization", recomputed."""

__version__ = "0.1.0"
