"""Distances become points of curved space: exactly, under noise, and with gaps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import shortest_path
from sklearn.datasets import load_wine
from sklearn.metrics import pairwise_distances

from skgeom import HyperbolicMDS
from skgeom.geometry import polar
from skgeom.graph import Graph
from skgeom.hyperbolic._mds._start import centred, filled, spectral_start, tree_start
from skgeom.hyperbolic._mds._stress import Configuration, stress_gradient


def between(x, y=None):
    return polar.distance(x[:, None], (x if y is None else y)[None])


def noisy(distances, noise, seed=0):
    draw = np.triu(np.random.default_rng(seed).normal(size=distances.shape), 1)
    return distances * np.exp(noise * (draw + draw.T))


def error(found, true):
    pairs = true > 0
    return np.abs(found[pairs] / true[pairs] - 1).mean()


def precomputed(n_components=2, **settings):
    return HyperbolicMDS(n_components, metric="precomputed", random_state=0, **settings)


# ----------------------------------------------------------------------- the parts


@given(st.integers(3, 60), st.integers(1, 5), st.integers(0, 99))
@settings(max_examples=30)
def test_the_spectrum_knows_points_exactly(n, d, seed):
    D = between(polar.random(n, d, scale=1.5, random_state=seed))
    found = between(spectral_start(D, d))
    np.testing.assert_allclose(found, D, atol=1e-6 * D.max())
    np.testing.assert_allclose(
        between(centred(spectral_start(D, d), D)), found, atol=1e-5
    )


@given(st.integers(2, 9), st.integers(1, 4), st.floats(0.5, 12), st.integers(0, 99))
@settings(max_examples=30)
def test_the_gradient_is_that_of_the_stress(n, d, radius, seed):
    """By differences along geodesics, through radii and directions."""
    rng = np.random.default_rng(seed)
    x = polar.project(
        np.column_stack([rng.uniform(0.1, radius, n), rng.normal(size=(n, d))])
    )
    targets = rng.uniform(1, 3, (n, n))
    weights = np.triu(rng.uniform(size=(n, n)), 1)
    scale = np.asarray(1.3)

    def value(x, s=scale):
        points = Configuration(x[:, :1], x[:, 1:], s)
        return stress_gradient(np, points, targets, weights)

    f, radial, across, by_scale = value(x)
    v = np.zeros((n, d))
    v[0] = rng.normal(size=d)
    step = 1e-6
    ahead, behind = (value(polar.exp(x, sign * step * v))[0] for sign in (1, -1))
    expected = radial[0, 0] * (x[0, 1:] @ v[0]) + across[0] @ v[0]
    size = 1 + np.abs(radial).max() + np.abs(across).max()
    assert (ahead - behind) / (2 * step) == pytest.approx(expected, abs=1e-4 * size)
    ahead, behind = (value(x, scale * np.exp(sign * step))[0] for sign in (1, -1))
    assert (ahead - behind) / (2 * step) == pytest.approx(by_scale, rel=1e-4, abs=1e-6)
    # The sum itself, pair by pair.
    i, j = np.triu_indices(n, 1)
    errors = polar.distance(x[i], x[j]) / 1.3 - targets[i, j]
    assert f == pytest.approx((weights[i, j] * errors**2).sum())


def test_a_tree_is_found_in_its_distances():
    path = Graph.from_edges([[0, 1], [1, 2], [1, 3], [3, 4], [3, 5]])
    D = shortest_path(path.lengths, directed=False)
    points, scale = tree_start(D, 2, 34.0)
    assert error(between(points) / scale, D) < 0.1


def test_gaps_are_filled_by_ways_around():
    D = np.abs(np.subtract.outer(np.arange(6.0), np.arange(6.0)))
    weights = np.ones_like(D)
    weights[0, 5] = weights[5, 0] = 0
    found = filled(np.where(weights > 0, D, 99.0), weights)
    np.testing.assert_allclose(found, D)


# -------------------------------------------------------------------------- the fit


@pytest.mark.parametrize("d", [2, 5])
def test_points_are_recovered_to_the_last_digits(d):
    D = between(polar.random(200, d, scale=1.5, random_state=1))
    model = precomputed(d, scale=1.0).fit(D)
    assert np.abs(model.distances() - D).max() <= 1e-12 * D.max()
    assert model.n_iter_ == 1 and model.scale_ == 1.0


@pytest.mark.parametrize(("d", "noise", "bound"), [(2, 0.05, 0.02), (5, 0.05, 0.05)])
def test_noise_is_averaged_out(d, noise, bound):
    x = polar.random(140, d, scale=1.5, random_state=2)
    true = between(x)
    given = noisy(true, noise)
    model = precomputed(d).fit(given[:110, :110])
    assert error(model.distances(), true[:110, :110]) < bound
    spectral = spectral_start(given[:110, :110], d)
    assert error(between(spectral), true[:110, :110]) > 2 * bound
    # New rows by their own distances.
    placed = polar.from_poincare(model.transform(given[110:, :110]))
    fitted = polar.from_poincare(model.embedding_)
    assert error(between(placed, fitted) / model.scale_, true[110:, :110]) < bound


def test_curvature_is_found():
    D = between(polar.random(40, 2, scale=1.5, random_state=0))
    for unit in (1e-50, 7.0):
        assert precomputed().fit(unit * D).scale_ == pytest.approx(1 / unit, rel=0.05)


@given(st.integers(2, 25), st.integers(1, 3), st.integers(0, 99))
@settings(max_examples=5)
def test_never_worse_than_the_spectrum(n, d, seed):
    D = pairwise_distances(np.random.default_rng(seed).normal(size=(n, 4)))
    one = precomputed(d, scale=3.0, max_iter=20).fit(D)
    weights = 1 / np.maximum(D / D.max(), 1e-2) ** 2
    np.fill_diagonal(weights, 0)
    start = between(spectral_start(3 * D, d)) / 3
    stress = (weights * (start - D) ** 2).sum() / (weights * D**2).sum()
    assert one.stress_ <= np.sqrt(stress) * (1 + 1e-6) + 1e-9


@pytest.mark.parametrize("weights", ["relative", "sammon", "absolute", "array"])
def test_stress_is_what_the_page_says(weights):
    D = pairwise_distances(load_wine().data[:40] / load_wine().data.std(axis=0))
    given = np.ones_like(D) if weights == "array" else weights
    model = precomputed(weights=given, max_iter=60).fit(D)
    power = {"relative": 2.0, "sammon": 1.0}.get(weights, 0.0)
    W = np.maximum(D, 1e-2 * D.max()) ** -power
    np.fill_diagonal(W, 0)
    expected = (W * (model.distances() - D) ** 2).sum() / (W * D**2).sum()
    assert model.stress_ == pytest.approx(np.sqrt(expected), rel=1e-6)


def test_the_order_of_rows_does_not_matter():
    D = between(polar.random(40, 2, scale=1.5, random_state=5))
    order = np.random.default_rng(0).permutation(40)
    one = precomputed(scale=1.0).fit(D).distances()
    other = precomputed(scale=1.0).fit(D[np.ix_(order, order)]).distances()
    np.testing.assert_allclose(other, one[np.ix_(order, order)], atol=1e-8)


def test_missing_distances_are_not_missed():
    D = between(polar.random(80, 2, scale=1.5, random_state=0))
    gaps = np.random.default_rng(0).random(D.shape) < 0.2
    gaps |= gaps.T
    np.fill_diagonal(gaps, False)
    given = np.where(gaps, np.nan, D)
    model = precomputed().fit(given)
    assert error(model.distances(), D) < 0.02
    np.testing.assert_allclose(model.transform(given), model.embedding_, atol=1e-7)
    half = np.where(np.triu(gaps), np.nan, D)  # one half knows it
    assert precomputed(scale=1.0).fit(half).stress_ < 1e-9


@pytest.mark.parametrize("init", ["auto", "spectral", "tree", "random"])
@pytest.mark.parametrize("output_space", ["poincare", "tangent", "lorentz", "klein"])
def test_starts_and_charts(init, output_space):
    D = between(polar.random(30, 2, scale=1.0, random_state=0))
    settings_ = dict(init=init, output_space=output_space, scale=1.0, max_iter=120)
    model = precomputed(**settings_).fit(D)
    rows = getattr(polar, f"from_{output_space}")(model.embedding_)
    np.testing.assert_allclose(between(rows), model.distances(), atol=1e-5)
    assert error(model.distances(), D) < 0.3
    np.testing.assert_allclose(model.transform(D), model.embedding_, atol=1e-9)


def test_landmarks_stand_for_all():
    x = polar.random(150, 2, scale=1.5, random_state=4)
    D = noisy(between(x), 0.02)
    model = precomputed(n_landmarks=50).fit(D)
    assert len(model.landmarks_) == 50
    assert error(model.distances(), between(x)) < 0.03
    np.testing.assert_allclose(model.transform(D), model.embedding_, atol=1e-9)
    np.testing.assert_allclose(
        model.transform(D[7:8]), model.embedding_[7:8], atol=1e-9
    )


def test_points_as_well_as_their_distances():
    X = load_wine().data[:60] / load_wine().data.std(axis=0)
    X = np.concatenate([X, X[:5]])
    model = HyperbolicMDS(random_state=0, max_iter=50).fit(X)
    np.testing.assert_array_equal(model.embedding_[60:], model.embedding_[:5])
    np.testing.assert_allclose(model.transform(X), model.embedding_, atol=1e-9)
    same = precomputed(max_iter=50).fit(pairwise_distances(X[:60]))
    np.testing.assert_allclose(same.distances(), model.distances()[:60, :60], rtol=1e-3)


@pytest.mark.parametrize("scale", [1e-200, 1e-3, 1e100])
def test_the_unit_does_not_matter(scale):
    X = np.random.default_rng(0).normal(size=(20, 3))
    one, other = (
        HyperbolicMDS(random_state=0, max_iter=30).fit(s * X) for s in (1, scale)
    )
    np.testing.assert_allclose(other.radii_, one.radii_, rtol=1e-5, atol=1e-5)
    assert other.scale_ == pytest.approx(one.scale_ / scale, rel=1e-5)


# ------------------------------------------------------------------------- bad input


def test_what_is_refused():
    D = between(polar.random(8, 2, random_state=0))
    parts = D.copy()
    parts[:3, 3:] = parts[3:, :3] = np.inf
    alone = D.copy()
    alone[2, :] = alone[:, 2] = np.nan
    for matrix, settings_, told in [
        (parts, {}, "2 parts"),
        (alone, {}, "no known distance"),
        (D + 1, {}, "diagonal"),
        (-D, {}, ">= 0"),
        (D[:4], {}, "square"),
        (D, {"weights": np.ones((3, 3))}, "weights"),
        (D, {"weights": -np.ones((8, 8))}, "negative"),
    ]:
        with pytest.raises(ValueError, match=told):
            precomputed(**settings_).fit(matrix)
    model = precomputed(max_iter=5).fit(D)
    for rows, told in [(np.full((1, 8), np.nan), "Row 0"), (-D[1:2], ">= 0")]:
        with pytest.raises(ValueError, match=told):
            model.transform(rows)


def test_what_is_taken_with_a_warning_or_as_it_is():
    D = between(polar.random(8, 2, random_state=0))
    with pytest.warns(UserWarning, match="not symmetric"):
        precomputed(max_iter=5).fit(np.triu(D) * 2 + np.tril(D))
    broken = D.copy()
    broken[0, 1] = broken[1, 0] = 50.0  # no triangle
    assert np.isfinite(precomputed(max_iter=50).fit(broken).embedding_).all()
    zeros = precomputed(max_iter=5).fit(np.zeros((4, 4)))
    assert (zeros.embedding_ == 0).all() and zeros.stress_ == 0
    one = HyperbolicMDS().fit(np.ones((1, 3)))
    assert (one.embedding_ == 0).all()


def test_deep_trees_break_nothing():
    """Hyperbolic diameters far beyond what a ball can hold."""
    D = 4.0 * np.abs(np.subtract.outer(np.arange(50.0), np.arange(50.0)))
    model = precomputed(scale=1.0, max_iter=30).fit(D)
    assert np.isfinite(model.embedding_).all() and np.isfinite(model.stress_)
    assert np.linalg.norm(model.embedding_, axis=1).max() < 1
