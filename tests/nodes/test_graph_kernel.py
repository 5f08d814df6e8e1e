"""Kernels: the function of the spectrum and the series of its root say the same."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skgeom.nodes import GraphKernel, graph_kernel
from skgeom.nodes._walk_features import (
    length_law,
    variance_ratio,
)

X = np.cos(np.linspace(0, np.pi, 201))

KERNELS = [
    (dict(kernel="diffusion", diffusion_time=3.0), lambda x: np.exp(-3 * x)),
    (
        dict(kernel="regularized_laplacian", regularization=4.0, smoothness=1.3),
        lambda x: (1 + 4 * x) ** -1.3,
    ),
    (
        dict(kernel="matern", length_scale=2.0, smoothness=1.5),
        lambda x: (1 + 4 / 3 * x) ** -1.5,
    ),
    (dict(kernel="random_walk", n_steps=4, offset=3.0), lambda x: (1 - x / 3) ** 4),
    (dict(kernel="random_walk", n_steps=3, offset=2.5), lambda x: (1 - x / 2.5) ** 3),
    (
        dict(kernel="coefficients", coefficients=[1, 0.5, 0.2]),
        lambda x: 1 + 0.5 * (1 - x) + 0.2 * (1 - x) ** 2,
    ),
    (dict(kernel=lambda x: np.exp(-x) + 0.1), lambda x: np.exp(-x) + 0.1),
]


@pytest.mark.parametrize(("parameters", "function"), KERNELS)
def test_function_and_series_are_the_formula(parameters, function):
    kernel = graph_kernel(**parameters)
    exact = function(1 - X)
    assert_allclose(kernel.function(1 - X), exact, atol=1e-12)
    root = np.polynomial.polynomial.polyval(X, kernel.modulation)
    assert_allclose(root**2, exact, atol=2e-6)
    assert kernel.error < 1e-6


@given(
    time=st.floats(0.01, 300.0),
    sigma=st.floats(0.01, 300.0),
    power=st.floats(0.1, 6.0),
)
def test_series_keep_their_promise_over_a_wide_range(time, sigma, power):
    assert graph_kernel("diffusion", diffusion_time=time).error < 1e-6
    kernel = graph_kernel(
        "regularized_laplacian", regularization=sigma, smoothness=power
    )
    assert kernel.error < 1e-6
    assert_allclose(kernel.decay, sigma / (1 + sigma))


def test_a_root_with_a_branch_point_says_how_good_it_is():
    for parameters in (
        dict(kernel="cosine"),
        dict(kernel="random_walk", n_steps=1, offset=2.0),
    ):
        kernel = graph_kernel(**parameters)
        root = np.polynomial.polynomial.polyval(X, kernel.modulation)
        gap = abs(root**2 - kernel.function(1 - X)).max()
        assert gap <= 1.01 * kernel.error < 1e-2
        assert kernel.decay == 1.0


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (dict(kernel="heat"), "kernel='heat' must be one of"),
        (dict(diffusion_time=0.0), "diffusion_time must be finite and > 0"),
        (dict(diffusion_time=np.nan), "diffusion_time must be finite and > 0"),
        (
            dict(kernel="matern", length_scale=np.inf),
            "length_scale must be finite and > 0",
        ),
        (dict(kernel="matern", smoothness=-1.0), "smoothness must be finite and > 0"),
        (
            dict(kernel="regularized_laplacian", regularization=-1.0),
            "regularization must be finite and > 0",
        ),
        (dict(kernel="random_walk", offset=1.5), "offset must be >= 2"),
        (dict(kernel="coefficients"), "needs coefficients"),
        (dict(kernel="coefficients", coefficients=[[1.0]]), "needs coefficients"),
        (dict(kernel="coefficients", coefficients=[1, np.nan]), "must be finite"),
        (dict(kernel="coefficients", coefficients=[0.0, 1.0]), "must be >= 0"),
        (dict(kernel="coefficients", coefficients=[1.0, -2.0]), "must be >= 0"),
        (dict(kernel="coefficients", coefficients=[1, 0, 3]), "no convergent power"),
        (dict(kernel=abs), "no power series"),
        (dict(kernel=lambda x: 1 - x), "must be >= 0"),
        (dict(kernel=lambda x: 1 / x), "finite values"),
        (dict(kernel=lambda x: 1.0), "finite values of the same shape"),
    ],
)
def test_bad_kernels(parameters, message):
    with pytest.raises(ValueError, match=message):
        graph_kernel(**parameters)


def test_kernels_can_be_pickled():
    for parameters, _ in KERNELS[:-1]:
        kernel = pickle.loads(pickle.dumps(graph_kernel(**parameters)))
        assert kernel.function(0.5) == graph_kernel(**parameters).function(0.5)


def test_a_kernel_of_given_coefficients():
    kernel = GraphKernel.from_modulation([0.5, 0.25])
    assert_allclose(kernel.function(1 - X), (0.5 + 0.25 * X) ** 2)
    assert kernel.error < 1e-12


# ------------------------------------------------------------------- length of walks


@given(
    size=st.integers(1, 30),
    seed=st.integers(0, 2**32 - 1),
    n_walks=st.one_of(st.none(), st.integers(1, 100)),
)
def test_laws_fall_from_one_and_stay_positive(size, seed, n_walks):
    rng = np.random.default_rng(seed)
    f = rng.standard_normal(size) * 0.5 ** np.arange(size)
    for halting in ("auto", 0.01, 0.5, 0.999):
        law = length_law(f, halting, n_walks)
        assert law[0] == 1
        assert (np.diff(law) <= 0).all()
        assert (law > 0).all()


def test_whole_walks():
    law = length_law(0.7 ** np.arange(40), n_walks=20)
    whole = law * 20
    large = whole >= 1
    assert_allclose(whole[large], np.rint(whole[large]))
    assert not np.allclose(whole[~large], np.rint(whole[~large]))


def test_variance_grows_where_the_rule_is_broken():
    f = graph_kernel("regularized_laplacian", regularization=3.0).modulation
    # decay .75: finite up to p = .4375
    assert variance_ratio(f, length_law(f)) == 1
    assert variance_ratio(f, length_law(f, 0.3)) < 3
    assert variance_ratio(f, length_law(f, 0.6)) > 100


@pytest.mark.parametrize("n_steps", [2200, 5001, 2**16])
@pytest.mark.parametrize("offset", [2.0, 3.0])
def test_walks_of_many_steps_are_not_lost(n_steps, offset):
    """The first coefficients vanish; the others are the kernel."""
    kernel = graph_kernel("random_walk", n_steps=n_steps, offset=offset, tol=1e-9)
    eigenvalues = np.array([0.0, 1e-5, 1e-4, 1e-3, 0.1, 1.0])
    root = np.polynomial.polynomial.polyval(1 - eigenvalues, kernel.modulation)
    assert_allclose(root**2, (1 - eigenvalues / offset) ** n_steps, atol=1e-8)


def test_no_number_of_steps_sets_the_size_of_an_array():
    with pytest.raises(ValueError, match="n_steps must be at most 65536, got 1e"):
        graph_kernel("random_walk", n_steps=10**13)
    with pytest.raises(ValueError, match="time is too long"):
        graph_kernel("diffusion", diffusion_time=1e13)


@pytest.mark.parametrize("value", [0.0, 1.0, -0.1, 2.0])
def test_halting_probability_out_of_range(value):
    with pytest.raises(ValueError, match="in the open interval"):
        length_law(np.ones(3), value)
