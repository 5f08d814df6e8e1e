"""Coordinates of nodes: singular vectors of how often walks visit, in logarithms."""
