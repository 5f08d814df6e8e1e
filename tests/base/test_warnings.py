"""Warnings point at the line of whoever called, whatever lies between."""

import warnings

import numpy as np
import pytest
from sklearn import config_context
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skgeom import (
    GraphKernelRidge,
    HeatGeodesicEmbedding,
    SDPClustering,
    STKRRegressor,
)
from skgeom.graph import Graph, nearest_neighbors

RNG = np.random.default_rng(0)
X = np.concatenate([RNG.normal(size=(30, 3)), RNG.normal(size=(30, 3)) + 50])
Y = X[:, 0]
HEAT = HeatGeodesicEmbedding(random_state=0)  # of two parts
SLOW = STKRRegressor(kernel="rbf", solver="cg", max_iter=1)


@pytest.mark.parametrize(
    "call",
    [
        lambda: HEAT.fit(X),
        lambda: HEAT.fit_transform(X),
        lambda: HeatGeodesicEmbedding(n_neighbors=80).fit(X[:30]),
        lambda: HeatGeodesicEmbedding(max_iter=1, tol=0).fit(X[:30]),
        lambda: make_pipeline(PCA(2), HEAT).fit_transform(X),
        lambda: FunctionTransformer(HEAT.fit_transform).fit_transform(X),
        lambda: HEAT.set_output(transform="default").fit_transform(X),
        lambda: SLOW.fit(X, Y),
        lambda: make_pipeline(PCA(2), SLOW).fit(X, Y).predict(X),
        lambda: cross_val_score(SLOW, X, Y, cv=2),
        lambda: GridSearchCV(SLOW, {"alpha": [0.1, 1.0]}, cv=2).fit(X, Y),
        lambda: GraphKernelRidge(max_iter=1, alpha=1e-6).fit(X, Y),
        lambda: SDPClustering(2, max_iter=1, random_state=0, n_init=1).fit(X[:30]),
        lambda: GraphKernelRidge(graph=directed()).fit([[0], [1], [2]], [0, 1.5, 2]),
    ],
)
def test_the_line_that_called_is_named(call):
    with warnings.catch_warnings(record=True) as told, config_context():
        warnings.simplefilter("always")
        call()
    ours = [w for w in told if issubclass(w.category, (UserWarning, RuntimeWarning))]
    assert ours
    assert {w.filename for w in ours} == {__file__}


def directed():
    return Graph.from_edges([[0, 1], [1, 2]], directed=True)


def test_functions_name_their_callers_too():
    with pytest.warns(UserWarning, match="slow") as told:
        nearest_neighbors_slowly()
    assert told[0].filename == __file__


def nearest_neighbors_slowly():
    from unittest import mock

    with (
        mock.patch("skgeom.graph._neighbors._EXACT_LIMIT", 1),
        mock.patch("importlib.util.find_spec", return_value=None),
    ):
        nearest_neighbors(np.tile(X, 2), n_neighbors=3)


def test_convergence_is_warned_of_in_scikit_learns_category():
    with pytest.warns(ConvergenceWarning, match="max_iter=1") as told:
        SLOW.fit(X, Y)
    assert told[0].filename == __file__
