"""Spectrally transformed kernel regression and classification."""
