"""First and second derivatives of a mean loss over flat weights, and the ends of its spectrum; one way for all stages."""
