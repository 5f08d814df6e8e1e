"""Nonnegative RESCAL: relations, multiplicative steps, and how stable a rank is."""
