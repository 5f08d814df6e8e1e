"""The metric of a decoder: closed forms, laws, and input that is bad."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.kernel_ridge import KernelRidge
from sklearn.manifold import Isomap
from sklearn.metrics import r2_score
from sklearn.neighbors import KNeighborsRegressor
from sklearn.preprocessing import FunctionTransformer

from skgeom import LatentGeometry
from skgeom.embedding._latent_geometry import _paths
from skgeom.metrics import energy_distance

RNG = np.random.default_rng(0)
PLANE = RNG.uniform(-1, 1, size=(250, 2))


class Known(TransformerMixin, BaseEstimator):
    """Latents that are known, and a function that decodes them."""

    def __init__(self, latents=None, decode=None):
        self.latents = latents
        self.decode = decode

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return np.asarray(self.latents)

    def inverse_transform(self, Z):
        return self.decode(Z)


def dome(Z):
    return np.column_stack([Z, np.sqrt(3 - (Z**2).sum(axis=1))])


def great_circle(X, Y):
    return np.sqrt(3) * np.arccos(np.clip((X * Y).sum(axis=1) / 3, -1, 1))


def saddle(Z):
    return np.column_stack([Z, Z[:, 0] * Z[:, 1], np.sin(Z[:, 0])])


@pytest.fixture(scope="module")
def on_dome():
    return LatentGeometry(Known(PLANE), random_state=0).fit(dome(PLANE))


# ------------------------------------------------------------------------ closed forms


def test_geodesics_of_a_sphere_are_great_circles(on_dome):
    inner = PLANE[np.abs(PLANE).max(axis=1) < 0.7]  # away from the wall
    A, B = inner[:20], inner[20:40]
    true = great_circle(dome(A), dome(B))
    assert_allclose(on_dome.paired_distances(A, B), true, rtol=2e-3)
    points = on_dome.geodesics(A, B)
    assert points.shape == (20, 41, 2)
    assert_allclose(points[:, [0, -1]].swapaxes(0, 1), [A, B], rtol=0, atol=0)
    normals = np.cross(dome(A), dome(B))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    off = np.einsum(
        "nkd,nd->nk", dome(points.reshape(-1, 2)).reshape(20, 41, 3), normals
    )
    assert np.abs(off).max() < 0.02
    steps = np.linalg.norm(
        np.diff(dome(points.reshape(-1, 2)).reshape(20, 41, 3), 1, 1), axis=2
    )
    far = true > 0.5
    assert (steps.max(axis=1) / steps.min(axis=1))[far].max() < 1.1


def test_metric_and_volume_of_a_known_decoder():
    """Jacobian by hand: of a graph z -> (z, h(z)), the metric is I + grad h grad h'."""
    model = LatentGeometry(
        Known(PLANE, dome), decoder="inverse_transform", random_state=0
    ).fit(dome(PLANE))
    height = np.sqrt(3 - (PLANE**2).sum(axis=1))
    slopes = -PLANE / height[:, None]
    expected = np.eye(2) + slopes[:, :, None] * slopes[:, None, :]
    assert_allclose(model.metric_tensor(PLANE), expected, rtol=1e-4, atol=1e-4)
    assert_allclose(model.volume(PLANE), np.sqrt(3) / height, rtol=1e-4)
    # That of the kernel decoder is learnt.
    learnt = LatentGeometry(Known(PLANE), random_state=0).fit(dome(PLANE))
    assert_allclose(learnt.metric_tensor(PLANE), expected, atol=0.03)


@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(4, 6))
@settings(max_examples=8)
def test_a_linear_decoder_makes_straight_lines(seed, d, D):
    rng = np.random.default_rng(seed)
    Z, A = rng.normal(size=(40, d)) * rng.uniform(0.5, 9, d), rng.normal(size=(d, D))
    decode = FunctionTransformer(lambda Z: Z @ A)
    model = LatentGeometry(
        Known(Z, decode.fit_transform),
        decoder="inverse_transform",
        support=0.0,
        n_points=9,
        random_state=0,
    ).fit(Z @ A)
    size = np.linalg.norm(Z @ A)
    apart = np.linalg.norm((Z[:9] - Z[9:18]) @ A, axis=1)
    assert_allclose(model.paired_distances(Z[:9], Z[9:18]), apart, atol=1e-6 * size)
    assert_allclose(model.metric_tensor(Z[:2]), [A @ A.T] * 2, rtol=1e-5, atol=1e-6)
    assert_allclose(
        model.volume(Z[:2]), np.sqrt(np.linalg.det(A @ A.T)), rtol=1e-4, atol=1e-6
    )
    line = Z[0] + np.linspace(0, 1, 9)[:, None] * (Z[9] - Z[0])
    assert_allclose(model.geodesics(Z[:1], Z[9:10])[0], line, atol=1e-3 * size)


def test_the_metric_is_that_of_small_steps(on_dome):
    step = 1e-4 * np.random.default_rng(1).normal(size=(20, 2))
    length = np.linalg.norm(
        on_dome.inverse_transform(PLANE[:20] + step)
        - on_dome.inverse_transform(PLANE[:20] - step),
        axis=1,
    )
    squares = np.einsum("ni,nij,nj->n", step, on_dome.metric_tensor(PLANE[:20]), step)
    assert_allclose(2 * np.sqrt(squares), length, rtol=1e-4)
    assert_allclose(
        on_dome.volume(PLANE) ** 2,
        np.linalg.det(on_dome.metric_tensor(PLANE)),
        rtol=1e-6,
    )


# -------------------------------------------------------------------------------- laws


def test_distances_are_a_metric_and_agree(on_dome):
    Z = PLANE[:8]
    D = on_dome.pairwise_distances(Z)
    assert_allclose(D, D.T, rtol=0, atol=0)
    assert (np.diagonal(D) == 0).all()
    assert (D[:, :, None] <= D[:, None, :] + D.T[None] + 1e-3).all()
    one, two = np.triu_indices(8, 1)
    paired = on_dome.paired_distances(Z[one], Z[two])
    assert_allclose(D[one, two], paired, rtol=1e-4)
    assert_allclose(
        on_dome.pairwise_distances(Z, Z[:3]), D[:, :3], rtol=1e-3, atol=1e-6
    )
    chords = np.linalg.norm(
        on_dome.inverse_transform(Z)[:, None] - on_dome.inverse_transform(Z), axis=2
    )
    assert (D >= chords - 1e-9).all()
    # The graph takes detours.
    coarse = on_dome.pairwise_distances(Z, refine=False)
    assert_allclose(coarse, coarse.T, rtol=1e-9, atol=1e-9)
    assert (np.diagonal(coarse) == 0).all()
    assert (D[one, two] * 0.999 <= coarse[one, two]).all()
    assert (coarse[one, two] <= 1.3 * D[one, two]).all()


@given(st.sampled_from([1e-100, 1e-3, 1e3, 1e100]), st.integers(0, 99))
@settings(max_examples=4)
def test_units_of_rows_and_of_latents(scale, seed):
    rng = np.random.default_rng(seed)
    Z = rng.normal(size=(40, 2))
    X, A, B = saddle(Z), Z[:3], Z[3:6]
    plain = LatentGeometry(Known(Z), random_state=0).fit(X)
    large = LatentGeometry(Known(Z), random_state=0).fit(X * scale)
    apart = plain.paired_distances(A, B)
    assert_allclose(large.paired_distances(A, B), apart * scale, rtol=1e-4)
    assert_allclose(large.sample_weight_, plain.sample_weight_, rtol=1e-4)
    wide = LatentGeometry(Known(Z * scale), random_state=0).fit(X)
    assert_allclose(wide.paired_distances(A * scale, B * scale), apart, rtol=1e-4)
    for model in (large, wide):
        for told in (
            model.volume(A),
            model.metric_tensor(A),
            model.geodesics(A, B),
            model.sample(3),
        ):
            assert np.isfinite(told).all()


def test_turning_the_rows_turns_what_is_decoded(on_dome):
    turn = np.linalg.qr(RNG.normal(size=(9, 3)))[0].T
    model = LatentGeometry(Known(PLANE), random_state=0).fit(dome(PLANE) @ turn)
    assert_allclose(
        model.inverse_transform(PLANE[:9]),
        on_dome.inverse_transform(PLANE[:9]) @ turn,
        atol=1e-6,
    )
    assert_allclose(model.volume(PLANE), on_dome.volume(PLANE), rtol=1e-4)


def test_the_wall_keeps_paths_out_of_a_hole():
    rng = np.random.default_rng(0)
    radius, angle = np.sqrt(rng.uniform(1, 9, 800)), rng.uniform(0, 2 * np.pi, 800)
    Z = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    ends = np.array([[-1.6, 0.0]]), np.array([[1.6, 0.0]])
    # Two tangents and an arc of the circle in between.
    true = 2 * np.sqrt(1.6**2 - 1) + np.pi - 2 * np.arccos(1 / 1.6)
    model = LatentGeometry(Known(Z), random_state=0).fit(Z)
    assert_allclose(model.paired_distances(*ends), true, rtol=0.04)
    path = model.geodesics(*ends)[0]
    assert np.linalg.norm(path, axis=1).min() > 0.9
    assert model.emptiness([[0.0, 0.0], [2.0, 0.0], [40.0, 0.0]]) == pytest.approx(
        [1, 0, 1], abs=0.05
    )
    free = LatentGeometry(Known(Z), support=0, random_state=0).fit(Z)
    assert_allclose(free.paired_distances(*ends), 3.2, rtol=1e-2)


def test_samples_are_even():
    rng = np.random.default_rng(0)
    Z = rng.beta(1, 1.8, size=(1000, 2))
    X = np.column_stack([Z[:, 0] ** 2, Z[:, 1]])
    even = rng.uniform(size=(1000, 2))
    model = LatentGeometry(Known(Z), random_state=0).fit(X)
    drawn = model.sample(1000)
    assert energy_distance(X, even) > 0.1 > 20 * energy_distance(drawn, even)
    assert_allclose(model.sample_weight_.mean(), 1)
    assert_allclose(model.sample(1000), drawn)  # by its seed
    weighted = np.average(X, axis=0, weights=model.sample_weight_)
    assert_allclose(weighted, 0.5, atol=0.06)


# ------------------------------------------------------------------ what others plug in


def test_any_regressor_decodes():
    Z = PLANE
    decoder = KernelRidge(kernel="rbf", gamma=0.5, alpha=1e-6)
    model = LatentGeometry(Known(Z), decoder=decoder, random_state=0).fit(dome(Z))
    assert isinstance(model.decoder_, KernelRidge)
    assert not hasattr(decoder, "dual_coef_")
    true = great_circle(dome(Z[:9]), dome(Z[9:18]))
    assert_allclose(model.paired_distances(Z[:9], Z[9:18]), true, rtol=5e-3)
    again = pickle.loads(pickle.dumps(model))
    assert_allclose(again.volume(Z[:5]), model.volume(Z[:5]))
    single = LatentGeometry(Known(Z), decoder=decoder).fit(dome(Z)[:, 2:])
    assert single.inverse_transform(Z[:4]).shape == (4, 1)
    assert_allclose(single.volume(Z[:4]), 0, atol=1e-6)  # a line has no area


def test_a_decoder_in_steps_is_told():
    with pytest.warns(UserWarning, match="has steps, and no metric"):
        LatentGeometry(
            Known(PLANE), decoder=KNeighborsRegressor(5), random_state=0
        ).fit(dome(PLANE))


def test_flat_inverse_transform_has_chords():
    X = dome(PLANE)
    model = LatentGeometry(PCA(2), decoder="inverse_transform").fit(X)
    Z = model.transform(X)
    apart = np.linalg.norm(Z[:9] - Z[9:18], axis=1)
    assert (model.paired_distances(Z[:9], Z[9:18]) >= apart - 1e-6).all()
    assert_allclose(model.metric_tensor(Z[:3]), [np.eye(2)] * 3, atol=1e-6)


def test_transformers_of_all_kinds():
    X = dome(PLANE)
    with pytest.raises(ValueError, match="Isomap has none"):
        LatentGeometry(Isomap(n_neighbors=9), decoder="inverse_transform").fit(X)
    model = LatentGeometry(Isomap(n_neighbors=9), random_state=0).fit(X)
    assert r2_score(X, model.inverse_transform(model.transform(X))) > 0.95

    class Placed(BaseEstimator):
        def fit_transform(self, X, y=None):
            return X[:, :2]

    model = LatentGeometry(Placed(), random_state=0).fit(X)
    with pytest.raises(AttributeError, match="Placed has no transform"):
        model.transform(X)
    assert_allclose(model.fit_transform(X), PLANE)
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    columns = ColumnTransformer([("kept", "passthrough", ["b", "a"])])
    model = LatentGeometry(columns, random_state=0).fit(frame)
    assert_allclose(model.transform(frame), X[:, [1, 0]])
    supervised = LatentGeometry(clone(Placed()), random_state=0)
    assert supervised.fit(X, np.arange(len(X))).embedding_.shape == (250, 2)


# ---------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    "X",
    [
        [[1.0, 2.0, 3.0]],
        np.ones((7, 3)),
        [[1.0], [2.0]],
        np.repeat(dome(PLANE[:3]), 30, axis=0),
        np.arange(6.0)[:, None],
        np.column_stack([np.arange(30.0), np.zeros(30)]),
    ],
    ids=["one row", "equal rows", "two", "copies", "one column", "a constant column"],
)
@pytest.mark.filterwarnings("ignore:.*no chain of neighbours:UserWarning")
def test_few_and_equal_rows(X):
    model = LatentGeometry(random_state=0).fit(X)
    Z = model.embedding_
    assert Z.shape[1] == min(2, *np.shape(X))
    D = model.pairwise_distances(Z[:9])
    for told in (D, model.volume(Z), model.metric_tensor(Z), model.sample(5)):
        assert np.isfinite(told).all()
    assert_allclose(model.sample_weight_.mean(), 1)
    same = np.linalg.norm(np.asarray(X)[:9, None] - np.asarray(X)[:9], axis=2) == 0
    assert np.abs(D[same]).max() < 1e-6 * max(D.max(), 1)
    if len(X) == 1 or np.ptp(X) == 0:
        assert_allclose(D, 0, atol=1e-12)
        assert_allclose(model.metric_tensor(Z), 0, atol=1e-12)
        assert_allclose(model.inverse_transform(Z), X)


def test_copies_count_as_one_row_of_the_surface():
    """Half of the rows are one row: it is drawn as often as its neighbours are."""
    Z = np.concatenate([PLANE, np.repeat(PLANE[:1], 250, axis=0)])
    model = LatentGeometry(Known(Z), random_state=0).fit(dome(Z))
    assert model.pairwise_distances(Z[:3], refine=False).max() < 4
    alone = LatentGeometry(Known(PLANE), random_state=0).fit(dome(PLANE))
    share = model.sample_weight_[250:].sum() + model.sample_weight_[0]
    ratio = share / model.sample_weight_.sum()
    assert ratio == pytest.approx(
        alone.sample_weight_[0] / alone.sample_weight_.sum(), rel=0.2
    )


def test_many_to_one_transformers_decode_to_the_mean():
    X = dome(PLANE)
    for latents in (np.zeros((250, 2)), np.full((250, 1), 7.0)):
        model = LatentGeometry(Known(latents), random_state=0).fit(X)
        assert_allclose(model.inverse_transform(latents[:1])[0], X.mean(axis=0))
        assert_allclose(model.pairwise_distances(latents[:5]), 0)
        assert_allclose(model.volume(latents[:5]), 0)
    folded = np.abs(PLANE[:, :1])
    model = LatentGeometry(Known(folded), random_state=0).fit(X)
    middle = model.inverse_transform([[0.5]])[0]
    assert abs(middle[0]) < 0.3  # of both sides


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_latents_in_parts_are_told_and_joined():
    Z = np.concatenate([PLANE, PLANE + np.array([9, 0])])
    model = LatentGeometry(Known(Z), random_state=0).fit(dome(Z / 9))
    with pytest.warns(UserWarning, match="1 of 1 curves .* no chain of neighbours"):
        apart = model.paired_distances(Z[:1], Z[-1:])
    assert np.isfinite(apart).all() and apart > 0
    assert np.isfinite(model.pairwise_distances(Z[::100], refine=False)).all()


def test_many_latents_and_rows_far_away():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 9))
    model = LatentGeometry(PCA(7), random_state=0).fit(X)
    Z = model.transform(X)
    assert model.geodesics(Z[:4], Z[4:8]).shape == (4, 41, 7)
    far = np.full((1, 7), 1e300)
    told = [model.inverse_transform(far), model.metric_tensor(far), model.volume(far)]
    told.append(model.geodesics(Z[:1], far))
    told.append(model.paired_distances(Z[:1], far))
    for value in told:
        assert np.isfinite(value).all()


def test_decoders_that_leave_the_numbers_are_told():
    def decode(Z):
        return np.exp(40 * Z)

    model = LatentGeometry(Known(PLANE, decode), decoder="inverse_transform")
    model.fit(np.exp(PLANE))
    with (
        np.errstate(over="ignore"),
        pytest.raises(ValueError, match="latents are too far from"),
    ):
        model.metric_tensor([[9.0, 9.0]])
    wrong = LatentGeometry(Known(PLANE, lambda Z: Z), decoder="inverse_transform")
    with pytest.raises(ValueError, match="gives 2 columns where X has 3"):
        wrong.fit(dome(PLANE))


def test_curves_that_do_not_settle_are_told(on_dome, monkeypatch):
    monkeypatch.setattr(_paths, "_STEPS", 1)
    with pytest.warns(ConvergenceWarning, match="have not settled after 1 steps"):
        on_dome.paired_distances(PLANE[:5], PLANE[5:10])


def test_errors_name_what_is_wrong(on_dome):
    X = dome(PLANE)
    for wrong in (np.nan, np.inf):
        with pytest.raises(ValueError, match="X contains"):
            LatentGeometry().fit(X * [1, 1, wrong])
        with pytest.raises(ValueError, match="X contains"):
            on_dome.volume([[0.0, wrong]])
        with pytest.raises(ValueError, match="Y contains"):
            on_dome.geodesics([[0.0, 0.0]], [[0.0, wrong]])
    with pytest.raises(ValueError, match="X has 3 columns, and there are 2 latents"):
        on_dome.inverse_transform(X)
    with pytest.raises(ValueError, match="as many rows, got 2 and 3"):
        on_dome.paired_distances(PLANE[:2], PLANE[:3])
    with pytest.raises(ValueError, match="n_samples == 0, must be >= 1"):
        on_dome.sample(0)
    for name, value in {
        "decoder": "unknown",
        "support": -1.0,
        "n_points": 1,
        "n_centers": 0,
        "transformer": 3,
        "n_neighbors": 0,
    }.items():
        with pytest.raises(ValueError, match=f"'{name}' parameter"):
            LatentGeometry(**{name: value}).fit(X)
    for latents in (np.full((250, 2), np.nan), np.zeros((250, 0)), np.zeros((3, 2))):
        with pytest.raises(ValueError, match="transformer gives"):
            LatentGeometry(Known(latents)).fit(X)
    assert on_dome.pairwise_distances(np.zeros((0, 2))).shape == (0, 0)
    assert on_dome.geodesics(np.zeros((0, 2)), np.zeros((0, 2))).shape == (0, 41, 2)


def test_single_precision_in_and_out():
    X = dome(PLANE).astype(np.float32)
    model = LatentGeometry(random_state=0).fit(X)
    Z = model.transform(X)
    for told in (
        Z,
        model.sample_weight_,
        model.sample(2),
        model.volume(Z),
        model.geodesics(Z[:2], Z[2:4]),
        model.pairwise_distances(Z[:3]),
        model.inverse_transform(Z),
    ):
        assert told.dtype == np.float32
    huge = LatentGeometry(random_state=0).fit(X * np.float32(1e36))
    assert np.isfinite(huge.metric_tensor(huge.embedding_)).all()
