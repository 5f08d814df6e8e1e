"""Weights of labels, in fits and in scores, and labels that are missing."""

import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.metrics import r2_score
from sklearn.model_selection import cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgeom import GraphKernelRidge, SDPClustering, STKRClassifier, STKRRegressor
from skgeom.graph import Graph
from skgeom.model_selection import LabelledKFold, StratifiedLabelledKFold

SKLEARN = tuple(map(int, sklearn.__version__.split(".")[:2]))

rng = np.random.default_rng(0)
RING = Graph.from_edges(np.stack([np.arange(30), (np.arange(30) + 1) % 30], axis=1))
IDS = rng.permutation(30)[:20, None]
WEIGHTS = np.arange(20) % 4
VALUES = np.sin(IDS[:, 0] / 4)
CLASSES = np.array(["up", "down", "even"])[IDS[:, 0] // 10]

REGRESSORS = [
    STKRRegressor(graph=RING, tol=1e-12),
    STKRRegressor(graph=RING, tol=1e-12, alpha=[0.01, 0.1, 1.0]),
    STKRRegressor(graph=RING, normalization="symmetric", tol=1e-12),
    STKRRegressor(graph=RING, spectral_transform="polynomial", degree=4, tol=1e-12),
    GraphKernelRidge(graph=RING, tol=1e-12),
    GraphKernelRidge("learned", graph=RING, tol=1e-12),
]
CLASSIFIERS = [
    STKRClassifier(graph=RING, tol=1e-12),
    STKRClassifier(graph=RING, tol=1e-12, class_weight="balanced"),
    STKRClassifier(graph=RING, tol=1e-12, class_weight={"up": 2, "down": 1, "even": 3}),
]
every = pytest.mark.parametrize("model", [*REGRESSORS, *CLASSIFIERS], ids=str)


def target_of(model):
    return CLASSES if isinstance(model, STKRClassifier) else VALUES


def outputs(model):
    nodes = np.arange(30)[:, None]
    if isinstance(model, STKRClassifier):
        return model.predict_proba(nodes)
    return model.predict(nodes)


@every
def test_a_weight_of_two_is_a_label_given_twice(model):
    y = target_of(model)
    weighted = clone(model).fit(IDS, y, sample_weight=WEIGHTS)
    repeated = clone(model).fit(np.repeat(IDS, WEIGHTS, axis=0), np.repeat(y, WEIGHTS))
    assert_allclose(outputs(weighted), outputs(repeated), atol=1e-8)
    assert_allclose(weighted.intercept_, repeated.intercept_)
    assert_allclose(
        weighted.score(IDS, y, sample_weight=WEIGHTS),
        repeated.score(np.repeat(IDS, WEIGHTS, axis=0), np.repeat(y, WEIGHTS)),
    )


@every
def test_weights_of_one_change_no_digit(model):
    y = target_of(model)
    plain = clone(model).fit(IDS, y)
    weighted = clone(model).fit(IDS, y, sample_weight=np.ones(20))
    assert_allclose(outputs(weighted), outputs(plain), rtol=1e-12)
    assert weighted.score(IDS, y, sample_weight=np.ones(20)) == plain.score(IDS, y)


POINTS = [
    STKRRegressor(n_neighbors=5, tol=1e-12),
    STKRRegressor("rbf", tol=1e-12),
    STKRClassifier(n_neighbors=5, tol=1e-12),
    STKRClassifier("rbf", tol=1e-12),
    GraphKernelRidge(n_neighbors=5, tol=1e-12),
]


@pytest.mark.parametrize("model", POINTS, ids=str)
def test_of_points_a_weight_is_how_often_a_row_is_there(model):
    """Two is the same row twice; zero is a row that is not there at all."""
    rng = np.random.default_rng(1)
    X = rng.standard_normal((40, 2))
    times = np.arange(40) % 3
    y = np.where(X[:, 0] > 0, 3, 5) if hasattr(model, "class_weight") else X[:, 0]
    weighted = clone(model).fit(X, y, sample_weight=times)
    order = rng.permutation(times.sum())
    rows, labels = np.repeat(X, times, axis=0)[order], np.repeat(y, times)[order]
    repeated = clone(model).fit(rows, labels)
    new = np.concatenate([X, X + 0.1])
    for method in ("predict_proba", "predict"):
        if hasattr(model, method):
            found, expected = (getattr(m, method)(new) for m in (weighted, repeated))
            # strength=1e4 squared is how much rounding may grow.
            assert_allclose(found, expected, atol=1e-6)
    if hasattr(weighted, "transduction_"):
        assert_allclose(weighted.transduction_, weighted.predict(X), atol=1e-7)
        assert_allclose(repeated.transduction_, repeated.predict(rows), atol=1e-7)


@every
def test_at_a_known_node_a_weight_of_zero_is_no_label(model):
    y = target_of(model)
    some = clone(model).fit(IDS, y, sample_weight=np.minimum(WEIGHTS, 1))
    none = clone(model).fit(IDS[WEIGHTS > 0], y[WEIGHTS > 0])
    assert_allclose(outputs(some), outputs(none), rtol=1e-8)


@every
@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones(3), "sample_weight"),
        (-np.ones(20), "Negative values in data passed to `sample_weight`"),
        (np.zeros(20), "zero"),
        (np.full(20, np.nan), "sample_weight contains NaN"),
    ],
)
def test_weights_that_are_none(model, weights, message):
    with pytest.raises(ValueError, match=message):
        model.fit(IDS, target_of(model), sample_weight=weights)


def test_weights_on_unlabelled_rows_alone():
    y = np.where(WEIGHTS > 0, np.nan, VALUES)
    with pytest.raises(ValueError, match="zero for all rows that have a label"):
        STKRRegressor(graph=RING).fit(IDS, y, sample_weight=WEIGHTS)


@pytest.mark.skipif(
    SKLEARN < (1, 7),
    reason="before scikit-learn 1.7 pipelines do not route to score",
)
@pytest.mark.parametrize(
    ("model", "folds"),
    [
        (STKRRegressor(n_neighbors=4), LabelledKFold(3)),
        (STKRClassifier(n_neighbors=4), StratifiedLabelledKFold(3)),
        (GraphKernelRidge(n_neighbors=4), LabelledKFold(3)),
        (SDPClustering(2, random_state=0), 3),
    ],
    ids=str,
)
def test_weights_are_routed(model, folds):
    X = rng.standard_normal((60, 2))
    y = X[:, 0] + 0.1 * rng.standard_normal(60)
    if isinstance(model, STKRClassifier):
        y = np.where(y > 0, "a", "b")
    weights = rng.uniform(0.5, 2.0, 60)
    with config_context(enable_metadata_routing=True):
        model = clone(model).set_score_request(sample_weight=True)
        if hasattr(model, "set_fit_request"):
            model.set_fit_request(sample_weight=True)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        found = cross_validate(
            make_pipeline(scaler, model),
            X,
            y,
            cv=folds,
            params={"sample_weight": weights},
            error_score="raise",
            return_estimator=True,
            return_indices=True,
        )
        train, test = (found["indices"][part][0] for part in ("train", "test"))
        step = found["estimator"][0][-1]
        Z = found["estimator"][0][:-1].transform(X)
        own = {} if isinstance(model, SDPClustering) else {"sample_weight": weights}
        own = {name: value[train] for name, value in own.items()}
        again = clone(step).fit(Z[train], y[train], **own)
        expected = again.score(Z[test], y[test], sample_weight=weights[test])
    assert np.isfinite(found["test_score"]).all()
    assert_allclose(found["test_score"][0], expected)


def test_scores_are_those_of_scikit_learn():
    X = np.arange(20.0)[:, None]
    y, w = np.sin(X[:, 0]), np.arange(20) % 3
    model = STKRRegressor(n_neighbors=3).fit(X, y)
    expected = r2_score(y, model.predict(X), sample_weight=w)
    assert_allclose(model.score(X, y, sample_weight=w), expected)
    y[::2] = np.nan
    kept = ~np.isnan(y)
    expected = r2_score(y[kept], model.predict(X)[kept], sample_weight=w[kept])
    assert_allclose(model.score(X, y, sample_weight=w), expected)


# -------------------------------------------------------------------- missing labels


@pytest.mark.parametrize("gap", [None, np.nan, float("nan"), pd.NA, pd.NaT])
def test_missing_labels_beside_text(gap):
    X = rng.standard_normal((40, 2))
    side = np.where(X[:, 0] > 0, "right", "left").astype(object)
    hidden, missing = side.copy(), side.copy()
    hidden[10:] = -1
    missing[10:] = gap
    expected = STKRClassifier().fit(X, hidden)
    model = STKRClassifier().fit(X, missing)
    assert_array_equal(model.classes_, ["left", "right"])
    assert_array_equal(model.label_distributions_, expected.label_distributions_)
    assert model.score(X, missing) == expected.score(X, hidden)
    series = STKRClassifier().fit(X, pd.Series(missing))
    assert_array_equal(series.transduction_, expected.transduction_)
    folds = StratifiedLabelledKFold(3)
    for one, other in zip(folds.split(X, missing), folds.split(X, hidden), strict=True):
        assert_array_equal(one[1], other[1])


@pytest.mark.parametrize("dtype", ["string", "category"])
def test_missing_labels_in_columns_of_pandas(dtype):
    X = rng.standard_normal((40, 2))
    y = pd.Series(np.where(X[:, 0] > 0, "right", "left"), dtype=object)
    y[10:] = None
    model = STKRClassifier().fit(X, y.astype(dtype))
    assert_array_equal(model.classes_, ["left", "right"])
    assert model.score(X, y.astype(dtype)) > 0.8


def test_one_class_and_missing_labels_are_not_two_classes():
    y = np.array(["a", None] * 10, dtype=object)
    with pytest.raises(ValueError, match="number of classes"):
        STKRClassifier().fit(np.arange(20.0)[:, None], y)


def test_missing_labels_beside_numbers_are_named():
    y = np.array([0, 1, pd.NA] * 10, dtype=object)
    with pytest.raises(ValueError, match=r"NaN or None \(first in row 2\)"):
        STKRClassifier().fit(np.arange(30.0)[:, None], y)


@pytest.mark.parametrize("text", ["-1", "", "  ", "nan", "<NA>"])
def test_text_that_stands_for_no_label_is_warned_of(text):
    y = np.array(["a", "b", text] * 10)
    with pytest.warns(UserWarning, match=f"the text '{text}'") as told:
        model = STKRClassifier().fit(np.arange(30.0)[:, None], y)
    assert len(model.classes_) == 3
    assert told[0].filename == __file__


@pytest.mark.parametrize("gap", [None, np.nan, pd.NA])
@pytest.mark.parametrize("model", REGRESSORS[:1] + REGRESSORS[4:5], ids=str)
def test_a_missing_target_is_no_label(model, gap):
    y = VALUES.astype(object)
    y[::3] = gap
    kept = np.arange(20) % 3 > 0
    found = clone(model).fit(IDS, y)
    expected = clone(model).fit(IDS[kept], VALUES[kept])
    assert_allclose(found.predict(IDS), expected.predict(IDS), rtol=1e-9)
    assert_allclose(found.score(IDS, y), expected.score(IDS[kept], VALUES[kept]))


@pytest.mark.parametrize(
    "y",
    [
        np.arange(40) % 3,
        np.arange(40) % 2 == 0,
        np.where(np.arange(40) < 30, -1, np.arange(40) % 3),
        1 + np.arange(40) % 4,
    ],
    ids=["three", "bool", "unlabelled", "from one"],
)
@pytest.mark.parametrize("Model", [GraphKernelRidge, STKRRegressor])
def test_classes_that_are_regressed_are_warned_of(Model, y):
    X = np.arange(40.0)[:, None]
    with pytest.warns(UserWarning, match="STKRClassifier predicts classes") as told:
        model = Model(n_neighbors=3).fit(X, y)
    assert told[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_allclose(
            Model(n_neighbors=3).fit(X, y * 1.0).predict(X), model.predict(X)
        )


@pytest.mark.parametrize("n", [20, 60, 300])
@pytest.mark.parametrize(
    "draw",
    [
        lambda r, n: r.poisson(0.1, n),
        lambda r, n: r.poisson(2, n),
        lambda r, n: r.poisson(20, n),
        lambda r, n: r.geometric(0.5, n),
        lambda r, n: r.binomial(10, 0.3, n),
        lambda r, n: r.integers(-50, 50, n),
        lambda r, n: np.arange(n),
        lambda r, n: np.zeros(n, int),
    ],
)
def test_counts_are_no_classes(draw, n):
    from skgeom.base._targets import _looks_like_classes

    for seed in range(20):
        assert not _looks_like_classes(draw(np.random.default_rng(seed), n))


@pytest.mark.parametrize("Model", [GraphKernelRidge, STKRRegressor])
def test_text_is_no_number(Model):
    with pytest.raises(ValueError, match=f"{Model.__name__} predicts numbers, .*text"):
        Model(n_neighbors=3).fit(np.arange(8.0)[:, None], ["a", "b"] * 4)


def test_minus_one_is_scored_where_it_is_a_class():
    X = np.r_[np.zeros(5), np.ones(5)][:, None] + np.arange(10)[:, None] / 100
    y = np.repeat([-1, 1], 5)
    with pytest.warns(UserWarning, match="two classes"):
        model = STKRClassifier(n_neighbors=2).fit(X, y)
    assert model.score(X, -y) == 0.0
    assert model.score(X, y) == 1.0
