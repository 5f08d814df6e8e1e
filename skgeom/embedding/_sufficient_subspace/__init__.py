"""Directions of the rows that a target depends on."""
