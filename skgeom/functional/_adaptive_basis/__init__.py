"""Regression and classification of curves by bases that are learned."""
