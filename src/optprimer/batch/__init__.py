"""Full-batch gradient descent against SGD, after Geiping et al. 2022 (arXiv 2109.14119)."""
