"""Trees in hyperbolic space without optimisation, and new rows between their nodes."""
