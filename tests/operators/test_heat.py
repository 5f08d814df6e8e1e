import math
from functools import partial

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import gammainc, ive

from skgeom.backends import get_backend
from skgeom.graph import Graph
from skgeom.operators import (
    _heat,
    chebyshev_coefficients,
    heat_coefficients,
    heat_kernel,
)
from skgeom.operators._heat import diffused
from skgeom.testing import adjacency_matrices

KINDS = ("symmetric", "random_walk", "combinatorial")
kinds = st.sampled_from(KINDS)

# Entries above it must be accurate.
FLOOR = 1e-300


def path(n):
    return Graph.from_edges([[i, i + 1] for i in range(n - 1)])


def star(n):
    return Graph.from_edges([[0, i] for i in range(1, n)])


def complete(n):
    return Graph.from_adjacency(np.ones((n, n)) - np.eye(n))


def kernel(graph, kind, time, device="cpu", **options):
    backend = get_backend(device)
    heat = heat_kernel(graph.laplacian(kind), time, backend=backend, **options)
    return backend.to_numpy(heat)


def oracle(laplacian, time):
    """exp(-tL) = exp(-ct) exp(ctP) by Taylor's series and squaring.

    Sums and products of non-negative numbers: the smallest entry is as accurate as
    the largest, which SciPy's expm, with its quotient of polynomials, cannot promise.
    """
    P, s = laplacian.transition.toarray(), laplacian.bound * time
    n_squarings = max(0, math.ceil(math.log2(max(s, 1e-300))))
    part = s / 2**n_squarings
    term = total = np.eye(len(P))
    for k in range(1, len(P) + 40):
        term = part / k * (P @ term)
        total = total + term
    total = math.exp(-part) * total
    for _ in range(n_squarings):
        total = total @ total
    return total


def assert_accurate(actual, expected, rtol=1e-10, floor=FLOOR):
    """Hold entries against each other one by one, those below the floor apart."""
    large = expected > floor
    assert_allclose(actual[large], expected[large], rtol=rtol)
    assert (actual[~large] <= floor * (1 + rtol)).all()
    assert (actual >= 0).all()


# ---------------------------------------------------------------------- coefficients


@given(
    intensity=st.one_of(
        st.floats(1e-12, 50.0), st.sampled_from([1e-300, 800.0, 1234.5, 2e4, 1e5])
    ),
    error=st.sampled_from([1e-3, 1e-10, 1e-100, 1e-312, 1e-320]),
)
@settings(max_examples=200)
def test_coefficients(intensity, error):
    weights = heat_coefficients(intensity, error)
    k = np.arange(len(weights))
    # Neighbouring Poisson weights have the ratio s / k, and all sum to one.
    normal = weights[:-1] > 1e-290
    ratios = weights[1:][normal] / weights[:-1][normal]
    assert_allclose(ratios, intensity / k[1:][normal], rtol=1e-14)
    assert abs(math.fsum(weights) - 1) <= error + 1e-13
    # What is left out sums to no more than asked, and to more with ten terms fewer.
    left_out = gammainc(len(weights), intensity)
    assert left_out <= error
    if error >= 1e-100 and len(weights) > 10 + intensity:
        assert gammainc(len(weights) - 10, intensity) > error


@pytest.mark.parametrize("intensity", [0.3, 7.0, 150.0, 3000.0])
def test_coefficients_to_the_last_digits(intensity):
    mpmath = pytest.importorskip("mpmath")
    weights = heat_coefficients(intensity, 1e-312)
    with mpmath.workdps(40):
        for k in np.linspace(0, len(weights) - 1, 50).astype(int).tolist():
            s = mpmath.mpf(intensity)
            exact = float(mpmath.exp(-s) * s**k / mpmath.factorial(k))
            if exact > 1e-300:
                assert_allclose(weights[k], exact, rtol=1e-13)


def test_no_time_needs_no_series():
    assert heat_coefficients(0.0, 1e-300).tolist() == [1.0]


@pytest.mark.parametrize("intensity", [-1e-9, np.nan, np.inf, -np.inf])
def test_bad_intensity(intensity):
    with pytest.raises(ValueError, match="time must be finite and >= 0"):
        heat_coefficients(intensity, 1e-10)


@pytest.mark.parametrize("error", [0.0, -1.0, np.nan])
def test_bad_error(error):
    with pytest.raises(ValueError, match="error must be > 0"):
        heat_coefficients(1.0, error)


# ------------------------------------------------------------------------ the kernel


@given(A=adjacency_matrices(), kind=kinds, time=st.sampled_from([1e-9, 0.3, 5.0, 90.0]))
@settings(max_examples=150)
def test_every_entry_is_accurate(device, A, kind, time):
    graph = Graph(A)
    expected = oracle(graph.laplacian(kind), time)
    assert_accurate(kernel(graph, kind, time, device), expected)


@given(A=adjacency_matrices(), kind=kinds, time=st.floats(0, 20))
def test_agrees_with_expm(A, kind, time):
    laplacian = Graph(A).laplacian(kind)
    expected = scipy.linalg.expm(-time * laplacian.matrix().toarray())
    assert_allclose(heat_kernel(laplacian, time), expected, rtol=1e-9, atol=1e-12)


def test_the_oracle_by_itself():
    mpmath = pytest.importorskip("mpmath")
    laplacian = path(12).laplacian("combinatorial")
    with mpmath.workdps(60):
        L = mpmath.matrix(laplacian.matrix().toarray().tolist())
        exact = mpmath.expm(-0.01 * L, method="taylor")
        exact = np.array(exact.tolist(), dtype=float)
    assert exact.min() < 1e-28
    assert_allclose(oracle(laplacian, 0.01), exact, rtol=1e-12)
    assert_allclose(heat_kernel(laplacian, 0.01), exact, rtol=1e-12)


@pytest.mark.parametrize("n, time", [(180, 1.0), (300, 20.0), (500, 100.0)])
def test_heat_between_the_ends_of_a_long_path(device, n, time):
    """A walk on a path is one on a cycle, folded; on a line it is a Bessel function."""
    period = 2 * (n - 1)
    d = np.arange(period)
    # The cycle is so long that no heat comes round it but from the two nearest images.
    cycle = ive(d, time) + ive(period - d, time)
    i, j = np.ogrid[:n, :n]
    walk = cycle[abs(i - j)] + np.where(
        (j > 0) & (j < n - 1), cycle[(i + j) % period], 0.0
    )
    # SciPy's Bessel functions are zero below 1e-305.
    close = {"rtol": 1e-11, "floor": 1e-290}
    assert ((walk > 1e-290) & (walk < 1e-285)).any()
    graph = path(n)
    assert_accurate(kernel(graph, "random_walk", time, device), walk, **close)
    root = np.sqrt(graph.degrees)
    symmetric = root[:, None] * walk / root
    assert_accurate(kernel(graph, "symmetric", time, device), symmetric, **close)


@pytest.mark.parametrize("kind", KINDS)
def test_every_entry_of_a_long_path_is_accurate(device, kind):
    graph = path(160)
    for time in (0.5, 30.0):
        expected = oracle(graph.laplacian(kind), time)
        assert expected.min() < 1e-100
        if time < 1:
            assert ((expected > FLOOR) & (expected < 1e-295)).any()
        assert_accurate(kernel(graph, kind, time, device), expected)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("time", [900.0, 1e4])
def test_long_times(device, kind, time):
    # Where the first Poisson weights vanish.
    graph = Graph.from_edges([[0, 1], [1, 2], [2, 0], [2, 3], [4, 5], [5, 5]])
    expected = oracle(graph.laplacian(kind), time)
    assert_accurate(kernel(graph, kind, time, device), expected)
    # By then heat is even within components.
    mass = graph.degrees if kind != "combinatorial" else np.ones(6)
    labels = graph.connected_components[1]
    rest = np.where(labels[:, None] == labels[None, :], mass, 0.0)
    rest = rest / rest.sum(axis=1, keepdims=True)
    if kind == "symmetric":
        rest = np.sqrt(mass)[:, None] * rest / np.sqrt(mass)
    assert_allclose(kernel(graph, kind, time, device), rest, rtol=1e-10)


@given(
    A=adjacency_matrices(),
    kind=kinds,
    times=st.tuples(st.floats(0, 9), st.floats(0, 9)),
)
def test_one_time_after_the_other(device, A, kind, times):
    graph = Graph(A)
    one, two = (kernel(graph, kind, time, device) for time in times)
    both = kernel(graph, kind, sum(times), device)
    assert_allclose(both, one @ two, rtol=1e-10, atol=1e-290)


@given(A=adjacency_matrices(), kind=kinds, time=st.floats(0, 50))
def test_heat_is_kept_and_symmetric(device, A, kind, time):
    graph = Graph(A)
    heat = kernel(graph, kind, time, device)
    measure = graph.laplacian(kind).measure
    weighed = measure[:, None] * heat
    assert_allclose(weighed, weighed.T, rtol=1e-11, atol=1e-295)
    if kind == "symmetric":
        root = np.sqrt(graph.degrees)
        assert_allclose(heat @ root, root, rtol=1e-11)
    else:
        assert_allclose(heat.sum(axis=1), 1.0, rtol=1e-12)
    # Nothing crosses from one component to another.
    labels = graph.connected_components[1]
    assert not heat[labels[:, None] != labels[None, :]].any()


@pytest.mark.parametrize("kind", KINDS)
def test_at_time_zero_nothing_has_moved(device, kind):
    graph = Graph.from_edges([[0, 1], [1, 2]], n_nodes=4)
    assert_array_equal(kernel(graph, kind, 0.0, device), np.eye(4))


@pytest.mark.parametrize("kind", KINDS)
def test_isolated_nodes_keep_their_heat(device, kind):
    graph = Graph.from_edges([[0, 1]], n_nodes=3)
    heat = kernel(graph, kind, 3.0, device)
    assert_allclose(heat[2], [0, 0, 1], rtol=1e-14)
    nothing = kernel(Graph.from_edges([], n_nodes=2), kind, 3.0, device)
    assert_allclose(nothing, np.eye(2), rtol=1e-14)


def test_devices_agree(device):
    rng = np.random.default_rng(0)
    graph = Graph.from_points(rng.standard_normal((150, 2)), n_neighbors=5)
    B = rng.standard_normal((150, 40))
    backend = get_backend(device)
    for kind in KINDS:
        laplacian = graph.laplacian(kind)
        expected = heat_kernel(laplacian, 6.0, np.eye(150))
        assert_accurate(kernel(graph, kind, 6.0, device), expected, rtol=1e-12)
        result = backend.to_numpy(heat_kernel(laplacian, 6.0, B, backend=backend))
        assert_allclose(result, heat_kernel(laplacian, 6.0, B), atol=1e-12)


@given(A=adjacency_matrices(), kind=kinds, seed=st.integers(0, 2**32 - 1))
def test_columns_are_heated_one_by_one(device, A, kind, seed):
    laplacian, backend = Graph(A).laplacian(kind), get_backend(device)
    B = np.random.default_rng(seed).standard_normal((laplacian.n_nodes, 3))
    result = backend.to_numpy(heat_kernel(laplacian, 2.0, B, backend=backend))
    assert_allclose(result, heat_kernel(laplacian, 2.0) @ B, rtol=1e-10, atol=1e-13)


def test_the_result_is_where_the_input_is():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    laplacian = path(3).laplacian()
    for B in (torch.eye(3), torch.eye(3, dtype=torch.float64)):
        heat = heat_kernel(laplacian, 1.0, B)
        assert isinstance(heat, torch.Tensor)
        assert heat.dtype == torch.float64  # in float32, small heat would be lost
    heat = heat_kernel(laplacian, 1.0, np.eye(3, dtype=np.float32))
    assert isinstance(heat, np.ndarray)
    assert heat.dtype == np.float64
    assert isinstance(heat_kernel(laplacian, 1.0), np.ndarray)


@pytest.mark.parametrize("rtol, floor", [(1e-12, 1e-300), (1e-3, 1e-6), (1e-8, 1e-50)])
def test_what_is_asked_is_kept(rtol, floor):
    laplacian = path(60).laplacian()
    expected = oracle(laplacian, 4.0)
    heat = heat_kernel(laplacian, 4.0, rtol=rtol, floor=floor)
    large = expected > floor
    assert_allclose(heat[large], expected[large], rtol=rtol + 1e-12)
    assert (heat <= expected * (1 + 1e-12)).all()  # terms are left out, never added


@settings(max_examples=30)
@given(A=adjacency_matrices(max_nodes=20), kind=kinds, time=st.floats(0.01, 200.0))
def test_short_series_keep_their_absolute_error(device, A, kind, time):
    graph, backend = Graph.from_adjacency(A, directed=False), get_backend(device)
    B = np.random.default_rng(0).uniform(size=(graph.n_nodes, 2))
    found = diffused(graph.laplacian(kind), time, B, 1e-13, backend)
    expected = heat_kernel(graph.laplacian(kind), time, B)
    size = np.sqrt(graph.laplacian(kind).measure.max() * graph.n_nodes)
    assert_allclose(backend.to_numpy(found), expected, rtol=0, atol=1e-11 * size)


def test_where_the_short_series_is_too_long_the_other_is_taken(monkeypatch):
    laplacian = star(50).laplacian("combinatorial")
    expected = heat_kernel(laplacian, 3.0)
    short = partial(chebyshev_coefficients, max_degree=4)
    monkeypatch.setattr(_heat, "chebyshev_coefficients", short)
    found = diffused(laplacian, 3.0, np.eye(50), 1e-13, get_backend("cpu"))
    assert_allclose(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("time", [-1.0, -1e-300, np.nan, np.inf])
def test_bad_time(device, time):
    with pytest.raises(ValueError, match="time must be finite and >= 0"):
        kernel(path(3), "symmetric", time, device)


def test_no_time_sets_the_size_of_an_array():
    with pytest.raises(ValueError, match=r"time is too long.*1e\+13 terms"):
        heat_coefficients(1e13, 1e-10)
    edge = Graph.from_edges([[0, 1]])
    with pytest.raises(ValueError, match="time is too long"):
        heat_kernel(edge.laplacian(), 1e13)
