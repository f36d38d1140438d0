"""Room of a later study: random-label memorization (Zhang et al.)."""
