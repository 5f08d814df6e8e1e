"""Coupled random features: without bias, with less error, whatever the scale."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest
from sklearn.datasets import load_diabetes, load_digits
from sklearn.kernel_approximation import RBFSampler
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.utils._param_validation import InvalidParameterError

from skgeom import OrthogonalRBFSampler
from skgeom.kernels._orthogonal_rbf_sampler import (
    orthogonal_frequencies,
    sobol_frequencies,
)
from skgeom.testing import point_clouds

DRAWS = [orthogonal_frequencies, sobol_frequencies]


# ----------------------------------------------------------------------- frequencies


@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 2**31 - 1))
def test_blocks_are_orthogonal(m, d, seed):
    W = orthogonal_frequencies(m, d, np.random.RandomState(seed))
    assert W.shape == (m, d)
    for start in range(0, m, d):
        block = W[start : start + d]
        off = block @ block.T
        np.testing.assert_allclose(off, np.diag(np.diagonal(off)), atol=1e-10)


@pytest.mark.parametrize("d", [1, 2, 5, 30])
@pytest.mark.parametrize("draw", DRAWS)
def test_each_frequency_is_normal(draw, d):
    """One frequency of many draws, in a coordinate and in length."""
    states = [np.random.RandomState(seed) for seed in range(300)]
    found = np.array([draw(7, d, state)[3] for state in states])
    assert kstest(found[:, 0], "norm").pvalue > 1e-3
    assert kstest((found**2).sum(axis=1), "chi2", args=(d,)).pvalue > 1e-3
    if d > 1:
        assert abs(np.corrcoef(found[:, 0], found[:, 1])[0, 1]) < 0.2


def test_lengths_are_in_layers():
    """One in each of equally likely intervals."""
    from scipy.stats import chi

    W = orthogonal_frequencies(50, 3, np.random.RandomState(0))
    shares = chi.cdf(np.sort(np.linalg.norm(W, axis=1)), 3)
    assert (np.floor(50 * shares) == np.arange(50)).all()


def test_many_columns_take_no_square_of_them():
    """100,000 columns squared are 80 GB."""
    W = orthogonal_frequencies(2, 100_000, np.random.RandomState(0))
    assert abs(W[0] @ W[1]) < 1e-6


# -------------------------------------------------------------------------- features


@pytest.mark.parametrize("coupling", ["orthogonal", "sobol"])
@pytest.mark.parametrize("n_components", [1, 7, 16])
def test_the_kernel_is_their_mean(n_components, coupling):
    X = np.random.default_rng(0).normal(size=(6, 3))
    runs = []
    for seed in range(250):
        model = OrthogonalRBFSampler(
            gamma=0.4, n_components=n_components, coupling=coupling, random_state=seed
        )
        Z = model.fit_transform(X)
        runs.append(Z @ Z.T)
    runs = np.array(runs)
    error = runs.std(axis=0) / len(runs) ** 0.5
    gap = np.abs(runs.mean(axis=0) - rbf_kernel(X, gamma=0.4))
    assert (gap <= 5 * error + 1e-12).all()


def squared_error(model, X, kernel):
    errors = []
    for seed in range(6):
        Z = model.set_params(random_state=seed).fit_transform(X)
        errors.append(((Z @ Z.T - kernel) ** 2).mean())
    return np.mean(errors)


@pytest.mark.parametrize("n_components", [256, 1024])
@pytest.mark.parametrize("data", ["digits", "diabetes", "plane"])
def test_a_third_of_the_error_of_independent_draws(data, n_components):
    """At the usual width: one over the median squared distance."""
    X = {
        "digits": lambda: load_digits().data[:200],
        "diabetes": lambda: load_diabetes().data[:200],
        "plane": lambda: np.random.default_rng(0).normal(size=(200, 2)),
    }[data]()
    gamma = 1 / np.median(((X[:, None] - X) ** 2).sum(axis=2))
    kernel = rbf_kernel(X, gamma=gamma)
    known = dict(gamma=gamma, n_components=n_components)
    ours = squared_error(OrthogonalRBFSampler(**known), X, kernel)
    assert ours <= squared_error(RBFSampler(**known), X, kernel) / 3


@given(point_clouds(), st.integers(1, 9), st.integers(0, 99))
def test_any_points_have_features_of_length_one(X, n_pairs, seed):
    model = OrthogonalRBFSampler(n_components=2 * n_pairs, random_state=seed)
    Z = model.fit_transform(X)
    assert Z.dtype == X.dtype
    np.testing.assert_allclose((Z**2).sum(axis=1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(model.transform(X[::-1]), Z[::-1], atol=1e-6)


@given(
    X=point_clouds(dtypes=st.just(np.dtype(np.float64)), scales=(1.0,)),
    scale=st.sampled_from([1e-100, 1e-3, 1e7, 1e100]),
    shift=st.sampled_from([0.0, 3.0, -1e3]),
)
def test_scale_and_origin_do_not_matter(X, scale, shift):
    """The default width follows them, and inner products stay as they are."""
    model = OrthogonalRBFSampler(random_state=0)
    Z, other = model.fit_transform(X), model.fit_transform(X * scale)
    np.testing.assert_allclose(other, Z, atol=1e-6)
    width = model.fit(X).gamma_
    fixed = OrthogonalRBFSampler(gamma=min(width, 1e6), random_state=0)
    Z, other = fixed.fit_transform(X), fixed.fit_transform(X + shift)
    np.testing.assert_allclose(other @ other.T, Z @ Z.T, atol=1e-5)


@given(X=point_clouds(), n_components=st.integers(1, 12))
def test_sparse_points_are_the_same_points(X, n_components):
    model = OrthogonalRBFSampler(n_components=n_components, random_state=0)
    Z = model.fit_transform(X)
    gamma = model.gamma_
    found = model.fit_transform(sp.csr_array(X))
    np.testing.assert_allclose(model.gamma_, gamma, rtol=1e-5)
    size = np.abs(X).max() * gamma**0.5  # phases are rounded in proportion to it
    np.testing.assert_allclose(found, Z, atol=1e-5 + 50 * np.finfo(X.dtype).eps * size)


def test_coupling_follows_the_columns():
    for d, same in ((8, "sobol"), (9, "orthogonal")):
        X = np.random.default_rng(0).normal(size=(5, d))
        made = [
            OrthogonalRBFSampler(coupling=coupling, random_state=0).fit_transform(X)
            for coupling in ("auto", same)
        ]
        np.testing.assert_array_equal(*made)


# ------------------------------------------------------------------------- odd input


@pytest.mark.parametrize("scale", [1e-310, 1e-300, 1e-100, 1e100, 1e300])
def test_any_scale_has_finite_features(scale):
    X = scale * np.random.default_rng(0).normal(size=(8, 12))
    for gamma in ("scale", 1.0, 1e-300, 1e300):
        model = OrthogonalRBFSampler(gamma=gamma, random_state=0).fit(X)
        assert np.isfinite(model.transform(X)).all()
        assert np.isfinite(model.random_weights_).all()
        assert 0 < model.gamma_ < np.inf


@pytest.mark.parametrize(
    ("X", "gamma"),
    [
        (np.full((5, 3), 0.1), 1.0),
        (np.zeros((4, 2)), 1.0),
        (np.full((3, 3), 1e300), 1.0),
        ([[7.0, 7.0]], 1.0),
        ([[3.0, 4.0]], 2.0),  # entries differ: one over 2 times 1/4
    ],
)
@pytest.mark.parametrize("make", [np.array, sp.csr_array])
def test_one_row_and_constant_columns(X, gamma, make):
    """Without variance the width is 1, and equal rows have equal features."""
    model = OrthogonalRBFSampler(random_state=0)
    Z = model.fit_transform(make(X))
    assert model.gamma_ == pytest.approx(gamma)
    np.testing.assert_allclose(Z @ Z.T, 1.0, atol=1e-12)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_that_are_none(bad):
    X = np.ones((4, 2))
    X[1, 1] = bad
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        OrthogonalRBFSampler().fit(X)


@pytest.mark.parametrize("gamma", [0.0, -1.0, "auto", None])
def test_widths_that_are_none(gamma):
    with pytest.raises(InvalidParameterError, match="gamma"):
        OrthogonalRBFSampler(gamma=gamma).fit(np.eye(3))
