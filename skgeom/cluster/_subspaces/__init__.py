"""Clusters that are linear subspaces."""
