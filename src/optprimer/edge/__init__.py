"""Room of a later study: the edge of stability (Cohen et al.). Empty so far."""
