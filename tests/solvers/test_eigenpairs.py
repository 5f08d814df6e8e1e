import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skgeom.backends import get_backend
from skgeom.graph import Graph
from skgeom.kernels._operators import DenseKernel, PointKernel
from skgeom.operators import SparseKernel
from skgeom.solvers import _eigenpairs, leading_eigenpairs
from skgeom.testing import adjacency_matrices

CPU = get_backend("cpu")


def kernel_of(adjacency):
    transition = Graph.from_adjacency(adjacency).laplacian("symmetric").transition
    return SparseKernel(transition, CPU)


def assert_eigenpairs(S, values, vectors, atol=1e-9):
    matrix = S.dense()
    k = len(values)
    exact = np.linalg.eigvalsh(matrix)[::-1][:k]
    assert_allclose(values, exact, atol=atol)
    assert_allclose(matrix @ vectors, vectors * values, atol=atol)
    assert_allclose(vectors.T @ vectors, np.eye(k), atol=atol)


@given(A=adjacency_matrices(max_nodes=12), k=st.integers(1, 14))
def test_they_are_those_of_the_dense_matrix(A, k):
    S = kernel_of(A)
    values, vectors = leading_eigenpairs(S, k)
    assert values.shape == (min(k, S.n),)
    assert_eigenpairs(S, values, vectors)


@pytest.fixture
def no_dense_solutions(monkeypatch):
    """Lanczos' method even for small matrices."""
    monkeypatch.setattr(_eigenpairs, "_DENSE_SIZE", 20)
    monkeypatch.setattr(_eigenpairs, "_DENSE_SHARE", 0.5)


@pytest.mark.usefixtures("no_dense_solutions")
def test_an_eigenvalue_of_one_for_each_component():
    """Many components, of which iterations on the whole matrix miss some."""
    rings = [sp.csr_array(np.roll(np.eye(n), 1, axis=1)) for n in range(40, 52)]
    A = sp.block_diag([ring + ring.T for ring in rings], format="csr")
    S = kernel_of(A)
    values, vectors = leading_eigenpairs(S, 14)
    assert_allclose(values[:12], 1.0)
    assert (values[12:] < 1 - 1e-4).all()
    assert_eigenpairs(S, values, vectors, atol=1e-7)
    # Larger components first; each eigenvector lives on one component.
    sizes = (abs(vectors[:, :12]) > 1e-9).sum(axis=0)
    assert_array_equal(sizes, range(51, 39, -1))


@pytest.mark.usefixtures("no_dense_solutions")
def test_kernels_of_every_kind():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 2))
    K = np.exp(-((X[:, None] - X[None]) ** 2).sum(axis=2))
    points = PointKernel(
        X, lambda Z, V: CPU.kernel_matvec(Z, X, V, "rbf", 1.0), None, np.ones(60), CPU
    )
    for S in (DenseKernel(K, CPU), points):
        assert_eigenpairs(S, *leading_eigenpairs(S, 5))


def test_the_largest_entry_is_positive():
    _, vectors = leading_eigenpairs(kernel_of(np.ones((6, 6))), 6)
    largest = vectors[abs(vectors).argmax(axis=0), range(6)]
    assert (largest > 0).all()
