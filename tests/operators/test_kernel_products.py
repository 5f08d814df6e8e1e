import numpy as np
import pytest
import scipy.sparse as sp
from numpy.polynomial import chebyshev, polynomial
from numpy.testing import assert_allclose

from skgeom.backends import get_backend
from skgeom.kernels._operators import DenseKernel, PointKernel, extreme_eigenvalues
from skgeom.operators import SparseKernel


@pytest.fixture(params=["sparse", "dense", "points", "scaled points"])
def kernel(request, device):
    """An operator and the matrix that it stands for."""
    backend = get_backend(device)
    X = np.random.default_rng(0).standard_normal((70, 3))
    matrix = np.exp(-((X[:, None] - X[None]) ** 2).sum(axis=2))
    root = np.sqrt(matrix.sum(axis=1))
    if request.param == "sparse":
        matrix = np.where(matrix > 0.3, matrix, 0.0) / 10
        return SparseKernel(sp.csr_array(matrix), backend), matrix
    if request.param == "dense":
        matrix = matrix / np.outer(root, root)
        return DenseKernel(backend.asarray(matrix), backend), matrix
    points = backend.asarray(X)

    def evaluate(Z, V):
        return backend.kernel_matvec(Z, points, V, "rbf", 1.0)

    if request.param == "points":
        ones = backend.asarray(np.ones(70))
        return PointKernel(points, evaluate, None, ones, backend), matrix
    scaled = PointKernel(
        points,
        evaluate,
        backend.asarray(1 / root),
        backend.asarray(1 / root**2),
        backend,
    )
    return scaled, matrix / np.outer(root, root)


def test_products(kernel):
    S, matrix = kernel
    V = np.random.default_rng(1).standard_normal((70, 2))
    assert_allclose(S.host_product(V), matrix @ V, atol=1e-12)
    assert_allclose(S.backend.to_numpy(S.dense()), matrix, atol=1e-12)
    assert_allclose(S.backend.to_numpy(S.diagonal()), np.diag(matrix), atol=1e-12)


@pytest.mark.parametrize("coefficients", [[2.0], [1.0, -1.0], [0.5, 0.0, 1.0, 2.0]])
@pytest.mark.parametrize("basis", ["monomial", "chebyshev"])
def test_polynomials(kernel, coefficients, basis):
    S, matrix = kernel
    V = np.random.default_rng(2).standard_normal((70, 2))
    values, U = np.linalg.eigh(matrix)
    evaluate = {"monomial": polynomial.polyval, "chebyshev": chebyshev.chebval}[basis]
    expected = U * evaluate(values, coefficients) @ U.T @ V
    backend = S.backend
    found = S.polynomial(backend.asarray(V), coefficients, basis)
    size = abs(expected).max()
    assert_allclose(backend.to_numpy(found), expected, atol=1e-10 * size)


def test_extreme_eigenvalues(kernel):
    S, matrix = kernel
    values = np.linalg.eigvalsh(matrix)
    size = abs(values).max()
    found = extreme_eigenvalues(S)
    assert_allclose(found, (values[0], values[-1]), atol=1e-3 * size)
