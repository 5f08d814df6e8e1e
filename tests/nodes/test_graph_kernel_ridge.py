"""GraphKernelRidge: the exact kernel's regression, without its matrix."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.kernel_ridge import KernelRidge
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsRegressor

from skgeom import GraphKernelRidge, GraphRandomFeatures
from skgeom.graph import Graph
from skgeom.testing import adjacency_matrices


def dense(model, graph):
    eigenvalues, vectors = np.linalg.eigh(graph.laplacian().matrix().toarray())
    return (vectors * model.kernel_.function(np.clip(eigenvalues, 0, 2))) @ vectors.T


@given(
    A=adjacency_matrices(min_nodes=3, max_nodes=12),
    kernel=st.sampled_from(["diffusion", "regularized_laplacian", "cosine"]),
    draw=st.integers(0, 2**32 - 1),
)
@settings(max_examples=20)
def test_it_is_kernel_ridge(device, A, kernel, draw):
    rng, graph = np.random.default_rng(draw), Graph(A)
    n = graph.n_nodes
    # Some nodes twice.
    ids = rng.integers(0, n, n)[:, None]
    y = rng.standard_normal((n, 2))
    model = GraphKernelRidge(
        kernel, graph=graph, alpha=0.3, tol=1e-10, device=device
    ).fit(ids, y)
    K = dense(model, graph)
    rows = ids[:, 0]
    peer = KernelRidge(alpha=0.3, kernel="precomputed")
    peer.fit(K[np.ix_(rows, rows)], y - y.mean(axis=0))
    expected = peer.predict(K[:, rows]) + y.mean(axis=0)
    assert_allclose(model.predict(np.arange(n)[:, None]), expected, atol=1e-6)


@pytest.fixture
def grid():
    nodes = np.arange(400).reshape(20, 20)
    pairs = [(nodes[:, :-1], nodes[:, 1:]), (nodes[:-1], nodes[1:])]
    return Graph.from_edges(
        np.concatenate([np.stack([a.ravel(), b.ravel()], 1) for a, b in pairs])
    )


def test_a_smooth_function_from_a_tenth_of_its_values(grid):
    across, down = np.divmod(np.arange(400), 20)
    y = np.sin(across / 4) * np.cos(down / 5)
    ids = np.random.default_rng(0).permutation(400)[:, None]
    model = GraphKernelRidge(diffusion_time=10.0, alpha=1e-3, graph=grid)
    model.fit(ids[:40], y[ids[:40, 0]])
    assert model.score(ids[40:], y[ids[40:, 0]]) > 0.8
    assert cross_val_score(model, ids, y[ids[:, 0]], cv=4).min() > 0.95


def test_features_come_near_to_it(grid):
    y = np.sin(np.arange(400) / 50)
    ids = np.arange(400)[:, None]
    shared = dict(diffusion_time=1.0, graph=grid)
    exact = GraphKernelRidge(alpha=0.1, **shared).fit(ids[::3], y[::3])
    model = GraphRandomFeatures(alpha=1.0, n_walks=300, random_state=0, **shared)
    model.fit(ids)
    Phi = model.transform(ids[::3]).toarray()
    dual = np.linalg.solve(Phi @ Phi.T + 0.1 * np.eye(len(Phi)), y[::3] - y[::3].mean())
    found = model.transform(ids) @ (Phi.T @ dual) + y[::3].mean()
    assert_allclose(found, exact.predict(ids), atol=0.05)


def test_new_points_are_predicted_from_what_is_around():
    rng = np.random.default_rng(0)
    X = rng.random((400, 2))
    y = np.sin(5 * X[:, 0]) + X[:, 1]
    model = GraphKernelRidge(diffusion_time=4.0, alpha=0.01)
    assert cross_val_score(model, X, y, cv=5).min() > 0.9


@pytest.mark.parametrize("seed", [0, 2])
def test_noise_is_not_blown_up_at_new_points(seed):
    """What a small penalty leaves of it is no larger there than at the nodes."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(500, 3))
    y = X[:, 0] + 0.5 * rng.normal(size=500)
    peer = KNeighborsRegressor(10).fit(X[:100], y[:100]).score(X[100:], y[100:])
    model = GraphKernelRidge().fit(X[:100], y[:100])
    assert model.score(X[100:], y[100:]) > peer - 0.06
    # Nor of one that is given.
    model = GraphKernelRidge(alpha=1e-5, diffusion_time=4.0).fit(X[:100], y[:100])
    nodes = np.abs(model.predict(X[:100]) - model.intercept_).max()
    assert np.abs(model.predict(X[100:]) - model.intercept_).max() < 1.2 * nodes


def test_a_new_node_has_the_mean_of_what_it_is_linked_to(grid):
    rng, A = np.random.default_rng(0), grid.adjacency
    model = GraphKernelRidge(affinity="precomputed").fit(A, rng.random(400))
    links = np.zeros((2, 400))
    links[0, [0, 5, 6]] = 1.0, 2.0, 0.5
    links[1] = A.toarray()[7]  # as has a node that is known
    W = links[0] / np.sqrt(3.5 * grid.degrees)
    nodes = model.predict(A) - model.intercept_
    found = model.predict(links) - model.intercept_
    assert_allclose(found, [W @ nodes, nodes[7]], atol=1e-12)


@pytest.mark.parametrize("scale", [1e-6, 1e3, 1e9])
def test_the_unit_of_weights_changes_nothing(scale):
    rng = np.random.default_rng(0)
    X, weights = rng.normal(size=(60, 2)), rng.integers(1, 4, 60)
    y = np.where(np.arange(60) < 30, X[:, 0] + 10, np.nan)
    expected = GraphKernelRidge().fit(X, y, sample_weight=weights)
    model = GraphKernelRidge().fit(X, y, sample_weight=scale * weights)
    assert_allclose(model.predict(X), expected.predict(X), atol=1e-5)
    assert_allclose(model.alpha_, scale * expected.alpha_)
    given = GraphKernelRidge(
        alpha=model.alpha_, diffusion_time=model.diffusion_time_
    ).fit(X, y, sample_weight=scale * weights)
    assert_allclose(given.predict(X), expected.predict(X), atol=1e-5)


def test_a_penalty_below_the_error_of_products_is_refused(grid):
    y = np.random.default_rng(0).random(400)
    model = GraphKernelRidge(alpha=1e-3, diffusion_time=30.0, graph=grid)
    with pytest.raises(ValueError, match=r"alpha=0.001 is too small .* sample_weight"):
        model.fit(np.arange(400)[:, None], y, sample_weight=np.full(400, 1e9))


@pytest.mark.parametrize("kernel", ["diffusion", "learned"])
def test_the_order_of_points_is_of_no_matter(kernel):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    y, other = X[:, 0] + rng.normal(size=300), rng.permutation(300)
    one = GraphKernelRidge(kernel, tol=1e-9).fit(X, y)
    two = clone(one).fit(X[other], y[other])
    assert_allclose(two.alpha_, one.alpha_)
    assert_allclose(two.predict(X), one.predict(X), atol=1e-5)


def test_learned_kernels_are_exact_too(grid):
    y = np.sin(np.arange(400) / 50)
    ids = np.arange(400)[:, None]
    model = GraphKernelRidge("learned", n_steps=6, graph=grid).fit(ids[::2], y[::2])
    assert model.kernel_.name == "learned"
    assert model.score(ids[1::2], y[1::2]) > 0.9


def test_shapes_of_targets_come_back(grid):
    ids, rng = np.arange(400)[:, None], np.random.default_rng(0)
    one = GraphKernelRidge(graph=grid).fit(ids, rng.random(400))
    assert one.predict(ids[:3]).shape == (3,)
    assert one.dual_coef_.shape == (400,)
    assert isinstance(one.intercept_, float)
    two = clone(one).fit(ids, rng.random((400, 2)))
    assert two.predict(ids[:3]).shape == (3, 2)
    assert two.intercept_.shape == (2,)


def test_too_few_iterations_are_said(grid):
    model = GraphKernelRidge(graph=grid, alpha=1e-4, diffusion_time=9.0, max_iter=2)
    with pytest.warns(ConvergenceWarning, match=r"stopped after 2 iterations .* tol="):
        model.fit(np.arange(400)[:, None], np.random.default_rng(0).random(400))


def test_bad_targets(grid):
    model = GraphKernelRidge(graph=grid)
    with pytest.raises(ValueError, match="requires y to be passed"):
        model.fit([[0], [1]], None)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.fit([[0], [1]], [1.0])
    with pytest.raises(ValueError, match="y contains infinity"):
        model.fit([[0], [1]], [1.0, np.inf])
    with pytest.raises(ValueError, match="no labelled row"):
        model.fit([[0], [1]], [np.nan, np.nan])


def test_whole_numbers_are_numbers_to_learn_from():
    """Not classes: a kernel is learned from them as from others."""
    nodes, y = np.arange(40)[:, None], np.arange(40) // 4 % 7
    ring = Graph.from_edges(np.stack([np.arange(40), (np.arange(40) + 1) % 40], axis=1))
    whole, other = (
        GraphKernelRidge("learned", graph=ring).fit(nodes, y + shift).kernel_.modulation
        for shift in (0.0, 0.5)
    )
    np.testing.assert_allclose(whole, other, rtol=1e-8)
