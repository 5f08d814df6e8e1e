"""Kernel density on the sphere: the definition, what is chosen, degenerate rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import logsumexp
from scipy.stats import vonmises_fisher

from skgeom import SphereKernelDensity
from skgeom.datasets import make_fault_events, make_vmf_mixture
from skgeom.geometry import sphere

seeds = st.integers(0, 1000)
FIXED = dict(n_neighbors=3, scale=1.0, background=0.05)


@given(seed=seeds, n_neighbors=st.integers(1, 12), background=st.floats(0.01, 1))
@settings(max_examples=15)
def test_densities_are_those_of_the_definition(seed, n_neighbors, background):
    X, _ = make_vmf_mixture(12, random_state=seed)
    new = sphere.random(5, 3, random_state=seed)
    model = SphereKernelDensity(
        n_neighbors=n_neighbors, scale=2.0, background=background
    ).fit(X)
    chords = np.sort(np.linalg.norm(X[:, None] - X, axis=2), axis=1)
    k = 2.0 / chords[:, min(n_neighbors, 11)] ** 2
    assert_allclose(model.concentrations_, k, rtol=1e-6)
    kernels = [vonmises_fisher(x, c).logpdf(new) for x, c in zip(X, k, strict=True)]
    wanted = np.exp(logsumexp(kernels, axis=0)) / 12 * (1 - background)
    wanted = np.log(wanted + background / (4 * np.pi))
    assert_allclose(model.score_samples(new), wanted, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("n_features", [2, 3, 4])
def test_densities_are_one_on_the_sphere(n_features):
    X, _ = make_vmf_mixture(100, n_features=n_features, random_state=0)
    model = SphereKernelDensity(random_state=0).fit(X)
    even = sphere.random(100_000, n_features, random_state=1)
    area = {2: 2 * np.pi, 3: 4 * np.pi, 4: 2 * np.pi**2}[n_features]
    assert_allclose(np.exp(model.score_samples(even)).mean() * area, 1, rtol=0.05)


def test_narrow_kernels_where_points_are_dense_are_better():
    X = make_fault_events(1500, random_state=0)
    train, test = X[:1200], X[1200:]
    of = dict(input_space="lonlat", random_state=0)
    adaptive = SphereKernelDensity(**of).fit(train)
    one_width = SphereKernelDensity("cv", **of).fit(train)
    assert adaptive.score(test) > one_width.score(test) + 0.05
    assert one_width.score(test) > -np.log(4 * np.pi) + 0.5
    assert one_width.n_neighbors_ is None
    assert len(set(one_width.concentrations_)) == 1
    # What is chosen is near to the best of what is given.
    for n_neighbors, scale in [(25, 1.0), (3, 0.5), (6, 4.0)]:
        given_ = SphereKernelDensity(n_neighbors=n_neighbors, scale=scale, **of)
        assert given_.fit(train).score(test) < adaptive.score(test) + 0.05


def test_the_background_is_the_share_of_what_is_anywhere():
    X, _ = make_vmf_mixture(
        1500, concentrations=[2000.0, 0.0], weights=[2, 1], random_state=0
    )
    model = SphereKernelDensity(2000.0, random_state=0).fit(X)
    assert_allclose(model.background_, 1 / 3, atol=0.07)
    assert (model.concentrations_ == 2000.0).all()


@given(seed=seeds)
@settings(max_examples=10)
def test_rotations_and_order_of_rows_change_nothing(seed):
    X, _ = make_vmf_mixture(40, n_features=4, random_state=seed)
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.standard_normal((4, 4)))
    plain = SphereKernelDensity(**FIXED).fit(X).score_samples(X)
    turned = SphereKernelDensity(**FIXED).fit(X[::-1] @ turn).score_samples(X @ turn)
    assert_allclose(turned, plain, rtol=1e-8, atol=1e-8)
    norms = 10.0 ** rng.uniform(-100, 100, (40, 1))
    scaled = SphereKernelDensity(**FIXED).fit(norms * X).score_samples(X / norms)
    assert_allclose(scaled, plain, rtol=1e-8, atol=1e-8)


def test_blocks_change_nothing():
    import sklearn

    X, _ = make_vmf_mixture(300, random_state=0)
    model = SphereKernelDensity(**FIXED).fit(X)
    many = np.concatenate([X] * 30)
    assert_allclose(model.score_samples(many)[:300], model.score_samples(X), rtol=1e-12)
    with sklearn.config_context(working_memory=1):
        again = SphereKernelDensity(**FIXED).fit(X).score_samples(X)
    assert_allclose(again, model.score_samples(X), rtol=1e-12)


def test_samples_are_from_the_density():
    X, _ = make_vmf_mixture(30, concentrations=[20.0], random_state=0)
    model = SphereKernelDensity(50.0, background=0.2, random_state=1).fit(X)
    drawn = model.sample(20_000)
    wanted = 0.8 * sphere.bessel_ratio(0.5, np.array(50.0)) * X.mean(axis=0)
    assert_allclose(drawn.mean(axis=0), wanted, atol=0.02)
    with pytest.raises(ValueError, match="n_samples"):
        model.sample(0)


def test_the_date_line_is_no_edge():
    east, west = np.array([[179.9, 0.0]]), np.array([[-179.9, 0.0]])
    model = SphereKernelDensity(100.0, input_space="lonlat", background=0.1).fit(east)
    assert_allclose(
        model.score_samples(west), model.score_samples([[179.7, 0.0]]), rtol=1e-9
    )
    assert model.sample(4).shape == (4, 2)
    with pytest.raises(ValueError, match="two columns"):
        SphereKernelDensity(input_space="lonlat").fit(np.eye(3))


@pytest.mark.parametrize("n_features", [1, 2, 3, 60])
@pytest.mark.parametrize(
    "rows",
    [
        lambda p: np.ones((12, p)),
        lambda p: np.zeros((2, p)),
        lambda p: np.ones((1, p)),
        lambda p: np.repeat([[1.0], [-1.0]], 3, axis=0) * np.eye(p)[:1],
        lambda p: 1e-200 * np.random.default_rng(0).normal(size=(9, p)),
        lambda p: 1e200 * np.random.default_rng(0).normal(size=(3, p)),
    ],
)
def test_degenerate_rows_have_a_finite_density(rows, n_features):
    X = rows(n_features)
    others = sphere.random(5, n_features, random_state=0)
    for concentration in ("adaptive", "cv", 1e-12, 1e12):
        model = SphereKernelDensity(concentration, random_state=0).fit(X)
        for told in map(model.score_samples, (X, others)):
            assert np.isfinite(told).all()
        assert np.isfinite(model.sample(3)).all()
        assert 0 < model.background_ <= 1


def test_a_share_of_zero_or_one_can_be_asked_for():
    X, _ = make_vmf_mixture(30, random_state=0)
    flat = SphereKernelDensity(background=1.0, random_state=0).fit(X)
    assert_allclose(flat.score_samples(X), -np.log(4 * np.pi))
    none = SphereKernelDensity(1e12, background=0.0, random_state=0).fit(X)
    assert np.isfinite(none.score_samples(-X)).all()


def test_bad_rows_and_parameters_are_refused():
    X = np.eye(3)
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match=r"NaN|infinity"):
            SphereKernelDensity().fit(np.where(X == 1, bad, X))
    for name, value in [
        ("concentration", 0.0),
        ("concentration", "none"),
        ("n_neighbors", 0),
        ("scale", -1.0),
        ("background", 1.5),
        ("input_space", "latlon"),
    ]:
        with pytest.raises(ValueError, match=name):
            SphereKernelDensity(**{name: value}).fit(X)
