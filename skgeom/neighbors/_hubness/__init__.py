"""Distances that are relative to how near both ends have their neighbours."""
