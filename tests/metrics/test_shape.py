"""Brackets of shape distances contain the truth; distances of walks are theirs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import orthogonal_procrustes

from skgeom.metrics import shape_distance


def representations(n, d, similarity, slope, rng):
    """Two views with one spectrum, each coordinate shared by a part, then turned."""
    scales = np.arange(1, d + 1.0) ** (-slope / 2)
    shared, own = rng.normal(size=(n, d)), rng.normal(size=(2, n, d))
    views = similarity**0.5 * shared + (1 - similarity) ** 0.5 * own
    return [(V * scales) @ np.linalg.qr(rng.normal(size=(d, d)))[0] for V in views]


@pytest.mark.parametrize("slope", [0.0, 1.0])
@pytest.mark.parametrize("similarity", [0.0, 0.4, 0.8])
@pytest.mark.parametrize("n", [50, 200, 800])
def test_the_truth_is_between_both_ends(slope, similarity, n):
    """On the mean of a few draws, whose cosines are bounds."""
    rng = np.random.default_rng(0)
    found = np.mean(
        [
            np.cos(
                shape_distance(
                    *representations(n, 50, similarity, slope, rng),
                    n_splits=1,
                    random_state=0,
                )
            )
            for _ in range(4)
        ],
        axis=0,
    )
    middle, largest, least = found
    by_chance = 0.04 if n == 50 else 0.02
    assert least - by_chance < similarity < largest + by_chance
    assert least < middle < largest
    if n == 800 and similarity:
        assert middle == pytest.approx(similarity, abs=0.06)


@given(st.integers(4, 30), st.integers(1, 8), st.integers(1, 8), st.integers(0, 99))
@settings(max_examples=20)
def test_the_low_end_is_the_angle_of_procrustes(n, d, k, seed):
    """Of fewer rows than columns as well."""
    rng = np.random.default_rng(seed)
    X, Y = rng.normal(size=(n, d)), rng.normal(size=(n, k))
    A, B = (np.pad(a - a.mean(axis=0), [(0, 0), (0, 8 - a.shape[1])]) for a in (X, Y))
    A, B = A / np.linalg.norm(A), B / np.linalg.norm(B)
    expected = np.arccos(min(orthogonal_procrustes(A, B)[1], 1.0))
    found = shape_distance(X, Y, random_state=0)
    assert found.low == pytest.approx(expected, abs=1e-6)
    assert found.low <= found.distance <= found.high <= np.pi / 2


@given(st.integers(1, 6), st.integers(0, 99))
@settings(max_examples=20)
def test_rotations_units_and_means_do_not_matter(d, seed):
    rng = np.random.default_rng(seed)
    X, Y = rng.normal(size=(20, d)), rng.normal(size=(20, 3))
    Q = np.linalg.qr(rng.normal(size=(d, d)))[0]
    expected = shape_distance(X, Y, random_state=0)
    for A, B in ((1e-200 * X, 1e200 * Y), (X @ Q + 5, Y)):
        found = shape_distance(A, B, random_state=0)
        np.testing.assert_allclose(found, expected, atol=1e-6)
    # More columns than rows: the same after a turn into fewer.
    wide = np.hstack([X, np.zeros((20, 40))])
    np.testing.assert_allclose(
        shape_distance(wide, Y, random_state=0), expected, atol=1e-6
    )


def test_what_tells_nothing():
    X = np.random.default_rng(0).normal(size=(6, 2))
    assert np.isnan(shape_distance(X, np.ones((6, 3)))).all()
    for A, B, told in [
        (X, X[:5], "inconsistent"),
        (X[:3], X[:3], "minimum of 4"),
        (X, np.full((6, 1), np.inf), "Y contains infinity"),
    ]:
        with pytest.raises(ValueError, match=told):
            shape_distance(A, B)
