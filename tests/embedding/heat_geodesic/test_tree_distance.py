"""Distances along trees: against known trees, and never for what is no tree."""

import contextlib
import functools

import networkx as nx
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.special import logsumexp, softmax
from threadpoolctl import threadpool_limits

from skgeom import HeatGeodesicEmbedding
from skgeom.backends._numba._mixtures import mixture_shares, mixture_step
from skgeom.datasets import make_swiss_roll, make_tree
from skgeom.embedding._heat_geodesic import _tree_distance
from skgeom.embedding._heat_geodesic._tree_distance import tree_distances
from skgeom.graph import Graph
from skgeom.solvers import metric_mds

RNG = np.random.default_rng


def arms_of(n, noise, n_arms=3, n_features=5, seed=0):
    """Arms of length five from one point: points, their arms and how far out."""
    rng = RNG(seed)
    arm, reach = rng.integers(n_arms, size=n), 5 * rng.uniform(size=n)
    axes = np.linalg.qr(rng.standard_normal((n_features, n_features)))[0][:n_arms]
    X = reach[:, None] * axes[arm] + noise * rng.standard_normal((n, n_features))
    return X, arm, reach


def star(*args, **kwargs):
    """The points of arms, and the distances along them."""
    X, arm, reach = arms_of(*args, **kwargs)
    same = arm[:, None] == arm[None, :]
    apart, together = np.add.outer(reach, reach), np.subtract.outer(reach, reach)
    return X, np.where(same, np.abs(together), apart)


@functools.cache
def loops(n, seed=0):
    """Curves that come back, with noise in ten dimensions."""
    rng = RNG(seed)
    t = rng.uniform(0, 2 * np.pi, n)
    tail = np.column_stack([np.linspace(-5, 0, n // 2), np.zeros(n // 2)])
    ring = np.column_stack([2 + 2 * np.cos(t), 2 * np.sin(t)])
    curves = {
        "circle": np.column_stack([np.cos(t), np.sin(t)]),
        "ellipse": np.column_stack([8 * np.cos(t), np.sin(t)]),
        "eight": np.column_stack([np.sin(2 * t), np.sin(t)]),
        "ring with a tail": np.vstack([tail, ring]),
    }
    return {
        name: np.hstack([X, np.zeros((len(X), 8))])
        + 0.05 * rng.standard_normal((len(X), 10))
        for name, X in curves.items()
    }


@contextlib.contextmanager
def few_trees():
    """A mean of four trees, for what holds for the mean of any number."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_tree_distance, "_N_TREES", 4)
        patch.setattr(_tree_distance, "_N_COARSE", 2)
        yield


def pearson(truth, found):
    """Mean correlation of matching rows of two distance matrices."""
    return np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(truth, found, strict=True)])


@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_paths_in_a_star_are_found(noise):
    X, truth = star(900, noise)
    nodes = np.arange(0, 900, 7)
    found = tree_distances(X, nodes, 0)
    assert found.is_tree
    assert found.agreement > 0.95
    assert found.loop < 0.3
    np.testing.assert_array_equal(found.distances, found.distances.T)
    np.testing.assert_array_equal(np.diag(found.distances), 0.0)
    known = truth[np.ix_(nodes, nodes)]
    flat = found.distances * (known.sum() / found.distances.sum())
    assert pearson(known, found.distances) > 0.97
    # Lengths are in proportion, not only in line.
    assert np.linalg.norm(flat - known) < 0.15 * np.linalg.norm(known)


@pytest.mark.parametrize("n", [300, pytest.param(1500, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["circle", "ellipse", "eight", "ring with a tail"])
def test_loops_are_not_cut(n, name):
    X = loops(n)[name]
    found = tree_distances(X, np.arange(0, len(X), 5), 0)
    assert found.loop >= 0.6
    assert not found.is_tree
    if name == "circle" or n > 300:  # what is no tree is not taken for one
        assert HeatGeodesicEmbedding(random_state=0).fit(X).geodesic_ != "tree"


def sphere(rng, n):
    X = rng.standard_normal((n, 3))
    return X / np.linalg.norm(X, axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("shape", "n"),
    [(sphere, 500)]
    + [
        pytest.param(shape, 1000, marks=pytest.mark.slow, id=name)
        for name, shape in {
            "cube": lambda rng, n: rng.uniform(size=(n, 3)),
            "normal": lambda rng, n: rng.standard_normal((n, 8)),
            "sphere": sphere,
        }.items()
    ],
)
def test_what_fills_space_is_no_tree(shape, n):
    X = shape(RNG(0), n)
    found = tree_distances(X, np.arange(0, n, 4), 0)
    assert found.agreement < 0.6
    model = HeatGeodesicEmbedding(random_state=0).fit(X)
    assert model.stress_ > 0.05
    assert model.geodesic_ != "tree"


def test_a_roll_keeps_its_paths():
    roll = make_swiss_roll(800, random_state=0)
    assert HeatGeodesicEmbedding(random_state=0).fit(roll.X).geodesic_ != "tree"


@pytest.mark.parametrize(
    "seed",
    [3046, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (3048, 3050))],
)
def test_few_points_of_a_noisy_roll_are_a_strip(seed):
    """Too few centres join its turns, as many as it takes do not: no loop is cut."""
    roll = make_swiss_roll(500, noise=1.0, random_state=seed)
    model = HeatGeodesicEmbedding(random_state=seed).fit(roll.X)
    assert model.geodesic_ == "tree"
    flat = cdist(model.embedding_, model.embedding_)
    assert pearson(roll.geodesic_distances(), flat) > 0.95


def test_loops_are_looked_for_where_points_are_described(monkeypatch):
    """Numbers from the one before the best on, as far as they are coarse."""

    def seen(best):
        def grow(X, weights, k, rng):
            return _tree_distance._Tree(None, np.empty((k, 0)), 0.0, abs(k - best))

        monkeypatch.setattr(_tree_distance, "_grow", grow)
        coarse, around, found = _tree_distance._search(np.empty((2000, 2)), None, None)
        assert found == best
        return [len(few[0].paths) for few in coarse], list(around)

    assert seen(8) == ([8, 12], [8, 12])
    assert seen(17) == ([12, 17, 24], [12, 17, 24])
    assert seen(34) == ([24, 34], [24, 34, 48])
    assert seen(136) == ([24, 34], [96, 136, 192])


def gain(seed, n, noise, geodesic, other):
    """How much better a noisy tree is embedded by one measure than by another."""
    tree = make_tree(n, noise=noise, geodesics="neighbor_graph", random_state=seed)
    truth, scores = tree.geodesic_distances(), []
    for measure in (geodesic, other):
        model = HeatGeodesicEmbedding(geodesic=measure, random_state=0).fit(tree.X)
        assert model.geodesic_ == ("tree" if measure == "auto" else measure)
        scores.append(pearson(truth, cdist(model.embedding_, model.embedding_)))
    return scores[0] - scores[1]


@pytest.mark.slow
def test_noisy_trees_gain():
    gains = [gain(6000 + k, 1500, 2.0, "auto", "shortest_path") for k in range(5)]
    assert np.mean(gains) > 0.005


@pytest.mark.slow
def test_noise_as_large_as_the_shape_still_gains():
    """Branches that heat loses: the mean of six samples."""
    gains = [gain(6100 + k, 1500, 10.0, "tree", "heat") for k in range(6)]
    assert np.mean(gains) > 0.01


def test_small_noisy_trees_gain():
    """One sample of each kind, of those that trees gain most from."""
    assert gain(6002, 600, 2.0, "auto", "shortest_path") > 0.03
    assert gain(6101, 600, 10.0, "tree", "heat") > 0.05


def test_trees_are_only_chosen_where_points_are_cleaned():
    X, _, _ = arms_of(240, 0.1, n_arms=4, n_features=6)

    def fit(**options):
        return HeatGeodesicEmbedding(random_state=0, **options).fit(X)

    assert fit().geodesic_ == "tree"
    assert fit(robust=False).geodesic_ != "tree"
    assert fit(n_landmarks=None).geodesic_ == "heat"
    assert fit(geodesic="heat").geodesic_ == "heat"
    assert fit(geodesic="tree", robust=False).geodesic_ == "tree"


def test_distances_between_all_points():
    X, truth = star(600, 0.1, n_arms=5)
    model = HeatGeodesicEmbedding(geodesic="tree", random_state=0).fit(X)
    # Trees are not kept with the estimator.
    assert model._geodesics.mean is None
    D = model.geodesic_distances()
    assert np.isfinite(D).all()
    assert (D >= 0).all()
    np.testing.assert_allclose(D, D.T)
    np.testing.assert_array_equal(np.diag(D), 0.0)
    assert pearson(truth, D) > 0.97
    # The unit is that of X.
    assert 0.8 < np.median(D[truth > 2] / truth[truth > 2]) < 1.3
    np.testing.assert_array_equal(model.geodesic_distances(X[:4], X), D[:4])


@given(exponent=st.integers(-300, 300), seed=st.integers(0, 99))
@example(exponent=-300, seed=0)
@example(exponent=300, seed=0)
@settings(max_examples=2)
def test_scale_does_not_matter(exponent, seed):
    X, _, _ = arms_of(60, 0.1, seed=seed)
    nodes = np.arange(0, 60, 3)
    with few_trees():
        plain = tree_distances(X, nodes, 0)
        scaled = tree_distances(X * 2.0**exponent, nodes, 0)
    np.testing.assert_array_equal(plain.distances, scaled.distances)
    assert plain.agreement == scaled.agreement


@given(
    n=st.integers(1, 40),
    n_different=st.integers(1, 40),
    n_features=st.integers(1, 12),
    seed=st.integers(0, 99),
)
@example(n=1, n_different=1, n_features=1, seed=0)
@example(n=40, n_different=1, n_features=1, seed=0)
@example(n=40, n_different=40, n_features=12, seed=0)
@settings(max_examples=10)
def test_few_points_and_copies(n, n_different, n_features, seed):
    rng = RNG(seed)
    X = rng.standard_normal((n_different, n_features))[
        rng.integers(n_different, size=n)
    ]
    with few_trees():
        found = tree_distances(X, np.arange(n), seed)
    assert np.isfinite(found.distances).all()
    same = (X[:, None] == X[None]).all(axis=2)
    np.testing.assert_array_equal(found.distances[same], 0.0)
    # Of so few, each different point is a centre.
    assert (found.distances[~same] > 0).all()


def test_few_points_far_from_the_origin():
    X = RNG(0).standard_normal((20, 3))
    near = tree_distances(X, np.arange(20), 0).distances
    far = tree_distances(X + 2.0**22, np.arange(20), 0).distances
    assert pearson(near, far) > 0.99


def test_same_seed_same_result_whatever_the_threads():
    X, _, _ = arms_of(240, 0.2)

    def fit(jobs):
        model = HeatGeodesicEmbedding(geodesic="tree", n_jobs=jobs, random_state=3)
        with few_trees():
            return model.fit(X)

    once = fit(1).embedding_
    np.testing.assert_array_equal(once, fit(2).embedding_)
    np.testing.assert_array_equal(once, fit(1).embedding_)


def test_threads_of_libraries_do_not_matter(monkeypatch):
    monkeypatch.setattr(_tree_distance, "_STEPS_COARSE", 5)
    # A yes or no, that has tests of its own.
    monkeypatch.setattr(_tree_distance, "has_branches", lambda *args, **kwargs: True)
    X, _, _ = arms_of(3000, 0.2)
    nodes = np.arange(0, 3000, 20)
    distances, places = [], []
    for n_threads in (1, 4):
        with threadpool_limits(n_threads), few_trees():
            mean = tree_distances(X, nodes, 0)
            distances.append(mean.distances)
            places.append(mean.place_rows(X[nodes, :2]))
    for one, four in (distances, places):
        np.testing.assert_array_equal(one, four)


def test_many_points_are_sampled(monkeypatch):
    X, truth = star(2000, 0.1)
    monkeypatch.setattr(_tree_distance, "_SAMPLE", 500)
    nodes = RNG(1).permutation(2000)[:200]
    sample, _, rows, members = _tree_distance._sample(
        X, nodes, np.random.RandomState(0)
    )
    assert len(sample) == 500
    at = members[np.searchsorted(rows, nodes)]
    found = tree_distances(X, nodes, 0)
    assert pearson(truth[np.ix_(nodes, nodes)], found.distances) > 0.98
    # Nodes are where they were: distances in the sample are distances in X.
    near, far = cdist(sample[at], sample[at]), cdist(X[nodes], X[nodes])
    np.testing.assert_allclose(near / near.max(), far / far.max(), atol=1e-12)


def mixture_by_hand(X, weights, centers, log_weights, precision):
    """Shares of the centres in each point, and the log-likelihood, in the long form."""
    logs = log_weights - precision * cdist(X, centers, "sqeuclidean") / 2
    return softmax(logs, axis=1), (weights * logsumexp(logs, axis=1)).sum()


@given(
    n=st.integers(1, 30),
    k=st.integers(1, 9),
    n_features=st.integers(1, 6),
    noise=st.sampled_from([1e-3, 0.3, 1.0, 30.0]),
    seed=st.integers(0, 99),
)
def test_steps_of_the_mixture(n, k, n_features, noise, seed):
    rng = RNG(seed)
    X, centers = (rng.standard_normal((size, n_features)) for size in (n, k))
    weights = rng.integers(1, 5, n)
    log_weights = np.log(rng.dirichlet(np.ones(k)))
    shares, likelihood = mixture_by_hand(X, weights, centers, log_weights, noise**-2)
    options = centers.T.copy(), log_weights, noise**-2
    totals, sums, found = mixture_step(X, weights, *options)
    weighted = weights[:, None] * shares
    np.testing.assert_allclose(totals, weighted.sum(axis=0), rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(sums, weighted.T @ X, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(found, likelihood, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(mixture_shares(X, *options), shares, atol=1e-11)


def test_copies_are_weights():
    X, _, _ = arms_of(60, 0.3)
    X, weights = X - X[0], RNG(0).integers(1, 4, 60)

    class FirstRows:
        def choice(self, n, size, replace):
            return np.arange(size)

    copies = np.r_[np.arange(60), np.repeat(np.arange(60), weights - 1)]
    one = _tree_distance._fit_mixture(X, weights, 5, FirstRows())
    two = _tree_distance._fit_mixture(X[copies], np.ones(len(copies)), 5, FirstRows())
    for a, b in zip(one, two, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8)


def test_a_mixture_finds_the_size_of_the_noise():
    centers = 8 * RNG(0).standard_normal((6, 4))
    X = centers[RNG(1).integers(6, size=3000)] + 0.7 * RNG(2).standard_normal((3000, 4))
    fits = [
        _tree_distance._fit_mixture(X, np.ones(3000), 6, np.random.RandomState(seed))
        for seed in range(10)
    ]
    best = max(fits, key=lambda fit: fit[3])
    assert np.sqrt(best[2]) == pytest.approx(0.7, rel=0.02)
    assert cdist(centers, best[0]).min(axis=1).max() < 0.15


@pytest.mark.parametrize(("noise", "least", "most"), [(0.05, 48, 384), (1.0, 8, 34)])
def test_more_noise_fewer_centres(noise, least, most):
    X, _, _ = arms_of(1000, noise)
    found = tree_distances(X, np.arange(0, 1000, 10), 0)
    sizes = {len(tree.paths) for tree in found.trees}
    assert least <= min(sizes)
    assert max(sizes) <= most
    assert len(found.trees) >= 18
    assert found.is_fine == (max(sizes) < 384)


def test_rows_are_placed_where_they_belong():
    """Three arms fit into a plane: places are as far apart as points are."""
    X, truth = star(600, 0.1)
    nodes = np.arange(0, 600, 3)
    found = tree_distances(X, nodes, 0)
    anchors = metric_mds(np, truth[np.ix_(nodes, nodes)], 2)[0]
    places = found.place_rows(anchors)
    np.testing.assert_array_equal(found.rows, np.arange(600))
    flat = cdist(places, places)
    assert pearson(cdist(anchors, anchors), flat[np.ix_(nodes, nodes)]) > 0.99
    everyone = metric_mds(np, truth, 2)[0]
    assert pearson(cdist(everyone, everyone), flat) > 0.98


def test_cut_loops_by_hand():
    """A ring of eight links, one cut: its share of the mean of the other seven."""
    ring = nx.cycle_graph(8)
    strengths = np.zeros((8, 8), dtype=int)
    for one, two in ring.edges:
        strengths[one, two] = strengths[two, one] = 10 + one
    strengths[0, 7] = strengths[7, 0] = 6
    ends = np.arange(7), np.arange(1, 8)
    kept = 10 + np.arange(7)
    assert _tree_distance._strongest_cut(strengths, ends) == 6 / kept.mean()
    sums = _tree_distance._along(strengths, ends)
    path = nx.path_graph(8)
    for one, two in path.edges:
        path.edges[one, two]["weight"] = strengths[one, two]
    expected = dict(nx.all_pairs_dijkstra_path_length(path))
    assert all(sums[i, j] == expected[i][j] for i in range(8) for j in range(8))


@pytest.mark.parametrize(
    "options", [{"affinity": "precomputed"}, {"graph": Graph.from_edges([[0, 1]])}]
)
def test_trees_need_points(options):
    X = np.array([[0.0, 1.0], [1.0, 0.0]]) if "affinity" in options else [[0], [1]]
    with pytest.raises(ValueError, match="fits mixtures to points"):
        HeatGeodesicEmbedding(geodesic="tree", **options).fit(X)
