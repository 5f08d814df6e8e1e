"""Hierarchies in the Poincaré ball: where to start, and descent along links."""
