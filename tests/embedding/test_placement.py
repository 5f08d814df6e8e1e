"""Where heat carries coordinates, and for how long."""

import numpy as np
import pytest

from skgeom import HeatGeodesicEmbedding
from skgeom.datasets import make_swiss_roll
from skgeom.embedding._placement import placement_time
from skgeom.graph import Graph
from skgeom.metrics import neighborhood_precision


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
    assert precision > 0.65
