"""Kernel alignment: its definition, no bias, and a test that keeps its level."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skgeom.metrics import kernel_alignment
from skgeom.metrics._alignment import _Factor, _Pairs, _read

RNG = np.random.default_rng(0)
X, NOISE = RNG.normal(size=(2, 40, 5))


def by_definition(K, L):
    """Sums over quadruples of different rows, which have no bias by construction."""

    def product(A, B):
        n, total = len(A), 0.0
        for i in range(n):
            for j in range(n):
                for p in range(n):
                    for q in range(n):
                        if len({i, j, p, q}) == 4:
                            total += A[i, j] * (B[i, j] + B[p, q] - 2 * B[i, p])
        return total

    return product(K, L) / np.sqrt(product(K, K) * product(L, L))


@pytest.mark.parametrize("n", [5, 7])
def test_the_definition(n):
    one, two = X[:n], X[:n, :2] + NOISE[:n, :2]
    expected = by_definition(one @ one.T, two @ two.T)
    found = kernel_alignment(one, two)
    assert np.isnan(found.p_value)
    assert found.alignment == pytest.approx(expected, abs=1e-9)
    given = kernel_alignment(one @ one.T, two @ two.T, kernel="precomputed")
    assert given.alignment == pytest.approx(expected, abs=1e-9)


@given(st.integers(0, 99), st.integers(4, 12), st.integers(1, 4))
@settings(max_examples=30)
def test_columns_and_pairs_agree(seed, n, d):
    rng = np.random.default_rng(seed)
    A, B = (_read(rng.normal(size=(n, d)), "X", "linear") for _ in range(2))
    order = rng.permutation(n)
    of_columns = _Factor(A).product(_Factor(B), order)
    of_pairs = _Pairs(A @ A.T).product(_Pairs(B @ B.T), order)
    assert of_columns == pytest.approx(of_pairs, abs=1e-9)


@given(
    st.floats(1e-100, 1e100), st.floats(-1e3, 1e3), st.sampled_from(["linear", "rbf"])
)
@settings(max_examples=30)
def test_units_means_and_rotations_do_not_matter(unit, shift, kernel):
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(5, 5)))[0]
    Y = X + NOISE
    expected = kernel_alignment(X, Y, kernel=kernel).alignment
    moved = unit * (X @ turn + shift)
    found = kernel_alignment(moved, Y, kernel=kernel).alignment
    assert found == pytest.approx(expected, abs=1e-8)
    assert kernel_alignment(Y, X, kernel=kernel).alignment == pytest.approx(expected)
    assert kernel_alignment(X, moved, kernel=kernel).alignment == pytest.approx(1)


@pytest.mark.parametrize("d", [10, 100])
def test_independent_rows_have_none(d):
    """Where the plain alignment of 32 rows is .24 and .76."""
    rng = np.random.default_rng(d)
    draws = [kernel_alignment(*rng.normal(size=(2, 32, d)))[0] for _ in range(400)]
    error = np.std(draws) / len(draws) ** 0.5
    assert abs(np.mean(draws)) < 4 * error < 0.012


def test_the_test_keeps_its_level_and_has_power():
    rng = np.random.default_rng(5)
    for share, least, most in ((0.0, 0.005, 0.11), (0.3, 0.9, 1.0)):
        rejected = 0
        for seed in range(100):
            one, noise = rng.normal(size=(2, 32, 20))
            two = share**0.5 * one + (1 - share) ** 0.5 * noise
            found = kernel_alignment(one, two, n_permutations=39, random_state=seed)
            rejected += found.p_value <= 0.05
        assert least <= rejected / 100 <= most


def test_a_circle_is_seen_by_the_kernel_that_sees_it():
    angle = RNG.uniform(0, 2 * np.pi, 80)
    even = np.cos(2 * angle)[:, None]
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    options = dict(n_permutations=99, random_state=0)
    assert kernel_alignment(circle, even, **options).p_value > 0.05
    assert kernel_alignment(circle, even, kernel="rbf", **options).p_value == 0.01
    wide = kernel_alignment(circle, even, kernel="rbf", gamma=1e-6)
    assert wide.alignment < 0.1


def test_a_seed_decides():
    options = dict(n_permutations=99)
    one = kernel_alignment(X, NOISE, random_state=3, **options)
    assert one == kernel_alignment(X, NOISE, random_state=3, **options)
    assert 0.01 <= one.p_value <= 1


def test_rows_that_are_equal():
    for kernel in ("linear", "rbf"):
        for one, two in ((np.ones((9, 2)), X[:9]), (X[:9], np.full((9, 3), 0.1))):
            found = kernel_alignment(one, two, kernel=kernel, n_permutations=9)
            assert np.isnan(found).all()
    # Half of them, and a column that is constant.
    rows = np.concatenate([np.zeros((20, 5)), X[20:]])
    rows[:, 2] = 7.0
    for kernel in ("linear", "rbf"):
        assert np.isfinite(kernel_alignment(rows, X, kernel=kernel).alignment)


def test_what_is_wrong_is_said():
    with pytest.raises(ValueError, match="minimum of 4 is required"):
        kernel_alignment(X[:3], X[:3])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        kernel_alignment(X, X[:9])
    with pytest.raises(ValueError, match="NaN"):
        kernel_alignment(X, X * np.nan)
    with pytest.raises(ValueError, match="needs X to be a square"):
        kernel_alignment(X, X, kernel="precomputed")
    with pytest.raises(ValueError, match="symmetric"):
        square = np.arange(16.0).reshape(4, 4)
        kernel_alignment(square, square, kernel="precomputed")
    with pytest.raises(ValueError, match="'kernel' parameter"):
        kernel_alignment(X, X, kernel="poly")
