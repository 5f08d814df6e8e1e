"""The dimension of neighbourhoods: cubes and Gaussians, bends, unions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skgeom.graph import (
    best_dimensions,
    dimension_scores,
    local_dimension,
    nearest_neighbors,
)


def of_whole(X, n_neighbors=40):
    return local_dimension(X, nearest_neighbors(X, n_neighbors=n_neighbors)[1])[0]


@pytest.mark.parametrize("dimension", [1, 2, 4, 6, 8, 10])
@pytest.mark.parametrize("kind", ["cube", "normal"])
def test_cubes_and_gaussians_have_their_dimension(dimension, kind):
    rng = np.random.default_rng(dimension)
    shape = (800, dimension)
    X = rng.uniform(size=shape) if kind == "cube" else rng.normal(size=shape)
    assert of_whole(X) == dimension
    frame = np.linalg.qr(rng.normal(size=(20, dimension)))[0]
    assert abs(of_whole(X @ frame.T) - dimension) <= 1


@pytest.mark.parametrize("n_features", [3, 10, 100])
def test_a_sphere_has_two_dimensions_wherever_it_is(n_features):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(800, 3))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    X = X @ np.linalg.qr(rng.normal(size=(n_features, 3)))[0].T
    assert of_whole(X) == 2
    assert of_whole(X + 0.02 * rng.normal(size=X.shape)) == 2


def scores_by_definition(cloud):
    k, n_features = cloud.shape
    w = np.linalg.eigvalsh(np.cov(cloud.T, bias=True).reshape(n_features, -1))[::-1]
    w = w + 0.02 * w[0]
    found = []
    for d in range(min(k, n_features)):
        m = d * n_features - d * (d + 1) / 2 + d + 1
        logs = np.log(w[:d]).sum() + (n_features - d) * np.log(w[d:].mean())
        found.append(-k / 2 * logs - m / 2 * np.log(k))
    return np.maximum(np.array(found) - max(found), -30)


@settings(max_examples=20)
@given(st.integers(0, 1000), st.integers(1, 12), st.floats(-60, 60))
def test_scores_are_the_criterion_at_any_unit(seed, n_features, exponent):
    rng = np.random.default_rng(seed)
    cloud = rng.normal(size=(9, n_features)) * np.geomspace(5, 0.5, n_features)
    found = dimension_scores(cloud * 10.0**exponent, np.arange(9)[None])[0]
    np.testing.assert_allclose(found, scores_by_definition(cloud), atol=1e-8)


def test_a_few_neighbourhoods_do_not_decide():
    """At the crossing of two segments with little noise, two dimensions are certain."""
    t = np.linspace(-1, 1, 400)[:, None]
    X = np.concatenate([t * [1, 0, 0], t * [0, 1, 0]])
    X = X + 1e-4 * np.random.default_rng(0).normal(size=X.shape)
    assert of_whole(X) == 1


def test_equal_points_are_counted_as_a_curve():
    scores = dimension_scores(np.ones((5, 3)), np.arange(5)[None])
    assert best_dimensions(scores, 3).tolist() == [1]
    assert best_dimensions(np.zeros((1, 1)), 1).tolist() == [1]
