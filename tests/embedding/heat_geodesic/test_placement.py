"""Where heat carries coordinates, and for how long."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skgeom import HeatGeodesicEmbedding
from skgeom.backends import get_backend
from skgeom.datasets import make_swiss_roll, make_tree
from skgeom.embedding._heat_geodesic import _heat_geodesic_embedding as _heat_geodesic
from skgeom.embedding._heat_geodesic._placement import (
    approach_distances,
    groups_of_duplicates,
    interpolate_by_heat,
    placement_time,
)
from skgeom.graph import Graph, _duplicates
from skgeom.metrics import neighborhood_precision
from skgeom.operators import heat_kernel


def path(n_nodes):
    """A path graph."""
    return Graph.from_edges(
        np.column_stack([np.arange(n_nodes - 1), 1 + np.arange(n_nodes - 1)])
    )


def test_time_is_the_square_of_the_hops_to_a_landmark():
    # One landmark at the end of nine nodes: 0 to 8 hops, 4 in the mean.
    assert placement_time(path(9), np.array([0]), 40.0) == 5.0 * 4**2
    assert placement_time(path(9), np.array([0]), 100.0) == 5.0 * 4**2
    # All nodes are landmarks, or next to one.
    assert placement_time(path(3), np.array([1]), 40.0) == 5.0


def test_time_is_bounded_and_shorter_where_heat_is_measured_for_less():
    assert placement_time(path(1001), np.array([0]), 40.0) == 200.0
    assert placement_time(path(9), np.array([0]), 4.0) == 0.5 * 4**2


def test_parts_without_a_landmark_do_not_count():
    two = Graph.from_edges([[0, 1], [2, 3]], n_nodes=4)
    assert placement_time(two, np.array([0]), 40.0) == 5.0


@pytest.mark.parametrize("geodesic", ["heat", "shortest_path"])
def test_nodes_between_landmarks_are_not_drawn_to_the_nearest(geodesic):
    roll = make_swiss_roll(1500, noise=0.05, random_state=0)
    model = HeatGeodesicEmbedding(n_landmarks=30, geodesic=geodesic, random_state=0)
    precision = neighborhood_precision(
        roll.coordinates, model.fit_transform(roll.X), n_neighbors=10
    )
    assert precision > {"heat": 0.65, "shortest_path": 0.75}[geodesic]


@pytest.mark.parametrize("n_nodes", [5, 60])
def test_little_heat_counts_as_much_as_much(n_nodes):
    """A long path is cold at its end, and the short series does not see how cold."""
    laplacian, nodes = path(n_nodes).laplacian(), np.array([0, 1])
    values = np.array([[3.0], [-1.0]])
    start = np.zeros((n_nodes, 2))
    start[nodes] = np.eye(2)
    shares = heat_kernel(laplacian, 2.0, start)
    assert (shares[-1].sum() < 1e-20) == (n_nodes == 60)
    found = interpolate_by_heat(
        laplacian, nodes, values, 2.0, np.zeros(n_nodes, int), get_backend("cpu")
    )
    expected = shares @ values / shares.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def test_nodes_go_where_their_distances_say():
    rng = np.random.default_rng(0)
    anchors, truth = rng.standard_normal((8, 2)), 0.5 * rng.standard_normal((30, 2))
    gates = np.tile(np.arange(8), (30, 1))
    lengths = np.linalg.norm(truth[:, None] - anchors, axis=2)
    start = truth + 0.1 * rng.standard_normal((30, 2))
    lengths[0], lengths[1, 3:] = np.inf, np.inf

    def distance(places):
        return np.linalg.norm(places - truth, axis=1)

    found = start
    for _ in range(20):
        found = approach_distances(found, anchors, gates, lengths)
    assert distance(found)[1:].max() < 1e-3 < distance(start).min()
    # Without a distance, it stays; and each goes by itself.
    assert (found[0] == start[0]).all()
    alone = approach_distances(start[5:6], anchors, gates[5:6], lengths[5:6])
    assert_allclose(alone, approach_distances(start, anchors, gates, lengths)[5:6])


def test_no_step_raises_the_stress_of_a_node():
    rng = np.random.default_rng(1)
    anchors, start = rng.standard_normal((5, 3)), rng.standard_normal((40, 3))
    gates = np.stack([rng.permutation(5)[:4] for _ in range(40)])
    lengths = rng.exponential(size=(40, 4))  # which fit no place at all

    def stress(places):
        reached = np.linalg.norm(places[:, None] - anchors[gates], axis=2)
        return ((reached - lengths) ** 2).sum(axis=1)

    found = approach_distances(start, anchors, gates, lengths)
    assert (stress(found) <= stress(start) + 1e-12).all()
    # At a landmark there is no direction to go.
    at = approach_distances(anchors[gates[:, 0]], anchors, gates, lengths)
    assert np.isfinite(at).all()


@pytest.mark.parametrize("good, same", [(0.0, True), (1.0, False)])
def test_nodes_of_trees_stay_where_heat_puts_them(monkeypatch, good, same):
    X = make_tree(400, noise=3.0, random_state=0).X
    model = HeatGeodesicEmbedding(
        geodesic="shortest_path", n_landmarks=100, random_state=0
    )
    usual = model.fit_transform(X)
    assert model.stress_ > _heat_geodesic.GOOD_STRESS
    monkeypatch.setattr(_heat_geodesic, "GOOD_STRESS", good)
    assert np.array_equal(model.fit_transform(X), usual) == same


@pytest.mark.parametrize("mixed", [True, False])
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 60),
    n_features=st.integers(1, 4),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_equal_points_are_one_group(mixed, seed, n, n_features, dtype):
    """However badly rows are mixed."""
    rng = np.random.default_rng(seed)
    points = rng.integers(-1, 2, size=(n, n_features)) * rng.choice([1, 0.1, 1e-300])
    points = (points * rng.choice([-1.0, 1.0], size=points.shape)).astype(dtype)
    if mixed:
        groups = groups_of_duplicates(None, points)
    else:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_duplicates, "_hashes", lambda rows: np.zeros(len(rows)))
            groups = groups_of_duplicates(None, points)
    equal = (points[:, None] == points).all(axis=2)
    assert np.array_equal(groups[:, None] == groups, equal)


def test_round_numbers_are_mixed():
    """Their lower bits are zeros."""
    rows = np.stack(np.meshgrid(*[np.arange(40.0)] * 3), axis=-1).reshape(-1, 3)
    for dtype in (np.float32, np.float64):
        assert len(np.unique(_duplicates._hashes(rows.astype(dtype)))) == len(rows)
