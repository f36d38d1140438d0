"""Room of a later study: every convergence rate of the chapter, measured. Empty so far."""
