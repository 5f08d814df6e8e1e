"""Scores of columns against all permutations, and what a column may hold."""

from itertools import permutations

import mpmath
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import chi2_contingency, spearmanr
from sklearn.datasets import make_friedman1
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import SelectFdr, SelectFromModel, SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skgeom import KernelRegressor
from skgeom.feature_selection import (
    contingency_classif,
    contingency_regression,
    rank_dependence_classif,
    rank_dependence_regression,
)
from skgeom.feature_selection._levels import column_levels
from skgeom.feature_selection._permutation_law import (
    log_survival,
    permutation_moments,
)
from skgeom.feature_selection._projections import Target, law_of_basis, polynomials

SCORES = {
    contingency_classif: "classes",
    rank_dependence_classif: "classes",
    contingency_regression: "numbers",
    rank_dependence_regression: "numbers",
}


def target_of(score, n, rng):
    if SCORES[score] == "classes":
        return rng.choice(3, n, p=[0.5, 0.3, 0.2])
    return rng.normal(size=n).round(1)


def projection_onto_levels(x):
    member = (x[:, None] == np.unique(x)).astype(float)
    return member / member.sum(axis=0) @ member.T - 1 / len(x)


def projection_onto_ranks(x, degree):
    """By a factorisation of powers of mean ranks."""
    t = (x[:, None] > x).sum(axis=1) + 0.5 * (x[:, None] == x).sum(axis=1)
    k = min(degree, len(np.unique(x)) - 1)
    Q = np.linalg.qr((t / len(x) - 0.5)[:, None] ** np.arange(k + 1))[0][:, 1:]
    return Q @ Q.T


def columns_with_ties(n, rng):
    X = np.stack([rng.integers(0, k, n) for k in (2, 3, n)], axis=1)
    return np.column_stack([X, rng.normal(size=n), np.zeros(n)]).astype(float)


@pytest.mark.parametrize("n", [4, 5, 6, 7])
@pytest.mark.parametrize("score", SCORES)
def test_scores_are_of_all_permutations(score, n):
    """The definition: every permutation of the rows, by projections as matrices."""
    rng = np.random.default_rng(n)
    X, y = columns_with_ties(n, rng), np.arange(n) % 3 + 0.5 * (np.arange(n) > 4)
    if SCORES[score] == "classes":
        y = y.astype(int)
        B = projection_onto_levels(y)
    else:
        B = projection_onto_ranks(y, 3)
    scores, p_values = score(X, y)
    for j, x in enumerate(X.T):
        of_ranks = "rank" in score.__name__
        A = projection_onto_ranks(x, 4) if of_ranks else projection_onto_levels(x)
        every = [(A * B[np.ix_(p, p)]).sum() for p in map(list, permutations(range(n)))]
        spread = np.std(every)
        if spread < 1e-6:
            assert (scores[j], p_values[j]) == (0, 1)
            continue
        assert_allclose(scores[j], (every[0] - np.mean(every)) / spread, atol=1e-8)


@pytest.mark.parametrize("sizes", [(1, 2, 4), (1, 1, 1, 4), (2, 5)])
def test_skewness_is_that_of_all_permutations(sizes):
    x, y = np.repeat(np.arange(len(sizes)), sizes).astype(float), np.arange(7.0) ** 2
    y[3] = y[4]
    A, B = projection_onto_levels(x), projection_onto_ranks(y, 2)
    every = [(A * B[np.ix_(p, p)]).sum() for p in map(list, permutations(range(7)))]
    mean, variance, skewness = permutation_moments(
        7, Target(x, None).law, Target(y, 2).law
    )
    z = (np.array(every) - np.mean(every)) / np.std(every)
    assert_allclose([mean[0], variance[0]], [np.mean(every), np.var(every)])
    assert_allclose(skewness[0], (z**3).mean(), rtol=1e-7)


@pytest.mark.parametrize("seed", range(3))
def test_levels_are_scored_by_pearsons_statistic(seed):
    rng = np.random.default_rng(seed)
    X, y = rng.integers(0, [2, 7, 20], size=(150, 3)), rng.integers(0, 4, 150)
    scores, _ = contingency_classif(X, y)
    n = len(y)
    for j in range(3):
        table = np.zeros((20, 4))
        np.add.at(table, (X[:, j], y), 1)
        table = table[table.sum(axis=1) > 0]
        statistic = chi2_contingency(table, correction=False).statistic
        # The classical moments, as Dawson has them.
        terms = []
        for counts in (table.sum(axis=1), table.sum(axis=0)):
            k = len(counts)
            terms.append((n - k) * (k - 1) / (n - 1))
            terms.append((n * (1 / counts).sum() - k**2) / (n - 2))
        a, b, c, d = terms
        mean = n * np.prod(np.array(table.shape) - 1) / (n - 1)
        variance = 2 * n / (n - 3) * (a - b) * (c - d) + n**2 / (n - 1) * b * d
        assert_allclose(scores[j], (statistic - mean) / np.sqrt(variance))


def test_of_degree_one_it_is_spearmans():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 8)).round(1), rng.normal(size=60).round(1)
    scores, p = rank_dependence_regression(X, y, degree=1, target_degree=1)
    rho = np.array([spearmanr(x, y) for x in X.T])
    assert_array_equal(np.argsort(scores), np.argsort(np.abs(rho[:, 0])))
    small = rho[:, 1] < 0.5
    assert small.any()
    assert_allclose(p[small], rho[small, 1], atol=0.01)


@given(st.integers(0, 10**6), st.sampled_from(list(SCORES)), st.integers(6, 40))
@settings(max_examples=30)
def test_a_sparse_matrix_and_a_permutation_change_nothing(seed, score, n):
    rng = np.random.default_rng(seed)
    X = rng.poisson(0.7, (n, 6)) * rng.choice([-1.0, 1.0, 0.5], (n, 6))
    y = target_of(score, n, rng)
    if len(np.unique(y)) == 1:
        y[0] += 1
    expected = score(X, y)
    order = rng.permutation(n)
    doubled = sp.coo_array(X)  # every entry in two halves
    doubled = sp.coo_array(
        (
            np.tile(doubled.data / 2, 2),
            tuple(np.tile(c, 2) for c in doubled.coords),
        ),
        X.shape,
    )
    for other, of in (
        (sp.csr_array(X), y),
        (sp.csc_matrix(X), y),
        (doubled, y),
        (X[order], y[order]),
    ):
        found = score(other, of)
        assert_allclose(found[0], expected[0], atol=1e-8)
        assert_allclose(found[1], expected[1], atol=1e-8)


@pytest.mark.parametrize("score", SCORES)
def test_only_order_or_only_difference_of_values_counts(score):
    rng = np.random.default_rng(1)
    X, y = rng.integers(0, 9, (80, 4)).astype(float), target_of(score, 80, rng)
    scores = score(X, y)[0]
    for scale in (1e-100, 1e100):
        assert_allclose(score(X * scale, y)[0], scores, atol=1e-9)
    if "rank" in score.__name__:
        assert_allclose(score(np.exp(X), y)[0], scores, atol=1e-9)
        assert_allclose(score(-X, y)[0], scores, atol=1e-9)
    else:
        assert_allclose(score((X * 5) % 9 - 3, y)[0], scores, atol=1e-9)
    if SCORES[score] == "numbers":
        assert_allclose(score(X, y**3)[0], scores, atol=1e-9)


@pytest.mark.parametrize("score", SCORES)
def test_levels_of_p_values_are_held(score):
    """Few rows and many levels, skewed, with gaps."""
    rng = np.random.default_rng(2)
    y = target_of(score, 150, rng)
    X = (rng.pareto(1.0, (150, 4000)) * 3).astype(int).astype(float)
    X[:, ::2] = rng.integers(0, 100, (150, 2000))
    X[rng.random(X.shape) < 0.05] = np.nan
    p = score(X, y)[1]
    for level in (0.01, 0.05, 0.3):
        error = np.sqrt(level * (1 - level) / 4000)
        assert abs((p <= level).mean() - level) < 4 * error


def test_ids_have_no_score_and_many_levels_no_advantage():
    rng = np.random.default_rng(3)
    X = np.column_stack([np.arange(300), rng.integers(0, 150, 300), np.zeros(300)])
    y = rng.integers(0, 2, 300)
    scores, p = contingency_classif(X, y)
    assert_array_equal(scores[[0, 2]], 0)
    assert_array_equal(p[[0, 2]], 1)
    assert abs(scores[1]) < 3
    forest = RandomForestClassifier(20, random_state=0).fit(X, y)
    assert forest.feature_importances_[0] > 0.3  # where ids seem to count


def test_shapes_that_have_no_slope_are_found():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(500, 60))
    y = (
        X[:, 0] ** 2
        + np.cos(3 * X[:, 1])
        + np.exp(0.7 * X[:, 2]) * rng.normal(size=500)
    )
    found = SelectKBest(rank_dependence_regression, k=3).fit(X, y)
    assert_array_equal(found.get_support(True), [0, 1, 2])
    assert (found.pvalues_[:3] < 1e-4).all()


def test_missing_values_are_a_level_and_tell_by_themselves():
    rng = np.random.default_rng(5)
    X, y = rng.normal(size=(200, 2)), rng.integers(0, 2, 200)
    X[(y == 1) & (rng.random(200) < 0.4), 0] = np.nan
    scores, p = rank_dependence_classif(X, y)
    assert p[0] < 1e-6 < 0.01 < p[1]
    X = np.round(X)
    scores, p = contingency_classif(X, y)
    assert p[0] < 1e-6 < 0.01 < p[1]
    assert_allclose(scores, contingency_classif(np.nan_to_num(X, nan=99.0), y)[0])
    everywhere = np.full((200, 1), np.nan)
    assert rank_dependence_classif(everywhere, y)[1] == 1


def test_a_basis_is_orthonormal_and_ranks_are_those_of_its_columns():
    rng = np.random.default_rng(6)
    X = columns_with_ties(50, rng)
    X[::7, 1] = np.nan
    levels = next(column_levels(X))
    basis = polynomials(levels, 4)
    law = law_of_basis(levels, basis, 50)
    assert_array_equal(law.rank, [1, 3, 4, 4, 0])
    ends = np.append(levels.start, len(basis))
    for j, rank in enumerate(law.rank.astype(int)):
        part = slice(ends[j], ends[j + 1])
        P, w = basis[part], levels.counts[part]
        assert_allclose(w @ P, 0, atol=1e-10)
        gram = P.T @ (w[:, None] * P)
        assert_allclose(gram, np.diag(np.diag(gram)), atol=1e-9)
        assert_allclose(np.sort(np.diag(gram))[::-1], np.arange(5) < rank, atol=1e-9)


@pytest.mark.parametrize(("shape", "at"), [(3, 900), (100, 1500), (0.01, 800), (4, 9)])
def test_tails_are_right_where_probabilities_underflow(shape, at):
    z, skewness = np.array([at - shape]) / np.sqrt(shape), np.array(2 / np.sqrt(shape))
    expected = mpmath.log(mpmath.gammainc(shape, at, regularized=True))
    assert_allclose(log_survival(z, skewness), float(expected), rtol=1e-8)


def test_strong_columns_have_finite_scores_in_order():
    y = np.arange(3000.0)
    X = np.column_stack([y, np.where(y % 50 == 0, -y, y), np.roll(y, 7)])
    scores, p = rank_dependence_regression(X, y)
    assert np.isfinite(scores).all() and scores[0] > scores[2] > 100
    assert (p >= 0).all()


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_below_four_rows_nothing_is_told(score, n):
    y = np.arange(n) if SCORES[score] == "classes" else np.arange(n) + 0.5
    scores, p = score(np.arange(2.0 * n).reshape(n, 2), y)
    assert_array_equal(scores, 0)
    assert_array_equal(p, 1)


@pytest.mark.parametrize("score", SCORES)
def test_what_cannot_be_scored_is_refused(score):
    X, y = np.zeros((9, 2)), np.arange(9) % 2
    with pytest.warns(UserWarning, match="one value"):
        scores, p = score(X, np.ones(9))
    assert not scores.any() and (p == 1).all()
    with pytest.raises(ValueError, match="infinity"):
        score(np.where(np.eye(9, 2) > 0, np.inf, X), y)
    with pytest.raises(ValueError, match="y contains NaN"):
        score(X, np.where(y > 0, np.nan, 0.0))
    with pytest.raises(ValueError, match="inconsistent"):
        score(X, y[:5])
    with pytest.raises(ValueError, match="'y' parameter"):
        score(X, None)
    if score is not contingency_classif:
        for degree in (0, 11, 2.5):
            with pytest.raises(ValueError, match="'degree' parameter"):
                score(X, y, degree=degree)
    if SCORES[score] == "classes":
        with pytest.raises(ValueError, match="continuous"):
            score(X, y + 0.1 * np.arange(9))
    else:
        with pytest.raises(ValueError, match="could not convert"):
            score(X, np.array(list("ababababa")))


def test_duplicates_have_equal_scores():
    rng = np.random.default_rng(7)
    X, y = rng.normal(size=(90, 3)), rng.normal(size=90)
    twice = np.column_stack([X, X])
    scores = rank_dependence_regression(twice, y)[0]
    assert_array_equal(scores[:3], scores[3:])
    rows = rank_dependence_regression(np.tile(X, (2, 1)), np.tile(y, 2))[0]
    assert np.corrcoef(rows, scores[:3])[0, 1] > 0.99


def test_within_a_search_of_scikit_learn():
    rng = np.random.default_rng(8)
    X = sp.csr_array(rng.poisson(0.3, (300, 40)).astype(float))
    y = np.where(X[:, [3]].toarray()[:, 0] + X[:, [9]].toarray()[:, 0] > 0, "yes", "no")
    search = GridSearchCV(
        make_pipeline(SelectKBest(contingency_classif), LogisticRegression()),
        {"selectkbest__k": [1, 2, 20]},
        cv=3,
    ).fit(X, y)
    assert search.best_params_ == {"selectkbest__k": 2}
    assert search.best_score_ > 0.95
    kept = SelectFdr(rank_dependence_classif, alpha=0.01).fit(X, y)
    assert {3, 9} <= set(kept.get_support(True).tolist())
    assert kept.get_support().sum() < 5


def test_memory_of_sparse_columns_does_not_grow_with_all_of_them():
    import tracemalloc

    rng = np.random.default_rng(9)
    X = sp.random_array((200, 100_000), density=0.005, rng=rng, format="csc")
    y = rng.integers(0, 2, 200)
    tracemalloc.start()
    scores = contingency_classif(X, y)[0]
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(scores) == 100_000
    assert used < 80e6  # dense it would take 160


def test_importances_of_a_learned_metric_select_columns():
    X, y = make_friedman1(200, n_features=15, noise=0.5, random_state=0)
    machine = KernelRegressor("rbf", metric="agop", n_metric_rounds=2, random_state=0)
    selector = SelectFromModel(machine, threshold="mean").fit(X, y)
    importances = selector.estimator_.feature_importances_
    assert importances.shape == (15,)
    assert_allclose(importances.sum(), 1)
    chosen = selector.get_support(indices=True)
    assert {0, 1, 3} <= set(chosen.tolist()) <= set(range(5))
    assert selector.transform(X).shape == (200, len(chosen))
    with pytest.raises(ValueError, match="feature_importances_"):
        SelectFromModel(KernelRegressor("rbf")).fit(X, y).get_support()
