"""Rows in, their neighbours out: sparse distances for whatever takes them."""

from skgeom.neighbors._hubness._hubness_reduced_neighbors import HubnessReducedNeighbors

__all__ = ["HubnessReducedNeighbors"]
