"""Diffusion maps: their distances, the density, new rows, and bad input."""

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.spatial.distance import cdist

from skgeom import DiffusionMap
from skgeom.backends import get_backend
from skgeom.embedding._diffusion._gaussian_walk import GaussianWalk
from skgeom.graph import Graph
from skgeom.testing import adjacency_matrices

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))


def diffusion_distances(W, steps):
    degrees = W.sum(axis=1)
    walk = np.linalg.matrix_power(W / degrees[:, None], steps)
    placed = walk / np.sqrt(degrees / degrees.sum())
    return cdist(placed, placed)


@given(adjacency_matrices(min_nodes=2, connected=True))
@settings(max_examples=40)
def test_distances_of_a_graph_are_diffusion_distances(A):
    A = A.toarray()
    for alpha in (0.0, 0.5, 1.0):
        model = DiffusionMap(
            len(A) - 1, diffusion_time=2, affinity="precomputed", alpha=alpha
        )
        found = model.fit_transform(A)
        q = A.sum(axis=1) ** -alpha
        expected = diffusion_distances(q[:, None] * A * q, 2)
        np.testing.assert_allclose(cdist(found, found), expected, atol=1e-6)


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
def test_distances_by_a_kernel_are_diffusion_distances(alpha):
    model = DiffusionMap(
        59, diffusion_time=2, affinity="rbf", gamma=0.8, alpha=alpha
    ).fit(X)
    K = np.exp(-0.8 * cdist(X, X) ** 2)
    q = K.sum(axis=1) ** -alpha
    expected = diffusion_distances(q[:, None] * K * q, 2)
    found = model.embedding_
    np.testing.assert_allclose(cdist(found, found), expected, atol=1e-6)
    assert (np.diff(model.eigenvalues_) <= 1e-12).all()


def test_the_matrix_need_not_be_held(monkeypatch):
    module = "skgeom.embedding._diffusion._gaussian_walk"
    backend = get_backend("cpu")
    held = GaussianWalk(X, 0.5, 0.7, backend)
    monkeypatch.setattr(f"{module}.block_bytes", lambda: 100)
    made = GaussianWalk(X, 0.5, 0.7, backend)
    assert made._kernel is None
    V = RNG.normal(size=(60, 2))
    np.testing.assert_allclose(made.host_product(V), held.host_product(V), atol=1e-12)
    np.testing.assert_allclose(made.dense(), held.dense(), atol=1e-12)
    np.testing.assert_allclose(made.degrees, held.degrees)
    np.testing.assert_allclose(held.diagonal(), np.diag(held.dense()), atol=1e-12)


@pytest.mark.parametrize("affinity", ["nearest_neighbors", "rbf"])
def test_a_curve_is_unrolled_and_new_rows_lie_between(affinity):
    angle = np.linspace(0, 4, 81)
    curve = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    model = DiffusionMap(1, n_neighbors=3, affinity=affinity).fit(curve[::2])
    np.testing.assert_allclose(model.transform(curve[::2]), model.embedding_, atol=1e-9)
    along = np.diff(model.transform(curve)[:, 0])
    assert (along > 0).all() or (along < 0).all()


def test_new_rows_are_where_a_map_of_all_has_them():
    angle = RNG.uniform(0, 2 * np.pi, 400)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    ring += 0.02 * RNG.normal(size=ring.shape)
    for affinity in ("nearest_neighbors", "rbf"):
        model = DiffusionMap(2, affinity=affinity, gamma=20.0).fit(ring[:200])
        whole = DiffusionMap(2, affinity=affinity, gamma=20.0).fit_transform(ring)
        found, truth = model.transform(ring[200:]), whole[200:]
        left = found @ np.linalg.lstsq(found, truth, rcond=None)[0] - truth
        assert (left**2).sum() < 0.03 * (truth**2).sum()


def test_alpha_takes_the_density_out():
    position = np.append(RNG.uniform(size=300), 0.5 + 0.08 * RNG.normal(size=300))
    position = position.clip(0, 1)
    line = np.stack([position, np.zeros(600)], axis=1)
    mode = np.cos(np.pi * position)
    fits = []
    for alpha in (0.0, 1.0):
        model = DiffusionMap(1, affinity="rbf", alpha=alpha, gamma=500.0)
        along = model.fit_transform(line)[:, 0]
        fits.append(np.corrcoef(along, mode)[0, 1] ** 2)
    assert fits[1] > 0.98 > fits[0]
    # "auto" is that, and no correction of links.
    auto = DiffusionMap(1, affinity="rbf", gamma=500.0).fit_transform(line)
    np.testing.assert_allclose(auto[:, 0], along)
    one, two = (DiffusionMap(2, alpha=a).fit_transform(X) for a in ("auto", 0.0))
    np.testing.assert_array_equal(one, two)


def test_time_fades_fast_modes():
    slow, fast = (
        DiffusionMap(3, affinity="rbf", diffusion_time=t).fit(X) for t in (0.0, 4.0)
    )
    fading = slow.eigenvalues_**4
    np.testing.assert_allclose(fast.embedding_, slow.embedding_ * fading, atol=1e-9)


def test_sources_and_precision():
    graph = Graph.from_edges([[0, 1], [1, 2], [2, 3]])
    ids = np.arange(4)[:, None]
    found = DiffusionMap(1, graph=graph).fit_transform(ids)
    assert (np.diff(found[:, 0]) > 0).all() or (np.diff(found[:, 0]) < 0).all()
    for affinity in ("nearest_neighbors", "rbf"):
        model = DiffusionMap(2, affinity=affinity)
        single = model.fit_transform(X.astype(np.float32))
        assert single.dtype == np.float32
        np.testing.assert_allclose(single, model.fit_transform(X), atol=1e-3)


# -------------------------------------------------------------------------- bad input


@pytest.mark.parametrize("affinity", ["nearest_neighbors", "rbf"])
@pytest.mark.parametrize("unit", [1e-100, 1e100])
def test_units_do_not_matter(unit, affinity):
    model = DiffusionMap(3, affinity=affinity)
    expected = model.fit(X).transform(X[:9] + 0.1)
    found = model.fit(X * unit).transform((X[:9] + 0.1) * unit)
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.filterwarnings("ignore:n_neighbors=:UserWarning")
@pytest.mark.parametrize("affinity", ["nearest_neighbors", "rbf"])
def test_duplicates_constant_columns_and_far_rows(affinity):
    rows = np.concatenate([np.zeros((20, 3)), np.eye(3), np.eye(3), 3 * np.eye(3)])
    rows = np.column_stack([rows, np.full(len(rows), 4.0)])
    model = DiffusionMap(2, affinity=affinity).fit(rows)
    np.testing.assert_array_equal(model.embedding_[:20] - model.embedding_[0], 0)
    far = model.transform([[1e100, 0, 0, 0], [0, -1e300, 0, 0], [0, 0, 1e-300, 4]])
    assert np.isfinite(far).all()
    alike = DiffusionMap(2, affinity=affinity).fit(np.ones((9, 2)))
    assert np.isfinite(alike.embedding_).all()
    apart = DiffusionMap(3, affinity=affinity).fit(
        np.concatenate([X, X + 1e4])  # a gap that no walk crosses
    )
    assert np.isfinite(apart.transform(X + 5e3)).all()


def test_more_components_than_rows_have():
    for affinity in ("nearest_neighbors", "rbf"):
        model = DiffusionMap(5, affinity=affinity, n_neighbors=2).fit(X[:3])
        assert model.embedding_.shape == (3, 5)
        assert (model.embedding_[:, 2:] == 0).all()
        assert (model.transform(X[:2] + 0.1)[:, 2:] == 0).all()


def test_what_is_wrong_is_said():
    for affinity in ("nearest_neighbors", "rbf"):
        with pytest.raises(ValueError, match="minimum of 2 is required"):
            DiffusionMap(affinity=affinity).fit(X[:1])
        with pytest.raises(ValueError, match="contains NaN"):
            DiffusionMap(affinity=affinity).fit(X * np.nan)
    for wrong in (dict(alpha=1.5), dict(diffusion_time=-1), dict(affinity="cosine")):
        with pytest.raises(ValueError, match=f"'{next(iter(wrong))}' parameter"):
            DiffusionMap(**wrong).fit(X)
    with pytest.warns(UserWarning, match="all 4 are used"):
        DiffusionMap().fit(X[:5])
