"""Rows and their feet on the manifold that others lie near."""
