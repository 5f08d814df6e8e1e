import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skgeom.solvers import conjugate_gradient, shifted_conjugate_gradient
from skgeom.testing import adjacency_matrices


@given(
    A=adjacency_matrices(max_nodes=20),
    n_targets=st.integers(1, 11),
    seed=st.integers(0, 2**31 - 1),
)
def test_the_steps_are_those_of_the_general_method(A, n_targets, seed):
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
    # Rounding may move the last step.
    assert abs(found.n_iter - peer.n_iter).max() <= 3


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


def test_a_matrix_that_is_not_positive_definite():
    A = sp.csr_array(np.diag([1.0, -3.0]))
    with pytest.raises(np.linalg.LinAlgError, match="not positive"):
        shifted_conjugate_gradient(A, np.ones(2), 1.0, np.ones((2, 1)))
