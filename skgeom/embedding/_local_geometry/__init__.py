"""Around each row: dimension, tangent, curvature, edge and density."""
