"""Diffusion maps of graphs and of Gaussian kernels."""
