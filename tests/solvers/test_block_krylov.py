"""Block Krylov beside dense decompositions: values, spaces, residuals that are true."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.exceptions import ConvergenceWarning

from skgeom.backends import as_numpy, get_backend
from skgeom.solvers import truncated_svd
from skgeom.solvers._block_krylov import column_signs, krylov_eigenpairs

CPU = get_backend("cpu")


@st.composite
def matrices(draw):
    """Of any shape and rank, with equal singular values, at any scale."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, m = draw(st.integers(1, 60)), draw(st.integers(1, 60))
    rank = draw(st.integers(0, min(n, m)))
    left = np.linalg.qr(rng.standard_normal((n, n)))[0][:, :rank]
    right = np.linalg.qr(rng.standard_normal((m, m)))[0][:, :rank]
    decay = draw(st.sampled_from([0.0, 0.3, 2.0]))
    s = np.arange(1, rank + 1.0) ** -decay
    return draw(st.sampled_from([1e-100, 1.0, 1e100])) * (left * s) @ right.T


@given(A=matrices(), k=st.integers(1, 12), seed=st.integers(0, 99))
def test_they_are_those_of_the_dense_matrix(A, k, seed):
    exact = np.linalg.svd(A, compute_uv=False)
    U, s, Vt, residual, _ = truncated_svd(
        A, k, tol=1e-9, max_iter=100, random_state=seed
    )
    k = min(k, *A.shape)
    assert s.shape == (k,)
    assert residual <= 1e-9
    size = exact[0]
    assert_allclose(s, exact[:k], rtol=0, atol=1e-7 * size)
    assert_allclose(U.T @ U, np.eye(k), atol=1e-9)
    assert_allclose(Vt @ Vt.T, np.eye(k), atol=1e-9)
    assert_allclose(A @ Vt.T, U * s, rtol=0, atol=1e-9 * size)
    assert_allclose(A.T @ U, Vt.T * s, rtol=0, atol=1e-7 * size)


def decaying(n=400, m=250, power=0.5, seed=0):
    rng = np.random.default_rng(seed)
    left = np.linalg.qr(rng.standard_normal((n, m)))[0]
    right = np.linalg.qr(rng.standard_normal((m, m)))[0]
    return (left * np.arange(1, m + 1.0) ** -power) @ right.T


@pytest.mark.parametrize("transposed", [False, True])
def test_every_kind_of_matrix(transposed, device):
    backend = get_backend(device)
    A = decaying()
    A = A.T if transposed else A
    kinds = [A, sp.csr_array(A), sp.linalg.aslinearoperator(A), backend.asarray(A)]
    expected = np.linalg.svd(A, compute_uv=False)[:5]
    found = [truncated_svd(M, 5, random_state=0, backend=backend) for M in kinds]
    for one in found:
        assert_allclose(one.s, expected, rtol=1e-5)
        assert_allclose(one.U, found[0].U, atol=1e-6)
        assert as_numpy(one.Vt) is one.Vt
        gap = np.linalg.norm(A.T @ one.U - one.Vt.T * one.s, axis=0) / one.s
        assert gap.max() <= 2 * max(one.residual, 1e-9)
        assert one.residual <= 1e-3


def test_the_residual_that_is_told_is_true():
    """Of a run that was stopped early, with a warning that says both numbers."""
    A = np.random.default_rng(0).standard_normal((500, 400))
    with pytest.warns(ConvergenceWarning, match=r"after 2 products .* above tol=0.001"):
        found = truncated_svd(A, 10, max_iter=2, random_state=0)
    gap = np.linalg.norm(A.T @ found.U - found.Vt.T * found.s, axis=0) / found.s
    assert found.residual == pytest.approx(gap.max(), rel=0.3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        truncated_svd(A, 10, random_state=0)


def test_powers_of_the_matrix_are_left_behind():
    """As many products by subspace iteration: a hundred times the error."""
    A = decaying(power=0.25)
    exact = np.linalg.svd(A, compute_uv=False)[:10]
    found = truncated_svd(A, 10, random_state=0)
    Q = np.random.default_rng(0).standard_normal((250, 18))
    for _ in range(found.n_iter):
        Q = np.linalg.qr(A.T @ (A @ Q))[0]
    powers = np.linalg.svd(A @ Q, compute_uv=False)[:10]
    ours = np.abs(found.s / exact - 1).max()
    assert ours < 1e-4
    assert np.abs(powers / exact - 1).max() > 100 * ours


def test_equal_values_are_all_found():
    """As many as the block has columns."""
    d = np.r_[np.full(7, 3.0), np.linspace(2, 0, 200)]
    found = truncated_svd(np.diag(d), 8, random_state=0, tol=1e-8, max_iter=60)
    assert_allclose(found.s, [3.0] * 7 + [2.0], rtol=1e-8)


@pytest.mark.parametrize("A", [np.zeros((5, 3)), np.zeros((1, 1)), np.ones((4, 6))])
def test_less_rank_than_was_asked_for(A):
    U, s, Vt, residual, _ = truncated_svd(A, 9, random_state=0)
    k = min(A.shape)
    assert s.shape == (k,)
    assert residual < 1e-12
    assert_allclose(U * s @ Vt, A, atol=1e-12)
    assert np.count_nonzero(s) == np.linalg.matrix_rank(A)
    assert_allclose(U.T @ U, np.eye(k), atol=1e-12)


def test_a_number_of_components_that_is_none():
    with pytest.raises(ValueError, match="n_components=0 must be"):
        truncated_svd(np.eye(3), 0)


def test_eigenvalues_of_both_signs():
    """The largest are those on the positive side."""
    d = np.linspace(-9, 5, 300)
    found = krylov_eigenpairs(
        lambda V: d[:, None] * V,
        np.random.default_rng(0).standard_normal((300, 12)),
        4,
        tol=1e-8,
        max_iter=60,
        backend=CPU,
    )
    assert_allclose(found.values, d[::-1][:4], rtol=1e-9)
    apart = d[:, None] * found.vectors - found.vectors * found.values
    assert_allclose(np.linalg.norm(apart, axis=0), found.residuals, atol=1e-8)


def test_signs_do_not_depend_on_rounding():
    V = np.array([[0.5, -0.5], [-0.5 - 1e-15, 0.5 + 1e-15]])
    assert column_signs(V).tolist() == [1.0, -1.0]
