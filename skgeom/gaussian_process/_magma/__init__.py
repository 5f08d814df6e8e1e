"""Curves with common mean processes, and clusters of them."""
