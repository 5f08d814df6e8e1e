"""Energy distance and tests of two samples: definitions, levels, power."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.spatial.distance import cdist
from scipy.stats import energy_distance as scipy_energy

from skgeom.metrics import energy_distance, two_sample_test
from skgeom.testing import point_clouds

METHODS = ["energy", "sliced_energy", "coordinates"]


@given(X=point_clouds(max_features=4), shift=st.floats(-2, 2), n=st.integers(1, 9))
@settings(max_examples=60)
def test_the_definition(X, shift, n):
    X = X.astype(np.float64)
    Y = X[:n] * 1.3 + shift
    expected = 2 * cdist(X, Y).mean() - cdist(X, X).mean() - cdist(Y, Y).mean()
    size = np.abs(X).max() + np.abs(Y).max() + 1e-300
    found = energy_distance(X, Y, working_memory=1e-4)
    assert_allclose(found / size, max(expected, 0) / size, atol=1e-12)
    assert energy_distance(X, X) <= 1e-12 * size
    assert energy_distance(X, Y, method="sliced", n_slices=5, random_state=0) >= 0


@given(st.integers(0, 99), st.integers(1, 20), st.integers(1, 20))
def test_of_numbers_it_is_scipys(seed, n, m):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=n), rng.normal(size=m)
    expected = scipy_energy(x, y) ** 2
    for method in ("exact", "sliced"):
        found = energy_distance(x[:, None], y[:, None], method=method)
        assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("n_features", [2, 5, 12])
def test_slices_have_no_bias_and_little_error(n_features):
    rng = np.random.default_rng(n_features)
    X, Y = rng.normal(size=(2, 300, n_features))
    Y = 1.2 * Y + 1 / n_features
    exact = energy_distance(X, Y)
    found = [
        energy_distance(X, Y, method="sliced", random_state=seed) for seed in range(20)
    ]
    ratio = np.array(found) / exact
    assert abs(ratio.mean() - 1) < 4 * ratio.std() / 20**0.5 + 1e-12
    assert ratio.std() < 0.02


@given(st.floats(1e-100, 1e100))
def test_units(scale):
    X, Y = np.random.default_rng(0).normal(size=(2, 30, 2))
    found = energy_distance(scale * X, scale * Y)
    assert_allclose(found, scale * energy_distance(X, Y), rtol=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_tests_hold_their_level_and_see_a_shift(method):
    """Of exact tests the p-values are uniform: 200 of them are few enough here."""
    rng = np.random.default_rng(0)
    options = dict(method=method, n_permutations=39, n_slices=4)
    alike = [
        two_sample_test(*rng.normal(size=(2, 12, 3)), random_state=k, **options).p_value
        for k in range(200)
    ]
    # Within three standard errors of 5 % and of 50 %.
    assert abs(np.mean(np.array(alike) <= 0.05) - 0.05) < 3 * (0.05 * 0.95 / 200) ** 0.5
    assert abs(np.mean(np.array(alike) <= 0.5) - 0.5) < 3 * (0.25 / 200) ** 0.5
    X, Y = rng.normal(size=(2, 40, 3))
    assert two_sample_test(X, Y + 1, random_state=0, **options).p_value == 1 / 40


@pytest.mark.parametrize("method", ["energy", "sliced_energy"])
def test_energies_of_divisions_are_energy_distances(method):
    """A statistic of the test is the distance itself."""
    X, Y = np.random.default_rng(0).normal(size=(2, 30, 2))
    Y = Y[:20] + 0.5
    options = dict(method=method, n_permutations=9, random_state=0)
    whole = two_sample_test(X, Y, **options)
    assert_allclose(whole.statistic, energy_distance(X, Y), rtol=0.02)
    blocks = two_sample_test(X, Y, working_memory=1e-3, **options)
    assert_allclose(blocks, whole, rtol=1e-9)


def test_a_width_is_seen_by_energy_and_not_by_coordinates():
    rng = np.random.default_rng(3)
    X, Y = rng.normal(size=(60, 2)), 2.5 * rng.normal(size=(60, 2))
    seen = {m: two_sample_test(X, Y, method=m, random_state=0).p_value for m in METHODS}
    assert max(seen["energy"], seen["sliced_energy"]) <= 0.005
    assert seen["coordinates"] > 0.05


def test_bad_input():
    X = np.zeros((3, 2))
    for function in (energy_distance, two_sample_test):
        with pytest.raises(ValueError, match="X has 2 columns, and Y has 3"):
            function(X, np.zeros((3, 3)))
        with pytest.raises(ValueError, match="Input Y contains NaN"):
            function(X, X * np.nan)
        with pytest.raises(ValueError, match="method"):
            function(X, X, method="other")
    with pytest.raises(ValueError, match="two rows or more"):
        two_sample_test(X[:1], X, method="coordinates")
    # Constant samples, equal and not; one row each; scales that squares do not have.
    for method in METHODS:
        assert two_sample_test(X, X, method=method, random_state=0).p_value == 1
        p = two_sample_test(X, X + 1, method=method, random_state=0).p_value
        assert 0.05 < p < 0.2  # 2 of 20 divisions
    assert two_sample_test(X[:1], X[:1] + 1).p_value == 1
    rng = np.random.default_rng(0)
    for scale in (1e-300, 1e300):
        A, B = scale * rng.uniform(size=(2, 9, 2))
        assert np.isfinite(two_sample_test(A, B, n_permutations=9)).all()
        assert np.isfinite(energy_distance(A, B, method="sliced"))
