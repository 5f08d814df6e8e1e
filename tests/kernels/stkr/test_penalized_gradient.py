import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skgeom.kernels._stkr._penalized_gradient import penalized_conjugate_gradient
from skgeom.solvers import conjugate_gradient
from skgeom.testing import adjacency_matrices


@given(
    A=adjacency_matrices(max_nodes=20),
    n_targets=st.integers(1, 11),
    degree=st.integers(1, 3),
    seed=st.integers(0, 2**31 - 1),
)
def test_the_solution_is_that_of_the_general_method(A, n_targets, degree, seed):
    """For every number of columns: the kernel takes them by fours and twos."""
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0.5, 2.0, A.shape[0])
    eta = 0.9 / max(abs(A).sum(axis=1).max(), 1e-3)
    B = rng.standard_normal((A.shape[0], n_targets))
    found = penalized_conjugate_gradient(A, weights, 0.7, eta, degree, B, tol=1e-12)
    smooth = np.linalg.matrix_power(np.eye(A.shape[0]) - eta * A.toarray(), degree)
    matrix = np.diag(weights) + 0.7 * smooth
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
    weights, B = np.full(n, 1.001), np.zeros((n, 3))
    B[0, 1:] = 1.0
    seen = []
    found = penalized_conjugate_gradient(
        path,
        weights,
        1.0,
        1.0,
        1,
        B,
        tol=1e-10,
        callback=lambda *args: seen.append(args),
    )
    assert_array_equal(found.solution[:, 0], 0.0)
    assert found.n_iter[0] == 0
    assert found.n_iter[1] == found.n_iter[2] > 50
    assert len(seen) == -(-found.n_iter[1] // 50)
    cut = penalized_conjugate_gradient(
        path, weights, 1.0, 1.0, 1, B, tol=1e-10, max_iter=7
    )
    assert not cut.converged
    assert_array_equal(cut.n_iter, [0, 7, 7])
    stopped = penalized_conjugate_gradient(
        path, weights, 1.0, 1.0, 1, B, tol=1e-10, callback=lambda *args: True
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
    found = penalized_conjugate_gradient(
        sp.csr_array(A), scale - 1.0, 1.0, -1.0, 1, B, tol=1e-6
    )
    exact = np.linalg.solve(np.diag(scale) + A, B)
    error = np.sqrt(scale)[:, None] * (found.solution - exact)
    assert np.linalg.norm(error) <= 1e-3 * np.linalg.norm(np.sqrt(scale) * exact[:, 0])


def test_a_matrix_that_is_not_positive_definite():
    for A in (np.diag([1.0, -3.0]), np.array([[0.0, 3.0], [3.0, 0.0]])):
        with pytest.raises(np.linalg.LinAlgError, match="not positive"):
            penalized_conjugate_gradient(
                sp.csr_array(A), np.zeros(2), 1.0, -1.0, 1, np.array([[1.0], [-1.0]])
            )


def test_a_start_saves_steps_and_changes_nothing_else():
    rng = np.random.default_rng(0)
    ring = np.roll(np.eye(60), 1, axis=1)
    S = sp.csr_array((ring + ring.T) / 2)
    weights = (np.arange(60) < 20).astype(float)
    B = weights[:, None] * rng.standard_normal((60, 2))
    problem = S, weights, 0.1, 0.99, 2, B
    cold = penalized_conjugate_gradient(*problem, tol=1e-10)
    near = cold.solution + 1e-6 * rng.standard_normal((60, 2))
    warm = penalized_conjugate_gradient(*problem, initial=near, tol=1e-10)
    assert_allclose(warm.solution, cold.solution, atol=1e-6)
    assert (warm.n_iter < cold.n_iter).all()
    there = penalized_conjugate_gradient(*problem, initial=cold.solution, tol=1e-6)
    assert_array_equal(there.n_iter, 0)
