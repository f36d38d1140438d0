"""Names that stand in tables, apart from what computes them, so that reading a table costs no import of torch."""

FULL, SUBSPACE, ADAPTIVE = SPACES = ("full", "subspace", "adaptive")  # in which sharpness is sought
RELU, TANH, BIAS = VARIANTS = ("relu", "tanh", "bias_not_scaled")  # what is scaled: the network, and two controls
