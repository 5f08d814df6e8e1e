"""Matrices as vectors: whose distances they keep, and rows that are no matrices."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.covariance import OAS

from skgeom import SPDVectors
from skgeom.distributions import pack_bags
from skgeom.geometry import spd

METRICS = ["log_euclidean", "affine", "euclidean"]


def rows(n, order, seed, scale=0.7):
    S = spd.random(n, order, scale=scale, random_state=seed)
    return S, S[:, *np.triu_indices(order)]


@pytest.mark.parametrize("metric", METRICS)
@given(order=st.integers(1, 4), seed=st.integers(0, 999))
@settings(max_examples=25)
def test_there_and_back(metric, order, seed):
    _, X = rows(6, order, seed)
    model = SPDVectors(metric, input_space="spd").fit(X)
    assert_allclose(model.inverse_transform(model.transform(X)), X, atol=1e-7)
    assert len(model.get_feature_names_out()) == X.shape[1]


@given(order=st.integers(1, 4), seed=st.integers(0, 999))
@settings(max_examples=25)
def test_distances(order, seed):
    S, X = rows(6, order, seed)
    Z = SPDVectors(input_space="spd").fit_transform(X)
    expected = spd.distance_log_euclidean(S[:-1], S[1:])
    assert_allclose(np.linalg.norm(np.diff(Z, axis=0), axis=1), expected, atol=1e-9)
    Z = SPDVectors("euclidean", input_space="spd").fit_transform(X)
    expected = np.linalg.norm(np.diff(S, axis=0), axis=(1, 2))
    assert_allclose(np.linalg.norm(np.diff(Z, axis=0), axis=1), expected, atol=1e-9)
    model = SPDVectors("affine", input_space="spd").fit(X)
    Z = model.transform(X)
    assert_allclose(Z.mean(axis=0), 0, atol=1e-8)
    expected = spd.distance_affine(model.mean_[None], S)
    assert_allclose(np.linalg.norm(Z, axis=1), expected, atol=1e-8)


@given(seed=st.integers(0, 999), n_dims=st.integers(1, 4))
@settings(max_examples=25)
def test_covariances_of_bags_are_shrunk_as_by_scikit_learn(seed, n_dims):
    rng = np.random.default_rng(seed)
    bags = [
        rng.normal(size=(rng.integers(2, 30), n_dims)) * rng.uniform(0.5, 2, n_dims)
        for _ in range(5)
    ]
    X = pack_bags(bags)
    found = SPDVectors("euclidean", n_dims=n_dims).fit_transform(X)
    expected = np.stack([OAS().fit(bag).covariance_ for bag in bags])
    assert_allclose(spd.from_vector(found), expected, rtol=1e-6, atol=1e-8)


def test_bags_of_one_point_or_of_equal_ones_have_finite_logarithms():
    X = np.array(
        [[1.0, 2.0, 5.0, 1.0], [1.0, 2.0, 1.0, 2.0], [1.0, 2.0] + [np.nan] * 2]
    )
    for metric in METRICS:
        Z = SPDVectors(metric, n_dims=2).fit_transform(X)
        assert np.isfinite(Z).all()
        assert_allclose(Z[1], Z[2])
        assert np.isfinite(SPDVectors(metric).fit_transform(np.zeros((3, 4)))).all()
    assert not hasattr(SPDVectors().fit(X), "inverse_transform")


@pytest.mark.parametrize("scale", [1e-150, 1e-100, 1e100, 1e300])
def test_any_scale(scale):
    X = scale * np.random.default_rng(0).normal(size=(5, 8))
    for metric in METRICS:
        assert np.isfinite(SPDVectors(metric).fit_transform(X)).all()


@pytest.mark.parametrize(
    ("X", "options", "message"),
    [
        (
            [[1.0, 0.0, 1.0], [1.0, 2.0, 1.0]],
            {"input_space": "spd"},
            r'input_space="spd": row 1 .* least eigenvalue is -1',
        ),
        ([[1.0, 2.0]], {"input_space": "spd"}, 'input_space="spd": .* not 2'),
        ([[1.0, np.nan, 1.0]], {"input_space": "spd"}, "NaN"),
        ([[np.nan, np.nan]], {}, "row 0 has no point"),
        ([[1.0, np.nan]], {"n_dims": 2}, "row 0 has a point of which some"),
    ],
)
def test_slips_are_told(X, options, message):
    with pytest.raises(ValueError, match=message):
        SPDVectors(**options).fit(np.array(X))


def test_vectors_of_another_length():
    _, X = rows(3, 2, 0)
    model = SPDVectors(input_space="spd").fit(X)
    with pytest.raises(ValueError, match=r"shape \(n_rows, 3\)"):
        model.inverse_transform(X[:, :2])
