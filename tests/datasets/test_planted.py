"""Planted structure is there, and nothing else decides it than the seed."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skgeom.datasets import (
    make_fidelities,
    make_index_model,
    make_label_shift,
    make_subspaces,
)


@pytest.mark.parametrize("link", ["monotone", "even", "mixed"])
@pytest.mark.parametrize("rows", ["gaussian", "mixture", "t", "uniform"])
def test_targets_depend_on_the_directions_alone(link, rows):
    X, y, B = make_index_model(200, link=link, rows=rows, noise=0.0, random_state=0)
    assert X.shape == (200, 20) and y.shape == (200, 8)
    assert_allclose(B @ B.T, np.eye(3), atol=1e-12)
    u = X @ B.T
    # Squares, or what is odd, of linear functions of u: u itself explains or does not.
    linear = np.linalg.lstsq(np.column_stack([u, np.ones(200)]), y, rcond=None)[0]
    left = y - np.column_stack([u, np.ones(200)]) @ linear
    explained = 1 - left.var(axis=0) / y.var(axis=0)
    if link == "monotone":
        assert explained.min() > 0.8
    else:
        squares = np.einsum("ni,nj->nij", u, u).reshape(200, -1)
        fit = np.linalg.lstsq(squares, y[:, ::2], rcond=None)[0]
        squares_left = np.abs(y[:, ::2] - squares @ fit).max()
        assert squares_left < 1e-8
    again = make_index_model(200, link=link, rows=rows, noise=0.0, random_state=0)
    np.testing.assert_array_equal(again.y, y)
    noisy = make_index_model(200, link=link, rows=rows, noise=0.5, random_state=0).y
    assert_allclose((noisy - y).std() / y.std(), 0.5, rtol=0.1)


def test_rows_of_subspaces():
    X, y = make_subspaces(
        300, n_clusters=4, n_components=3, n_shared=1, noise=0.0, random_state=0
    )
    assert np.bincount(y).tolist() == [75] * 4
    spans = [np.linalg.svd(X[y == k])[2][:3] for k in range(4)]
    for k in range(4):
        assert np.linalg.matrix_rank(X[y == k], tol=1e-9) == 3
    both = np.linalg.svd(spans[0] @ spans[1].T)[1]
    assert_allclose(both[0], 1, atol=1e-9)
    assert both[1] < 0.99
    lengths = (X**2).sum(axis=1)
    assert_allclose(lengths.mean(), 3, rtol=0.2)


def test_runs_of_fidelities():
    X, true = make_fidelities([9, 50, 20000], 2, correlation=0.9, random_state=0)
    blocks = X.reshape(len(X), 3, 2)
    assert (~np.isnan(blocks[:, :, 0])).sum(axis=0).tolist() == [9, 50, 20000]
    all_runs, same = make_fidelities([20000, 20000], 2, correlation=0.9, random_state=0)
    assert_allclose(same, true)
    assert_allclose(np.cov(all_runs[:, :2].T), true, rtol=0.1)
    twins, _ = make_fidelities([5, 5], 2, correlation=1.0, spread=0.0, random_state=0)
    assert_allclose(twins[:, :2], twins[:, 2:])


def test_domains_share_classes_in_other_shares():
    X, domains, y = make_label_shift(6000, n_clouds=1, random_state=0)
    counts = np.zeros((8, 4))
    np.add.at(counts, (domains, y), 1)
    assert (counts.sum(axis=1) > 600).all()
    shares = counts / counts.sum(axis=1, keepdims=True)
    assert shares.std(axis=0).min() > 0.1
    # Rows of a class are of one cloud, in whatever domain.
    for k in range(4):
        large = [X[(y == k) & (domains == d)] for d in range(8) if counts[d, k] > 200]
        means = np.array([rows.mean(axis=0) for rows in large])
        assert len(means) > 1 and np.ptp(means, axis=0).max() < 0.4
        assert_allclose(X[y == k].std(axis=0), 1, rtol=0.1)
    alike = make_label_shift(6000, concentration=1e4, random_state=0)
    counts = np.zeros((8, 4))
    np.add.at(counts, alike[1:], 1)
    assert_allclose(counts / counts.sum(axis=1, keepdims=True), 0.25, atol=0.07)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: make_index_model(link="odd"), "link='odd'"),
        (lambda: make_index_model(rows="cauchy"), "rows='cauchy'"),
        (lambda: make_index_model(n_components=21), "n_components=21"),
        (lambda: make_subspaces(n_components=30), "n_components=30"),
        (lambda: make_subspaces(n_shared=4), "n_shared=4"),
        (lambda: make_label_shift(n_domains=3), "n_domains=3"),
        (lambda: make_fidelities([5, 4]), "must not fall"),
        (lambda: make_fidelities([]), "must be positive"),
        (lambda: make_fidelities(correlation=2), "correlation=2"),
    ],
)
def test_what_cannot_be_made(make, message):
    with pytest.raises(ValueError, match=message):
        make()
