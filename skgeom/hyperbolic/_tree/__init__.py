"""Trees in hyperbolic space without optimisation: how they are made, and laid out."""
