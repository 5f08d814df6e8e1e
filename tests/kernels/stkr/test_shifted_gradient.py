import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skgeom.kernels._stkr._shifted_gradient import shifted_conjugate_gradient
from skgeom.solvers import conjugate_gradient
from skgeom.testing import adjacency_matrices


@given(
    A=adjacency_matrices(max_nodes=20),
    n_targets=st.integers(1, 11),
    seed=st.integers(0, 2**31 - 1),
)
def test_the_solution_is_that_of_the_general_method(A, n_targets, seed):
    """For every number of columns: the kernel takes them by fours and twos."""
    rng = np.random.default_rng(seed)
    diagonal = abs(A).sum(axis=1) + rng.uniform(0.5, 2.0, A.shape[0])
    B = rng.standard_normal((A.shape[0], n_targets))
    found = shifted_conjugate_gradient(A, diagonal, -1.0, B, tol=1e-12)
    matrix = np.diag(diagonal) - A.toarray()
    assert found.converged
    assert_allclose(found.solution, np.linalg.solve(matrix, B), atol=1e-9)
    peer = conjugate_gradient(
        np,
        lambda V: matrix @ V,
        B,
        precondition=lambda R: R / np.diag(matrix)[:, None],
        tol=1e-12,
    )
    assert_allclose(found.solution, peer.solution, atol=1e-9)


def test_zero_targets_limits_and_callbacks():
    n = 300
    path = sp.diags_array([1.0, 1.0], offsets=[-1, 1], shape=(n, n), format="csr")
    diagonal, B = np.full(n, 2.001), np.zeros((n, 3))
    B[0, 1:] = 1.0
    seen = []
    found = shifted_conjugate_gradient(
        path, diagonal, -1.0, B, tol=1e-10, callback=lambda *args: seen.append(args)
    )
    assert_array_equal(found.solution[:, 0], 0.0)
    assert found.n_iter[0] == 0
    assert found.n_iter[1] == found.n_iter[2] > 50
    assert len(seen) == -(-found.n_iter[1] // 50)
    cut = shifted_conjugate_gradient(path, diagonal, -1.0, B, tol=1e-10, max_iter=7)
    assert not cut.converged
    assert_array_equal(cut.n_iter, [0, 7, 7])
    stopped = shifted_conjugate_gradient(
        path, diagonal, -1.0, B, tol=1e-10, callback=lambda *args: True
    )
    assert stopped.n_iter.max() == 50


def test_rows_of_any_scale_are_solved_alike():
    """Tiny rows would not show in a norm of the residual as it is."""
    n = 200
    ring = sp.csr_array(np.roll(np.eye(n), 1, axis=1))
    scale = np.where(np.arange(n) < 5, 1.0, 1e-6)
    A = -0.499 * np.sqrt(np.outer(scale, scale)) * (ring + ring.T).toarray()
    B = np.zeros((n, 1))
    B[0] = 1.0
    found = shifted_conjugate_gradient(sp.csr_array(A), scale, 1.0, B, tol=1e-6)
    exact = np.linalg.solve(np.diag(scale) + A, B)
    error = np.sqrt(scale)[:, None] * (found.solution - exact)
    assert np.linalg.norm(error) <= 1e-3 * np.linalg.norm(np.sqrt(scale) * exact[:, 0])


def test_a_matrix_that_is_not_positive_definite():
    for A in (np.diag([1.0, -3.0]), np.array([[0.0, 3.0], [3.0, 0.0]])):
        with pytest.raises(np.linalg.LinAlgError, match="not positive"):
            shifted_conjugate_gradient(
                sp.csr_array(A), np.ones(2), 1.0, np.array([[1.0], [-1.0]])
            )
