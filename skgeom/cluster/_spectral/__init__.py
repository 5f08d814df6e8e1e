"""Clusters by the slowest modes of a walk, over all rows or by landmarks."""
