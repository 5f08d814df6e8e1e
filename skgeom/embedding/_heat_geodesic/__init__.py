"""Geodesic distances by heat, paths or trees, and the embedding that keeps them."""
