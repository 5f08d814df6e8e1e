import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import make_scorer, mean_absolute_error
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score

from skgeom import STKRClassifier, STKRRegressor
from skgeom.model_selection import (
    LabelledKFold,
    StratifiedLabelledKFold,
    labelled_scorer,
)


@given(
    n=st.integers(2, 40),
    n_splits=st.integers(2, 5),
    seed=st.integers(0, 2**31 - 1),
    kind=st.sampled_from(["float", "int", "columns"]),
    shuffle=st.booleans(),
)
def test_folds_partition_the_labelled_rows(n, n_splits, seed, kind, shuffle):
    rng = np.random.default_rng(seed)
    known = rng.random(n) < 0.6
    y = rng.integers(0, 3, n).astype(float)
    y[~known] = np.nan
    if kind == "int":
        y = np.where(known, y, -1).astype(int)
    elif kind == "columns":
        y = np.stack([y, y], axis=1)
    splitter = LabelledKFold(
        n_splits, shuffle=shuffle, random_state=seed if shuffle else None
    )
    if known.sum() < n_splits:
        with pytest.raises(ValueError, match="labelled rows"):
            list(splitter.split(y, y))
        return
    folds = list(splitter.split(y, y))
    assert len(folds) == n_splits == splitter.get_n_splits()
    tests = np.concatenate([test for _, test in folds])
    assert_array_equal(np.sort(tests), np.flatnonzero(known))
    for train, test in folds:
        # Together they are all rows: unlabelled ones are always in training.
        assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(n))
    sizes = [len(test) for _, test in folds]
    assert max(sizes) - min(sizes) <= 1


def test_stratified_folds_share_the_classes():
    y = np.r_[np.zeros(20, int), np.ones(10, int), np.full(30, -1)]
    y = np.random.default_rng(0).permutation(y)
    for train, test in StratifiedLabelledKFold(5, shuffle=True, random_state=0).split(
        y, y
    ):
        assert_array_equal(np.bincount(y[test]), [4, 2])
        assert (y[train] == -1).sum() == 30


def test_shuffles_repeat_and_differ():
    y = np.arange(30.0)
    one, same, other = (
        [
            t.tolist()
            for _, t in LabelledKFold(3, shuffle=True, random_state=s).split(y, y)
        ]
        for s in (0, 0, 1)
    )
    assert one == same != other


@pytest.mark.parametrize("Folds", [LabelledKFold, StratifiedLabelledKFold])
def test_nothing_is_shuffled_unless_asked(Folds):
    """As in scikit-learn: results do not change from run to run."""
    y = np.r_[np.arange(40) % 2, np.full(5, -1)]
    one, two = ([t.tolist() for _, t in Folds(4).split(y, y)] for _ in range(2))
    assert one == two
    assert one[0] == list(range(10))
    assert not Folds().shuffle
    with pytest.raises(ValueError, match="random_state has no effect"):
        next(Folds(random_state=0).split(y, y))


def test_a_class_of_strings_and_a_value_of_ones_own():
    y = np.array(["a", "b", "?", "b", "a", "?"])
    folds = StratifiedLabelledKFold(2, unlabelled="?").split(y, y)
    assert all({2, 5} <= set(train) for train, _ in folds)
    numbers = np.array([0.0, 1.0, -1.0, 2.0])
    tests = [t for _, t in LabelledKFold(3, unlabelled=-1).split(numbers, numbers)]
    assert_array_equal(np.concatenate(tests), [0, 1, 3])


def test_y_is_needed():
    with pytest.raises(ValueError, match="needs y"):
        next(LabelledKFold().split(np.zeros(4), None))


def test_the_repr_and_a_clone_keep_the_parameters():
    splitter = StratifiedLabelledKFold(3, shuffle=True, random_state=1)
    assert "n_splits=3" in repr(splitter)
    search = clone(GridSearchCV(DummyClassifier(), {}, cv=splitter))
    assert search.cv.random_state == 1


def test_the_scorer_leaves_out_unlabelled_rows():
    X = np.zeros((4, 1))
    model = DummyRegressor(strategy="constant", constant=1.0).fit(X, np.zeros(4))
    y = np.array([1.0, np.nan, 3.0, np.nan])
    assert labelled_scorer("neg_mean_absolute_error")(model, X, y) == -1.0
    own = labelled_scorer(make_scorer(mean_absolute_error))
    assert pickle.loads(pickle.dumps(own))(model, X, y) == 1.0
    assert "neg_mean" in repr(labelled_scorer("neg_mean_squared_error"))
    with pytest.raises(ValueError, match="no labelled row"):
        own(model, X, np.full(4, np.nan))
    with pytest.raises(ValueError, match="nothing"):
        labelled_scorer("nothing")


def test_grid_search_of_a_regressor():
    rng = np.random.default_rng(0)
    X = np.sort(rng.uniform(0, 6, 120))[:, None]
    y = np.where(rng.random(120) < 0.3, np.sin(X[:, 0]), np.nan)
    search = GridSearchCV(
        STKRRegressor(),
        {"alpha": [1e-3, 1e3]},
        cv=LabelledKFold(4, shuffle=True, random_state=0),
    ).fit(X, y)
    assert search.best_params_ == {"alpha": 1e-3}
    assert search.best_score_ > 0.9
    # Ordinary folds hold unlabelled rows, which the scorer leaves out.
    scores = cross_val_score(
        STKRRegressor(),
        X,
        y,
        cv=KFold(3, shuffle=True, random_state=0),
        scoring=labelled_scorer("r2"),
    )
    assert np.isfinite(scores).all()


def test_grid_search_of_a_classifier():
    rng = np.random.default_rng(0)
    classes = np.arange(90) % 3
    X = 4 * np.eye(3)[classes] + rng.standard_normal((90, 3))
    y = np.where(rng.random(90) < 0.3, classes, -1)
    scores = cross_val_score(
        STKRClassifier(),
        X,
        y,
        cv=StratifiedLabelledKFold(3, shuffle=True, random_state=0),
    )
    assert scores.min() > 0.8
