"""Fitted estimators go through skops, which builds nothing that is not trusted."""

import inspect
import io
import itertools
import warnings
import zipfile

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.datasets import make_moons
from sklearn.utils import get_tags

from skgeom.graph import Graph
from skgeom.testing import all_estimators

skops = pytest.importorskip("skops.io")

# Little work: what is kept is of the same kinds.
QUICK = {
    "max_iter": 5,
    "n_metric_rounds": 1,
}
# A function of eigenvalues is a partial one, of a name of this package.
KNOWN = {"skgeom", "sklearn", "numpy", "scipy", "functools"}
METHODS = ("transform", "predict", "predict_proba", "score_samples", "mahalanobis")


def parameters(Class):
    """Those of a quick fit, with a seed."""
    known = inspect.signature(Class).parameters
    quick = {name: value for name, value in QUICK.items() if name in known}
    seed = {"random_state": 0} if "random_state" in known else {}
    return quick | seed


def table(Class):
    """Rows for any estimator, and labels."""
    X, y = make_moons(60, noise=0.08, random_state=0)
    X = np.column_stack([X, X[:, 0] * X[:, 1]])
    if get_tags(Class()).input_tags.positive_only:
        X = np.abs(X)
    return X, y


def fitted(model, X, y):
    """The model, fitted without a word."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X, y)


def through_skops(model):
    """Write and read a model; return it with the types that had to be trusted."""
    written = skops.dumps(model)
    types = skops.get_untrusted_types(data=written)
    return skops.loads(written, trusted=types), types


def assert_same(found, expected):
    if sp.issparse(expected):
        found, expected = found.toarray(), expected.toarray()
    np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))


def assert_answers_alike(again, model, rows):
    asked = [name for name in METHODS if hasattr(model, name)]
    for name in asked:
        assert_same(getattr(again, name)(rows), getattr(model, name)(rows))
    kept = {k for k in vars(model) if k.endswith("_") and not k.startswith("_")}
    assert kept <= set(vars(again))
    assert asked or kept


@pytest.mark.parametrize(("name", "Class"), all_estimators())
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_every_estimator_is_written_and_read(name, Class):
    X, y = table(Class)
    model = fitted(Class(**parameters(Class)), X, y)
    again, types = through_skops(model)
    assert type(again) is Class
    assert_answers_alike(again, model, X[::3] + 0.01)
    # Users are asked to trust what they know: this package, and what it is made of.
    strangers = [t for t in types if t.split(".")[0] not in KNOWN]
    assert strangers == []


@pytest.mark.parametrize(
    ("name", "Class"),
    [(n, c) for n, c in all_estimators() if "graph" in inspect.signature(c).parameters],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_known_graphs_go_along(name, Class):
    X, y = table(Class)
    names = [f"node {i}" for i in range(len(X))]
    graph = Graph.from_points(X, n_neighbors=5).with_node_features(X)
    rows = np.arange(len(X))[:, None]
    model = fitted(Class(graph=graph, **parameters(Class)), rows, y)
    again, _ = through_skops(model)
    assert_answers_alike(again, model, rows[::3])
    assert again.graph.n_edges == graph.n_edges
    assert_same(again.graph.adjacency, graph.adjacency)
    assert_same(again.graph.node_features, graph.node_features)
    named = Graph.from_edges(list(itertools.pairwise(names)))
    read, _ = through_skops(named)
    assert read.node_names == named.node_names
    assert_same(read.ids(names[:3]), named.ids(names[:3]))


def test_what_is_not_trusted_is_not_read():
    Class = dict(all_estimators())["STKRRegressor"]
    X, y = table(Class)
    written = skops.dumps(fitted(Class(), X, y.astype(float)))
    assert zipfile.is_zipfile(io.BytesIO(written))
    with pytest.raises(skops.exceptions.UntrustedTypesFoundException):
        skops.loads(written, trusted=[])
