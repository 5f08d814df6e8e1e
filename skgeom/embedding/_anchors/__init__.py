"""Spaces that share rows: coordinates by them, and maps between spaces."""
