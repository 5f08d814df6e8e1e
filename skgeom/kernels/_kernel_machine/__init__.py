"""Kernel machines for many rows, with a learned metric."""
