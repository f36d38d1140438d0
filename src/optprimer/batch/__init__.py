"""Room of a later study: full-batch against stochastic gradient descent (Geiping et al.). Empty so far."""
