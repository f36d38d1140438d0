"""Room of a later study: the registry of claims and its verdicts. Empty so far."""
