"""Features of nodes: without bias, with little variance, the same in any company."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skgeom.backends import get_backend
from skgeom.graph import Graph
from skgeom.nodes import graph_kernel
from skgeom.nodes._walk_features import (
    length_law,
    push_features,
    walk_features,
)
from skgeom.testing import adjacency_matrices

COUPLINGS = ["repelling", "antithetic", None]


def power_series(graph, f):
    W = graph.laplacian().transition.toarray()
    power, total = np.eye(graph.n_nodes), np.zeros_like(W)
    for coefficient in f:
        total += coefficient * power
        power = power @ W
    return total


def lattice(side):
    nodes = np.arange(side * side).reshape(side, side)
    pairs = [(nodes[:, :-1], nodes[:, 1:]), (nodes[:-1], nodes[1:])]
    return Graph.from_edges(
        np.concatenate([np.stack([a.ravel(), b.ravel()], 1) for a, b in pairs])
    )


def error(graph, f, exact, **options):
    features = walk_features(graph, np.arange(graph.n_nodes), f, **options).toarray()
    return np.linalg.norm(features @ features.T - exact) / np.linalg.norm(exact)


def assert_means(samples, expected, n_errors=6):
    """Means of independent samples are within so many standard errors."""
    spread = samples.std(axis=0, ddof=1) / np.sqrt(len(samples))
    scale = abs(expected).max()
    gap = abs(samples.mean(axis=0) - expected)
    assert (gap <= n_errors * spread + 1e-6 * scale).all(), (gap / spread).max()


@pytest.mark.parametrize("coupling", COUPLINGS)
@pytest.mark.parametrize("weighted", [False, True])
def test_features_have_no_bias(device, coupling, weighted):
    # Ten nodes, one of them alone, one joined to itself.
    edges = [[0, 1], [1, 2], [2, 3], [3, 0], [1, 3], [4, 5], [5, 6], [6, 6], [7, 8]]
    weights = 1.0 + np.arange(len(edges)) if weighted else None
    graph = Graph.from_edges(edges, weights, n_nodes=10)
    f = np.array([1.0, 0.6, -0.3, 0.2])

    def samples(device, n_samples):
        options = dict(
            n_walks=6,
            survival=0.6 ** np.arange(4),
            coupling=coupling,
            dtype=np.float64,
            backend=get_backend(device),
        )
        nodes = np.arange(10)
        return np.array(
            [
                walk_features(graph, nodes, f, seed=seed, **options).toarray()
                for seed in range(n_samples)
            ]
        )

    if device == "cpu":
        # The seeds are fixed: this passes or fails for good.
        assert_means(samples(device, 400), power_series(graph, f))
    else:
        # Devices draw what the host draws, and so have no bias either.
        assert_allclose(samples(device, 20), samples("cpu", 20), atol=1e-12)


@pytest.mark.parametrize(
    "parameters",
    [
        dict(kernel="diffusion", diffusion_time=2.0),
        dict(kernel="regularized_laplacian", regularization=3.0, smoothness=0.8),
        dict(kernel="matern", length_scale=2.0),
        dict(kernel="random_walk", n_steps=3),
        dict(kernel="cosine"),
        dict(kernel="coefficients", coefficients=[1.0, 0.5, 0.2]),
    ],
    ids=lambda parameters: parameters["kernel"],
)
def test_pairs_of_sets_give_the_kernel_diagonal_included(parameters):
    graph = lattice(4)
    kernel = graph_kernel(**parameters)
    eigenvalues, vectors = np.linalg.eigh(graph.laplacian().matrix().toarray())
    exact = (vectors * kernel.function(eigenvalues)) @ vectors.T
    sets = [
        walk_features(graph, np.arange(16), kernel.modulation, n_walks=8, seed=s)
        for s in range(800)
    ]
    products = np.array(
        [
            (one @ two.T).toarray()
            for one, two in zip(sets[::2], sets[1::2], strict=True)
        ]
    )
    # Entries of far nodes are hardly ever other than zero; rotated ones all are.
    Q = np.linalg.qr(np.random.default_rng(0).standard_normal((16, 16)))[0]
    assert_means(Q.T @ products @ Q, Q.T @ exact @ Q)
    assert_means(products.diagonal(axis1=1, axis2=2), exact.diagonal())
    assert_means(products.trace(axis1=1, axis2=2)[:, None], exact.trace(), 4)


def test_one_set_is_above_on_the_diagonal_alone():
    graph = lattice(4)
    f = graph_kernel("diffusion", diffusion_time=2.0).modulation
    exact = power_series(graph, np.convolve(f, f))
    products = []
    for seed in range(400):
        one = walk_features(graph, np.arange(16), f, n_walks=4, seed=seed)
        products.append((one @ one.T).toarray())
    products = np.array(products)
    off = ~np.eye(16, dtype=bool)
    assert_means(products[:, off], exact[off])
    diagonal = products.trace(axis1=1, axis2=2)
    assert diagonal.mean() > exact.trace() + 6 * diagonal.std() / 20


def test_the_error_falls_like_the_root_of_the_number_of_walks():
    rng = np.random.default_rng(0)
    graph = Graph.from_edges(rng.integers(0, 400, (2000, 2)), n_nodes=400)
    f = graph_kernel("diffusion").modulation
    exact = power_series(graph, np.convolve(f, f))
    law = length_law(f, 0.1)
    found = [
        error(graph, f, exact, n_walks=m, survival=law, coupling=None, seed=m)
        for m in (16, 64, 256)
    ]
    assert_allclose(found[1] / found[0], 0.5, rtol=0.05)
    assert_allclose(found[2] / found[1], 0.5, rtol=0.05)
    # 0.18, .09 and .045 at mean degree 10, whatever the size.
    assert_allclose(found, [0.18, 0.09, 0.045], rtol=0.1)


def test_repelling_walks_err_less():
    graph = lattice(16)
    f = graph_kernel("diffusion").modulation
    exact = power_series(graph, np.convolve(f, f))
    law = length_law(f, 0.1)
    shared = dict(survival=law, seed=1)
    for n_walks in (16, 64, 256):
        plain = error(graph, f, exact, n_walks=n_walks, coupling=None, **shared)
        repelling = error(graph, f, exact, n_walks=n_walks, **shared)
        # Measured: .3, .15, .1 of the error. Long walks must not crowd together, or
        # the error of many walks would stop falling.
        assert repelling < 0.6 * plain
    assert repelling < 0.2 * plain


@pytest.mark.parametrize("regularization", [0.1, 1.0, 10.0, 100.0])
def test_walks_of_automatic_length_never_diverge(regularization):
    graph = lattice(10)
    kernel = graph_kernel("regularized_laplacian", regularization=regularization)
    exact = power_series(graph, np.convolve(kernel.modulation, kernel.modulation))
    found = [
        error(graph, kernel.modulation, exact, n_walks=64, seed=seed)
        for seed in range(5)
    ]
    assert max(found) < 0.5


# ------------------------------------------------------------------------ the same rows


@given(
    A=adjacency_matrices(min_nodes=2, max_nodes=9),
    coupling=st.sampled_from(COUPLINGS),
    seed=st.integers(0, 2**31 - 1),
    draw=st.integers(0, 2**32 - 1),
)
@settings(max_examples=50)
def test_a_row_does_not_depend_on_its_company(device, A, coupling, seed, draw):
    graph, backend = Graph(A), get_backend(device)
    f = np.array([1.0, 0.5, 0.25, 0.1])
    options = dict(n_walks=5, coupling=coupling, seed=seed, backend=backend)
    everything = walk_features(graph, np.arange(graph.n_nodes), f, **options)
    some = np.random.default_rng(draw).integers(0, graph.n_nodes, 4)
    found = walk_features(graph, some, f, **options).toarray()
    assert_allclose(found, everything.toarray()[some], rtol=1e-6)


@given(A=adjacency_matrices(min_nodes=1, max_nodes=9), seed=st.integers(0, 2**31 - 1))
def test_powers_kept_apart_add_up(A, seed):
    graph = Graph(A)
    f = np.array([1.0, 0.5, 0.25])
    law = np.array([1.0, 0.7, 0.3])
    options = dict(n_walks=4, survival=law, seed=seed, dtype=np.float64)
    nodes = np.arange(graph.n_nodes)
    whole = walk_features(graph, nodes, f, **options).toarray()
    apart = walk_features(graph, nodes, np.ones(3), apart=True, **options)
    parts = apart.toarray().reshape(len(nodes), 3, len(nodes))
    assert_allclose(np.einsum("l,ilj->ij", f, parts), whole, atol=1e-12)
    assert_array_equal(parts[:, 0], np.eye(len(nodes)))


def test_many_rows_are_walked_in_another_order_to_the_same_end(monkeypatch):
    import skgeom.graph._walks as layout
    from skgeom.nodes import _walk_features as module

    rng = np.random.default_rng(0)
    given = lattice(30)
    order = rng.permutation(900)
    graph = Graph.from_adjacency(given.adjacency[order][:, order])
    f = np.array([1.0, 0.5, 0.25])
    nodes = rng.permutation(900)
    plain = walk_features(graph, nodes, f)
    monkeypatch.setattr(layout, "_SMALL", 10)
    monkeypatch.setattr(module, "_MANY_ROWS", 10)
    moved = walk_features(Graph(graph.adjacency), nodes, f)
    assert_array_equal(plain.indices, moved.indices)
    assert_allclose(plain.data, moved.data, rtol=1e-6)


def test_many_rows_take_no_more_memory_than_twice_the_result():
    import tracemalloc

    rng = np.random.default_rng(0)
    graph = Graph.from_edges(rng.integers(0, 30_000, (90_000, 2)), n_nodes=30_000)
    nodes, f = np.arange(30_000), 0.5 ** np.arange(6)
    walk_features(graph, nodes, f)
    tracemalloc.start()
    found = walk_features(graph, nodes, f)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    size = found.data.nbytes + found.indices.nbytes + found.indptr.nbytes
    # The parts and the whole, and for each row its place in the order.
    assert peak < 2 * size + 64 * len(nodes)


# ------------------------------------------------------------------------------- push


def test_push_is_exact_without_threshold_and_near_with_one(device):
    graph, backend = lattice(8), get_backend(device)
    f = graph_kernel("diffusion", diffusion_time=3.0).modulation
    exact, nodes = power_series(graph, f), np.arange(64)
    whole = push_features(graph, nodes, f, threshold=0.0, backend=backend)
    assert_allclose(whole.toarray(), exact, atol=1e-6)
    gaps, sizes = [], []
    for threshold in (1e-1, 1e-2, 1e-3):
        found = push_features(graph, nodes, f, threshold=threshold, backend=backend)
        gaps.append(np.linalg.norm(found.toarray() - exact))
        sizes.append(found.nnz)
        assert (found.toarray() <= exact + 1e-6).all()  # only left out, never invented
    assert gaps[0] > 3 * gaps[1] > 9 * gaps[2]
    assert sizes[0] < sizes[1] < sizes[2]
