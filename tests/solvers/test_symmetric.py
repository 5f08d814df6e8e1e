"""The largest eigenvalues are all there, however many are equal."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skgeom.solvers import largest_eigenpairs


def equidistant(n):
    """One eigenvalue of zero, all others equal."""
    return np.eye(n) - 1.0 / n


def random(n):
    rng = np.random.default_rng(n)
    A = rng.standard_normal((n, n))
    return A + A.T


@pytest.mark.parametrize(
    "make", [equidistant, random, np.eye, lambda n: np.zeros((n, n))]
)
@pytest.mark.parametrize("n", [1, 2, 5, 40, 60, 150, 300])
def test_as_many_as_asked_for(make, n):
    matrix = make(n)
    expected = np.linalg.eigvalsh(matrix)
    scale = 1e-12 * max(1.0, abs(expected).max()) * n
    for k in {1, min(2, n), min(5, n), n}:
        values, vectors = largest_eigenpairs(matrix, k)
        assert_allclose(values, expected[-k:], atol=scale)
        assert_allclose(vectors.T @ vectors, np.eye(k), atol=1e-10)
        assert_allclose(matrix @ vectors, values * vectors, atol=scale)
        alone, _ = largest_eigenpairs(matrix, k, with_vectors=False)
        assert_allclose(alone, expected[-k:], atol=scale)
