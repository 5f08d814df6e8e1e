"""Precision and recall of samples, against all distances at once."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import pairwise_distances

from skgeom.metrics import manifold_precision_recall


def by_definition(real, generated, k, metric="euclidean"):
    """The formulas of both papers, with the whole matrices."""

    def reach(X):
        return np.sort(pairwise_distances(X, metric=metric), axis=1)[:, k]

    own, other = reach(real), reach(generated)
    far = pairwise_distances(real, generated, metric=metric)
    within = far <= own[:, None]
    kept = own <= np.median(own)
    return (
        within.any(axis=0).mean(),
        (far <= other).any(axis=1).mean(),
        within.sum(axis=0).mean() / k,
        within.any(axis=1).mean(),
        (own[kept, None] / far[kept]).max(axis=0),
    )


@given(
    st.integers(6, 40),
    st.integers(6, 40),
    st.integers(1, 20),
    st.integers(1, 5),
    st.integers(0, 99),
    st.sampled_from([1e-3, 64]),
)
@settings(max_examples=40)
def test_scores_are_those_of_the_papers(n, m, d, k, seed, memory):
    rng = np.random.default_rng(seed)
    real, generated = rng.normal(size=(n, d)), 0.8 * rng.normal(size=(m, d))
    found = manifold_precision_recall(
        real, generated, n_neighbors=k, working_memory=memory
    )
    expected = by_definition(real, generated, k)
    np.testing.assert_allclose(found[:4], expected[:4])
    np.testing.assert_allclose(found.realism, expected[4], rtol=1e-6)


@pytest.mark.parametrize("metric", ["cityblock", "cosine"])
def test_other_metrics(metric):
    rng = np.random.default_rng(0)
    real, generated = rng.normal(size=(30, 4)), rng.normal(size=(20, 4))
    found = manifold_precision_recall(real, generated, metric=metric)
    expected = by_definition(real, generated, 3, metric)
    np.testing.assert_allclose(found[:4], expected[:4])


def test_precision_and_recall_change_places_with_the_samples():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(90, 3)), 2 * rng.normal(size=(70, 3))
    one, other = manifold_precision_recall(X, Y), manifold_precision_recall(Y, X)
    assert (one.precision, one.recall) == (other.recall, other.precision)
    assert one.precision < one.recall


def test_what_the_scores_are_for():
    """Half of the modes; outliers among the real rows."""
    rng = np.random.default_rng(0)
    places = 6 * rng.normal(size=(10, 8))
    real = places[rng.integers(10, size=400)] + rng.normal(size=(400, 8))
    five = places[rng.integers(5, size=400)] + rng.normal(size=(400, 8))
    found = manifold_precision_recall(real, five, n_neighbors=5)
    assert found.precision > 0.8 and found.recall < 0.6 and found.coverage < 0.6
    X, wide = rng.normal(size=(500, 8)), 3 * rng.normal(size=(500, 8))
    outliers = X.copy()
    outliers[:10] *= 8
    clean, spoiled = (
        manifold_precision_recall(rows, wide, n_neighbors=5) for rows in (X, outliers)
    )
    assert spoiled.precision > clean.precision + 0.3
    assert abs(spoiled.coverage - clean.coverage) < 0.1
    # A row that is real is as real as can be.
    assert np.median(found.realism) > 1
    itself = manifold_precision_recall(X, X[::-1] + 0).realism
    assert (itself >= 1).mean() >= 0.5 and np.isfinite(itself).all()


def test_repeated_rows_keep_their_reach():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(100, 4)), rng.normal(size=(100, 4))
    once = manifold_precision_recall(X, Y)
    with pytest.warns(UserWarning, match="real has 800 rows, of which 100 differ"):
        found = manifold_precision_recall(np.repeat(X, 8, axis=0), Y)
    for name in ("precision", "recall", "coverage"):
        assert getattr(found, name) == getattr(once, name)
    assert found.density == pytest.approx(8 * once.density)


def test_memory_is_rows_times_a_block():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(3000, 4)), rng.normal(size=(3000, 4))
    tracemalloc.start()
    manifold_precision_recall(X, Y, working_memory=2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * 2**20 < 3000**2


def test_single_precision_is_taken():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(60, 30)), rng.normal(size=(60, 30))
    found = manifold_precision_recall(X.astype(np.float32), Y.astype(np.float32))
    np.testing.assert_allclose(found[:4], manifold_precision_recall(X, Y)[:4])


@pytest.mark.filterwarnings("ignore:.*of which:UserWarning")
def test_what_is_refused():
    X = np.arange(10.0).reshape(5, 2)
    for real, generated, settings_, told in [
        (X, X[:, :1], {}, "2 columns, and generated 1"),
        (X[:3], X, {}, "different rows of real, 3"),
        (X, np.repeat(X[:1], 9, axis=0), {}, "different rows of generated, 1"),
        (X, X * np.nan, {}, "generated contains NaN"),
        (X, X, dict(n_neighbors=0), "n_neighbors"),
        (X, X, dict(metric="seuclidean"), "metric"),
    ]:
        with pytest.raises(ValueError, match=told):
            manifold_precision_recall(real, generated, **settings_)
