"""The signature kernel: its laws, closed forms, and what paths may be."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import iv
from sklearn.kernel_approximation import Nystroem
from sklearn.kernel_ridge import KernelRidge
from sklearn.svm import SVC

from skgeom.backends import _reference
from skgeom.metrics.pairwise import signature_kernel

sizes = dict(
    n_points=st.integers(2, 12), d=st.integers(1, 4), seed=st.integers(0, 2**31)
)
kernels = pytest.mark.parametrize("static_kernel", ["linear", "rbf"])


def paths(n, n_points, d, seed):
    rng = np.random.default_rng(seed)
    steps = rng.standard_normal((n, n_points, d)) / n_points
    return np.cumsum(steps, axis=1)


def reference(X, Y, gamma, kernel):
    """All pairs by the double loop."""
    rows, columns = np.divmod(np.arange(len(X) * len(Y)), len(Y))
    scaled = np.sqrt(gamma) * X, np.sqrt(gamma) * Y
    values, _ = _reference.signature_values(*scaled, rows, columns, kernel)
    return values.reshape(len(X), len(Y))


@kernels
@given(**sizes)
@settings(max_examples=25)
def test_equals_the_recursion(static_kernel, n_points, d, seed):
    X, Y = paths(3, n_points, d, seed), paths(2, n_points + 1, d, seed + 1)
    options = dict(static_kernel=static_kernel, gamma=2.0)
    found = signature_kernel(X, Y, normalize=False, **options)
    assert_allclose(found, reference(X, Y, 2.0, static_kernel), rtol=1e-12)
    normalised = signature_kernel(X, Y, **options)
    own = [np.diagonal(reference(A, A, 2.0, static_kernel)) for A in (X, Y)]
    assert_allclose(normalised, found / np.sqrt(np.outer(*own)), rtol=1e-11)


@kernels
@given(**sizes)
@settings(max_examples=25)
def test_one_set_is_symmetric_and_positive(static_kernel, n_points, d, seed):
    X = paths(6, n_points, d, seed)
    K = signature_kernel(X, static_kernel=static_kernel)
    assert_array_equal(K, K.T)
    assert_array_equal(np.diagonal(K), 1.0)
    assert_allclose(K, signature_kernel(X, X, static_kernel=static_kernel), rtol=1e-12)
    # But for the error of the scheme.
    fine = signature_kernel(X, static_kernel=static_kernel, dyadic_order=3)
    assert_allclose(fine, K, atol=0.05)
    assert np.abs(fine).max() <= 1 + 1e-4
    assert np.linalg.eigvalsh(fine).min() > -1e-4


@kernels
@given(**sizes, where=st.integers(0, 99))
@settings(max_examples=25)
def test_waiting_changes_nothing(static_kernel, n_points, d, seed, where):
    """Nor does a shift of a path, with scalar products."""
    X = paths(3, n_points, d, seed)
    waiting = np.insert(X, where % n_points, X[:, where % n_points], axis=1)
    options = dict(static_kernel=static_kernel)
    expected = signature_kernel(X, **options)
    assert_allclose(signature_kernel(X, waiting, **options), expected, rtol=1e-9)
    if static_kernel == "linear":
        assert_allclose(signature_kernel(X + 7.0, X), expected, rtol=1e-9)


def test_straight_lines_are_bessel_functions():
    x, y = np.array([1.0, 2.0]), np.array([1.5, -0.5])
    t = np.linspace(0, 1, 5)[:, None]
    exact = iv(0, 2 * np.sqrt(x @ y))
    lines = (t * x)[None], (t * y)[None]
    errors = [
        abs(signature_kernel(*lines, normalize=False, dyadic_order=k)[0, 0] - exact)
        for k in range(5)
    ]
    assert errors[-1] < 1e-5
    # Of second order: a quarter of the error each time.
    assert all(b < 0.35 * a for a, b in pairwise(errors))
    assert errors[-1] < 0.26 * errors[-2]


def test_small_steps_see_the_ends_of_paths():
    X = paths(4, 9, 3, 0)
    ends = X[:, -1] - X[:, 0]
    found = (signature_kernel(X, gamma=1e-8, normalize=False) - 1) / 1e-8
    assert_allclose(found, ends @ ends.T, atol=1e-6)


@given(**sizes, cut=st.integers(1, 12))
@settings(max_examples=25)
def test_paths_may_end_early(n_points, d, seed, cut):
    X = paths(3, n_points, d, seed)
    cut = min(cut, n_points)
    padded = X.copy()
    padded[1, cut:] = np.nan
    K = signature_kernel(padded, time_scale=0.5)
    alone = signature_kernel(X[1:2, :cut], X[[0, 2]], time_scale=0.5)
    assert_allclose(K[1, [0, 2]], alone[0], rtol=1e-12)
    as_lists = [X[0], X[1, :cut].tolist(), X[2]]
    assert_array_equal(signature_kernel(as_lists, time_scale=0.5), K)
    some = signature_kernel(as_lists[:2], as_lists, time_scale=0.5)
    assert_allclose(some, K[:2], rtol=1e-12)


def test_time_tells_paths_of_one_channel_apart():
    t = np.linspace(0, 1, 30)
    X = np.stack([t, t**3, np.sin(5 * np.pi * t / 2)])
    assert_allclose(signature_kernel(X, dyadic_order=3), 1.0, atol=1e-3)
    assert signature_kernel(X, time_scale=2.0)[0].min() < 0.95


def test_rows_and_arrays_are_the_same():
    X = paths(4, 6, 2, 0)
    flat = X.reshape(4, 12)
    K = signature_kernel(X)
    assert_array_equal(signature_kernel(flat, n_channels=2), K)
    one = signature_kernel(flat[0], flat[1], n_channels=2)
    assert isinstance(one, float)
    assert_allclose(one, K[0, 1], rtol=1e-12)
    narrow = signature_kernel(X.astype(np.float32))
    assert narrow.dtype == np.float32
    assert_allclose(narrow, K, rtol=1e-5)


def test_estimators_take_it():
    """Some call kernels with matrices, some with pairs of rows."""
    X = paths(20, 8, 2, 0).reshape(20, 16)
    y = np.arange(20) % 2

    def kernel(X, Y):
        return signature_kernel(X, Y, n_channels=2, gamma=3.0)

    SVC(kernel=kernel).fit(X, y).predict(X)
    by_pairs = KernelRidge(kernel=kernel).fit(X, y).predict(X)
    whole = KernelRidge(kernel="precomputed").fit(kernel(X, X), y).predict(kernel(X, X))
    assert_allclose(by_pairs, whole, atol=1e-8)
    given = dict(n_channels=2, gamma=3.0)
    Nystroem(signature_kernel, kernel_params=given, n_components=5).fit_transform(X)


def test_devices_agree(device):
    X = paths(5, 7, 3, 0)
    for options in ({}, {"static_kernel": "rbf", "dyadic_order": 1}):
        found = signature_kernel(X, device=device, **options)
        assert isinstance(found, np.ndarray)
        assert_allclose(found, signature_kernel(X, **options), rtol=1e-4)


@pytest.mark.parametrize("size", [1e-100, 1e100])
def test_extreme_scales(size):
    X = paths(3, 6, 2, 0)
    for options in ({}, {"static_kernel": "rbf"}):
        found = signature_kernel(size * X, gamma=size**-2, **options)
        assert_allclose(found, signature_kernel(X, **options), rtol=1e-9)


def test_constant_paths_are_alike():
    X = np.ones((2, 5, 2)) * np.array([1.0, 9.0])[:, None, None]
    assert_array_equal(signature_kernel(X), 1.0)
    assert_array_equal(signature_kernel(X[:, :1]), 1.0)


@pytest.mark.parametrize(
    ("X", "options", "message"),
    [
        (np.full((2, 3, 1), np.inf), {}, "X contains infinity"),
        ([[1.0, np.nan, 2.0]], {}, "X contains NaN other than"),
        ([[1.0, np.nan, 2.0, 3.0]], {"n_channels": 2}, "X contains NaN other than"),
        ([[np.nan, np.nan]], {}, "X has a path without a point"),
        (np.ones((2, 5)), {"n_channels": 2}, "rows of 5 numbers"),
        (np.ones((0, 5)), {}, "none of them zero"),
        (np.ones(5), {}, "X must hold paths"),
        ([[0.0, 1e200]], {}, "gamma is too large"),
        (np.ones((2, 4)), {"gamma": 0.0}, "'gamma' parameter"),
        (np.ones((2, 4)), {"static_kernel": "poly"}, "'static_kernel' parameter"),
        (np.ones((2, 4)), {"dyadic_order": 11}, "'dyadic_order' parameter"),
        (np.ones((2, 4)), {"device": "tpu"}, "device='tpu' is not known"),
    ],
)
def test_bad_input(X, options, message):
    with pytest.raises(ValueError, match=message):
        signature_kernel(X, **options)


def test_more_that_is_refused():
    with pytest.raises(ValueError, match=r"X must hold paths of the same number"):
        signature_kernel([np.ones((4, 2)), np.ones((4, 3))])
    with pytest.raises(ValueError, match=r"with a point or more each"):
        signature_kernel([np.ones((4, 2)), np.ones((0, 2))])
    with pytest.raises(ValueError, match="2 and 3 channels"):
        signature_kernel(np.ones((1, 4, 2)), np.ones((1, 4, 3)))
    long = np.linspace(0, 900.0, 900)[None]
    assert signature_kernel(long)[0, 0] == 1.0
    with pytest.raises(ValueError, match="or let normalize=True"):
        signature_kernel(long, normalize=False)
