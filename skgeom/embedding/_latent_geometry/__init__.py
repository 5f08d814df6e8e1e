"""The metric that a decoder gives to latents: volume, geodesics, distances."""
