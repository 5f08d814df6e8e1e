"""Every solver against the formulas of the paper in dense NumPy."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skgeom.backends import get_backend
from skgeom.kernels._operators import DenseKernel
from skgeom.kernels._stkr._spectral_ridge import (
    dense_ridge,
    dual_ridge,
    eigen_ridge,
    primal_ridge,
    solve_positive,
    transformed_columns,
)
from skgeom.kernels._stkr._spectral_transforms import (
    FunctionTransform,
    InverseLaplacian,
    PolynomialTransform,
    resolvent,
)
from skgeom.operators import SparseKernel
from skgeom.solvers import leading_eigenpairs

TRANSFORMS = {
    "inverse Laplacian": InverseLaplacian(0.9),
    "inverse Laplacian, squared": InverseLaplacian(0.9, degree=2),
    "inverse Laplacian, near 1": InverseLaplacian(0.99),
    "of the paper": InverseLaplacian(0.9, vanishes=True),
    "polynomial": PolynomialTransform((0.0, 0.5, 0.0, 1.0)),
    "lazy polynomial": PolynomialTransform((0.125, 0.375, 0.375, 0.125)),
    "exponential": FunctionTransform(lambda v: np.exp(3 * v)),
}
LIMITS = dict(tol=1e-11, max_iter=3000)


def normalised(n, seed, *, positive):
    """A symmetric matrix with eigenvalues in [-1, 1], or in [0, 1]."""
    rng = np.random.default_rng(seed)
    if positive:
        X = rng.standard_normal((n, 2))
        W = np.exp(-((X[:, None] - X[None]) ** 2).sum(axis=2))
    else:
        W = np.triu(rng.random((n, n)) < 0.2, 1) * rng.random((n, n))
        path = np.arange(n - 1)
        W[path, path + 1] = 1.0
        W = W + W.T
    root = np.sqrt(W.sum(axis=1))
    return W / np.outer(root, root)


def problem(n, seed, *, n_labels, n_targets=2):
    rng = np.random.default_rng(seed)
    labelled = np.sort(rng.choice(n, n_labels, replace=False))
    targets = rng.standard_normal((n_labels, n_targets))
    return labelled, targets, rng.uniform(0.5, 2.0, n_labels)


def closed_form(S, transform, labelled, targets, weights, alpha):
    """h, a and the coefficients of new points, from all eigenpairs."""
    values, U = np.linalg.eigh(S)
    K = U * transform(values) @ U.T
    gram = K[np.ix_(labelled, labelled)] + alpha * np.diag(1 / weights)
    a = np.linalg.solve(gram, targets)
    padded = np.zeros((len(S), targets.shape[1]))
    padded[labelled] = a
    divided = (transform(values) - transform(np.zeros(1))) / values
    return K @ padded, a, U * divided @ U.T @ padded


def solutions(S, transform, *rest):
    """What each solver that fits the transform finds."""
    pairs = leading_eigenpairs(S)
    yield "eigen", eigen_ridge(S, transform, *rest, eigenpairs=pairs)
    yield "dense", dense_ridge(S, transform, *rest, **LIMITS)
    yield "dual", dual_ridge(S, transform, *rest, **LIMITS)
    if transform.has_primal:
        yield "primal", primal_ridge(S, transform, *rest, **LIMITS)


@pytest.mark.parametrize("name", TRANSFORMS)
@pytest.mark.parametrize("kind", ["sparse", "dense"])
def test_all_solvers_agree_with_the_closed_form(device, name, kind):
    transform, backend = TRANSFORMS[name], get_backend(device)
    positive = name in ("of the paper", "polynomial") or kind == "dense"
    matrix = normalised(60, 0, positive=positive)
    if kind == "sparse":
        S = SparseKernel(sp.csr_array(matrix), backend)
    else:
        S = DenseKernel(backend.asarray(matrix), backend)
    labelled, targets, weights = problem(60, 1, n_labels=9)
    rest = labelled, backend.asarray(targets), backend.asarray(weights), 0.05
    h, a, extension = closed_form(matrix, transform, labelled, targets, weights, 0.05)
    for solver, found in solutions(S, transform, *rest):
        for part, exact in (
            (found.values, h),
            (found.dual, a),
            # The kernel hides the coefficients' share of its null space.
            (S.product(found.extension), matrix @ extension),
        ):
            error = np.linalg.norm(backend.to_numpy(part) - exact)
            assert error <= 1e-6 * np.linalg.norm(exact), solver
        assert found.residual <= 1e-10, solver


@settings(max_examples=30)
@given(
    seed=st.integers(0, 2**31 - 1),
    n_labels=st.integers(1, 20),
    alpha=st.sampled_from([1e-2, 1.0, 1e2]),
    eta=st.sampled_from([0.0, 0.5, 0.8]),
    degree=st.integers(1, 2),
)
def test_primal_and_dual_forms_are_one(seed, n_labels, alpha, eta, degree):
    backend = get_backend("cpu")
    S = SparseKernel(sp.csr_array(normalised(20, seed, positive=False)), backend)
    transform = InverseLaplacian(eta, degree)
    rest = *problem(20, seed, n_labels=n_labels), alpha
    primal = primal_ridge(S, transform, *rest, **LIMITS)
    dense = dense_ridge(S, transform, *rest, **LIMITS)
    size = np.linalg.norm(dense.values)
    # The residual times the condition: 2 / (alpha (1 - eta)^2), or 5,000, at most.
    assert_allclose(primal.values, dense.values, atol=1e-6 * size)


@given(seed=st.integers(0, 2**31 - 1))
@settings(max_examples=40)
def test_residuals_grow_and_values_shrink_with_alpha(seed):
    backend = get_backend("cpu")
    S = SparseKernel(sp.csr_array(normalised(15, seed, positive=False)), backend)
    labelled, targets, weights = problem(15, seed, n_labels=6, n_targets=1)
    misfit, penalty = [], []
    for alpha in (1e-3, 1e-2, 1e-1, 1.0, 10.0):
        found = dense_ridge(
            S, InverseLaplacian(0.9), labelled, targets, weights, alpha, **LIMITS
        )
        errors = weights[:, None] * (targets - found.values[labelled]) ** 2
        misfit.append(errors.sum())
        penalty.append((found.dual * found.values[labelled]).sum())
    assert (np.diff(misfit) >= -1e-9).all()
    assert (np.diff(penalty) <= 1e-9 * max(penalty)).all()


def test_a_weight_of_two_is_a_row_given_twice():
    """Exactly: the objective is the same sum."""
    S = DenseKernel(normalised(12, 0, positive=False), get_backend("cpu"))
    transform, targets = InverseLaplacian(0.8), np.array([[1.0], [-1.0]])
    labelled = np.array([2, 7])
    weights = np.array([2.0, 1.0])
    heavy = dense_ridge(S, transform, labelled, targets, weights, 0.1, **LIMITS)
    gram = transformed_columns(S, transform, labelled).gram
    twice = np.array([0, 0, 1])
    a = np.linalg.solve(gram[np.ix_(twice, twice)] + 0.1 * np.eye(3), targets[twice])
    assert_allclose(heavy.dual, [a[0] + a[1], a[2]], rtol=1e-9)


def test_top_components_are_regression_on_eigenvectors():
    matrix = normalised(40, 3, positive=True)
    S = DenseKernel(matrix, get_backend("cpu"))
    labelled, targets, _ = problem(40, 3, n_labels=12)
    values, U = leading_eigenpairs(S, 5)
    found = eigen_ridge(
        S, None, labelled, targets, np.ones(12), 0.1, eigenpairs=(values, U)
    )
    b = np.linalg.solve(
        U[labelled].T @ U[labelled] + 0.1 * np.eye(5), U[labelled].T @ targets
    )
    assert_allclose(found.values, U @ b, atol=1e-10)
    assert_allclose(matrix @ found.extension, U @ b, atol=1e-8)


def test_an_iteration_that_is_cut_says_so():
    S = SparseKernel(
        sp.csr_array(normalised(80, 4, positive=False)), get_backend("cpu")
    )
    rest = *problem(80, 4, n_labels=5), 1e-3
    for method in (primal_ridge, dual_ridge, dense_ridge):
        found = method(S, InverseLaplacian(0.999), *rest, tol=1e-12, max_iter=2)
        assert found.residual > 1e-12


@pytest.mark.parametrize("solver", [dense_ridge, dual_ridge])
def test_an_indefinite_kernel_is_refused(device, solver):
    backend = get_backend(device)
    matrix = backend.asarray(np.diag([1.0, -1.0, 1.0]))
    S = DenseKernel(matrix, backend)
    with pytest.raises(np.linalg.LinAlgError):
        solver(
            S,
            PolynomialTransform((0.0, 1.0)),
            np.array([0, 1]),
            backend.asarray(np.ones((2, 1))),
            backend.asarray(np.ones(2)),
            0.1,
            **LIMITS,
        )


def test_the_resolvent_solves(device):
    backend = get_backend(device)
    matrix = normalised(50, 5, positive=False)
    V = np.random.default_rng(5).standard_normal((50, 3))
    exact = np.linalg.solve(np.eye(50) - 0.95 * matrix, V)
    for S in (
        SparseKernel(sp.csr_array(matrix), backend),
        DenseKernel(backend.asarray(matrix), backend),
    ):
        solution, _ = resolvent(S, 0.95, backend.asarray(V))
        assert_allclose(backend.to_numpy(solution), exact, atol=1e-7)


def test_solving_with_unequal_ridges(device):
    backend = get_backend(device)
    rng = np.random.default_rng(6)
    A = rng.standard_normal((8, 3))
    ridge = 10.0 ** rng.uniform(-6, 6, 8)
    targets = rng.standard_normal((8, 2))
    found = solve_positive(
        backend.xp, *(backend.asarray(p) for p in (A @ A.T, targets, ridge))
    )
    exact = np.linalg.solve(A @ A.T + np.diag(ridge), targets)
    assert_allclose(backend.to_numpy(found), exact, rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
def test_the_divided_transform_is_a_difference(transform):
    values = np.array([-0.9, -0.3, 0.2, 0.7, 1.0])
    expected = (transform(values) - transform(np.zeros(1))) / values
    assert_allclose(transform.divided(values), expected, rtol=1e-9, atol=1e-12)
    near = transform.divided(np.array([-1e-3, 0.0, 1e-3]))
    assert np.isfinite(near).all()
    assert_allclose(near, near[1], rtol=1e-2, atol=1e-3)
