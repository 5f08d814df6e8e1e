"""Mixtures on the sphere: likelihoods, laws of rotation, degenerate rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import vonmises_fisher
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score

from skgeom import VonMisesFisherMixture
from skgeom.datasets import make_vmf_mixture
from skgeom.geometry import sphere
from skgeom.mixture._concentration import concentration_of

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
seeds = st.integers(0, 2**32 - 1)


@given(
    n_features=st.integers(1, 40_000),
    length=st.one_of(st.floats(0, 1 - 1e-9), st.floats(0, 1e-6)),
)
@settings(max_examples=60)
def test_a_concentration_gives_back_the_length_of_the_mean(n_features, length):
    k = concentration_of(np, np.array([length]), n_features)
    assert np.isfinite(k).all()
    assert (k >= 0).all()
    back = sphere.bessel_ratio(n_features / 2 - 1, k)
    assert_allclose(back, length, rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize("n_features", [3, 64])
def test_one_component_is_the_fit_of_scipy_where_that_works(n_features):
    X = make_vmf_mixture(
        200, n_features=n_features, concentrations=[50.0], random_state=0
    )[0]
    model = VonMisesFisherMixture().fit(X)
    mean, k = vonmises_fisher.fit(X)
    assert_allclose(model.means_[0], mean, rtol=1e-10)
    assert_allclose(model.concentrations_[0], k, rtol=1e-6)
    wanted = vonmises_fisher(model.means_[0], model.concentrations_[0]).logpdf(X)
    assert_allclose(model.score_samples(X), wanted, rtol=1e-9, atol=1e-9)


def test_thousands_of_dimensions_are_fitted():
    """Where SciPy's concentration is 1e-8."""
    p, k = 32_768, 1e5
    X = make_vmf_mixture(20, n_features=p, concentrations=[k], random_state=0)[0]
    model = VonMisesFisherMixture().fit(X)
    length = np.linalg.norm(X.mean(axis=0))
    assert_allclose(
        sphere.bessel_ratio(p / 2 - 1, model.concentrations_), length, rtol=1e-12
    )
    assert model.concentrations_[0] > k / 2
    assert np.isfinite(model.score_samples(X)).all()


@pytest.mark.parametrize("n_features", [2, 3])
def test_densities_are_one_on_the_sphere(n_features):
    X, _ = make_vmf_mixture(100, n_features=n_features, random_state=0)
    model = VonMisesFisherMixture(3, random_state=0).fit(X)
    even = sphere.random(200_000, n_features, random_state=1)
    area = {2: 2 * np.pi, 3: 4 * np.pi}[n_features]
    assert_allclose(np.exp(model.score_samples(even)).mean() * area, 1, rtol=0.03)


def test_planted_components_are_found():
    X, y, centers = make_vmf_mixture(
        1500, n_features=10, concentrations=[30, 60, 200], weights=[5, 3, 1.5],
        return_centers=True, random_state=3,
    )  # fmt: skip
    model = VonMisesFisherMixture(3, n_init=3, random_state=0).fit(X)
    assert model.converged_
    assert adjusted_rand_score(y, model.predict(X)) > 0.98
    order = (centers @ model.means_.T).argmax(axis=1)
    assert_allclose(model.concentrations_[order], [30, 60, 200], rtol=0.15)
    assert_allclose(model.weights_[order], np.array([5, 3, 1.5]) / 9.5, atol=0.04)
    tied = VonMisesFisherMixture(3, concentration="tied", random_state=0).fit(X)
    assert len(set(tied.concentrations_)) == 1
    assert tied.score(X) < model.score(X)
    # Fewer components do not explain them, and more are not worth their parameters.
    by_number = [
        VonMisesFisherMixture(k, random_state=0).fit(X).bic(X) for k in range(1, 6)
    ]
    assert np.argmin(by_number) == 2


@given(seed=seeds, n_components=st.integers(1, 4), tied=st.booleans())
@settings(max_examples=15)
def test_more_steps_are_never_less_likely(seed, n_components, tied):
    X, _ = make_vmf_mixture(60, random_state=seed % 1000)
    bounds = [
        VonMisesFisherMixture(
            n_components,
            concentration="tied" if tied else "free",
            max_iter=steps,
            tol=0,
            random_state=seed,
        )
        .fit(X)
        .lower_bound_
        for steps in (1, 2, 5, 20)
    ]
    assert (np.diff(bounds) > -1e-9).all()


@given(seed=seeds)
@settings(max_examples=10)
def test_rotations_and_norms_of_rows_change_nothing(seed):
    X, _ = make_vmf_mixture(60, n_features=4, random_state=seed % 1000)
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.standard_normal((4, 4)))
    norms = 10.0 ** rng.uniform(-100, 100, (60, 1))
    plain = VonMisesFisherMixture(2, random_state=0).fit(X)
    other = VonMisesFisherMixture(2, random_state=0).fit(norms * X)
    assert_allclose(other.score_samples(X), plain.score_samples(X), atol=1e-9)
    one = VonMisesFisherMixture().fit(X)
    turned = VonMisesFisherMixture().fit(X @ turn)
    assert_allclose(turned.score_samples(X @ turn), one.score_samples(X), atol=1e-9)


def test_samples_are_from_the_density():
    X, _ = make_vmf_mixture(400, random_state=0)
    model = VonMisesFisherMixture(3, random_state=0).fit(X)
    drawn, labels = model.sample(20_000)
    assert_allclose(np.linalg.norm(drawn, axis=1), 1)
    assert_allclose(np.bincount(labels) / 20_000, model.weights_, atol=0.015)
    mean = (sphere.bessel_ratio(0.5, model.concentrations_)[:, None] * model.means_).T
    assert_allclose(drawn.mean(axis=0), mean @ model.weights_, atol=0.02)
    with pytest.raises(ValueError, match="n_samples"):
        model.sample(0)


def test_longitude_and_latitude():
    points, _ = make_vmf_mixture(200, random_state=0)
    X = sphere.to_lonlat(points)
    there = VonMisesFisherMixture(3, random_state=0, input_space="lonlat").fit(X)
    here = VonMisesFisherMixture(3, random_state=0).fit(points)
    assert_allclose(there.score_samples(X), here.score_samples(points), atol=1e-9)
    drawn, _ = there.sample(5)
    assert drawn.shape == (5, 2)
    with pytest.raises(ValueError, match="two columns"):
        VonMisesFisherMixture(input_space="lonlat").fit(points)
    with pytest.raises(ValueError, match=r"latitude .* 91.0 in row 1.*swapped"):
        VonMisesFisherMixture(input_space="lonlat").fit([[1.0, 2.0], [3.0, 91.0]])


@pytest.mark.parametrize("n_features", [1, 2, 3, 50])
@pytest.mark.parametrize(
    "rows",
    [
        lambda p: np.ones((6, p)),  # one point
        lambda p: np.zeros((4, p)),
        lambda p: np.repeat([[1.0], [-1.0]], 3, axis=0) * np.eye(p)[:1],  # in balance
        lambda p: np.ones((2, p)),
        lambda p: 1e-200 * np.random.default_rng(0).normal(size=(9, p)),
        lambda p: 1e200 * np.random.default_rng(0).normal(size=(9, p)),
    ],
)
def test_degenerate_rows_have_a_finite_density(rows, n_features):
    X = rows(n_features)
    for k in (1, 2):
        model = VonMisesFisherMixture(k, random_state=0).fit(X)
        for told in (model.score_samples(X), model.concentrations_, model.means_):
            assert np.isfinite(told).all()
        assert np.isfinite(model.sample(3)[0]).all()
        assert_allclose(model.predict_proba(X).sum(axis=1), 1)
        limit = max(n_features - 1, 10) / 2 / model.reg
        assert (model.concentrations_ <= 1.01 * limit).all()


def test_one_row():
    X = np.array([[3.0, 4.0, 0.0]])
    model = VonMisesFisherMixture().fit(X)
    assert_allclose(model.means_, X / 5)
    with pytest.raises(ValueError, match=r"n_components=2 .* n_samples = 1"):
        VonMisesFisherMixture(2).fit(X)


def test_bad_rows_and_parameters_are_refused():
    X = np.eye(3)
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match=r"NaN|infinity"):
            VonMisesFisherMixture().fit(np.where(X == 1, bad, X))
    for name, value in [
        ("concentration", "none"),
        ("init_params", "k"),
        ("reg", 0.0),
        ("input_space", "latlon"),
    ]:
        with pytest.raises(ValueError, match=name):
            VonMisesFisherMixture(**{name: value}).fit(X)


@pytest.mark.filterwarnings("error")
def test_a_climb_that_is_cut_short_warns():
    X, _ = make_vmf_mixture(300, random_state=1)
    with pytest.warns(ConvergenceWarning, match="tol=0"):
        VonMisesFisherMixture(3, max_iter=3, tol=0, random_state=0).fit(X)


def test_starts_and_float32():
    X, y = make_vmf_mixture(
        300, concentrations=[20, 80], weights=[1, 2], random_state=2
    )
    options = dict(init_params="random_from_data", n_init=5, random_state=0)
    model = VonMisesFisherMixture(2, **options).fit(X.astype(np.float32))
    assert model.means_.dtype == model.score_samples(X.astype(np.float32)).dtype
    assert model.means_.dtype == np.float32
    assert adjusted_rand_score(y, model.fit_predict(X)) > 0.8
    assert model.aic(X) < model.bic(X)
