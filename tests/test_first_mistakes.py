"""What estimators say to wrong input that a newcomer would give."""

import networkx as nx
import numpy as np
import pytest
from sklearn.utils._param_validation import InvalidParameterError

import skgeom
from skgeom import HeatGeodesicEmbedding, STKRClassifier
from skgeom.graph import Graph

CLUB = nx.karate_club_graph()
NODES = np.arange(34)[:, None]
SIDE = np.arange(34) % 2

ALL = sorted(skgeom._ESTIMATORS)
OF_GRAPHS = [name for name in ALL if "graph" in getattr(skgeom, name)().get_params()]


def fit(name, X, **parameters):
    """Fit, with targets for those who ask for them."""
    estimator = getattr(skgeom, name)(**parameters)
    needs_targets = estimator.__sklearn_tags__().target_tags.required
    return estimator.fit(X, SIDE) if needs_targets else estimator.fit(X)


@pytest.mark.parametrize("graph", [CLUB, Graph.from_networkx(CLUB)])
@pytest.mark.parametrize("name", ALL)
def test_a_graph_is_no_array(name, graph):
    hint = rf"{name}\(graph=" if name in OF_GRAPHS else "takes no graphs"
    with pytest.raises(ValueError, match=f"X must be an array.*{hint}"):
        fit(name, graph)


@pytest.mark.parametrize("graph", [CLUB, nx.to_numpy_array(CLUB)])
@pytest.mark.parametrize("name", OF_GRAPHS)
def test_graphs_of_others_have_to_be_converted(name, graph):
    with pytest.raises(InvalidParameterError, match=r"Graph\.from_networkx"):
        fit(name, NODES, graph=graph)


@pytest.mark.parametrize(
    ("ids", "match"),
    [
        (NODES + 1, "from 0 to 33, got 1 to 34"),
        (NODES + 0.5, "row 0 holds 0.5"),
        (np.full((34, 1), "Mr Hi"), "node_names: no node has the name 'Mr Hi'"),
        (nx.to_numpy_array(CLUB), r"got shape \(34, 34\)"),
        (CLUB, "X must be an array"),
    ],
)
@pytest.mark.parametrize("name", OF_GRAPHS)
def test_node_ids(name, ids, match):
    with pytest.raises(ValueError, match=match):
        fit(name, ids, graph=Graph.from_networkx(CLUB))


def test_a_graph_without_edges_is_embedded():
    with pytest.warns(UserWarning, match="60 connected components"):
        model = HeatGeodesicEmbedding(affinity="precomputed").fit(np.zeros((60, 60)))
    assert np.isfinite(model.embedding_).all()


@pytest.mark.parametrize("n", [40, 60, 150])
def test_a_complete_graph_is_embedded(n):
    model = HeatGeodesicEmbedding(affinity="precomputed", n_landmarks=None)
    assert np.isfinite(model.fit(1 - np.eye(n)).embedding_).all()


@pytest.fixture
def points():
    return np.random.default_rng(0).normal(size=(30, 2)) + 4 * SIDE[:30, None]


def test_classes_may_be_text_beside_rows_without_label(points):
    y = np.array([["a", "b"][side] for side in SIDE[:30]], dtype=object)
    expected = y.copy()
    y[10:] = -1
    model = STKRClassifier().fit(points, y)
    assert model.classes_.tolist() == ["a", "b"]
    np.testing.assert_array_equal(model.predict(points), expected)
    assert model.score(points, y) == 1.0


@pytest.mark.parametrize(
    ("gap", "dtype"), [(np.nan, float), (np.nan, object), (None, object)]
)
def test_rows_without_label_are_not_missing_values(points, gap, dtype):
    y = np.array([0, 1, gap] * 10, dtype=dtype)
    with pytest.raises(ValueError, match=r"NaN or None \(first in row 2\).* number -1"):
        STKRClassifier().fit(points, y)


def test_minus_one_that_became_text(points):
    y = np.array(["a", "b", -1] * 10)  # of numbers and text NumPy makes text
    with pytest.warns(UserWarning, match="the text '-1'"):
        assert len(STKRClassifier().fit(points, y).classes_) == 3


def test_classes_of_two_kinds(points):
    y = np.array(["a", "b", 3] * 10, dtype=object)
    with pytest.raises(ValueError, match="mixes text and others"):
        STKRClassifier().fit(points, y)
