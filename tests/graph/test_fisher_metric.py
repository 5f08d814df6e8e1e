"""The metric of random walks: its definition, its symmetries, where branches meet."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skgeom.graph import fisher_metric


def walk(X, x, width, n_steps):
    """Where a walk from x is, from the definition."""

    def step(a):
        p = np.exp(-((X - a) ** 2).sum(axis=1) / (2 * width**2))
        return p / p.sum()

    P = np.stack([step(a) for a in X])
    return step(x) @ np.linalg.matrix_power(P, n_steps - 1)


@given(
    st.integers(2, 12),
    st.integers(1, 3),
    st.integers(1, 5),
    st.sampled_from([0.7, 2.0]),
    st.integers(0, 2**31 - 1),
)
def test_it_is_the_fisher_information_of_the_walk(n, d, n_steps, width, seed):
    rng = np.random.RandomState(seed)
    X, points = rng.standard_normal((n, d)), rng.standard_normal((2, d))
    found = fisher_metric(X, points, n_steps=n_steps, bandwidth=width)
    step = 1e-5
    for x, g in zip(points, found, strict=True):
        moves = step * np.eye(d)
        slopes = [
            walk(X, x + m, width, n_steps) - walk(X, x - m, width, n_steps)
            for m in moves
        ]
        slopes = np.stack(slopes) / (2 * step)
        expected = slopes / walk(X, x, width, n_steps) @ slopes.T
        np.testing.assert_allclose(g, expected, atol=1e-6)


@given(st.sampled_from([1e-100, 1e-3, 1.0, 1e3, 1e100]), st.integers(0, 99))
def test_turns_shifts_and_units(size, seed):
    rng = np.random.RandomState(seed)
    X = rng.standard_normal((20, 3))
    turn = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    plain = fisher_metric(X)
    other = fisher_metric(size * (X @ turn + 3.0))
    scaled = other * size * size
    np.testing.assert_allclose(scaled, turn.T @ plain @ turn, atol=1e-5)
    assert (np.linalg.eigvalsh(plain) > -1e-9).all()


def test_two_directions_matter_where_branches_meet():
    """Of a cross: one eigenvalue on an arm, two in the middle."""
    arm = np.linspace(-3, 3, 201)
    X = np.concatenate([np.outer(arm, [1, 0]), np.outer(arm, [0, 1])])
    values = np.linalg.eigvalsh(fisher_metric(X, [[0.0, 0.0], [2.0, 0.0]]))
    share = values[:, 0] / values[:, 1]
    assert share[0] > 0.9
    assert share[1] < 0.1


def test_odd_input():
    assert np.isfinite(fisher_metric(np.ones((5, 2)))).all()
    assert np.isfinite(fisher_metric([[1.0, 2.0]])).all()
    far = fisher_metric(np.eye(4), 1e6 * np.ones((1, 4)))
    assert np.isfinite(far).all()
    with pytest.raises(ValueError, match="points has 3 columns, and X has 2"):
        fisher_metric(np.eye(2), np.eye(3))
    with pytest.raises(ValueError, match="NaN"):
        fisher_metric([[np.nan, 1.0]])
    with pytest.raises(ValueError, match="n_steps"):
        fisher_metric(np.eye(3), n_steps=0)
