"""Matching pursuit of all rows at once beside that of one after the other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skgeom.solvers import _matching_pursuit as module
from skgeom.solvers import orthogonal_matching_pursuit


def one_by_one(D, x, k, without=None):
    """The definition: residuals and least squares, a row by itself."""
    chosen = []
    rest = x
    for _ in range(min(k, len(D))):
        sizes = np.abs(D @ rest)
        sizes[chosen] = -1
        if without is not None:
            sizes[without] = -1
        if sizes.max() <= 1e-10 * np.abs(D @ x).max():
            break
        chosen.append(int(sizes.argmax()))
        weights = np.linalg.lstsq(D[chosen].T, x, rcond=None)[0]
        rest = x - weights @ D[chosen]
    return rest


def atoms(rng, m, p):
    D = rng.normal(size=(m, p))
    return D / np.linalg.norm(D, axis=1, keepdims=True)


def dense(found, m):
    codes = np.zeros((len(found.indices), m))
    rows = np.arange(len(codes))[:, None]
    np.add.at(codes, (rows, found.indices), found.coefficients)
    return codes


@given(
    seed=st.integers(0, 999),
    m=st.integers(1, 14),
    p=st.integers(1, 6),
    k=st.integers(1, 8),
    few=st.sampled_from([0, 512]),
    excluding=st.booleans(),
)
def test_each_row_is_that_of_the_definition(seed, m, p, k, few, excluding):
    rng = np.random.default_rng(seed)
    D, X = atoms(rng, m, p), rng.normal(size=(9, p))
    X[3] = 0.0
    without = rng.integers(m, size=9) if excluding else None
    old, module._FEW_ATOMS = module._FEW_ATOMS, few
    try:
        found = orthogonal_matching_pursuit(np, D @ D.T, X @ D.T, k, excluded=without)
    finally:
        module._FEW_ATOMS = old
    assert found.indices.shape == found.coefficients.shape == (9, min(k, m))
    codes = dense(found, m)
    for i, x in enumerate(X):
        rest = one_by_one(D, x, k, None if without is None else without[i])
        assert_allclose(
            np.linalg.norm(x - codes[i] @ D), np.linalg.norm(rest), atol=1e-6
        )
        if without is not None:
            assert codes[i, without[i]] == 0.0


def test_atoms_that_come_twice_and_of_zeros():
    D = np.array([[1.0, 0], [1.0, 0], [0.0, 0], [0.0, 1]])
    X = np.array([[2.0, 3], [1.0, 0], [0.0, 0]])
    found = orthogonal_matching_pursuit(np, D @ D.T, X @ D.T, 4)
    assert np.isfinite(found.coefficients).all()
    codes = dense(found, 4)
    assert_allclose(codes @ D, X, atol=1e-12)
    assert np.count_nonzero(codes[0]) == 2
    assert np.count_nonzero(codes[1]) == 1
    assert not codes[2].any()


def test_rows_in_blocks_are_the_same_rows(monkeypatch):
    rng = np.random.default_rng(0)
    D, X = atoms(rng, 30, 8), rng.normal(size=(50, 8))
    whole = orthogonal_matching_pursuit(np, D @ D.T, X @ D.T, 3)
    monkeypatch.setattr(
        module, "row_blocks", lambda n, size: [slice(i, i + 7) for i in range(0, n, 7)]
    )
    parts = orthogonal_matching_pursuit(np, D @ D.T, X @ D.T, 3)
    assert_array_equal(parts.indices, whole.indices)
    assert_allclose(parts.coefficients, whole.coefficients, atol=1e-13)


def test_no_atoms_a_row():
    with pytest.raises(ValueError, match="n_nonzero=0 must be at least 1"):
        orthogonal_matching_pursuit(np, np.eye(2), np.eye(2), 0)
