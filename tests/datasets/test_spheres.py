"""Made points on spheres."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skgeom.datasets import make_fault_events, make_vmf_mixture
from skgeom.geometry import sphere


@pytest.mark.parametrize("n_features", [2, 3, 100])
def test_bumps_have_the_means_of_their_law(n_features):
    k = [0.0, 5.0, 1e4]
    X, y, centers = make_vmf_mixture(
        30_000,
        n_features=n_features,
        concentrations=k,
        return_centers=True,
        random_state=0,
    )
    assert_allclose(np.linalg.norm(X, axis=1), 1)
    lengths = sphere.bessel_ratio(n_features / 2 - 1, np.array(k))
    for i, length in enumerate(lengths):
        mean = X[y == i].mean(axis=0)
        assert_allclose(mean @ centers[i], length, atol=0.02)
        assert np.linalg.norm(mean - length * centers[i]) < 0.03


def test_draws_around_a_point_follow_the_cosine_law():
    """On the sphere of three coordinates the cosine has a closed distribution."""
    from scipy.stats import kstest

    for k in (0.5, 30.0, 1e7):
        x = np.broadcast_to(np.eye(3)[0], (4000, 3))
        drawn = sphere.random_around(x, np.full(4000, k), random_state=0)
        drop = (np.linalg.norm(drawn - x, axis=1) ** 2) / 2
        uniform = np.expm1(-k * drop) / np.expm1(-2 * k)
        assert kstest(uniform, "uniform").pvalue > 1e-3
    two = sphere.random_around(np.ones((4000, 1)), np.full(4000, 0.5), random_state=0)
    assert_allclose(two.mean(), np.tanh(0.5), atol=0.05)


def test_weights_and_lengths():
    y = make_vmf_mixture(900, weights=[0, 1, 2], random_state=0)[1]
    assert_allclose(np.bincount(y) / 900, [0, 1 / 3, 2 / 3], atol=0.05)
    for bad in (
        dict(weights=[1, 2]),
        dict(weights=[0, 0, 0]),
        dict(weights=[-1, 1, 1]),
    ):
        with pytest.raises(ValueError, match="weights"):
            make_vmf_mixture(**bad)
    for bad in ([-1.0], [np.inf], [[1.0]]):
        with pytest.raises(ValueError, match="concentrations"):
            make_vmf_mixture(concentrations=bad)
    with pytest.raises(ValueError, match="n_features"):
        make_vmf_mixture(n_features=1)


def test_events_are_of_the_globe_and_of_their_seed():
    X = make_fault_events(500, random_state=0)
    assert (np.abs(X) <= [180, 90]).all()
    assert_allclose(make_fault_events(500, random_state=0), X)
    on = sphere.from_lonlat(make_fault_events(500, width=0, background=0, n_faults=1))
    # Of one fault, 75 degrees long at most.
    assert sphere.distance(on[:1], on).max() < np.radians(75)
    even = sphere.from_lonlat(make_fault_events(4000, background=1, random_state=0))
    assert np.linalg.norm(even.mean(axis=0)) < 0.05
