"""Dictionaries that are found again, and rows of which nothing can be learned."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skgeom import SparseDictionary
from skgeom.decomposition import dictionary_similarity
from skgeom.testing import point_clouds

RNG = np.random.default_rng(0)
ATOMS = RNG.normal(size=(12, 40))
ATOMS /= np.linalg.norm(ATOMS, axis=1, keepdims=True)
CODES = np.zeros((600, 12))
for row in CODES:
    row[RNG.choice(12, 2, replace=False)] = RNG.choice([-1, 1], 2) * RNG.uniform(1, 2)
X = CODES @ ATOMS


@pytest.mark.parametrize("init", ["kmeans", "greedy", "samples"])
def test_atoms_are_found_again(init):
    model = SparseDictionary(16, 2, init=init, max_iter=60, tol=0, random_state=0)
    model.fit(X)
    start = SparseDictionary(16, 2, init=init, max_iter=0, random_state=0).fit(X)
    assert model.error_ < 0.65 * start.error_
    found, before = (
        np.abs(ATOMS @ m.components_.T).max(axis=1) for m in (model, start)
    )
    assert np.median(found) > 0.95
    assert np.mean(found > 0.99) > 0.5 > np.mean(before > 0.99)


def test_a_turn_is_that_of_least_squares():
    start = SparseDictionary(9, 2, max_iter=0, random_state=0).fit(X)
    C = start.transform(X)
    expected = np.linalg.solve(C.T @ C, C.T @ X)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    model = SparseDictionary(9, 2, max_iter=1, random_state=0).fit(X)
    assert_allclose(model.components_, expected, atol=1e-6)
    assert model.n_iter_ == 1
    assert model.error_ < start.error_


def test_more_turns_are_never_worse():
    errors = [
        SparseDictionary(14, 3, max_iter=n, tol=0, random_state=1).fit(X).error_
        for n in (0, 1, 2, 5, 10)
    ]
    assert (np.diff(errors) <= 1e-12).all()
    model = SparseDictionary(14, 3, max_iter=10, random_state=1).fit(X)
    left = X - model.inverse_transform(model.transform(X))
    assert_allclose((left**2).sum() / (X**2).sum(), model.error_)


def test_greedy_atoms_are_the_rows_described_worst():
    model = SparseDictionary(5, 2, init="greedy", max_iter=0, random_state=0).fit(X)
    ids = model.sample_indices_
    unit = X[ids] / np.linalg.norm(X[ids], axis=1, keepdims=True)
    assert_allclose(model.components_, unit)
    assert ids[0] == np.argmax((X**2).sum(axis=1))
    for n in range(1, 5):
        D = unit[:n]
        shares = []
        for x in X:
            best = x
            for pair in np.ndindex(n, n):
                some = D[sorted({*pair})]
                rest = x - np.linalg.lstsq(some.T, x, rcond=None)[0] @ some
                best = min(best, rest, key=np.linalg.norm)
            shares.append((best**2).sum() / (x**2).sum())
        # Matching pursuit is not always the best pair: among the worst it is.
        assert shares[ids[n]] >= np.quantile(shares, 0.98)
        if n == 2:
            break


@given(X=point_clouds(max_samples=12, max_features=5), k=st.integers(1, 4))
def test_any_rows_have_codes_of_few_atoms(X, k):
    model = SparseDictionary(6, k, random_state=0).fit(X)
    codes = model.transform(X)
    assert np.isfinite(codes).all()
    assert (np.count_nonzero(codes, axis=1) <= k).all()
    lengths = np.linalg.norm(model.components_, axis=1)
    assert np.all((np.abs(lengths - 1) < 1e-5) | (lengths == 0))
    assert 0 <= model.error_ <= 1 + 1e-6


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_scales_are_those_of_the_coefficients(scale):
    plain = SparseDictionary(9, 2, random_state=0).fit(X)
    model = SparseDictionary(9, 2, random_state=0).fit(scale * X)
    assert_allclose(model.error_, plain.error_, rtol=1e-6)
    assert_allclose(model.transform(scale * X[:5]) / scale, plain.transform(X[:5]))


def test_rows_that_are_too_few_zero_or_the_same():
    few = SparseDictionary(random_state=0).fit(X[:5])
    assert few.components_.shape == (5, 40)
    assert few.error_ < 1e-20
    same = SparseDictionary(4, random_state=0).fit(np.ones((6, 3)))
    assert same.components_.shape == (1, 3)
    zeros = SparseDictionary(4, random_state=0).fit(np.zeros((6, 3)))
    assert not zeros.transform(np.ones((2, 3))).any()
    with pytest.raises(ValueError, match="X has 3 columns; there are 5 atoms"):
        few.inverse_transform(np.ones((1, 3)))


def test_idle_atoms_start_again():
    """Two starts at one place: the second is moved to where rows are left."""
    cloud = np.concatenate([np.eye(3)[[0]] * 5, np.eye(3)[[0]] * 5.0001, np.eye(3)])
    model = SparseDictionary(
        3, 1, init="greedy", max_iter=20, tol=0, random_state=0
    ).fit(cloud)
    assert model.error_ < 1e-6


def test_similarity_of_dictionaries():
    order = RNG.permutation(12)
    assert dictionary_similarity(ATOMS, -2 * ATOMS[order]) == pytest.approx(1.0)
    assert dictionary_similarity(np.eye(4)[:2], np.eye(4)[2:]) == 0.0
    two = (
        SparseDictionary(9, 2, random_state=0).fit(X),
        SparseDictionary(9, 2, random_state=5).fit(X),
    )
    told = dictionary_similarity(*(model.components_ for model in two))
    assert 0.5 < told < 1.0
    with pytest.raises(ValueError, match="40 and 3 features"):
        dictionary_similarity(ATOMS, np.eye(3))
