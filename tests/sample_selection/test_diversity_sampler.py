"""Diverse rows: nested farthest points, and even shares of clusters."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skgeom import DiversitySampler
from skgeom.sample_selection._hierarchy import even_centers, even_shares

STRATEGIES = ["farthest_point", "kmeans", "hierarchical_kmeans"]
RNG = np.random.default_rng(0)
X = np.concatenate([RNG.normal(size=(380, 2)), 0.3 * RNG.normal(size=(20, 2)) + 9])


@given(st.integers(0, 2**32 - 1), st.integers(2, 20))
@settings(max_examples=25)
def test_farthest_points_cover_within_twice_the_best(seed, n):
    points = np.random.default_rng(seed).normal(size=(n, 2))
    chosen = DiversitySampler(n).fit(points).sample_indices_
    np.testing.assert_array_equal(np.sort(chosen), np.arange(n))
    few = DiversitySampler(max(1, n // 2)).fit(points).sample_indices_
    # Each is the farthest of all from those before it, the first is in the middle.
    middle = np.linalg.norm(points - points.mean(axis=0), axis=1)
    assert middle[few[0]] == pytest.approx(middle.min())
    for k in range(1, len(few)):
        nearest = np.linalg.norm(points[:, None] - points[few[:k]], axis=2).min(axis=1)
        assert nearest[few[k]] == pytest.approx(nearest.max())


def test_a_smaller_choice_is_the_beginning_of_a_larger_one():
    few, many = (DiversitySampler(n).fit(X).sample_indices_ for n in (5, 20))
    np.testing.assert_array_equal(many[:5], few)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_weights_say_for_how_many_rows_each_stands(strategy):
    model = DiversitySampler(12, strategy=strategy, random_state=0).fit(X)
    chosen = model.sample_indices_
    assert len(set(chosen)) == 12
    nearest = np.linalg.norm(X[:, None] - X[chosen], axis=2).argmin(axis=1)
    counts = np.bincount(nearest, minlength=12)
    np.testing.assert_allclose(model.sample_weight_, counts * 12 / 400)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_rare_kind_is_there(strategy):
    model = DiversitySampler(20, strategy=strategy, random_state=0).fit(X)
    # Of random rows one is expected.
    assert (model.sample_indices_ >= 380).sum() >= 2 - (strategy == "kmeans")


def test_a_tree_of_clusters_draws_evenly():
    rng = np.random.default_rng(0)
    sizes = [400, 100, 40, 20]
    rows = np.concatenate(
        [0.5 * rng.normal(size=(n, 2)) + 10 * np.array([i % 2, i // 2])
         for i, n in enumerate(sizes)]
    )  # fmt: skip
    kind = np.repeat(np.arange(4), sizes)
    chosen = DiversitySampler(40, strategy="hierarchical_kmeans", random_state=0).fit(
        rows
    )
    counts = np.bincount(kind[chosen.sample_indices_], minlength=4)
    assert counts.min() >= 4 and counts.max() <= 20


@given(st.lists(st.integers(0, 9), min_size=1, max_size=8), st.floats(0, 1))
def test_shares_are_as_even_as_room_allows(capacities, part):
    capacities = np.array(capacities)
    total = int(part * capacities.sum())
    shares = even_shares(capacities, total)
    assert shares.sum() == total and (shares <= capacities).all() and shares.min() >= 0
    room = shares < capacities
    if room.any():
        assert shares.max() <= shares[room].min() + 1


def test_centres_that_are_even_are_where_rows_are_rare_too():
    dense = np.random.default_rng(1).normal(size=(900, 1)) * 0.1
    rare = np.linspace(5, 10, 30)[:, None]
    centers, labels = even_centers(
        np.concatenate([dense, rare]), 10, np.random.RandomState(0)
    )
    assert len(labels) == 930 and (centers > 4).sum() >= 4


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize(
    "rows",
    [
        np.full((9, 2), 3.0),
        np.repeat([[0.0, 1.0], [2.0, 3.0]], 5, axis=0),
        np.column_stack([np.full(9, 7.0), np.arange(9.0)]),
        np.ones((1, 1)),
        1e100 * np.arange(8.0)[:, None],
        1e-100 * np.arange(8.0)[:, None],
    ],
    ids=["equal rows", "duplicates", "constant", "one row", "huge", "tiny"],
)
def test_rows_that_say_little(rows, strategy):
    model = DiversitySampler(0.5, strategy=strategy, random_state=0).fit(rows)
    assert len(set(model.sample_indices_)) == max(1, round(0.5 * len(rows)))
    assert model.sample_weight_.mean() == pytest.approx(1)


def test_many_rows_are_clustered_by_batches(monkeypatch):
    from skgeom.sample_selection import _hierarchy

    monkeypatch.setattr(_hierarchy, "_MOST_FULL", 10)
    model = DiversitySampler(8, strategy="kmeans", random_state=0).fit(X)
    assert len(set(model.sample_indices_)) == 8


def test_more_than_there_are_and_bad_input():
    with pytest.warns(UserWarning, match="n_samples=401 of 400 rows"):
        assert len(DiversitySampler(401).fit(X).sample_indices_) == 400
    for bad, name in ((np.nan, "NaN"), (np.inf, "infinity")):
        with pytest.raises(ValueError, match=name):
            DiversitySampler(1).fit([[bad, 1.0], [2.0, 3.0]])
    with pytest.raises(ValueError, match="strategy"):
        DiversitySampler(strategy="random").fit(X)
