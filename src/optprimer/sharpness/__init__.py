"""Sharp and flat minima: those of small and large batches (Keskar et al. 2017), and one in many guises (Dinh et al. 2017)."""
