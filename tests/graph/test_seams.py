"""Seams: where a strand of points was cut through, and what is none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csgraph

from skgeom.backends._numba._graphs import reached_within
from skgeom.datasets import make_swiss_roll
from skgeom.graph import Graph, nearest_neighbors, robust_graph
from skgeom.graph._seams import find_seams

seeds = st.integers(0, 10_000)


def ring(n, n_features, noise, seed):
    """A ring of radius 1 turned into space, and true distances from some points."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 2 * np.pi, n)
    frame = np.linalg.qr(rng.normal(size=(n_features, 2)))[0]
    X = np.column_stack([np.cos(angle), np.sin(angle)]) @ frame.T
    apart = np.abs(angle[:: n // 20, None] - angle)
    truth = np.minimum(apart, 2 * np.pi - apart)
    return X + noise * rng.normal(size=X.shape), truth


def agreement(X, truth, **options):
    """Mean correlation of paths in the robust graph with the true distances."""
    graph = robust_graph(X, **options)
    paths = csgraph.dijkstra(graph.lengths, indices=np.arange(0, len(X), len(X) // 20))
    return np.mean(
        [np.corrcoef(*pair)[0, 1] for pair in zip(paths, truth, strict=True)]
    )


def cut_at(X, apart):
    """The graph of points without edges between those marked and the others.

    Of more neighbours than usual, so that there are no gaps by chance.
    """
    distances, indices = nearest_neighbors(X, n_neighbors=25)
    crosses = apart[indices] != apart[:, None]
    distances = np.where(crosses, np.inf, distances)
    return Graph.from_neighbors(distances, indices, bandwidth=np.full(len(X), 99.0))


@settings(max_examples=30)
@given(seed=seeds, enough=st.integers(1, 9))
def test_lists_are_walked_within_themselves(seed, enough):
    rng = np.random.default_rng(seed)
    W = np.triu(rng.uniform(size=(20, 20)) < 0.15, 1)
    graph = Graph.from_adjacency((W | W.T).astype(float))
    lists = np.array([rng.permutation(20)[:9] for _ in range(8)])
    pattern = graph.adjacency
    found = reached_within(pattern.indptr, pattern.indices, lists, enough)
    for members, reached in zip(lists, found, strict=True):
        within = pattern[members][:, members]
        parts = csgraph.connected_components(within, directed=False)[1]
        expected = parts == parts[0]
        np.testing.assert_array_equal(reached, expected | (expected.sum() >= enough))


@settings(max_examples=20)
@given(seed=seeds, n_features=st.sampled_from([2, 3, 8]), power=st.integers(-9, 9))
def test_a_strand_that_is_cut_has_one_seam(seed, n_features, power):
    """Wherever it is cut, in any unit and any order of the points."""
    rng = np.random.default_rng(seed)
    along = np.sort(rng.uniform(0, 8, 800))
    frame = np.linalg.qr(rng.normal(size=(n_features, 2)))[0]
    X = np.column_stack([along, np.sin(along)]) @ frame.T
    X += 0.03 * rng.normal(size=X.shape)
    behind = along > rng.uniform(1, 7)
    wide = nearest_neighbors(X, n_neighbors=50)[1]
    graph = cut_at(X, behind)
    seams = find_seams(graph, wide, X)
    assert len(np.unique(seams.place)) == 1
    assert (behind[seams.one] != behind[seams.two]).all()
    assert not np.asarray(graph.adjacency[seams.one, seams.two]).any()

    def pairs(one, two):
        return {
            frozenset(pair) for pair in zip(one.tolist(), two.tolist(), strict=True)
        }

    assert len(pairs(seams.one, seams.two)) == len(seams.one)
    scaled = find_seams(graph, wide, 10.0**power * X)
    assert pairs(*scaled[:2]) == pairs(*seams[:2])
    order = rng.permutation(800)
    wide = nearest_neighbors(X[order], n_neighbors=50)[1]
    mixed = find_seams(cut_at(X[order], behind[order]), wide, X[order])
    assert pairs(order[mixed.one], order[mixed.two]) == pairs(*seams[:2])


@settings(max_examples=20)
@given(seed=seeds)
def test_a_whole_strand_has_none(seed):
    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.uniform(0, 8, 800), 0.03 * rng.normal(size=800)])
    wide = nearest_neighbors(X, n_neighbors=50)[1]
    graph = Graph.from_points(X, n_neighbors=25)
    assert find_seams(graph, wide, X).one.size == 0


@settings(max_examples=20)
@given(seed=seeds, n_features=st.sampled_from([2, 3]))
def test_parts_that_lie_side_by_side_are_not_joined(seed, n_features):
    """Two strands, or two sheets, between which all shortcuts were cut."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(0, {2: 8, 3: 4}[n_features], (1600, n_features))
    X[:, -1] = 0.2 * (np.arange(1600) % 2) + 0.03 * rng.normal(size=1600)
    wide = nearest_neighbors(X, n_neighbors=50)[1]
    upper = np.arange(1600) % 2 == 1
    assert find_seams(cut_at(X, upper), wide, X).one.size == 0


def test_duplicates_and_few_points_have_none():
    X = np.repeat(np.eye(2), 40, axis=0)
    wide = np.array([np.delete(np.arange(80), i)[::-1] for i in range(80)])
    assert find_seams(cut_at(X, X[:, 0] > 0), wide, X).one.size == 0
    assert robust_graph(X[38:42], n_neighbors=2).connected_components[0] == 1


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("n", "n_features", "noise"),
    [
        (600, 10, 0.05),
        (600, 3, 0.1),
        (2000, 10, 0.03),
        (2000, 10, 0.05),
        (2000, 3, 0.05),
    ],
)
def test_noisy_rings_stay_closed(n, n_features, noise, seed):
    """A ring that is cut open has .83 at best."""
    assert agreement(*ring(n, n_features, noise, seed)) > 0.98


@pytest.mark.parametrize(
    ("n", "n_features", "noise", "seed"),
    [(600, 3, 0.03, 0), (600, 3, 0.03, 4), (2000, 3, 0.03, 0), (2000, 3, 0.01, 3)],
)
def test_smoothing_opens_no_ring(n, n_features, noise, seed):
    """Smoothed points lie on a curve, the gaps of which are wider by chance."""
    assert agreement(*ring(n, n_features, noise, seed), pruning=0.0) > 0.98


@pytest.mark.parametrize("seed", range(3))
def test_wide_gaps_stay_open(seed):
    """A ring that lacks a twelfth, far more than noise fills."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0.5, 2 * np.pi, 2000)
    X = np.column_stack([np.cos(angle), np.sin(angle), np.zeros((2000, 1))])
    truth = np.abs(angle[::100, None] - angle)
    assert agreement(X + 0.05 * rng.normal(size=X.shape), truth) > 0.98


@pytest.mark.parametrize(("noise", "n_features"), [(0.75, 3), (1.0, 3), (1.0, 50)])
def test_turns_of_a_roll_are_not_sewn_together(noise, n_features, monkeypatch):
    found = []

    def seen(*args):
        found.append(find_seams(*args))
        return found[-1]

    monkeypatch.setattr("skgeom.graph._cleaning.find_seams", seen)
    for seed in range(4):
        sample = make_swiss_roll(
            2000, noise=noise, n_features=n_features, random_state=seed
        )
        robust_graph(sample.X)
    assert len(found) == 4
    assert not any(seams.one.size for seams in found)
