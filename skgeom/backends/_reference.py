"""What each primitive means, in a few lines of NumPy.

These are the definitions that the conformance test holds every backend against. They
are short and slow on purpose, and nothing else calls them.
"""

import numpy as np


def knn(X, Y, k, metric="euclidean"):
    """Exact `k` nearest rows of X for each row of Y, equal distances by lowest index.

    Returns distances and indices, each of shape (len(Y), k), nearest first.
    """
    if metric == "cosine":
        X, Y = (A / np.linalg.norm(A, axis=1, keepdims=True) for A in (X, Y))
    distances = np.sqrt(((Y[:, None, :] - X[None, :, :]) ** 2).sum(axis=2))
    if metric == "cosine":
        distances = distances**2 / 2
    indices = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(distances, indices, axis=1), indices


def matrix_polynomial(A, B, coefficients, basis="monomial"):
    """Sum of ``coefficients[j] * basis_j(A) @ B``, for powers or Chebyshev's T_j."""
    A = A.toarray()
    previous, term = np.zeros_like(B), B
    total = coefficients[0] * B
    for j, coefficient in enumerate(coefficients[1:]):
        if basis == "monomial" or j == 0:
            previous, term = term, A @ term
        else:
            previous, term = term, 2 * (A @ term) - previous
        total = total + coefficient * term
    return total


def clustering_lagrangian(X, diagonal, U, dual, penalty):
    """-<A, UU'> + <dual, v> + penalty / 2 <v, v>, A = XX' - diag(d), v = UU'1 - 1."""
    A = X @ X.T - np.diag(diagonal)
    Z = U @ U.transpose(0, 2, 1)
    v = Z.sum(axis=2) - 1
    value = -(A * Z).sum(axis=(1, 2)) + (dual * v + penalty[:, None] / 2 * v * v).sum(1)
    price = dual + penalty[:, None] * v
    slope = -A + (price[:, :, None] + price[:, None, :]) / 2  # by Z
    return value, v, 2 * slope @ U
