"""Maps with soft borders: gradients, laws of distances, new rows, odd input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import check_grad
from scipy.spatial.distance import pdist
from sklearn.datasets import load_wine
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler
from sklearn.utils._param_validation import InvalidParameterError

from skgeom import GaussianWeightedLinearEmbedding
from skgeom.backends import get_backend
from skgeom.embedding._gaussian_weighted._maps import MapObjective, Maps
from skgeom.testing import point_clouds

WINE = StandardScaler().fit_transform(load_wine().data)


def stress(X, Z):
    wanted, found = pdist(X), pdist(Z)
    return float(np.sqrt(((wanted - found) ** 2).sum() / (wanted**2).sum()))


@given(
    seed=st.integers(0, 2**31 - 1),
    shape=st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3)),
    alpha=st.sampled_from([0.0, 0.3]),
)
@settings(max_examples=25)
def test_the_gradient_is_that_of_the_objective(seed, shape, alpha):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(12, shape[1]))
    blocks = rng.permutation(12).reshape(2, 6)
    shapes = Maps.shapes(*shape)
    loss = MapObjective(X, blocks, shapes, alpha, get_backend("cpu"))
    flat = rng.normal(size=sum(int(np.prod(s)) for s in shapes)) / 2
    error = check_grad(lambda v: loss(v)[0], lambda v: loss(v)[1], flat)
    assert error < 1e-5 * (1 + np.linalg.norm(loss(flat)[1]))


def test_the_objective_is_its_definition():
    rng = np.random.default_rng(0)
    X, shapes = rng.normal(size=(7, 3)), Maps.shapes(2, 3, 2)
    flat = rng.normal(size=sum(int(np.prod(s)) for s in shapes))
    loss = MapObjective(X, np.arange(7)[None], shapes, 0.5, get_backend("cpu"))
    A, b, c, log_l = loss.maps(flat)
    squares = ((X[:, None] - c) ** 2).sum(axis=2)
    w = np.exp(-squares / (2 * np.exp(log_l) ** 2))
    w /= w.sum(axis=1, keepdims=True)
    Z = sum(w[:, [k]] * (X @ A[k] + b[k]) for k in range(2))
    penalty = 0.5 / 4 * ((A - A.mean(axis=0)) ** 2).sum()
    assert_allclose(loss(flat)[0], stress(X, Z) ** 2 + penalty, rtol=1e-8)


@pytest.fixture(scope="module")
def fitted():
    return GaussianWeightedLinearEmbedding(random_state=0).fit(WINE[::2])


def test_new_rows_keep_distances_better_than_by_variance(fitted):
    new = WINE[1::2]
    assert stress(new, fitted.transform(new)) < 0.3
    assert stress(new, PCA(2).fit(WINE[::2]).transform(new)) > 0.33
    assert_allclose(fitted.stress_, stress(WINE[::2], fitted.embedding_), rtol=1e-6)


def test_rows_depend_on_themselves_alone(fitted):
    assert_allclose(fitted.transform(WINE[::2]), fitted.embedding_, atol=1e-12)
    assert_allclose(fitted.transform(WINE[3:4]), fitted.transform(WINE)[3:4])
    assert_allclose(fitted.embedding_.mean(axis=0), 0, atol=1e-9)


def test_attributes_are_the_whole_map(fitted):
    rows = WINE[1::2]
    squares = ((rows[:, None] - fitted.centers_) ** 2).sum(axis=2)
    w = np.exp(-squares / (2 * fitted.widths_**2))
    w /= w.sum(axis=1, keepdims=True)
    assert_allclose(fitted.weights(rows), w, atol=1e-12)
    told = np.einsum("nd,kdm->nkm", rows - fitted.mean_, fitted.maps_)
    Z = (w[:, :, None] * (told + fitted.offsets_)).sum(axis=1)
    assert_allclose(fitted.transform(rows), Z, atol=1e-12)


def test_one_map_is_linear_and_at_least_as_good_as_principal_axes():
    X = WINE[::2]
    model = GaussianWeightedLinearEmbedding(n_maps=1).fit(X)
    linear = X @ model.maps_[0]
    assert_allclose(model.embedding_, linear - linear.mean(axis=0), atol=1e-9)
    assert model.stress_ < stress(X, PCA(2).fit_transform(X))
    assert_array_equal(model.weights(X), 1.0)


@given(
    scale=st.sampled_from([1e-100, 2.0**-7, 1e100]), shift=st.sampled_from([0.0, 3.0])
)
@settings(max_examples=10)
def test_the_unit_is_that_of_the_rows(scale, shift):
    X = WINE[::6]
    model = GaussianWeightedLinearEmbedding(n_maps=3, max_iter=10, random_state=0)
    with pytest.warns(ConvergenceWarning):
        Z = model.fit_transform(X)
        other = model.fit_transform(scale * (X + shift))
    # Rounding grows along the steps.
    assert_allclose(other / scale, Z, atol=1e-4)


@given(X=point_clouds(max_samples=12), n_components=st.integers(1, 3))
@settings(max_examples=30)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_any_points_have_a_place(X, n_components):
    model = GaussianWeightedLinearEmbedding(
        n_components, n_maps=4, max_iter=15, random_state=0
    )
    Z = model.fit_transform(X)
    assert Z.dtype == X.dtype
    assert Z.shape == (len(X), min(n_components, X.shape[1]))
    assert np.isfinite(Z).all()
    _, first = np.unique(X, axis=0, return_index=True)
    assert len(model.centers_) == min(4, len(first)) or X.dtype == np.float32


def test_many_rows_are_compared_in_blocks():
    """As well as by all pairs, of which there are ten times more."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2600, 5)) * [4, 3, 2, 1, 1]
    model = GaussianWeightedLinearEmbedding(n_maps=4, tol=1e-4, random_state=0).fit(X)
    few = rng.permutation(2600)[:800]
    gap = abs(stress(X[few], model.embedding_[few]) - model.stress_)
    assert gap < 0.01
    blocks = model._blocks(2600, np.random.RandomState(0))
    assert blocks.shape == (10, 260)
    assert_array_equal(np.unique(blocks), np.arange(2600))
    uneven = model._blocks(2605, np.random.RandomState(0))
    assert_array_equal(np.unique(uneven), np.arange(2605))


@pytest.mark.parametrize("scale", [1e-310, 1e-300, 1e300])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_any_scale_has_finite_numbers(scale):
    X = scale * WINE[::8]
    model = GaussianWeightedLinearEmbedding(max_iter=5, random_state=0).fit(X)
    for rows in (X, X / scale, 1e300 * WINE[:3]):
        assert np.isfinite(model.transform(rows)).all()
        assert_allclose(model.weights(rows).sum(axis=1), 1.0)
    for name in ("maps_", "offsets_", "centers_", "widths_", "mean_"):
        assert np.isfinite(getattr(model, name)).all()


def test_odd_input():
    flat = GaussianWeightedLinearEmbedding(random_state=0).fit(np.full((4, 3), 7.0))
    assert not flat.embedding_.any()
    assert np.isfinite(flat.transform(np.zeros((2, 3)))).all()
    with pytest.raises(ValueError, match="1 sample"):
        GaussianWeightedLinearEmbedding().fit([[1.0, 2.0]])
    with pytest.raises(ValueError, match="infinity"):
        GaussianWeightedLinearEmbedding().fit([[1.0, np.inf], [1.0, 2.0]])
    with pytest.warns(ConvergenceWarning, match="max_iter=2 steps"):
        GaussianWeightedLinearEmbedding(max_iter=2, random_state=0).fit(WINE)
    for name, value in (("n_maps", 0), ("alpha", -1.0)):
        with pytest.raises(InvalidParameterError, match=name):
            GaussianWeightedLinearEmbedding(**{name: value}).fit(WINE)
