"""Room of a later study: sharp and flat minima (Keskar et al., Dinh et al.). Empty so far."""
