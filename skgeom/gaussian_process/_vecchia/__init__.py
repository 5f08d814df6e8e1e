"""Gaussian processes whose rows are given their neighbours."""
