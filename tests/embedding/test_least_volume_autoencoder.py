"""Least volume: as many axes as there are, a decoder that stretches nothing."""

import pickle
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning

from skgeom import LeastVolumeAutoencoder

pytest.importorskip("torch", reason="torch is not installed")


def ring(n=300, seed=0):
    angle = np.linspace(0, 2 * np.pi, n)
    X = [np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(2 * angle)]
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(6, 6)))[0]
    return np.pad(np.stack(X, axis=1) * [1, 1, 0.5, 0.5], ((0, 0), (0, 2))) @ turn


RING = ring()


@pytest.fixture(scope="module")
def model():
    return LeastVolumeAutoencoder(batch_size=64, random_state=0).fit(RING)


def residual(model, X, k):
    Z = model.transform(X)
    told = model.inverse_transform(Z, n_components=k)
    return ((told - X) ** 2).sum() / ((X - X.mean(axis=0)) ** 2).sum()


def test_a_ring_needs_two_axes(model):
    assert model.n_effective_components_ == 2
    assert residual(model, RING, 2) < 0.02
    linear = 1 - PCA(2).fit(RING).explained_variance_ratio_.sum()
    assert residual(model, RING, 2) < 0.2 * linear


def test_axes_are_sorted_and_say_what_they_explain(model):
    Z = model.transform(RING)
    np.testing.assert_allclose(Z.std(axis=0), model.importances_)
    np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-9)
    assert (np.diff(model.importances_) <= 0).all()
    explained = np.cumsum(model.explained_variance_ratio_)
    for k in range(1, 7):
        np.testing.assert_allclose(residual(model, RING, k), 1 - explained[k - 1])


@given(st.integers(0, 2**31 - 1), st.sampled_from([1e-3, 1.0, 1e3]))
def test_the_decoder_brings_no_points_further_apart(model, seed, size):
    Z, other = size * np.random.RandomState(seed).standard_normal((2, 20, 6))
    moved = model.inverse_transform(Z) - model.inverse_transform(other)
    apart = np.linalg.norm(Z - other, axis=1)
    assert (np.linalg.norm(moved, axis=1) <= apart * (1 + 1e-9)).all()


def test_fewer_columns_are_the_first_axes(model):
    Z = model.transform(RING)
    two = model.inverse_transform(Z[:, :2])
    np.testing.assert_array_equal(two, model.inverse_transform(Z, n_components=2))
    with pytest.raises(ValueError, match="X has 7 columns, and there are 6 axes"):
        model.inverse_transform(np.ones((2, 7)))


@settings(max_examples=8)
@given(
    st.sampled_from([1e-100, 1e-3, 10.0, 1e100]),
    st.floats(-5, 5),
    st.integers(0, 99),
)
def test_units_and_origin_do_not_matter(size, offset, seed):
    model = LeastVolumeAutoencoder(max_iter=3, random_state=seed)
    plain = model.fit_transform(RING)
    other = clone(model).fit_transform(size * (RING + offset))
    # Training in single precision starts from rounding of other numbers.
    np.testing.assert_allclose(other / size, plain, atol=1e-3)


def test_no_volume_is_an_autoencoder_and_too_much_is_nothing(model):
    plain, collapsed = (
        LeastVolumeAutoencoder(volume=v, batch_size=64, random_state=0).fit(RING)
        for v in (0.0, 5.0)
    )
    assert plain.explained_variance_ratio_.sum() > 0.99
    assert plain.n_effective_components_ == 6
    assert collapsed.n_effective_components_ == 0
    assert collapsed.explained_variance_ratio_.sum() < 0.01


def test_of_several_starts_the_lowest_loss_is_kept():
    model = LeastVolumeAutoencoder(max_iter=5, random_state=3)
    found = clone(model).set_params(n_init=3).fit(RING)
    alone = clone(model).fit(RING)
    assert found.loss_curve_[-1] <= alone.loss_curve_[-1]
    assert found.n_iter_ == 5


def test_epochs_one_by_one(model):
    """The first call decides the units; both parts of the loss curve are kept."""
    step = LeastVolumeAutoencoder(random_state=0, batch_size=64)
    for k in range(30):
        step.partial_fit(RING)
        assert len(step.loss_curve_) == step.n_iter_ == k + 1
    assert step.loss_curve_[-1] < 0.5 * step.loss_curve_[0]
    before = step.transform(RING)
    # Of other rows, in the same units; a pickle goes on as the model does.
    copy = pickle.loads(pickle.dumps(step))
    for one in (step, copy):
        one.partial_fit(RING[:100] + 3)
    np.testing.assert_array_equal(step.transform(RING), copy.transform(RING))
    assert not np.array_equal(step.transform(RING), before)
    with pytest.raises(ValueError, match="features"):
        step.partial_fit(RING[:, :3])


def test_a_warm_start_goes_on():
    model = LeastVolumeAutoencoder(max_iter=40, warm_start=True, random_state=0)
    first = model.fit(RING).loss_curve_
    second = model.fit(RING).loss_curve_
    assert second[0] < first[0]
    assert len(second) <= 40
    with pytest.raises(ValueError, match="warm_start"):
        model.set_params(n_components=2).fit(RING)
    # The fit that failed left what there was.
    assert model.loss_curve_ == second
    assert model.set_params(warm_start=False).fit(RING).transform(RING).shape[1] == 2


@pytest.mark.parametrize(
    "X",
    [
        np.ones((1, 4)),
        np.ones((7, 3)),
        np.repeat([[1.0, 2.0], [3.0, 5.0]], 4, axis=0),
        np.array([[1e300, 1.0], [-1e300, 2.0], [0.0, 0.0]]),
        np.arange(6.0)[:, None],
    ],
    ids=["one row", "constant", "duplicates", "huge", "one column"],
)
def test_odd_rows_have_finite_coordinates(X):
    model = LeastVolumeAutoencoder(batch_size=1000, max_iter=20, random_state=0)
    Z = model.fit_transform(X)
    assert np.isfinite(Z).all()
    told = model.inverse_transform(Z)
    assert np.isfinite(told).all()
    assert np.abs(told - X).max() <= 3 * np.abs(X).max()
    assert np.isfinite(model.explained_variance_ratio_).all()


def test_a_rate_that_is_too_large_is_told():
    model = LeastVolumeAutoencoder(learning_rate=1e5, max_iter=30, random_state=0)
    with pytest.warns(ConvergenceWarning, match="Choose a smaller learning_rate than"):
        model.fit(RING)
    assert np.isfinite(model.transform(RING)).all()


@pytest.mark.parametrize("sizes", [(0,), (2.5,), ("a",), [[3, 3]], (-1, 4)])
def test_sizes_that_are_none_are_refused(sizes):
    with pytest.raises(ValueError, match="hidden_layer_sizes must be a sequence"):
        LeastVolumeAutoencoder(hidden_layer_sizes=sizes).fit(RING)


def test_no_hidden_layer_is_a_linear_map():
    model = LeastVolumeAutoencoder(hidden_layer_sizes=(), random_state=0).fit(RING)
    Z = model.transform(RING)
    middle = model.transform((RING[:1] + RING[1:2]) / 2)
    np.testing.assert_allclose(middle, (Z[:1] + Z[1:2]) / 2, atol=1e-9)


def test_without_torch_it_predicts_and_says_what_fit_needs(model, monkeypatch):
    expected = model.transform(RING)
    kept = pickle.dumps(model)
    assert b"torch" not in kept
    assert b"skorch" not in kept
    monkeypatch.setitem(sys.modules, "torch", None)
    there = pickle.loads(kept)
    np.testing.assert_array_equal(there.transform(RING), expected)
    for method in ("fit", "partial_fit", "fit_transform"):
        with pytest.raises(ImportError, match=r"pip install 'skgeom\[torch\]'"):
            getattr(clone(model), method)(RING)
