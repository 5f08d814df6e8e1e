"""The engine of the host: NumPy arrays, numba kernels."""
