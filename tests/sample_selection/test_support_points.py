"""Support points: known minima, and a descent whatever the way."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skgeom import SupportPoints
from skgeom.metrics import energy_distance
from skgeom.sample_selection import _support_points
from skgeom.sample_selection._nearest import distinct_nearest

RNG = np.random.default_rng(0)
X = np.concatenate([RNG.normal(size=(300, 2)), RNG.normal(size=(100, 2)) + 5])


def random_distance(X, n):
    """Of a random sample, as expected: mean distance of rows over its size."""
    pairs = np.linalg.norm(X[:, None] - X, axis=2).mean()
    return pairs * (1 / n - 1 / len(X))


@pytest.mark.parametrize("method", ["direct", "sliced"])
def test_on_a_line_they_are_quantiles(method):
    line = np.random.default_rng(1).exponential(size=(500, 1))
    model = SupportPoints(5, method=method, max_iter=600, tol=0.0, random_state=0)
    found = np.sort(model.fit(line).points_[:, 0])
    # The least of the energy distance along a line: medians of fifths.
    np.testing.assert_allclose(
        found, np.quantile(line, np.arange(0.1, 1, 0.2)), atol=0.05
    )


@pytest.mark.parametrize("method", ["direct", "sliced"])
def test_points_and_rows_are_nearer_than_random_rows(method):
    model = SupportPoints(25, method=method, random_state=0).fit(X)
    expected = random_distance(X, 25)
    assert energy_distance(model.points_, X) < expected / 6
    assert energy_distance(X[model.sample_indices_], X) < expected / 6
    assert len(set(model.sample_indices_)) == 25
    assert (model.sample_weight_ == 1).all()


def test_more_steps_are_no_worse_and_a_tolerance_ends_them():
    distances = [
        energy_distance(
            SupportPoints(25, tol=0.0, max_iter=n, random_state=0).fit(X).points_, X
        )
        for n in (1, 4, 16, 64, 256)
    ]
    assert np.diff(distances).max() < 0
    short, long = (SupportPoints(25, tol=t, random_state=0).fit(X) for t in (0.1, 1e-6))
    assert short.n_iter_ < long.n_iter_ <= 200


def test_rows_are_exchanged_while_that_is_better(monkeypatch):
    exchanged = SupportPoints(20, random_state=0).fit(X)
    monkeypatch.setattr(_support_points, "_PASSES", 0)
    near = SupportPoints(20, random_state=0).fit(X)
    one, two = (
        energy_distance(X[model.sample_indices_], X) for model in (near, exchanged)
    )
    assert two < one
    # Of many rows some others are offered, and means are of all.
    monkeypatch.setattr(_support_points, "_PASSES", 10)
    monkeypatch.setattr(_support_points, "_MOST_EXCHANGED", 100)
    monkeypatch.setattr(_support_points, "_OTHERS", 150)
    some = SupportPoints(20, random_state=0).fit(X)
    assert energy_distance(X[some.sample_indices_], X) < one


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_rows_near_points_are_distinct(seed):
    from skgeom.backends import get_backend

    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 3, size=(12, 2)).astype(float)
    points = rng.normal(size=(12, 2))
    chosen = distinct_nearest(points, rows, get_backend("cpu"))
    np.testing.assert_array_equal(np.sort(chosen), np.arange(12))
    # The nearest pair of all is together.
    apart = np.linalg.norm(points[:, None] - rows, axis=2)
    nearest = np.argmin(apart.min(axis=1))
    assert apart[nearest, chosen[nearest]] == pytest.approx(apart[nearest].min())


@pytest.mark.parametrize("scale", [1e-100, 1e100])
def test_scales_and_places(scale):
    one = SupportPoints(10, random_state=0).fit(X)
    two = SupportPoints(10, random_state=0).fit(scale * (X + 3))
    np.testing.assert_allclose(
        two.points_ / scale - 3, one.points_, rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("method", ["direct", "sliced"])
@pytest.mark.parametrize(
    "rows",
    [
        np.full((9, 2), 3.0),
        np.repeat([[0.0, 1.0], [2.0, 3.0]], 5, axis=0),
        np.column_stack([np.full(9, 7.0), np.arange(9.0)]),
        np.ones((1, 1)),
    ],
    ids=["equal rows", "duplicates", "constant column", "one row"],
)
def test_rows_that_say_little(rows, method):
    model = SupportPoints(0.5, method=method, random_state=0).fit(rows)
    size = max(1, round(0.5 * len(rows)))
    assert len(set(model.sample_indices_)) == size
    assert np.isfinite(model.points_).all()
    assert (np.ptp(rows, axis=0) > 0).any() or (model.points_ == rows[0]).all()


def test_all_rows_and_bad_input():
    with pytest.warns(UserWarning, match="n_samples=401 of 400 rows"):
        model = SupportPoints(401).fit(X)
    np.testing.assert_array_equal(model.sample_indices_, np.arange(400))
    assert energy_distance(model.points_, X) == pytest.approx(0, abs=1e-7)
    for bad, name in ((np.nan, "NaN"), (np.inf, "infinity")):
        with pytest.raises(ValueError, match=name):
            SupportPoints(2).fit([[bad, 1.0], [2.0, 3.0]])
    with pytest.raises(ValueError, match="method"):
        SupportPoints(method="exact").fit(X)
