"""Least expected costs: among all labels, by brute force, and out of reach."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import pairwise_distances
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgeom import FrechetMeanClassifier
from skgeom.classification._frechet_mean_classifier import expected_costs, reachable
from skgeom.graph import Graph

GRID = np.stack(np.meshgrid(np.arange(5), np.arange(5)), axis=-1).reshape(-1, 2)
CITY = np.abs(GRID[:, None] - GRID).sum(axis=2).astype(float)


def on_the_grid(n, seed=0, only=None):
    """Rows around cells of a grid, whose labels are the cells."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 25, n) if only is None else rng.choice(only, n)
    return GRID[y] + 0.2 * rng.normal(size=(n, 2)), y


@given(st.integers(1, 6), st.integers(1, 8), st.floats(0.3, 5), st.integers(0, 99))
@settings(max_examples=40)
def test_costs_are_expectations(m, n, temperature, seed):
    rng = np.random.default_rng(seed)
    P, costs = rng.dirichlet(np.ones(m), 4), rng.uniform(size=(m, n))
    found = expected_costs(P, costs, temperature)
    for p, row in zip(P, found, strict=True):
        q = p ** (1 / temperature) / (p ** (1 / temperature)).sum()
        expected = [sum(q[k] * costs[k, y] for k in range(m)) for y in range(n)]
        np.testing.assert_allclose(row, expected)


@pytest.mark.parametrize("kind", ["plane", "tree", "path"])
@pytest.mark.parametrize("seed", range(3))
def test_what_is_reachable_is_what_draws_reach(kind, seed):
    """Against a hundred thousand probabilities, even and uneven."""
    rng = np.random.default_rng(seed)
    if kind == "plane":
        D = pairwise_distances(rng.normal(size=(9, 2)))
    elif kind == "path":
        D = np.abs(np.subtract.outer(np.arange(9.0), np.arange(9.0)))
    else:
        from scipy.sparse.csgraph import shortest_path

        links = [(node, rng.integers(node)) for node in range(1, 9)]
        D = shortest_path(Graph.from_edges(links).lengths, directed=False)
    costs = D[rng.choice(9, 4, replace=False)] ** 2
    found = reachable(costs)
    draws = np.concatenate([rng.dirichlet(np.full(4, a), 50_000) for a in (0.2, 1.0)])
    drawn = np.isin(np.arange(9), np.argmin(draws @ costs, axis=1))
    assert (found | ~drawn).all()  # what is drawn is reachable
    # What is not drawn is reached on a sliver, or by a tie, if at all.
    for label in np.flatnonzero(found & ~drawn):
        behind = (draws @ costs)[:, label] - (draws @ costs).min(axis=1)
        assert behind.min() < 0.05 * costs.max()
    assert (found & ~drawn).sum() <= 1


def test_leaves_of_a_tree_are_out_of_reach():
    """Whoever is told of some leaves alone predicts these, and nodes above them."""
    tree = Graph.from_edges([(child, (child - 1) // 3) for child in range(1, 40)])
    leaves = np.arange(13, 40)
    seen = leaves[::3]
    X = np.eye(40)[np.repeat(seen, 5)]
    model = FrechetMeanClassifier(distances=tree).fit(X, np.repeat(seen, 5))
    reached = model.reachable_labels()
    assert set(reached) & set(leaves) == set(seen)
    assert 0 in reached


def test_labels_between_are_predicted_without_rows():
    only = np.flatnonzero((GRID % 2 == 0).all(axis=1)).tolist()
    X, y = on_the_grid(400, only=only)
    new, truth = on_the_grid(400, seed=1)
    scores = {}
    for temperature in (1.0, "auto"):
        model = FrechetMeanClassifier(
            LogisticRegression(max_iter=1000),
            distances=CITY,
            labels=np.arange(25),
            temperature=temperature,
        ).fit(X, y)
        scores[temperature] = model.score(new, truth)
    plain = (model.estimator_.predict(new) == truth).mean()
    assert plain < 0.45 < scores[1.0] < scores["auto"]
    assert model.temperature_ > 1
    assert len(model.reachable_labels()) > 15
    assert model.predict_proba(new).shape == (400, 25)
    assert set(np.flatnonzero(model.predict_proba(new).sum(axis=0))) == set(only)


def test_discrete_labels_are_argmax():
    X, y = load_iris(return_X_y=True)
    names = np.array(["c", "a", "b"])[y]
    forest = RandomForestClassifier(20, random_state=0)
    model = FrechetMeanClassifier(forest).fit(X[::2], names[::2])
    plain = forest.fit(X[::2], names[::2])
    np.testing.assert_array_equal(model.predict(X), plain.predict(X))
    np.testing.assert_allclose(model.predict_proba(X), plain.predict_proba(X))


def test_ordinal_errors_are_smaller():
    X, y = load_digits(return_X_y=True)
    X = X + 12 * np.random.default_rng(0).normal(size=X.shape)
    kinds = {}
    for distances in ("discrete", "absolute"):
        model = make_pipeline(
            StandardScaler(),
            FrechetMeanClassifier(LogisticRegression(C=0.01), distances=distances),
        ).fit(X[::2], y[::2])
        kinds[distances] = ((model.predict(X[1::2]) - y[1::2]) ** 2).mean()
    assert kinds["absolute"] < 0.8 * kinds["discrete"]


def test_all_kinds_of_metrics():
    X, y = np.array([[0.0], [0.1], [3.9], [4.0]]), np.array([0, 0, 4, 4])
    path = Graph.from_edges([[k, k + 1] for k in range(4)])
    matrix = np.abs(np.subtract.outer(np.arange(5.0), np.arange(5.0)))
    rows = np.linspace(0, 4, 9)[:, None]
    told = [
        FrechetMeanClassifier(distances=d, labels=labels).fit(X, y).predict(rows)
        for d, labels in [
            ("absolute", np.arange(5)),
            (matrix, np.arange(5)),
            (path, None),
        ]
    ]
    np.testing.assert_array_equal(told[0], told[1])
    np.testing.assert_array_equal(told[0], told[2])
    assert set(told[0]) > {0, 4}
    named = Graph.from_edges([["low", "middle"], ["middle", "high"]])
    model = FrechetMeanClassifier(distances=named).fit(
        X, np.array(["low"] * 2 + ["high"] * 2)
    )
    assert model.predict([[2.0]]) == ["middle"]
    # Power 1 is a median: on a path an end of those that are likely.
    median = FrechetMeanClassifier(distances="absolute", labels=np.arange(5), power=1.0)
    assert set(median.fit(X, y).predict([[0.0], [4.0]])) == {0, 4}


def test_in_a_search_with_tables():
    X, y = load_iris(return_X_y=True, as_frame=True)
    search = GridSearchCV(
        FrechetMeanClassifier(LogisticRegression(max_iter=1000), distances="absolute"),
        {"temperature": [0.5, 1.0, 2.0], "estimator__C": [0.1, 1.0]},
        cv=2,
    ).fit(X, y)
    assert search.best_score_ > 0.9
    assert list(search.best_estimator_.feature_names_in_) == list(X.columns)
    assert isinstance(X, pd.DataFrame)


def test_what_is_refused():
    X, y = np.arange(8.0)[:, None], np.repeat([0, 1], 4)
    parts = Graph.from_edges([[0, 1]], n_nodes=3)
    for settings_, told in [
        (dict(labels=[0, 2]), "none of the 2 labels"),
        (dict(labels=[0, 0, 1]), "different"),
        (dict(distances=np.zeros((3, 3))), "shape"),
        (dict(distances=-np.ones((2, 2))), "Negative"),
        (dict(distances=parts), "connected"),
        (dict(distances=parts, labels=[0, 1]), "3 nodes"),
        (dict(temperature=0.0), "temperature"),
        (dict(estimator=StandardScaler()), "estimator"),
    ]:
        with pytest.raises(ValueError, match=told):
            FrechetMeanClassifier(**settings_).fit(X, y)
    with pytest.raises(ValueError, match="numbers"):
        FrechetMeanClassifier(distances="absolute").fit(X, np.array(["a", "b"])[y])


def test_units_of_distances_do_not_matter():
    X, y = on_the_grid(200, only=[0, 4, 20, 24])
    told = [
        FrechetMeanClassifier(distances=s * CITY, labels=np.arange(25)).fit(X, y)
        for s in (1.0, 1e-200, 1e200)
    ]
    for other in told[1:]:
        np.testing.assert_array_equal(other.predict(X), told[0].predict(X))
