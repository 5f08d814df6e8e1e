"""Bags as vectors: distances of optimal transport, and rows that are no bags."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.optimize import linear_sum_assignment
from scipy.stats import wasserstein_distance
from sklearn.base import clone
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from skgeom import SlicedWassersteinEmbedding
from skgeom.backends import get_backend
from skgeom.datasets import make_spd_bags
from skgeom.distributions import pack_bags
from skgeom.distributions._node_functions import node_functions
from skgeom.distributions._quantiles import sorted_means, weighted_means
from skgeom.geometry import spd
from skgeom.graph import Graph
from skgeom.testing import point_clouds

RING = Graph.from_edges(np.stack([np.arange(12), (np.arange(12) + 1) % 12], axis=1))


def slow_means(values, n_bins):
    """Quantile functions on so fine a grid that every share is a whole number of it."""
    fine = np.repeat(np.sort(values), n_bins)
    return fine.reshape(n_bins, -1).mean(axis=1)


@given(st.lists(st.floats(-9, 9), min_size=1, max_size=12), st.integers(1, 9))
def test_means_over_shares(values, n_bins):
    found = sorted_means(np, np.array([[values]]), np.array([len(values)]), n_bins)[
        0, 0
    ]
    assert_allclose(found, slow_means(values, n_bins), atol=1e-12)
    assert (np.diff(found) >= -1e-12).all()
    shares = np.full((1, len(values)), 1 / len(values))
    also = weighted_means(np.array(values), shares, n_bins)[0]
    assert_allclose(also, found, atol=1e-12)


@given(
    weights=st.lists(st.integers(0, 5), min_size=1, max_size=8).filter(any),
    n_bins=st.integers(1, 7),
)
def test_whole_weights_are_repeated_points(weights, n_bins):
    values = np.random.default_rng(0).normal(size=len(weights))
    shares = np.array([weights]) / sum(weights)
    found = weighted_means(values, np.concatenate([shares, shares]), n_bins)
    expected = slow_means(np.repeat(values, weights), n_bins)
    assert_allclose(found, [expected, expected], atol=1e-12)


@given(X=point_clouds(min_samples=2, max_samples=2, min_features=1, max_features=12))
def test_rows_by_default_are_bags_of_numbers(X):
    """Sorted, and as far apart as optimal transport says."""
    model = SlicedWassersteinEmbedding(n_quantiles=12).fit(X)
    found = model.transform(X)
    root = X.shape[1] ** 0.5
    expected = np.sort(X.astype(np.float64), axis=1) / root
    assert_allclose(found, expected.astype(X.dtype), rtol=1e-6)
    gap = np.abs(X[0].astype(float)[:, None] - X[1].astype(float)) ** 2
    rows, columns = linear_sum_assignment(gap)
    square = ((found[0] - found[1]).astype(float) ** 2).sum()
    size = np.abs(X).max() ** 2 + 1e-300
    assert_allclose(square / size, gap[rows, columns].mean() / size, atol=1e-5)


@given(seed=st.integers(0, 99), n_dims=st.integers(2, 4))
@settings(max_examples=20)
def test_distances_are_means_over_directions(seed, n_dims):
    rng = np.random.default_rng(seed)
    bags = [rng.normal(size=(15, n_dims)) for _ in range(2)]
    model = SlicedWassersteinEmbedding(
        n_dims, slices="random", n_slices=7, random_state=seed
    ).fit(pack_bags(bags))
    one, two = model.transform(pack_bags(bags))
    lines = model.directions_
    assert_allclose(np.linalg.norm(lines, axis=1), 1)
    sides = [np.sort(bag @ lines.T, axis=0) for bag in bags]
    assert_allclose(((one - two) ** 2).sum(), ((sides[0] - sides[1]) ** 2).mean())


@given(seed=st.integers(0, 99))
@settings(max_examples=15)
def test_fewer_quantiles_are_a_lower_bound(seed):
    rng = np.random.default_rng(seed)
    X = pack_bags([rng.gamma(rng.uniform(1, 9), size=(24, 2)) for _ in range(6)])
    before = 0
    for n_quantiles in (1, 2, 6, 24):
        Z = SlicedWassersteinEmbedding(2, n_quantiles=n_quantiles).fit_transform(X)
        square = ((Z[:, None] - Z) ** 2).sum(axis=2)
        assert (square >= before - 1e-12).all()
        before = square


@given(seed=st.integers(0, 99))
@settings(max_examples=15)
def test_order_of_points_and_repetition_mean_nothing(seed):
    rng = np.random.default_rng(seed)
    bags = [rng.normal(size=(rng.integers(1, 9), 2)) for _ in range(5)]
    X = pack_bags(bags, n_points=18)
    model = SlicedWassersteinEmbedding(2, n_quantiles=6, slices="axes").fit(X)
    Z = model.transform(X)
    mixed = [rng.permutation(np.concatenate([bag, bag])) for bag in bags]
    assert_allclose(model.transform(pack_bags(mixed, n_points=18)), Z, atol=1e-12)
    # Gaps may be anywhere in a row, and rows know nothing of each other.
    spread = np.full((5, 18, 2), np.nan)
    for row, bag in zip(spread, bags, strict=True):
        row[rng.permutation(18)[: len(bag)]] = bag
    spread = spread.reshape(5, -1)
    assert_allclose(model.transform(spread), Z, atol=1e-12)
    for row, known in zip(X, Z, strict=True):
        assert_allclose(model.transform(row[None])[0], known, rtol=1e-12, atol=1e-14)
    # The mean of a bag is that of its shares.
    means = Z.reshape(5, 2, 6).mean(axis=2) * 12**0.5
    assert_allclose(means, [bag.mean(axis=0) for bag in bags], atol=1e-12)


def test_matrices_are_points_of_their_logarithms():
    rng = np.random.default_rng(0)
    bags = [spd.random(rng.integers(4, 9), 3, random_state=k) for k in range(5)]
    logs = pack_bags([spd.to_vector(spd.logm(bag)) for bag in bags])
    for slices in ("axes", "random"):
        options = dict(n_dims=6, slices=slices, n_slices=9, random_state=0)
        found = SlicedWassersteinEmbedding(point_space="spd", **options).fit_transform(
            pack_bags(bags)
        )
        expected = SlicedWassersteinEmbedding(**options).fit_transform(logs)
        assert_allclose(found, expected, atol=1e-9)


def test_histograms_on_a_graph():
    functions = node_functions(RING, 4, get_backend("cpu"))
    assert functions.shape == (4, 12)
    H = np.random.default_rng(0).poisson(2.0, size=(9, 12)) + np.eye(9, 12)
    model = SlicedWassersteinEmbedding(domain=RING, n_slices=4, n_quantiles=500).fit(H)
    Z = model.transform(H)
    assert_allclose(model.transform(3 * H), Z, atol=1e-12)
    for k, function in enumerate(functions):
        part = Z[:, k * 500 : (k + 1) * 500] * 2000**0.5
        expected = wasserstein_distance(function, function, H[0], H[1])
        assert_allclose(np.abs(part[0] - part[1]).mean(), expected, rtol=1e-2)


def test_functions_of_nodes_do_not_depend_on_a_solver():
    """Of a repeated eigenvalue all functions are taken, turned by a rule."""
    cpu = get_backend("cpu")
    assert len(node_functions(RING, 1, cpu)) == 2
    weights = [[0, 1], [1, 2], [2, 0], [3, 4]]
    pieces = node_functions(Graph.from_edges(weights), 3, cpu)
    assert (pieces[0].std(), pieces[1].std()) > (0, 0)
    assert node_functions(Graph.from_edges([[0, 1]]), 5, cpu).shape == (1, 2)
    # A rotation of the ring by its symmetry leaves distances where they were.
    H = np.random.default_rng(1).uniform(size=(4, 12))
    model = SlicedWassersteinEmbedding(domain=RING, n_slices=2).fit(H)
    assert model.directions_.shape == (2, 12)
    assert_allclose(model.directions_[0].argmax(), 0)


@given(seed=st.integers(0, 99), n_dims=st.integers(2, 4))
@settings(max_examples=15)
def test_principal_axes_turn_with_the_points(seed, n_dims):
    """Distances along them do not depend on the coordinates."""
    rng = np.random.default_rng(seed)
    sizes = rng.permutation(1.0 + np.arange(n_dims))
    bags = [sizes * rng.normal(size=(rng.integers(20, 30), n_dims)) for _ in range(6)]
    turn = np.linalg.qr(rng.normal(size=(n_dims, n_dims)))[0]
    found = []
    for some in (bags, [bag @ turn + 100 for bag in bags]):
        model = SlicedWassersteinEmbedding(n_dims, slices="principal")
        Z = model.fit_transform(pack_bags(some))
        found.append(((Z[:, None] - Z) ** 2).sum(axis=2))
        points = np.concatenate(some)
        spread = (points @ model.directions_.T).std(axis=0)
        assert_allclose(
            spread, np.sqrt(np.linalg.eigvalsh(np.cov(points.T, ddof=0)))[::-1]
        )
        leading = SlicedWassersteinEmbedding(n_dims, slices="principal", n_slices=1)
        leading.fit(pack_bags(some))
        assert_allclose(leading.directions_, model.directions_[:1])
        import sklearn

        with sklearn.config_context(working_memory=0.01):
            blocks = clone(model).fit(pack_bags(some))
        assert_allclose(blocks.directions_, model.directions_, atol=1e-9)
    # Axes keep their lines and may change their ends, which turns a slice around.
    assert_allclose(found[0], found[1], atol=1e-8)


@pytest.mark.parametrize(
    ("signal", "least"), [("mean", 0.6), ("spread", 0.8), ("shape", 0.6)]
)
def test_what_carries_the_signal_is_found(signal, least):
    X, y = make_spd_bags(80, signal=signal, random_state=0)
    model = make_pipeline(
        SlicedWassersteinEmbedding(21, point_space="spd"), RidgeCV(np.logspace(-5, 1))
    )
    assert cross_val_score(model, X, y).mean() > least


# ------------------------------------------------------------------------ bad input


def fit(X, **options):
    return SlicedWassersteinEmbedding(**options).fit_transform(np.array(X))


NAN = np.nan


@pytest.mark.parametrize(
    ("X", "options", "message"),
    [
        ([[1.0, 2.0], [NAN, NAN]], {}, "row 1 has no point"),
        ([[1.0, 2.0, 3.0]], {"n_dims": 2}, "3 columns, which are no whole number"),
        ([[1.0, 2.0], [NAN, 2.0]], {"n_dims": 2}, "row 1 has a point of which some"),
        ([[1.0, np.inf]], {}, "infinity"),
        ([[1.0, 2.0]], {"n_dims": 2, "point_space": "spd"}, "n_dims, with.*not 2"),
        (
            [[1.0, 0.0, 1.0, 2.0, 3.0, 2.0]] * 2,
            {"n_dims": 3, "point_space": "spd"},
            r"row 0, point 1 is not positive definite, its least eigenvalue is -1",
        ),
        ([[1.0, 2.0]], {"domain": RING}, "2 columns, and the graph `domain` has 12"),
        ([[1.0] * 11 + [-1.0]], {"domain": RING}, "row 0 has a negative entry"),
        ([[1.0] * 12, [0.0] * 12], {"domain": RING}, "row 1 is a histogram of zeros"),
        ([[1.0] * 11 + [NAN]], {"domain": RING}, "NaN"),
    ],
)
def test_slips_are_told(X, options, message):
    with pytest.raises(ValueError, match=message):
        fit(X, **options)


@pytest.mark.parametrize("scale", [0.0, 1e-300, 1e-100, 1e100, 1e300])
def test_any_scale(scale):
    X = scale * np.random.default_rng(0).normal(size=(5, 8))
    for options in ({}, dict(n_dims=2, slices="random", n_slices=5, random_state=0)):
        Z = fit(X, **options)
        assert np.isfinite(Z).all()
        assert_allclose(Z / (scale or 1), fit(X / (scale or 1), **options), rtol=1e-9)


def test_one_bag_one_point_and_constant_bags():
    assert_allclose(fit([[3.0]]), [[3.0]])
    assert_allclose(fit([[2.0, NAN, NAN]]), [[2.0 / 3**0.5] * 3])
    assert_allclose(fit(np.ones((4, 6))), np.full((4, 6), 6**-0.5))


def test_names_width_and_many_columns():
    X = np.random.default_rng(0).normal(size=(3, 2 * 60)).astype(np.float32)
    model = SlicedWassersteinEmbedding(60, n_slices=70, random_state=0).fit(X)
    Z = model.transform(X)
    assert Z.dtype == np.float32
    assert Z.shape == (3, 70 * 2)
    assert model.get_feature_names_out()[-1] == "slice69_q1"
    again = clone(model).fit_transform(X)
    np.testing.assert_array_equal(again, Z)
    with pytest.raises(ValueError, match="features"):
        model.transform(X[:, :60])


def test_blocks_give_the_same(monkeypatch):
    import sklearn

    X = np.random.default_rng(0).normal(size=(40, 200))
    model = SlicedWassersteinEmbedding(4, slices="random", random_state=0).fit(X)
    Z = model.transform(X)
    with sklearn.config_context(working_memory=0.1):
        np.testing.assert_allclose(model.transform(X), Z, rtol=1e-13, atol=1e-15)
    H = np.random.default_rng(0).uniform(size=(60, 12))
    model = SlicedWassersteinEmbedding(domain=RING).fit(H)
    Z = model.transform(H)
    with sklearn.config_context(working_memory=0.01):
        np.testing.assert_allclose(model.transform(H), Z, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("point_space", ["euclidean", "spd"])
def test_bags_of_different_sizes_on_a_device(device, point_space):
    bags = [spd.random(n, 2, random_state=n) for n in (1, 2, 3, 5, 8)]
    X = pack_bags(bags)
    options = dict(n_dims=3, point_space=point_space, slices="random", n_slices=4)
    options |= dict(n_quantiles=4, random_state=0)
    here = SlicedWassersteinEmbedding(device="cpu", **options).fit_transform(X)
    there = SlicedWassersteinEmbedding(device=device, **options).fit_transform(X)
    assert_allclose(there, here, rtol=1e-9, atol=1e-12)
