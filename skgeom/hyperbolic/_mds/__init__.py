"""Hyperbolic coordinates from distances: a start, a descent, and new rows."""
