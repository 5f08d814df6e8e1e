"""Weights of rows by their targets, where the law of the targets has shifted."""
