"""What is said to be certain is: against all partitions of a few points."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skgeom.cluster._sdp._bound import label_bound
from skgeom.cluster._sdp._certificate import certify
from skgeom.cluster._sdp._exchange import exchange, partition_value
from skgeom.cluster._sdp._transport import transport_bound

LAWS = ("cloud", "lattice", "groups", "heavy", "line", "ring")


def points(law, n, p, n_clusters, rng):
    """Points on which bounds are loose, tight, or tied."""
    if law == "lattice":
        X = rng.integers(0, 3, (n, p)).astype(float)
    elif law == "groups":
        X = np.eye(n_clusters, p)[np.arange(n) % n_clusters] * rng.choice([2.0, 5, 20])
        X += rng.standard_normal((n, p))
    elif law == "heavy":
        X = np.exp(4 * rng.standard_normal((n, p)))
    elif law == "line":
        X = np.linspace(0, 1, n)[:, None] + 1e-7 * rng.standard_normal((n, p))
    elif law == "ring":
        angle = 2 * np.pi * np.arange(n) / n
        X = np.column_stack([np.cos(angle), np.sin(angle)])
    else:
        X = rng.standard_normal((n, p))
    X = X + rng.choice([0.0, 0.0, 1e4])
    return X - X.mean(axis=0)


@given(
    law=st.sampled_from(LAWS),
    n=st.integers(3, 8),
    p=st.sampled_from([1, 2, 3, 5, 8, 20]),
    n_clusters=st.integers(2, 3),
    searched=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=100)
def test_no_false_claims(least_inertia, law, n, p, n_clusters, searched, seed):
    n_clusters = min(n_clusters, n - 1)
    rng = np.random.default_rng(seed)
    X = points(law, n, p, n_clusters, rng)
    labels = np.append(
        np.arange(n_clusters), rng.integers(0, n_clusters, n - n_clusters)
    )
    labels = exchange(X, labels, n_clusters) if searched else labels
    found = certify(
        X, labels, n_clusters, kind="fast", known=np.inf, tol=1e-4, max_iter=100
    )
    best, total = least_inertia(X, n_clusters), (X * X).sum()
    assert total - found.bound <= best + 4e-15 * total
    if found.certified:
        assert found.inertia <= best * (1 + 1.1e-6) + 2e-12 * total


@given(
    n=st.integers(4, 8),
    p=st.integers(1, 9),
    n_clusters=st.integers(2, 3),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=40)
def test_the_bound_of_transported_multipliers_holds(
    least_inertia, n, p, n_clusters, seed
):
    rng = np.random.default_rng(seed)
    X = points("groups", n, p, n_clusters, rng)
    X /= abs(X).max()
    labels = np.append(
        np.arange(n_clusters), rng.integers(0, n_clusters, n - n_clusters)
    )
    bound, B = transport_bound(X, labels, n_clusters)
    assert (X * X).sum() - bound <= least_inertia(X, n_clusters) + 4e-15
    assert (B >= 0).all()
    assert_allclose(B, B.T)


def hard(n, p, n_clusters, distance):
    rng = np.random.default_rng(0)
    y = np.arange(n) % n_clusters
    X = distance * np.eye(n_clusters, p)[y] + rng.standard_normal((n, p))
    X -= X.mean(axis=0)
    left, sizes, _ = np.linalg.svd(X, full_matrices=False)
    return left * sizes, y


@pytest.mark.parametrize("n, distance", [(200, 5.86), (400, 5.82)])
def test_many_features_are_certain_sooner(n, distance):
    """The closed form is not tight, the program is; then so is the default."""
    X, y = hard(n, 500, 4, distance)
    value = partition_value(X, y)
    inertia = (X * X).sum() - value
    assert label_bound(X, y, 4)[0] - value > 2e-6 * inertia
    found = certify(X, y, 4, kind="fast", known=np.inf, tol=1e-4, max_iter=100)
    assert found.certified
