"""Gaussian processes on the nodes of a graph: prior, evidence and posterior."""
