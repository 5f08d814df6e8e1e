"""Distances of walks at many scales, by powers of the whole matrix."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import fractional_matrix_power
from sklearn.metrics.pairwise import laplacian_kernel

from skgeom.datasets import load_wordnet_mammals
from skgeom.metrics import hyperbolic_diffusion_distance


def by_definition(A, n_scales, alpha):
    """Section 4 of the paper, with a matrix power for each scale."""
    degrees = A.sum(axis=1)
    A = A / np.outer(degrees, degrees)
    P = A / A.sum(axis=1, keepdims=True)
    found = np.zeros_like(P)
    for k in range(n_scales):
        roots = np.sqrt(np.maximum(fractional_matrix_power(P, 2.0**-k).real, 1e-6))
        apart = np.linalg.norm(roots[:, None] - roots, axis=2)
        found += 2 * np.arcsinh(2 ** (1 - k * alpha) * apart)
    return found


@given(
    st.integers(2, 12),
    st.integers(1, 5),
    st.sampled_from([0.3, 0.5]),
    st.integers(0, 99),
)
@settings(max_examples=20)
def test_it_is_the_formula(n, n_scales, alpha, seed):
    X = np.random.default_rng(seed).normal(size=(n, 2))
    A = laplacian_kernel(X, gamma=1.0)
    found = hyperbolic_diffusion_distance(
        A, n_scales=n_scales, alpha=alpha, working_memory=1e-3
    )
    # Beside the floor of eigenvalues, and roots of densities that are zero.
    np.testing.assert_allclose(
        found, by_definition(A, n_scales, alpha), atol=1e-3 * found.max()
    )


@given(st.integers(2, 15), st.integers(0, 99))
@settings(max_examples=20)
def test_it_is_a_metric(n, seed):
    rng = np.random.default_rng(seed)
    D = hyperbolic_diffusion_distance(laplacian_kernel(rng.normal(size=(n, 3))))
    np.testing.assert_array_equal(D, D.T)
    assert (D.diagonal() == 0).all() and (D >= 0).all()
    assert (D[:, :, None] + D[None] >= D[:, None] - 1e-9).all()


def test_neighbours_of_a_tree_come_first():
    tree = load_wordnet_mammals(closure=False).to_undirected().subgraph(np.arange(200))
    A = (tree.adjacency > 0).astype(float).toarray()
    A = A[np.ix_(A.any(axis=0), A.any(axis=0))]
    D = hyperbolic_diffusion_distance(sp.csr_array(A + np.diag(A.sum(axis=1))))
    np.fill_diagonal(D, np.inf)
    order = np.argsort(D, axis=1)
    hits = np.take_along_axis(A, order, axis=1)
    precision = np.cumsum(hits, axis=1) / np.arange(1, len(A) + 1)
    scores = (precision * hits).sum(axis=1) / hits.sum(axis=1)
    assert scores.mean() > 0.95


def test_rows_by_themselves_and_what_is_refused():
    A = np.eye(4)
    A[0, 1] = A[1, 0] = 1.0
    A[3, 3] = 0.0
    D = hyperbolic_diffusion_distance(1e200 * A)
    np.testing.assert_allclose(D, hyperbolic_diffusion_distance(A))
    assert D[2, 3] > D[0, 1] and np.isfinite(D).all()
    for matrix, told in [
        (A[:2], "square"),
        (np.triu(np.ones((3, 3))), "symmetric"),
        (-A, "Negative"),
        (np.full((2, 2), np.inf), "infinity"),
    ]:
        with pytest.raises(ValueError, match=told):
            hyperbolic_diffusion_distance(matrix)
