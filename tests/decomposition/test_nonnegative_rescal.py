"""Nonnegative RESCAL: steps, rows by least squares, ranks, the three sources."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import linear_sum_assignment, nnls
from sklearn.exceptions import ConvergenceWarning

from skgeom import NonnegativeRESCAL
from skgeom.decomposition._nonnegative_rescal import _updates
from skgeom.decomposition._nonnegative_rescal._rank import column_stability
from skgeom.decomposition._nonnegative_rescal._relations import Relations
from skgeom.decomposition._nonnegative_rescal._rows import nonnegative_rows
from skgeom.decomposition._nonnegative_rescal._updates import factorise
from skgeom.graph import Graph

RNG = np.random.default_rng(0)
TRUE = RNG.exponential(size=(24, 3)) * (RNG.random((24, 3)) < 0.5)
CORES = RNG.exponential(size=(4, 3, 3))
X = TRUE @ CORES @ TRUE.T * RNG.uniform(0.95, 1.05, size=(4, 24, 24))
SIDE_BY_SIDE = np.concatenate(X, axis=1)
IDS = np.arange(24)[:, None]
GRAPHS = [Graph(link, node_names=[f"n{i}" for i in range(24)]) for link in X]

pytestmark = pytest.mark.filterwarnings(
    "ignore:The last steps:sklearn.exceptions.ConvergenceWarning"
)


@st.composite
def stacks(draw):
    """Links of few entities, some of them alone, within one kind or to another."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, m = draw(st.integers(1, 8)), draw(st.integers(1, 3))
    p = draw(st.sampled_from([n, 1, 5]))
    links = rng.exponential(size=(m, n, p)) * (rng.random((m, n, p)) < 0.6)
    if draw(st.booleans()):
        links[:, 0] = 0.0
    return links, n if n == p else n + p


@settings(max_examples=25)
@given(stack=stacks(), k=st.integers(1, 4), seed=st.integers(0, 99))
def test_no_step_raises_the_error(stack, k, seed):
    links, n_entities = stack
    at_hand = [Relations([links, 2 * links], n_entities)]
    at_hand.append(Relations([[sp.csr_array(link) for link in links]], n_entities))
    for relations in at_hand:
        rng = np.random.RandomState(seed)
        steps = []
        for max_iter in (0, 1, 2, 5):
            rng.seed(seed)
            A, R, errors, _ = factorise(relations, k, 2, rng, max_iter=max_iter, tol=0)
            steps.append(errors[-1])
        assert (np.diff(steps, axis=0) <= 1e-12).all()
        assert (A >= 0).all() and (R >= 0).all() and np.isfinite(A).all()
        lengths = np.linalg.norm(A, axis=1)
        assert_allclose(lengths[lengths > 0], 1.0)
        # The error is what it says.
        left = links - A[0, : links.shape[1]] @ R[0] @ A[0, -links.shape[2] :].T
        share = (left**2).sum() / max((links**2).sum(), 1e-300) if links.any() else 0
        assert_allclose(errors[-1][0].min(), share, atol=1e-10)


def test_steps_that_are_too_long_are_cut(monkeypatch):
    """With factors to the power of four, whose fourth root is the factor."""
    ratio = _updates._ratio
    monkeypatch.setattr(_updates, "_ratio", lambda *state: ratio(*state) ** 4)
    for seed in range(5):
        rng = np.random.RandomState(seed)
        links = Relations([rng.exponential(size=(2, 6, 6))], 6)
        errors = factorise(links, 2, 3, rng, max_iter=60, tol=0)[2]
        assert (np.diff(errors, axis=0) <= 1e-12).all()
        assert errors[-1].max() < 0.9 * errors[0].max()


def test_sparse_links_say_what_dense_ones_do():
    sparse = [sp.csr_array(link) for link in X]
    found = [
        factorise(Relations([links], 24), 3, 2, np.random.RandomState(0), max_iter=50)
        for links in (X, sparse)
    ]
    for dense, other in zip(*found, strict=True):
        assert_allclose(dense, other, rtol=1e-8, atol=1e-10)


@given(seed=st.integers(0, 2**32 - 1), k=st.integers(1, 5), rows=st.integers(1, 6))
def test_rows_are_those_of_least_squares(seed, k, rows):
    rng = np.random.default_rng(seed)
    W, targets = rng.random((9, k)), rng.normal(0.3, 1, size=(rows, 9))
    found = nonnegative_rows(targets @ W, W.T @ W)
    for row, target in zip(found, targets, strict=True):
        best = nnls(W, target)[1]
        assert np.linalg.norm(W @ row - target) <= best * (1 + 1e-5) + 1e-6
        alone = nonnegative_rows(target[None] @ W, W.T @ W)[0]
        assert_allclose(alone, row, rtol=1e-9, atol=1e-12)
    assert (found >= 0).all()
    scaled = nonnegative_rows(1e-100 * targets @ W, W.T @ W)
    assert_allclose(scaled, 1e-100 * found, rtol=1e-9, atol=1e-112)


def test_steps_on_sparse_links_go_on():
    """There most of the squares is chance, and the error hardly falls."""
    rng = np.random.default_rng(0)
    kind = np.arange(1000) % 2
    chance = np.where(kind[:, None] == kind, 0.02, 0.002)
    links = sp.csr_array((rng.random((1000, 1000)) < chance).astype(float))
    model = NonnegativeRESCAL(2, affinity="precomputed", n_init=1, random_state=0)
    share = model.fit(links).reconstruction_err_ ** 2 / links.sum()
    model.set_params(max_iter=20).fit(links)  # where it falls by a thousandth of itself
    assert share < model.reconstruction_err_**2 / links.sum() - 1e-3
    assert 0.98 < share < 0.9863


def matched(Z, truth):
    """Cosines of columns with the true ones, in the best order."""
    unit = [A / np.linalg.norm(A, axis=0) for A in (Z, truth)]
    cosines = unit[0].T @ unit[1]
    return cosines[linear_sum_assignment(-cosines)]


def test_planted_communities_and_their_number_are_found():
    model = NonnegativeRESCAL("auto", affinity="precomputed", max_components=4)
    model.set_params(random_state=0).fit(SIDE_BY_SIDE)
    assert model.n_components_ == 3 == model.core_.shape[1]
    assert list(model.stability_) == [2, 3, 4]
    assert model.stability_[3] > 0.9
    assert matched(model.embedding_, TRUE).min() > 0.98
    told = model.embedding_ @ model.core_ @ model.components_
    assert_allclose(model.reconstruction_err_, np.linalg.norm(X - told), rtol=1e-6)
    assert model.reconstruction_err_ < 0.05 * np.linalg.norm(X)
    loads = model.core_.sum(axis=(0, 1)) + model.core_.sum(axis=(0, 2))
    assert (np.diff(loads) <= 0).all()


def test_columns_that_come_again_are_stable_in_any_order():
    copies = np.stack([np.eye(6)[:, RNG.permutation(6)] for _ in range(5)])
    assert column_stability(copies) == pytest.approx(1.0)
    noise = RNG.random((5, 30, 6))
    assert column_stability(noise / np.linalg.norm(noise, axis=1)[:, None]) < 0.3


def test_nodes_links_and_names_are_the_same():
    setting = dict(n_components=3, random_state=0)
    model = NonnegativeRESCAL(graph=GRAPHS, **setting)
    Z = model.fit_transform(IDS)
    assert_array_equal(model.transform(IDS[[5, 0]]), Z[[5, 0]])
    half = NonnegativeRESCAL(graph=GRAPHS, **setting).fit(IDS[::-2])
    assert_allclose(half.embedding_, Z[::-2])
    names = np.array([["n3"], ["n1"]], dtype=object)
    assert_array_equal(model.transform(names), Z[[3, 1]])
    links = NonnegativeRESCAL(affinity="precomputed", **setting).fit(SIDE_BY_SIDE)
    assert_allclose(links.embedding_, Z, rtol=1e-6, atol=1e-8)
    assert_array_equal(links.transform(SIDE_BY_SIDE), links.embedding_)
    sparse = sp.csr_array(SIDE_BY_SIDE[::-1])
    assert_array_equal(links.transform(sparse), links.embedding_[::-1])
    one = NonnegativeRESCAL(3, graph=GRAPHS[0], random_state=0).fit(IDS)
    assert one.core_.shape == (1, 3, 3)


def test_new_rows_are_explained_by_their_links():
    model = NonnegativeRESCAL(3, affinity="precomputed", random_state=0)
    Z = model.fit_transform(SIDE_BY_SIDE)
    mixed = 0.5 * Z[:5] + 2 * Z[5:10]
    links = np.concatenate(mixed @ model.core_ @ model.components_, axis=1)
    assert_allclose(model.transform(links), mixed, atol=1e-4)
    assert not model.transform(np.zeros((1, 96))).any()


def test_links_to_things_of_another_kind():
    targets = RNG.exponential(size=(15, 3)) * (RNG.random((15, 3)) < 0.5)
    wide = np.concatenate(TRUE @ CORES @ targets.T, axis=1)
    model = NonnegativeRESCAL(3, n_relations=4, random_state=0, max_iter=800)
    Z = model.fit_transform(wide)
    assert model.components_.shape == (3, 15)
    assert_allclose(model.transform(wide), Z)
    told = np.concatenate(Z @ model.core_ @ model.components_, axis=1)
    assert np.linalg.norm(wide - told) < 0.03 * np.linalg.norm(wide)
    assert matched(Z, TRUE).min() > 0.95
    one = NonnegativeRESCAL(3, random_state=0).fit(wide)
    assert one.core_.shape == (1, 3, 3) and one.components_.shape == (3, 60)


@pytest.mark.parametrize("affinity", ["precomputed", "bipartite"])
@pytest.mark.parametrize("scale", [1e-100, 1e100])
def test_scales_go_to_the_cores(affinity, scale):
    model = NonnegativeRESCAL(3, affinity=affinity, random_state=0, max_iter=50)
    Z = model.fit_transform(SIDE_BY_SIDE)
    core = model.core_
    other = model.fit(SIDE_BY_SIDE * scale)
    assert_allclose(other.embedding_, Z, rtol=1e-6, atol=1e-9)
    assert_allclose(other.core_, core * scale, rtol=1e-6, atol=1e-9 * scale)
    assert_allclose(model.transform(SIDE_BY_SIDE * scale), Z, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("n_components", [2, "auto"])
@pytest.mark.parametrize(
    "rows", [np.zeros((3, 4)), np.ones((1, 5)), np.ones((4, 1)), np.ones((5, 5))]
)
def test_rows_that_say_little(rows, n_components):
    model = NonnegativeRESCAL(n_components, random_state=0, max_iter=50, n_init=1)
    Z = model.fit_transform(rows)
    assert np.isfinite(Z).all() and np.isfinite(model.core_).all()
    assert model.n_components_ <= min(rows.shape)
    if n_components == "auto":
        assert model.n_components_ == 1
    assert_allclose((Z @ model.core_ @ model.components_)[0], rows, atol=1e-3)


def test_what_are_no_relations():
    with pytest.raises(ValueError, match="Negative values in data passed to Nonneg"):
        NonnegativeRESCAL().fit([[1.0, -1.0]])
    with pytest.raises(ValueError, match="n_relations=2 needs"):
        NonnegativeRESCAL(n_relations=2).fit(np.ones((4, 5)))
    with pytest.raises(ValueError, match=r"shape \(n, 1 \* n\), n = 4"):
        NonnegativeRESCAL(affinity="precomputed").fit(np.ones((4, 5)))
    with pytest.raises(ValueError, match="same nodes; got"):
        NonnegativeRESCAL(graph=[Graph(np.eye(3)), Graph(np.eye(2))]).fit(IDS[:2])
    for wrong in ([], [np.eye(3)]):
        with pytest.raises(ValueError, match="at least one Graph"):
            NonnegativeRESCAL(graph=wrong).fit(IDS[:2])
    model = NonnegativeRESCAL(2, graph=GRAPHS, random_state=0).fit(IDS)
    with pytest.raises(ValueError, match="from 0 to 23"):
        model.transform([[24]])


@pytest.mark.filterwarnings("default")
def test_steps_that_have_far_to_go_are_told():
    model = NonnegativeRESCAL(3, affinity="precomputed", random_state=0)
    with pytest.warns(ConvergenceWarning, match="raise max_iter=3"):
        model.set_params(max_iter=3).fit(SIDE_BY_SIDE)
    assert model.n_iter_ == 3
