"""Names stand for node ids, in every estimator that takes a graph."""

import inspect

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from skgeom.backends import as_numpy
from skgeom.graph import Graph
from skgeom.testing import all_estimators

OF_GRAPHS = [
    pytest.param(Class, id=name)
    for name, Class in all_estimators()
    if "graph" in inspect.signature(Class).parameters
]
RING = [[f"n{i:02}", f"n{(i + 1) % 40:02}"] for i in range(40)]
GRAPH = Graph.from_edges(RING)
NAMES = np.array(GRAPH.node_names)[:, None]
Y = np.cos(2 * np.pi * np.arange(40) / 40)

pytestmark = pytest.mark.filterwarnings("ignore:The graph has:UserWarning")


def make(Class):
    parameters = inspect.signature(Class).parameters
    quick = {"max_iter": 20, "random_state": 0} if "init" in parameters else {}
    seed = {"random_state": 0} if "random_state" in parameters else {}
    return Class(graph=GRAPH, **quick | seed)


def targets(Class):
    return np.where(Y > 0, "a", "b") if Class.__name__.endswith("Classifier") else Y


def answers(model, X):
    names = ("transform", "predict", "predict_proba", "decision_function")
    found = {n: getattr(model, n)(X) for n in names if hasattr(model, n)}
    return {n: v.toarray() if hasattr(v, "toarray") else v for n, v in found.items()}


@pytest.mark.parametrize("Class", OF_GRAPHS)
def test_names_are_ids(Class):
    rows = np.random.default_rng(0).permutation(40)
    by_id = make(Class).fit(rows[:, None], targets(Class)[rows])
    by_name = make(Class).fit(NAMES[rows], targets(Class)[rows])
    expected = answers(by_id, rows[:7, None])
    assert expected
    for model in (by_id, by_name):
        found = answers(model, NAMES[rows[:7]])
        for name, value in expected.items():
            np.testing.assert_array_equal(as_numpy(found[name]), as_numpy(value))


@pytest.mark.parametrize("package", ["pandas", "polars"])
@pytest.mark.parametrize("Class", OF_GRAPHS)
def test_a_column_of_a_data_frame(Class, package):
    frames = pytest.importorskip(package)
    frame = frames.DataFrame({"node": NAMES[:, 0].tolist()})
    model = make(Class).fit(frame, targets(Class))
    assert model.n_features_in_ == 1
    # As scikit-learn itself names columns; before 1.7 it did not know all of polars.
    own = StandardScaler().fit(frames.DataFrame({"node": [0.0, 1.0]}))
    named = [getattr(one, "feature_names_in_", None) for one in (model, own)]
    assert named[0] == named[1]
    expected = answers(make(Class).fit(np.arange(40)[:, None], targets(Class)), NAMES)
    for name, value in answers(model, frame).items():
        np.testing.assert_array_equal(value, expected[name])


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.array([["n00"], ["x"]]), r"no node has the name 'x' \(row 1\)"),
        (np.array([["n00"], [None]], object), "no node has the name None"),
        (np.array(["n00", "n01"]), r"of shape \(n_samples, 1\); got shape \(2,\)"),
        (np.array([["n00", "n01"]]), r"got shape \(1, 2\)"),
        (np.empty((0, 1), "U3"), r"0 sample\(s\)"),
    ],
)
@pytest.mark.parametrize("Class", OF_GRAPHS)
def test_wrong_names(Class, X, message):
    with pytest.raises(ValueError, match=f"column of node ids or names.*{message}"):
        make(Class).fit(X, targets(Class)[: len(X)])
    unnamed = make(Class).set_params(graph=Graph.from_edges([[0, 1], [1, 2]]))
    with pytest.raises(ValueError, match="has no node_names"):
        unnamed.fit(X, targets(Class)[: len(X)])
