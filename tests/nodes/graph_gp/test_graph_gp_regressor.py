"""GraphGPRegressor: the dense posterior, its evidence, and what bad input does."""

import numpy as np
import pytest
import scipy.linalg
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.spatial import Delaunay
from scipy.stats import multivariate_normal

from skgeom import GraphGPRegressor
from skgeom.graph import Graph, mesh_graph
from skgeom.nodes import graph_kernel
from skgeom.nodes._graph_gp import _learning, _prior
from skgeom.nodes._graph_gp._labels import Labels, read_labels
from skgeom.nodes._graph_gp._learning import Field
from skgeom.nodes._graph_gp._processes import (
    DenseProcess,
    IterativeProcess,
    SparseProcess,
)
from skgeom.testing import adjacency_matrices


def grid(side):
    nodes = np.arange(side * side).reshape(side, side)
    pairs = [(nodes[:, :-1], nodes[:, 1:]), (nodes[:-1], nodes[1:])]
    edges = np.concatenate([np.stack([a.ravel(), b.ravel()], 1) for a, b in pairs])
    return Graph.from_edges(edges)


def dense(model):
    """Covariance of all nodes in units of y, from eigenpairs."""
    L = model.graph_.laplacian().matrix().toarray()
    values, vectors = np.linalg.eigh(L)
    K = (vectors * model.kernel_.function(np.clip(values, 0, 2))) @ vectors.T
    isolated = model.graph_.degrees == 0
    if isolated.any() and not isolated.all():
        mean = np.diag(K)[~isolated].mean()
        roots = np.where(isolated, np.sqrt(mean / np.diag(K)), 1.0)
        K = roots[:, None] * K * roots
    return model.signal_variance_ * K / np.diag(K).mean()


@given(
    A=adjacency_matrices(min_nodes=3, max_nodes=12),
    kernel=st.sampled_from(["matern", "diffusion", "regularized_laplacian", "cosine"]),
    smoothness=st.sampled_from([1.0, 1.5, 2.0]),
    draw=st.integers(0, 2**32 - 1),
)
@settings(max_examples=20)
def test_it_is_the_dense_posterior(device, A, kernel, smoothness, draw):
    rng, graph = np.random.default_rng(draw), Graph(A)
    n = graph.n_nodes
    rows, weights = rng.integers(0, n, n), rng.uniform(0.5, 2, n)
    y = rng.standard_normal(n)
    given_range = dict(diffusion_time=1.5, length_scale=2.0, regularization=3.0)
    model = GraphGPRegressor(
        kernel, graph=graph, smoothness=smoothness, device=device, **given_range
    ).fit(rows[:, None], y, weights)
    K = dense(model)
    noise = model.noise_variance_
    system = K[np.ix_(rows, rows)] + np.diag(noise / weights)
    # Noise and signal that leave the matrix regular; else rounding decides.
    if np.linalg.cond(system) > 1e6:
        return
    gain = np.linalg.solve(system, K[rows]).T
    mean = model.intercept_ + gain @ (y - model.intercept_)
    covariance = K - gain @ K[rows] + noise * np.eye(n)
    nodes, size = np.arange(n)[:, None], model.signal_variance_ + noise
    found, std = model.predict(nodes, return_std=True)
    assert_allclose(found, mean, atol=1e-8)
    assert_allclose(std**2, np.diag(covariance), atol=1e-8 * size)
    _, found = model.predict(nodes, return_cov=True)
    assert_allclose(found, covariance, atol=1e-8 * size)
    density = multivariate_normal(cov=system).logpdf(y - model.intercept_)
    assert_allclose(model.log_marginal_likelihood_value_, density, rtol=1e-8, atol=1e-6)
    found = model.log_marginal_likelihood(model.theta_)
    assert_allclose(found, density, rtol=1e-6, atol=1e-6)


@pytest.fixture(scope="module")
def noisy_grid():
    graph, rng = grid(18), np.random.default_rng(0)
    across, down = np.divmod(np.arange(graph.n_nodes), 18)
    f = np.sin(across / 3) * np.cos(down / 4)
    return graph, f, f + 0.2 * rng.standard_normal(len(f))


@pytest.mark.parametrize("kernel", ["matern", "diffusion"])
def test_nothing_near_has_a_larger_evidence(noisy_grid, kernel):
    graph, _, y = noisy_grid
    ids = np.arange(0, 324, 3)
    model = GraphGPRegressor(kernel, graph=graph).fit(ids[:, None], y[ids])
    best = model.log_marginal_likelihood(model.theta_)
    for i in range(3):
        for step in (-0.2, 0.2):
            moved = model.theta_ + step * np.eye(3)[i]
            assert model.log_marginal_likelihood(moved) < best + 1e-2
    assert 0.02 < model.noise_variance_ < 0.08


def test_deviations_say_how_far_predictions_are_off(noisy_grid):
    graph, f, y = noisy_grid
    order = np.random.default_rng(1).permutation(324)
    model = GraphGPRegressor(graph=graph).fit(order[:100, None], y[order[:100]])
    mean, std = model.predict(order[100:, None], return_std=True)
    inside = np.abs(y[order[100:]] - mean) < 1.96 * std
    assert 0.9 < inside.mean() < 0.99
    assert model.score(order[100:, None], f[order[100:]]) > 0.8


@pytest.fixture(scope="module")
def labels(noisy_grid):
    _, _, y = noisy_grid
    rng = np.random.default_rng(2)
    ids = rng.permutation(324)[:80]
    return Labels(ids, y[ids, None], rng.uniform(0.5, 2, 80), 0, 0.0)


@pytest.mark.parametrize("kind", [SparseProcess, IterativeProcess])
def test_forms_for_large_graphs_agree_with_the_dense_one(noisy_grid, labels, kind):
    field = Field.on(noisy_grid[0], None, _prior.get_backend("cpu"))
    prior = field.prior(graph_kernel("matern", length_scale=4.0).function)
    exact = DenseProcess(prior, labels, 0.01)
    found = kind(prior, labels, 0.01, 400)
    assert_allclose(found.values, exact.values, atol=1e-8)
    rows = sp.eye_array(324, format="csr")
    assert_allclose(found.covariance(rows), exact.covariance(rows), atol=1e-9)
    ratio = np.sqrt(found.variances(rows) / exact.variances(rows))
    assert abs(ratio.mean() - 1) < 0.02
    assert ratio.std() < 0.05
    if kind is SparseProcess:
        without = kind(prior, labels, 0.01, 0)
        assert_allclose(without.variances(rows), exact.variances(rows), atol=1e-10)
        assert_allclose(found.evidence(), exact.evidence(), rtol=1e-9)
    else:
        assert abs(found.evidence(0.01).value - exact.evidence(0.01).value) < 3.0


def test_a_part_of_the_graph_and_of_the_labels_learn_almost_the_same(
    noisy_grid, monkeypatch
):
    graph, _, y = noisy_grid
    ids = np.arange(0, 324, 2)[:, None]
    for kernel in ("matern", "diffusion"):
        exact = GraphGPRegressor(kernel, graph=graph).fit(ids, y[::2])
        with monkeypatch.context() as patch:
            patch.setattr(_learning, "_FEW_TO_LEARN", 60)
            patch.setattr(_learning, "_MOST_TO_LEARN", 60)
            patch.setattr(_learning, "_PART", 200 if kernel == "matern" else 400)
            patch.setattr(_learning, "_MOST_DENSE", 100)
            patch.setattr(_learning, "_MOST_EXACT", 300)
            found = GraphGPRegressor(kernel, graph=graph).fit(ids, y[::2])
        one, two = (m.predict(np.arange(324)[:, None], True) for m in (exact, found))
        assert np.std(one[0] - two[0]) < 0.3 * np.std(one[0])
        assert_allclose(np.median(two[1] / one[1]), 1, atol=0.15)
        value = exact.log_marginal_likelihood(exact.theta_)
        assert_allclose(exact.log_marginal_likelihood_value_, value, rtol=1e-9)
        if kernel == "matern":  # polished by all labels
            assert found.log_marginal_likelihood_value_ > value - 0.2


def test_new_points_are_covered():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(900, 3))
    y = np.sin(2 * X[:, 0]) + X[:, 1] + 0.3 * rng.normal(size=900)
    model = GraphGPRegressor().fit(X[:500], y[:500])
    mean, std = model.predict(X[500:], return_std=True)
    inside = np.abs(y[500:] - mean) < 1.96 * std
    assert 0.9 < inside.mean() < 0.985
    _, covariance = model.predict(X[500:520], return_cov=True)
    assert_allclose(np.diag(covariance), std[:20] ** 2)
    draws = model.sample_y(X[500:520], 4000)
    assert_allclose(np.cov(draws), covariance, atol=0.05)


def test_a_field_on_a_mesh_does_not_depend_on_its_density():
    rng = np.random.default_rng(0)
    X = np.concatenate(
        [rng.random((100, 2)), rng.random((700, 2)) * [0.3, 1.0]]  # seven times as fine
    )
    graph, mass = mesh_graph(X, Delaunay(X).simplices)
    y = np.sin(7 * X[:, 0]) * np.cos(5 * X[:, 1]) + 0.1 * rng.standard_normal(800)
    ids = rng.permutation(800)[:, None]
    errors = []
    for given_mass in (mass, None):
        model = GraphGPRegressor(graph=graph, mass=given_mass)
        model.fit(ids[:150], y[ids[:150, 0]])
        errors.append(1 - model.score(ids[150:], y[ids[150:, 0]]))
    assert errors[0] < 0.5 * errors[1]
    scaled = GraphGPRegressor(graph=graph, mass=1e6 * mass)
    scaled.fit(ids[:150], y[ids[:150, 0]])
    model = GraphGPRegressor(graph=graph, mass=mass).fit(ids[:150], y[ids[:150, 0]])
    assert_allclose(scaled.predict(ids), model.predict(ids), atol=1e-6)


@pytest.mark.parametrize("smoothness", [2.0, 1.5])
def test_pairs_apart_and_nodes_alone(smoothness):
    """Components without labels have the mean, and the variance before labels."""
    edges = [[0, 1], [1, 2], [2, 3], [3, 0], [4, 5], [5, 6], [6, 4]]
    graph = Graph.from_edges(edges, n_nodes=9)  # two nodes have no links
    ids = np.array([[0], [1], [2], [7]])
    y = np.array([1.0, 2.0, 1.5, -3.0])
    model = GraphGPRegressor(graph=graph, smoothness=smoothness).fit(ids, y)
    mean, std = model.predict([[4], [5], [8], [7]], return_std=True)
    assert_allclose(mean[:3], y.mean())
    total = model.signal_variance_ + model.noise_variance_
    assert_allclose(std[2] ** 2, total)
    assert mean[3] <= y.mean()
    alone = GraphGPRegressor(graph=Graph.from_edges(np.empty((0, 2), int), n_nodes=5))
    mean, std = alone.fit([[0], [1], [2]], [0.0, 1.0, 3.0]).predict([[4]], True)
    assert_allclose(mean, 4 / 3)
    assert std[0] > 0.5


def test_labels_that_conflict_are_noise(noisy_grid):
    graph, f, _ = noisy_grid
    ids = np.repeat(np.arange(0, 324, 4), 3)
    noise = 0.5 * np.random.default_rng(0).standard_normal(len(ids))
    model = GraphGPRegressor(graph=graph).fit(ids[:, None], f[ids] + noise)
    assert 0.2 < model.noise_variance_ < 0.3
    # Copies are one label of twice the weight.
    y = f[ids] + noise
    both, twice = np.tile(ids, 2)[:, None], np.tile(y, 2)
    copies = GraphGPRegressor(graph=graph).fit(both, twice)
    weighed = GraphGPRegressor(graph=graph).fit(ids[:, None], y, np.full(len(y), 2.0))
    assert_allclose(copies.noise_variance_, weighed.noise_variance_, rtol=1e-6)
    assert_allclose(weighed.noise_variance_, 2 * model.noise_variance_, rtol=1e-6)


def test_several_targets_share_the_kernel(noisy_grid):
    graph, _, y = noisy_grid
    ids = np.arange(0, 324, 3)[:, None]
    Y = np.column_stack([y[::3], 100 * y[::3] + 7, np.full(108, 2.0)])
    model = GraphGPRegressor(graph=graph).fit(ids, Y)
    one = GraphGPRegressor(graph=graph).fit(ids, y[::3])
    mean, std = model.predict(ids + 1, return_std=True)
    single, deviation = one.predict(ids + 1, return_std=True)
    assert_allclose(mean[:, 0], single, atol=1e-6)
    assert_allclose(mean[:, 1], 100 * single + 7, atol=1e-4)
    assert_allclose(std[:, 1], 100 * deviation, rtol=1e-6)
    assert_allclose(mean[:, 2], 2.0)
    assert not std[:, 2].any()
    assert model.sample_y(ids, 5).shape == (108, 3, 5)


def test_constant_targets_say_nothing(noisy_grid):
    ids = np.arange(40)[:, None]
    model = GraphGPRegressor(graph=noisy_grid[0]).fit(ids, np.full(40, 3.1))
    mean, std = model.predict(ids, return_std=True)
    assert_allclose(mean, 3.1)
    assert not std.any()
    assert model.log_marginal_likelihood_value_ == 0


def test_noise_alone_and_no_noise(noisy_grid):
    graph, f, _ = noisy_grid
    ids = np.arange(0, 324, 2)[:, None]
    noise = np.random.default_rng(0).standard_normal(162)
    model = GraphGPRegressor(graph=graph).fit(ids, noise)
    assert abs(model.predict(ids)).max() < 0.7
    model = GraphGPRegressor(graph=graph, noise=0.0).fit(ids, f[::2])
    assert_allclose(model.predict(ids), f[::2], atol=1e-4)
    assert model.noise_variance_ == 0
    given_noise = GraphGPRegressor(graph=graph, noise=0.25).fit(ids, f[::2] + noise / 2)
    assert given_noise.noise_variance_ == 0.25


@pytest.mark.parametrize("scale", [1e-100, 1e100])
def test_units_of_y_do_not_matter(noisy_grid, scale):
    graph, _, y = noisy_grid
    ids = np.arange(0, 324, 3)[:, None]
    model = GraphGPRegressor(graph=graph).fit(ids, scale * y[::3])
    expected = GraphGPRegressor(graph=graph).fit(ids, y[::3])
    mean, std = model.predict(ids + 1, return_std=True)
    assert_allclose(mean / scale, expected.predict(ids + 1), rtol=1e-6)
    assert np.isfinite(std).all()


def test_rows_without_a_label(noisy_grid):
    graph, _, y = noisy_grid
    ids = np.arange(324)[:, None]
    gaps = np.where(np.arange(324) % 3 == 0, y, np.nan)
    model = GraphGPRegressor(graph=graph).fit(ids, gaps)
    expected = GraphGPRegressor(graph=graph).fit(ids[::3], y[::3])
    assert_allclose(model.predict(ids), expected.predict(ids))
    with pytest.raises(ValueError, match="1 sample with a label"):
        GraphGPRegressor(graph=graph).fit([[3]], [1.0])
    with pytest.raises(ValueError, match="no labelled row"):
        GraphGPRegressor(graph=graph).fit(ids, np.full(324, np.nan))
    with pytest.raises(ValueError, match="infinity"):
        GraphGPRegressor(graph=graph).fit(ids[:2], [np.inf, 1.0])


@pytest.mark.parametrize(
    "parameters, message",
    [
        (dict(mass=np.ones(3)), "shape"),
        (dict(mass=-np.ones(324)), "mass must hold"),
        (dict(mass=np.ones(324), kernel="cosine"), "mass needs graph"),
        (dict(mass=np.ones(324), graph=None), "mass needs graph"),
        (dict(kernel="rbf"), "kernel"),
        (dict(noise=-1.0), "noise"),
        (dict(noise="auto"), "noise"),
        (dict(n_draws=1), "n_draws"),
    ],
)
def test_what_is_wrong_is_named(noisy_grid, parameters, message):
    model = GraphGPRegressor(**dict(graph=noisy_grid[0]) | parameters)
    with pytest.raises(ValueError, match=message):
        model.fit(np.arange(20)[:, None], np.arange(20.0))


def test_theta_must_fit(noisy_grid):
    ids = np.arange(0, 324, 9)[:, None]
    model = GraphGPRegressor(graph=noisy_grid[0]).fit(ids, noisy_grid[2][::9])
    with pytest.raises(ValueError, match="theta"):
        model.log_marginal_likelihood([0.0])
    with pytest.raises(ValueError, match="one of return_std"):
        model.predict(ids, return_std=True, return_cov=True)
    assert model.log_marginal_likelihood() == model.log_marginal_likelihood_value_


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=15)
def test_labels_are_sums_over_copies(draw):
    """The density of rows is that of means, of scatter, and of nothing else."""
    rng = np.random.default_rng(draw)
    rows, y = rng.integers(0, 4, 12), rng.standard_normal((12, 1))
    weights = rng.uniform(0.5, 2, 12)
    units, labels = read_labels(rows, y, weights, False)
    told = (units.mean + units.scale * labels.targets)[:, 0]
    noise = 0.7 * units.weight
    system = np.eye(4)[np.ix_(rows, rows)] + np.diag(noise / weights)
    exact = multivariate_normal(cov=system).logpdf(y[:, 0] - units.mean[0])
    spread = 1 + 0.7 / labels.weights
    density = -0.5 * (np.log(2 * np.pi * spread) + (told - units.mean) ** 2 / spread)
    scatter = labels.scatter * units.scale[0] ** 2
    apart = labels.n_more * np.log(2 * np.pi * 0.7) + scatter / 0.7 - labels.log_weights
    assert_allclose(density.sum() - apart / 2, exact, rtol=1e-9)


def test_weights_of_a_mesh_are_those_of_the_surface():
    rng = np.random.default_rng(0)
    X = rng.random((200, 2))
    faces = Delaunay(X).simplices
    graph, mass = mesh_graph(X, faces)
    L = np.diag(graph.degrees) - graph.adjacency.toarray()
    hull = np.unique(Delaunay(X).convex_hull)
    inside = np.setdiff1d(np.arange(200), hull)
    assert_allclose((L @ X)[inside], 0, atol=1e-9)
    area = scipy.spatial.ConvexHull(X).volume
    assert_allclose(mass.sum(), area)
    lifted = np.column_stack([X, X[:, 0]])  # a plane in space
    _, tilted = mesh_graph(1e100 * lifted, faces)
    assert_allclose(tilted.sum() / 1e200, np.sqrt(2) * area)


@pytest.mark.parametrize(
    "vertices, triangles, message",
    [
        (np.ones((3, 4)), [[0, 1, 2]], "2 or 3 columns"),
        (np.ones((3, 2)), [[0, 1, 3]], "from 0 to 2"),
        (np.ones((3, 2)), [[0, 1, 1]], "three different"),
        (np.ones((3, 2)), [[0.0, 1.0, 2.0]], "integers"),
        (np.full((3, 2), np.nan), [[0, 1, 2]], "NaN"),
    ],
)
def test_what_is_no_mesh(vertices, triangles, message):
    with pytest.raises(ValueError, match=message):
        mesh_graph(vertices, triangles)


def test_meshes_of_nothing():
    graph, mass = mesh_graph(np.eye(3), np.empty((0, 3), dtype=int))
    assert graph.n_edges == 0
    assert_allclose(mass, 1.0)
    graph, mass = mesh_graph(np.zeros((4, 3)), [[0, 1, 2]])  # of no area
    assert np.isfinite(graph.adjacency.data).all()
    assert (mass > 0).all()
