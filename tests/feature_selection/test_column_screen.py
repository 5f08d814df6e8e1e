"""Selection of columns of both kinds: what stays, its names, and tables with gaps."""

import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.compose import make_column_transformer
from sklearn.feature_selection import GenericUnivariateSelect
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skgeom import ColumnScreen
from skgeom.feature_selection import (
    contingency_classif,
    contingency_regression,
    rank_dependence_classif,
    rank_dependence_regression,
)


def mixed_table(n=300, seed=0):
    """Text and numbers with gaps; "city" and "age" count."""
    rng = np.random.default_rng(seed)
    city = rng.integers(0, 30, n)
    table = pd.DataFrame(
        {
            "idle": rng.normal(size=n),
            "city": [f"c{k}" for k in city],
            "age": rng.normal(size=n),
            "flag": rng.random(n) < 0.5,
            "kind": pd.Categorical(rng.choice(list("abc"), n)),
        }
    )
    y = rng.normal(size=30)[city] + table["age"].to_numpy() ** 2
    table.loc[::9, "age"] = np.nan
    table.loc[::11, "city"] = None
    return table, y + 0.3 * rng.normal(size=n)


def test_a_table_of_text_and_numbers_keeps_its_names():
    table, y = mixed_table()
    screen = ColumnScreen("k_best", param=2).fit(table, y)
    assert_array_equal(screen.is_categorical_, [False, True, False, True, True])
    assert_array_equal(screen.get_feature_names_out(), ["city", "age"])
    assert screen.pvalues_[[1, 2]].max() < 1e-5 < 0.001 < screen.pvalues_[[0, 3]].min()
    kept = screen.set_output(transform="pandas").transform(table)
    pd.testing.assert_frame_equal(kept, table[["city", "age"]])
    assert screen.transform(table.iloc[:3]).shape == (3, 2)


def test_scores_are_those_of_the_functions():
    table, y = mixed_table()
    screen = ColumnScreen("fdr", param=0.05).fit(table, y)
    codes = np.array([table["city"].factorize()[0]]).T.astype(float)
    assert_allclose(screen.scores_[1], contingency_regression(codes, y)[0][0])
    ranks = rank_dependence_regression(table[["age"]].to_numpy(), y)
    assert_allclose(screen.scores_[2], ranks[0][0])
    classes = y > np.median(y)
    screen.fit(table, classes)
    assert_allclose(screen.scores_[1], contingency_classif(codes, classes)[0][0])
    ages = rank_dependence_classif(table[["age"]].to_numpy(), classes)
    assert_allclose(screen.pvalues_[2], ages[1][0])


def test_polars_and_arrays_of_objects_are_read_alike():
    polars = pytest.importorskip("polars")
    table, y = mixed_table()
    table["kind"] = table["kind"].astype(str)
    expected = ColumnScreen("k_best", param=2).fit(table, y)
    same = ColumnScreen("k_best", param=2).fit(polars.from_pandas(table), y)
    assert_allclose(same.scores_, expected.scores_)
    objects = ColumnScreen("k_best", param=2, categorical_features=[1, 3, -1])
    objects.fit(table.to_numpy(dtype=object), y)
    assert_allclose(objects.scores_, expected.scores_)
    assert objects.transform(table.to_numpy(dtype=object)).shape == (300, 2)


@pytest.mark.parametrize(
    ("mode", "param"),
    [("k_best", 3), ("percentile", 20), ("fpr", 0.1), ("fdr", 0.2), ("fwe", 0.2)],
)
def test_modes_are_those_of_scikit_learn(mode, param):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(100, 20))
    y = X[:, 3] + X[:, 5] ** 2 + 0.5 * X[:, 7] + rng.normal(size=100)
    ours = ColumnScreen(mode, param=param).fit(X, y)
    theirs = GenericUnivariateSelect(
        rank_dependence_regression, mode=mode, param=param
    ).fit(X, y)
    assert_array_equal(ours.get_support(), theirs.get_support())
    assert 0 < ours.get_support().sum() < 20


def test_masks_indices_and_names_say_the_same():
    table, y = mixed_table()
    table = table[["idle", "age"]].round(1).assign(code=np.arange(300) % 7)
    scores = [
        ColumnScreen(categorical_features=given).fit(table, y).scores_
        for given in ([False, False, True], [2], ["code"], np.array([-1]))
    ]
    for other in scores[1:]:
        assert_array_equal(scores[0], other)
    assert not ColumnScreen(categorical_features=None).fit(table, y).is_categorical_[2]
    everything = ColumnScreen(categorical_features="all").fit(table, y)
    assert everything.is_categorical_.all()


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ([7], "holds 7, but X has 3 columns"),
        (["b"], "'b', which names no column"),
        ([0.5], "must be a mask"),
        ([True, False], "must be a mask"),
    ],
)
def test_columns_that_do_not_exist_are_told(given, match):
    X, y = np.arange(30.0).reshape(10, 3), np.arange(10.0) + 0.5
    with pytest.raises(ValueError, match=match):
        ColumnScreen(categorical_features=given).fit(X, y)


@pytest.mark.parametrize(
    ("mode", "param"),
    [("k_best", 2.5), ("percentile", 101), ("fdr", 10), ("fpr", 1.5), ("fwe", 2)],
)
def test_a_param_that_is_none_of_its_mode(mode, param):
    X, y = np.arange(30.0).reshape(10, 3), np.arange(10.0) + 0.5
    with pytest.raises(ValueError, match=f"param={param}.*mode='{mode}'"):
        ColumnScreen(mode, param=param).fit(X, y)


def test_text_among_numbers_is_told():
    y = np.arange(6.0) + 0.5
    X = np.array([[1, "a"]] * 6, dtype=object)
    with pytest.raises(ValueError, match=r"column 1.*categorical_features"):
        ColumnScreen().fit(X, y)
    with pytest.raises(ValueError, match="infinity"):
        ColumnScreen().fit(pd.DataFrame({"a": [np.inf, 1, 2, 3, 4, 5]}), y)
    with pytest.raises(ValueError, match="requires y"):
        ColumnScreen().fit(np.zeros((6, 1)), None)
    with pytest.raises(ValueError, match="y contains NaN"):
        ColumnScreen().fit(np.zeros((6, 1)), np.where(y > 3, np.nan, y))


def test_more_columns_than_there_are_and_none():
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(50, 4)), rng.normal(size=50)
    with pytest.warns(UserWarning, match="param=9 is more than the 4 columns"):
        assert ColumnScreen("k_best", param=9).fit(X, y).get_support().all()
    none = ColumnScreen("fwe", param=1e-12).fit(X, y)
    with pytest.warns(UserWarning, match="No features were selected"):
        assert none.transform(X).shape == (50, 0)
    assert ColumnScreen("fpr", param=0.0).fit(X, y).get_support().sum() == 0


def test_constant_and_doubled_columns_and_one_class():
    rng = np.random.default_rng(3)
    x = rng.normal(size=60)
    X = np.column_stack([np.ones(60), x, x, rng.normal(size=60)])
    screen = ColumnScreen("k_best", param=1).fit(X, x**2)
    assert_array_equal(screen.get_support(True), [1])  # the first of equals
    assert (screen.scores_[0], screen.pvalues_[0]) == (0, 1)
    with pytest.warns(UserWarning, match="ColumnScreen: y holds one value"):
        one = ColumnScreen("fdr", param=0.05).fit(X, np.zeros(60, dtype=int))
    assert not one.get_support().any()


def test_counts_are_classes_unless_told():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(200, 3))
    y = rng.poisson(np.exp(X[:, 0]))
    assert_allclose(ColumnScreen().fit(X, y).scores_, rank_dependence_classif(X, y)[0])
    told = ColumnScreen(target_type="continuous").fit(X, y)
    assert_allclose(told.scores_, rank_dependence_regression(X, y)[0])
    assert told.scores_[0] > ColumnScreen().fit(X, y).scores_[0]


def test_sparse_columns_stay_sparse():
    rng = np.random.default_rng(5)
    X = sp.random_array((120, 500), density=0.05, rng=rng, format="csr")
    y = (X[:, [7]].toarray()[:, 0] > 0) | (rng.random(120) < 0.05)
    for kind in (None, "all"):
        screen = ColumnScreen("k_best", param=5, categorical_features=kind).fit(X, y)
        assert screen.scores_.argmax() == 7
        kept = screen.transform(X)
        assert sp.issparse(kept) and kept.shape == (120, 5)
        back = screen.inverse_transform(kept)
        assert back.shape == X.shape
        dense = ColumnScreen("k_best", param=5, categorical_features=kind)
        assert_allclose(dense.fit(X.toarray(), y).scores_, screen.scores_, atol=1e-9)


def test_tuned_in_a_pipeline():
    table, y = mixed_table()
    one_hot = OneHotEncoder(handle_unknown="ignore")
    encode = make_column_transformer(
        (one_hot, ["city"]), (StandardScaler(), []), remainder="drop"
    )
    model = make_pipeline(
        ColumnScreen("k_best").set_output(transform="pandas"), encode, Ridge()
    )
    grid = {"columnscreen__param": [2, 4], "columnscreen__degree": [2, 4]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search = GridSearchCV(model, grid, cv=3, error_score="raise").fit(table, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    names = search.best_estimator_[0].get_feature_names_out()
    assert {"city", "age"} <= set(names)


def test_tensors_come_home_and_floats_stay_narrow():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(6)
    X, y = rng.normal(size=(40, 6)).astype(np.float32), rng.normal(size=40)
    screen = ColumnScreen("k_best", param=2).fit(torch.as_tensor(X), y)
    assert screen.scores_.dtype == np.float32
    kept = screen.transform(torch.as_tensor(X))
    assert isinstance(kept, torch.Tensor) and kept.dtype == torch.float32
    assert_array_equal(kept.numpy(), screen.transform(X))
    with config_context(transform_output="pandas"):
        assert list(screen.transform(X).columns) == list(screen.get_feature_names_out())
