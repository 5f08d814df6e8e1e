import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skgeom.backends import get_backend
from skgeom.solvers import conjugate_gradient

seeds = st.integers(0, 2**32 - 1)


def spd_matrix(n, seed, *, condition=100.0):
    """Symmetric, its eigenvalues from 1 to `condition`."""
    rng = np.random.default_rng(seed)
    Q, _ = np.linalg.qr(rng.standard_normal((n, n)))
    A = Q * np.geomspace(1.0, condition, n) @ Q.T
    return (A + A.T) / 2


def targets(n, n_targets, seed):
    return np.random.default_rng(seed + 1).standard_normal((n, n_targets))


@given(
    n=st.integers(1, 20), n_targets=st.integers(1, 6), seed=st.integers(0, 2**31 - 1)
)
def test_it_agrees_with_a_direct_solution(n, n_targets, seed):
    A, B = spd_matrix(n, seed), targets(n, n_targets, seed)
    found = conjugate_gradient(np, lambda V: A @ V, B, tol=1e-12)
    assert found.converged
    exact = np.linalg.solve(A, B)
    # The error is at most the condition number times the relative residual.
    assert_allclose(found.solution, exact, atol=1e-8 * np.linalg.norm(exact))


@pytest.mark.parametrize(("dtype", "tol"), [(np.float32, 1e-5), (np.float64, 1e-12)])
def test_devices_agree_and_keep_the_type(device, dtype, tol):
    backend = get_backend(device)
    A = spd_matrix(60, 0, condition=10.0).astype(dtype)
    B = targets(60, 5, 0).astype(dtype)
    B[:, 0] = np.linalg.eigh(A)[1][:, 0]  # one step, but for rounding
    matrix = backend.asarray(A)
    found = conjugate_gradient(
        backend.xp, lambda V: matrix @ V, backend.asarray(B), tol=tol
    )
    host = conjugate_gradient(np, lambda V: A @ V, B, tol=tol)
    solution = backend.to_numpy(found.solution)
    assert solution.dtype == dtype
    # Each is as near to the exact one as its residual times the condition says.
    assert_allclose(solution, host.solution, atol=100 * tol * np.linalg.norm(B))
    # A column stops where its residual says so, however seldom the host looks:
    # rounding alone tells the counts apart.
    assert abs(found.n_iter - host.n_iter).max() <= 3
    assert found.n_iter[0] < 4 < found.n_iter[1:].min()


def test_residuals_are_those_of_the_solution():
    A, B = spd_matrix(50, 1), targets(50, 4, 1)
    found = conjugate_gradient(np, lambda V: A @ V, B, tol=1e-4)
    true = np.linalg.norm(B - A @ found.solution, axis=0) / np.linalg.norm(B, axis=0)
    assert_allclose(found.residuals, true, rtol=1e-6)
    assert (true <= 1e-4 * (1 + 1e-6)).all()


def test_a_column_does_not_depend_on_the_others():
    A, B = spd_matrix(40, 2), targets(40, 6, 2)
    # Easy columns: combinations of a few eigenvectors.
    _, vectors = np.linalg.eigh(A)
    B[:, :4] = vectors[:, :4]
    together = conjugate_gradient(np, lambda V: A @ V, B, tol=1e-10)
    assert together.n_iter[:4].max() < together.n_iter[4:].min()
    for column in range(6):
        alone = conjugate_gradient(np, lambda V: A @ V, B[:, column], tol=1e-10)
        assert alone.solution.shape == (40,)
        assert_allclose(alone.solution, together.solution[:, column], atol=1e-9)
        assert abs(alone.n_iter[0] - together.n_iter[column]) <= 3


def test_columns_that_are_done_take_no_more_products():
    values = np.arange(1.0, 31.0)
    widths = []

    def product(V):
        widths.append(V.shape[1])
        return values[:, None] * V

    B = np.ones((30, 8))
    B[1:, :7] = 0.0  # one step each
    found = conjugate_gradient(np, product, B, tol=1e-10)
    assert_array_equal(found.n_iter[:7], 1)
    assert widths[0] == 8
    assert set(widths[1:]) == {1}


def test_the_preconditioner_saves_steps():
    scales = np.geomspace(1.0, 1e4, 80)
    A = spd_matrix(80, 3, condition=4.0) * np.sqrt(np.outer(scales, scales))
    B = targets(80, 3, 3)
    plain = conjugate_gradient(np, lambda V: A @ V, B, tol=1e-8)
    helped = conjugate_gradient(
        np, lambda V: A @ V, B, tol=1e-8, precondition=lambda V: V / scales[:, None]
    )
    assert helped.n_iter.max() < plain.n_iter.max() / 2
    assert_allclose(helped.solution, np.linalg.solve(A, B), atol=1e-5)


def test_a_good_start_saves_steps_and_the_solution_takes_none():
    A, B = spd_matrix(50, 4), targets(50, 3, 4)
    exact = np.linalg.solve(A, B)
    cold = conjugate_gradient(np, lambda V: A @ V, B)
    warm = conjugate_gradient(np, lambda V: A @ V, B, initial=exact + 1e-4)
    assert warm.n_iter.max() < cold.n_iter.max()
    done = conjugate_gradient(np, lambda V: A @ V, B, initial=exact)
    assert_array_equal(done.n_iter, 0)
    assert_allclose(done.solution, exact)


def test_the_start_and_the_targets_are_left_alone():
    A, B = spd_matrix(20, 5), targets(20, 2, 5)
    initial = np.ones_like(B)
    before = B.copy()
    conjugate_gradient(np, lambda V: A @ V, B, initial=initial)
    assert_array_equal(B, before)
    assert_array_equal(initial, 1.0)


@given(scale=st.sampled_from([1e-200, 1e-30, 1e30, 1e200]), seed=seeds)
def test_the_solution_scales_with_the_target(scale, seed):
    A, B = spd_matrix(12, seed), targets(12, 2, 0)
    one = conjugate_gradient(np, lambda V: A @ V, B, tol=1e-8)
    other = conjugate_gradient(np, lambda V: A @ V, scale * B, tol=1e-8)
    assert other.converged
    assert_allclose(other.solution / scale, one.solution, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("initial", [None, 1.0])
def test_a_zero_target_has_the_zero_solution(initial):
    A, B = spd_matrix(10, 6), targets(10, 2, 6)
    B[:, 0] = 0.0
    start = None if initial is None else np.full_like(B, initial)
    found = conjugate_gradient(np, lambda V: A @ V, B, initial=start)
    assert_array_equal(found.solution[:, 0], 0.0)
    assert found.n_iter[0] == 0
    assert found.converged


def test_it_stops_at_max_iter_and_says_so():
    A, B = spd_matrix(50, 7, condition=1e6), targets(50, 2, 7)
    found = conjugate_gradient(np, lambda V: A @ V, B, tol=1e-10, max_iter=3)
    assert not found.converged
    assert_array_equal(found.n_iter, 3)
    assert (found.residuals > 1e-10).all()


def test_the_callback_sees_steps_and_stops(device):
    backend = get_backend(device)
    matrix = backend.asarray(spd_matrix(50, 8, condition=1e6))
    seen = []

    def callback(n_steps, residual):
        seen.append((n_steps, residual))
        return len(seen) == 2

    found = conjugate_gradient(
        backend.xp,
        lambda V: matrix @ V,
        backend.asarray(targets(50, 2, 8)),
        tol=1e-10,
        callback=callback,
    )
    assert len(seen) == 2
    assert seen[-1][0] == found.n_iter.max()
    assert_allclose(seen[-1][1], found.residuals.max())


@pytest.mark.parametrize("matrix", [np.diag([1.0, -1.0]), np.diag([1.0, np.nan])])
def test_a_matrix_that_is_not_positive_definite_is_named(device, matrix):
    backend = get_backend(device)
    A, B = backend.asarray(matrix), backend.asarray(np.ones((2, 1)))
    with pytest.raises(np.linalg.LinAlgError, match="positive"):
        conjugate_gradient(backend.xp, lambda V: A @ V, B)


def test_an_indefinite_preconditioner_is_named():
    A, B = spd_matrix(10, 9), targets(10, 1, 9)
    with pytest.raises(np.linalg.LinAlgError, match="preconditioner"):
        conjugate_gradient(np, lambda V: A @ V, B, precondition=lambda V: -V)
