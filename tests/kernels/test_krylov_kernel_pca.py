"""Kernel components beside the dense eigenproblem, and on input of any kind."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import make_circles
from sklearn.decomposition import PCA, KernelPCA
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.gaussian_process.kernels import Matern
from sklearn.metrics.pairwise import laplacian_kernel, linear_kernel, rbf_kernel

from skgeom import KrylovKernelPCA
from skgeom.backends import POINT_KERNELS
from skgeom.kernels import _kernel_components
from skgeom.testing import point_clouds

RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 4)) + 3 * (np.arange(90) % 3)[:, None]
NEW = X[::7] + 0.3 * RNG.normal(size=(13, 4))
KERNELS = {
    "rbf": lambda A, B: rbf_kernel(A, B, gamma=0.2),
    "laplacian": lambda A, B: laplacian_kernel(A, B, gamma=0.2),
    **{
        name: lambda A, B, nu=nu: Matern(length_scale=(2 * 0.2) ** -0.5, nu=nu)(A, B)
        for name, nu in (("exponential", 0.5), ("matern32", 1.5), ("matern52", 2.5))
    },
}


@pytest.fixture(params=["dense", "krylov"])
def solver(request, monkeypatch):
    """Both ways to the eigenpairs, on few rows."""
    if request.param == "krylov":
        for name in ("_DENSE_SIZE", "_FEW_BLOCKS"):
            monkeypatch.setattr(_kernel_components, name, 1)
    return request.param


@pytest.mark.usefixtures("solver")
@pytest.mark.parametrize("tol", [1e-2, 1e-9])
@pytest.mark.parametrize("kernel", KERNELS)
def test_they_are_those_of_kernel_pca(kernel, tol, device):
    """And so do the ways that lead there: named, callable, precomputed, sparse."""
    values = KERNELS[kernel]
    exact = KernelPCA(5, kernel="precomputed").fit(values(X, X))
    models = {
        "named": (KrylovKernelPCA(5, kernel=kernel, gamma=0.2), X, NEW),
        "callable": (KrylovKernelPCA(5, kernel=values), X, NEW),
        "matrix": (KrylovKernelPCA(5, kernel="precomputed"), values(X, X), None),
        "sparse": (KrylovKernelPCA(5, kernel="precomputed"), values(X, X), None),
    }
    for told, (model, train, new) in models.items():
        new = values(NEW, X) if new is None else new
        train, new = (sp.csr_array(a) if told == "sparse" else a for a in (train, new))
        model.set_params(tol=tol, device=device, random_state=0).fit(train)
        assert model.residual_ <= tol
        assert_allclose(model.eigenvalues_, exact.eigenvalues_, rtol=tol)
        found, expected = model.transform(new), exact.transform(values(NEW, X))
        if tol < 1e-6:
            signs = np.sign((model.eigenvectors_ * exact.eigenvectors_).sum(axis=0))
            assert_allclose(found * signs, expected, atol=1e-6)
            assert_allclose(model.eigenvectors_ * signs, exact.eigenvectors_, atol=1e-6)
        # Whatever the residual, a training row has one place.
        assert_allclose(model.transform(train), model.embedding_, atol=1e-10)
        largest = np.take_along_axis(
            model.eigenvectors_, abs(model.eigenvectors_).argmax(axis=0)[None], axis=0
        )
        assert (largest > 0).all()


@pytest.mark.usefixtures("solver")
@given(cloud=point_clouds(), k=st.integers(1, 12), seed=st.integers(0, 9))
def test_any_points(cloud, k, seed):
    """Orthogonal coordinates whose squared lengths are eigenvalues; the rest is 0."""
    model = KrylovKernelPCA(k, gamma=0.5, random_state=seed, tol=1e-8)
    Z = model.fit_transform(cloud)
    k = min(k, len(cloud))
    assert Z.shape == (len(cloud), k)
    assert Z.dtype == cloud.dtype
    K = rbf_kernel(cloud.astype(float), gamma=0.5)
    K = K - K.mean(axis=0)
    exact = np.linalg.eigvalsh(K - K.mean(axis=1)[:, None])[::-1][:k]
    size = max(exact[0], 1e-3)
    assert_allclose(model.eigenvalues_, exact, atol=2e-6 * size)
    Z = Z.astype(float)
    assert_allclose(Z.T @ Z, np.diag(model.eigenvalues_), atol=1e-5 * size)
    assert_allclose(Z.mean(axis=0), 0.0, atol=1e-6)
    assert_allclose(model.transform(cloud), Z, atol=1e-5)


@given(cloud=point_clouds(min_samples=4), seed=st.integers(0, 99))
def test_order_of_rows_and_origin_do_not_matter(cloud, seed):
    order = np.random.default_rng(seed).permutation(len(cloud))
    cloud = cloud.astype(np.float64) / max(np.abs(cloud).max(), 1e-9)
    model = KrylovKernelPCA(1, random_state=0)
    first = model.fit(cloud)
    values, Z = first.eigenvalues_, np.abs(first.embedding_)
    assert_allclose(model.fit(cloud + 3).eigenvalues_, values, atol=1e-9)
    moved = model.fit(cloud[order])
    assert_allclose(moved.eigenvalues_, values, atol=1e-9)
    gap = KrylovKernelPCA(2).fit(cloud).eigenvalues_
    if gap[0] - gap[-1] > 1e-3 * gap[0]:
        assert_allclose(np.abs(moved.embedding_), Z[order], atol=1e-6)


def test_of_a_linear_kernel_they_are_principal_components(solver):
    model = KrylovKernelPCA(3, kernel=linear_kernel, tol=1e-10, random_state=0)
    expected = PCA(3).fit_transform(X)
    found = model.fit_transform(X)
    assert_allclose(np.abs(found), np.abs(expected), atol=1e-6)


def test_more_rows_than_a_dense_matrix_is_made_for():
    """Single precision for most of it, and eigenvalues to a thousandth."""
    rows = np.random.default_rng(1).normal(size=(900, 10))
    exact = KernelPCA(10, kernel="rbf", eigen_solver="arpack").fit(rows)
    model = KrylovKernelPCA(10, random_state=0).fit(rows)
    assert 1 < model.n_iter_ < 12
    assert model.residual_ <= 1e-2
    assert_allclose(model.eigenvalues_, exact.eigenvalues_, rtol=1e-3)
    assert_allclose(model.transform(rows), model.embedding_, atol=1e-10)
    K = rbf_kernel(rows, gamma=0.1)
    K = K - K.mean(axis=0)
    K = K - K.mean(axis=1)[:, None]
    V = model.eigenvectors_
    gap = np.linalg.norm(K @ V - V * model.eigenvalues_, axis=0) / model.eigenvalues_
    assert gap.max() == pytest.approx(model.residual_, rel=1e-3)


def test_eigenvalues_that_single_precision_does_not_resolve():
    """Of a smooth kernel the sixth is a ten-millionth of the first."""
    rows = np.random.default_rng(1).uniform(size=(700, 1))
    exact = KernelPCA(6, kernel="rbf").fit(rows)
    model = KrylovKernelPCA(6, random_state=0).fit(rows)
    assert exact.eigenvalues_[5] < 1e-7 * exact.eigenvalues_[0]
    assert_allclose(model.eigenvalues_, exact.eigenvalues_, rtol=1e-3)


def test_a_flat_spectrum_is_told_of():
    rows = np.random.default_rng(0).normal(size=(900, 30))
    message = r"after 2 products the residual is 0\.\d+ of an eigenvalue, above tol"
    with pytest.warns(ConvergenceWarning, match=message):
        model = KrylovKernelPCA(12, max_iter=2, random_state=0).fit(rows)
    assert model.residual_ > 1e-2
    assert np.isfinite(model.embedding_).all()


# ------------------------------------------------------------------------ the way back


@pytest.mark.parametrize("kernel", ["rbf", lambda A, B: rbf_kernel(A, B, gamma=0.25)])
def test_the_way_back_is_that_of_kernel_pca(kernel):
    known = dict(fit_inverse_transform=True, alpha=0.01)
    exact = KernelPCA(6, kernel="rbf", gamma=0.25, **known)
    ours = KrylovKernelPCA(6, kernel=kernel, gamma=0.25, **known)
    expected = exact.fit(X).inverse_transform(exact.transform(NEW))
    found = ours.fit(X).inverse_transform(ours.transform(NEW))
    assert_allclose(found, expected, atol=1e-6)


def test_the_way_back_from_a_part_of_the_rows(monkeypatch):
    monkeypatch.setattr(_kernel_components, "MOST_CENTERS", 60)
    rows, _ = make_circles(400, factor=0.3, noise=0.05, random_state=0)
    model = KrylovKernelPCA(
        8, gamma=2.0, fit_inverse_transform=True, alpha=1e-3, random_state=0
    ).fit(rows)
    assert model.dual_coef_.shape == (60, 2)
    back = model.inverse_transform(model.embedding_)
    assert np.abs(back - rows).mean() < 0.05


def test_no_way_back():
    model = KrylovKernelPCA().fit(X)
    with pytest.raises(AttributeError, match="inverse_transform"):
        model.inverse_transform(X[:, :2])
    with pytest.raises(NotFittedError, match="fit_inverse_transform=True before"):
        model.set_params(fit_inverse_transform=True).inverse_transform(X[:, :2])
    with pytest.raises(ValueError, match="needs points"):
        KrylovKernelPCA(kernel="precomputed", fit_inverse_transform=True).fit(np.eye(3))
    model = KrylovKernelPCA(fit_inverse_transform=True).fit(X)
    with pytest.raises(ValueError, match="X has 3 columns, but there are 2"):
        model.inverse_transform(X[:, :3])
    assert not hasattr(
        model.set_params(fit_inverse_transform=False).fit(X), "dual_coef_"
    )


# ------------------------------------------------------------------------- odd input


@pytest.mark.usefixtures("solver")
@pytest.mark.parametrize("kernel", POINT_KERNELS)
@pytest.mark.parametrize("scale", [1e-300, 1e-100, 1e-5, 1e5, 1e12, 1e100, 1e300])
def test_any_scale(scale, kernel):
    """Far apart rows are as good as different; near ones as good as equal."""
    rows = scale * np.r_[X[:20], X[:5]]
    model = KrylovKernelPCA(6, kernel=kernel, random_state=0).fit(rows)
    Z = model.transform(rows)
    assert np.isfinite(Z).all()
    assert_allclose(Z, model.embedding_, atol=1e-9)
    assert_allclose(Z[20:], Z[:5], atol=1e-9)
    if scale <= 1e-100:
        assert (model.eigenvalues_ == 0).all()
    if scale >= 1e5:  # five rows twice: the kernel has blocks of ones
        assert_allclose(model.eigenvalues_[:4], 2.0, atol=1e-6)


@pytest.mark.usefixtures("solver")
@pytest.mark.parametrize(
    "rows", [[[1.0, 2.0]], np.full((7, 3), 0.1), np.zeros((4, 1)), np.ones((600, 2))]
)
def test_nothing_varies(rows):
    model = KrylovKernelPCA(3, random_state=0).fit(rows)
    k = min(3, len(rows))
    assert_array_equal(model.eigenvalues_, np.zeros(k))
    assert_array_equal(
        model.transform(np.asarray(rows) + 5.0), np.zeros((len(rows), k))
    )
    assert model.residual_ == 0.0


@pytest.mark.usefixtures("solver")
def test_more_components_than_rank():
    rows = np.repeat(X[:4], 9, axis=0)
    model = KrylovKernelPCA(8, random_state=0).fit(rows)
    assert np.count_nonzero(model.eigenvalues_) == 3
    assert_array_equal(model.embedding_[:, 3:], 0.0)
    assert KrylovKernelPCA(99).fit(X[:6]).embedding_.shape == (6, 6)


def test_far_rows_are_no_rounding():
    """Where expanded squares have lost the difference of near rows."""
    rows = np.r_[X, 1e9 + np.arange(10.0)[:, None] * np.ones(4)]
    exact = KernelPCA(8, kernel="precomputed").fit(
        np.exp(-((rows[:, None] - rows) ** 2).sum(axis=2))
    )
    model = KrylovKernelPCA(8, gamma=1.0).fit(rows)
    assert_allclose(model.eigenvalues_, exact.eigenvalues_, rtol=1e-9)


def test_matrices_that_are_no_kernels():
    model = KrylovKernelPCA(kernel="precomputed")
    with pytest.raises(ValueError, match=r"square matrix .* got \(5, 4\)"):
        model.fit(np.ones((5, 4)))
    with pytest.raises(ValueError, match="must be symmetric"):
        model.fit(np.arange(9.0).reshape(3, 3))
    with pytest.raises(ValueError, match="not positive semidefinite"):
        model.fit(-np.eye(5))
    with pytest.raises(ValueError, match=r"NaN"):
        KrylovKernelPCA().fit([[np.nan], [1.0]])


@pytest.mark.usefixtures("solver")
@pytest.mark.parametrize("scale", [1e-300, 1e-100, 1e100, 1e300])
def test_kernels_of_any_scale(scale):
    """Eigenvalues are in proportion, and finite."""
    K = rbf_kernel(X)
    small = KrylovKernelPCA(3, kernel="precomputed", tol=1e-8, random_state=0).fit(K)
    model = KrylovKernelPCA(3, kernel="precomputed", tol=1e-8, random_state=0)
    Z = model.fit_transform(scale * K)
    assert_allclose(model.eigenvalues_ / scale, small.eigenvalues_, rtol=1e-9)
    assert_allclose(Z / scale**0.5, small.embedding_, atol=1e-6)
    assert_allclose(model.transform(scale * K), Z, rtol=1e-6)
    by_callable = KrylovKernelPCA(
        3, kernel=lambda A, B: scale * rbf_kernel(A, B), tol=1e-8, random_state=0
    ).fit(X)
    assert_allclose(by_callable.eigenvalues_, model.eigenvalues_, rtol=1e-9)


def test_a_kernel_below_all_numbers_is_zero():
    K = 1e-310 * np.eye(3)
    for matrix in (K, sp.csr_array(K)):
        model = KrylovKernelPCA(kernel="precomputed").fit(matrix)
        assert_array_equal(model.transform(matrix), np.zeros((3, 2)))


@pytest.mark.parametrize("kernel", POINT_KERNELS)
def test_the_largest_numbers_there_are(kernel):
    rows = np.array([[1.7e308], [1.7e308], [-1.7e308]])
    model = KrylovKernelPCA(2, kernel=kernel).fit(rows)
    assert_allclose(model.eigenvalues_, [4 / 3, 0.0], atol=1e-12)
    assert_allclose(model.transform(rows), model.embedding_)
    model.fit(rows[:2])
    assert_array_equal(model.transform(rows), np.zeros((3, 2)))


def test_sparse_points_and_threads():
    dense = KrylovKernelPCA(3, random_state=0).fit(X)
    sparse = KrylovKernelPCA(3, random_state=0, n_jobs=2).fit(sp.csr_array(X))
    assert_allclose(sparse.embedding_, dense.embedding_, atol=1e-12)
    assert_allclose(
        sparse.transform(sp.csr_array(NEW)), dense.transform(NEW), atol=1e-12
    )
