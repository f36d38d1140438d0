"""How gradient descent moves on the losses of networks: the edge of stability, non-convexity, convergence in direction."""
