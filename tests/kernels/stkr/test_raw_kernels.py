"""Kernels that are taken as they are: their spectrum is scaled, and their unit kept."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics.pairwise import laplacian_kernel, rbf_kernel

from skgeom import STKRClassifier, STKRRegressor

rng = np.random.default_rng(0)
X = rng.standard_normal((120, 2))
f = np.sin(2 * X[:, 0]) + X[:, 1]
y = np.where(np.arange(120) < 60, f, np.nan)
RAW = dict(normalization=None, alpha=1e-3)


def ways():
    """Every kernel with every way of the first; the others' own ways are slow."""
    for kernel in ("rbf", "laplacian", "matern32"):
        for transform in ("polynomial", "inverse_laplacian", np.square):
            for solver in ("auto", "cg", "dense", "eigen"):
                slow = kernel != "rbf" and solver in ("cg", "dense")
                marks = [pytest.mark.slow] if slow else []
                yield pytest.param(kernel, transform, solver, marks=marks)


@pytest.mark.parametrize(("kernel", "transform", "solver"), ways())
def test_every_transform_and_solver_on_every_kernel(kernel, transform, solver):
    """Sixteenth powers of eigenvalues of 60 are no use; squares and cubes are."""
    model = STKRRegressor(kernel, spectral_transform=transform, solver=solver, **RAW)
    model.set_params(tol=1e-4)  # which a score does not see
    if transform == "polynomial":
        assert np.isfinite(model.fit(X, y).predict(X)).all()
        assert abs(model.score(X, f)) < 1
        model.set_params(degree=2)
    assert model.fit(X, y).score(X[60:], f[60:]) > 0.85


@pytest.mark.parametrize("transform", ["polynomial", "inverse_laplacian"])
def test_it_is_ridge_regression_with_the_scaled_transform(transform):
    """c s(K / c), with c the largest eigenvalue."""
    K = laplacian_kernel(X)
    values, vectors = np.linalg.eigh(K)
    c = values[-1]
    part = np.clip(values / c, 0, None)
    s = part**3 if transform == "polynomial" else part / (1 - 0.9 * part) ** 2
    Ks = c * (vectors * s) @ vectors.T
    a = np.linalg.solve(Ks[:60, :60] + 0.2 * np.eye(60), f[:60] - f[:60].mean())
    degree = 3 if transform == "polynomial" else 2
    model = STKRRegressor(
        "laplacian",
        normalization=None,
        spectral_transform=transform,
        strength=10.0,
        degree=degree,
        alpha=0.2,
        tol=1e-10,
    ).fit(X, y)
    assert_allclose(model.dual_coef_, a, rtol=1e-5)
    assert_allclose(model.transduction_, Ks[:, :60] @ a + f[:60].mean(), atol=1e-6)
    assert_allclose(model.predict(X), model.transduction_, atol=1e-8)


@pytest.mark.parametrize("scale", [1e-9, 30.0, 1e60])
@pytest.mark.parametrize("transform", ["polynomial", "inverse_laplacian", np.square])
def test_the_unit_of_a_kernel_is_that_of_alpha(transform, scale):
    K = rbf_kernel(X)
    shared = dict(normalization=None, spectral_transform=transform, strength=10.0)
    one = STKRRegressor("precomputed", alpha=0.1, **shared).fit(K, y)
    other = STKRRegressor("precomputed", alpha=0.1 * scale, **shared)
    assert_allclose(
        other.fit(scale * K, y).predict(scale * K), one.predict(K), rtol=1e-6
    )


def test_alpha_is_chosen_in_that_unit():
    grid = np.logspace(-4, 2, 5)
    model = STKRRegressor("rbf", normalization=None, degree=1, alpha=grid).fit(X, y)
    assert model.alpha_ in grid
    again = STKRRegressor("rbf", normalization=None, degree=1, alpha=model.alpha_)
    assert_allclose(again.fit(X, y).transduction_, model.transduction_)


def test_a_kernel_in_blocks_is_scaled_as_well():
    from sklearn import config_context

    model = STKRRegressor("rbf", spectral_transform="polynomial", degree=2, **RAW)
    model.set_params(tol=1e-10)
    whole = model.fit(X, y).predict(X)
    with config_context(working_memory=0.05):
        assert_allclose(model.fit(X, y).predict(X), whole, rtol=1e-6)


def test_classes():
    labels = np.where(np.arange(120) < 60, f > 0, -1)
    model = STKRClassifier(
        "rbf", normalization=None, spectral_transform="polynomial", degree=2, alpha=1e-3
    )
    assert model.fit(X, labels).score(X[60:], f[60:] > 0) > 0.9
