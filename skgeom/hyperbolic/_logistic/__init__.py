"""Linear models of hyperbolic rows: classes behind geodesic hyperplanes."""
