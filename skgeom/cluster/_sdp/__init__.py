"""Clustering by semidefinite programming: relaxations, rounding, certificate."""
