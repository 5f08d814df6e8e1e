"""Labels that come one by one: a sum of kernels, in any order, and back again."""

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skgeom import OnlineGraphClassifier
from skgeom.graph import Graph
from skgeom.testing import adjacency_matrices

RNG = np.random.default_rng(0)
Y = np.arange(120) % 3
CHANCE = np.where(Y[:, None] == Y, 0.12, 0.01)
A = np.triu(RNG.uniform(size=(120, 120)) < CHANCE, 1).astype(float)
GRAPH = Graph.from_adjacency(A + A.T)
IDS = np.arange(120)[:, None]
NAMES = np.array(["x", "y", "z"])


def kernel(adjacency, teleport):
    """The definition; a node without edges keeps its mass."""
    d = adjacency.sum(axis=1)
    roots = np.sqrt(np.where(d > 0, d, 1.0))
    W = adjacency / roots[:, None] / roots + np.diag((d == 0) * 1.0)
    return teleport * np.linalg.inv(np.eye(len(d)) - (1 - teleport) * W)


@given(
    B=adjacency_matrices(min_nodes=2, max_nodes=10, self_loops=True),
    teleport=st.sampled_from([0.1, 0.5, 0.9]),
    seed=st.integers(0, 99),
)
def test_mass_is_a_sum_of_kernels(B, teleport, seed):
    n = B.shape[0]
    rng = np.random.default_rng(seed)
    nodes, y = rng.integers(n, size=7), rng.integers(2, size=7)
    model = OnlineGraphClassifier(teleport, tol=0.0, graph=Graph.from_adjacency(B))
    for node, label in zip(nodes, y, strict=True):
        model.partial_fit([[node]], [label], classes=[0, 1])
    K = kernel(B.toarray(), teleport)
    wanted = np.stack([K[:, nodes[y == c]].sum(axis=1) for c in (0, 1)], axis=1)
    assert_allclose(model.label_mass_, wanted, atol=1e-7)
    assert_array_equal(model.class_count_, np.bincount(y, minlength=2))


def test_order_and_batches_do_not_matter():
    whole = OnlineGraphClassifier(graph=GRAPH).fit(IDS[:40], NAMES[Y[:40]])
    order = RNG.permutation(40)
    model = OnlineGraphClassifier(graph=GRAPH)
    for part in np.split(order, [1, 5, 20]):
        model.partial_fit(IDS[part], NAMES[Y[part]], classes=NAMES)
    assert_allclose(model.label_mass_, whole.label_mass_, atol=1e-12)
    assert_array_equal(model.classes_, whole.classes_)
    assert whole.score(IDS[40:], NAMES[Y[40:]]) > 0.9


def test_what_is_unlearned_has_not_been():
    model = OnlineGraphClassifier(graph=GRAPH).fit(IDS[:30], Y[:30])
    before = model.label_mass_.copy()
    model.partial_fit(IDS[30:33], [0, 0, 0])
    assert np.abs(model.label_mass_ - before).max() > 1e-3
    model.unlearn(IDS[30:33], [0, 0, 0])
    assert_allclose(model.label_mass_, before, atol=1e-14)
    assert_array_equal(model.class_count_, [10, 10, 10])
    everything = model.unlearn(IDS[:30], Y[:30])
    assert np.isfinite(everything.predict_proba(IDS)).all()
    with pytest.raises(ValueError, match="takes back more labels of class 1"):
        model.unlearn([[3]], [1])


def test_a_call_that_fails_changes_nothing():
    model = OnlineGraphClassifier(graph=GRAPH).fit(IDS[:30], Y[:30])
    mass, counts = model.label_mass_.copy(), model.class_count_.copy()
    for X, y, error in (
        ([[3]], [7], "y holds 7, which is none of the classes"),
        ([[120]], [1], "from 0 to 119"),
        ([[3], [4]], [1], "inconsistent"),
        ([[3]], [-1], "no labelled row"),
    ):
        with pytest.raises(ValueError, match=error):
            model.partial_fit(X, y)
        assert_array_equal(model.label_mass_, mass)
        assert_array_equal(model.class_count_, counts)
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        OnlineGraphClassifier(graph=GRAPH).partial_fit(IDS[:3], Y[:3])


def test_a_copy_learns_by_itself():
    model = OnlineGraphClassifier(graph=GRAPH).fit(IDS[:30], Y[:30])
    mass = model.label_mass_.copy()
    copy.deepcopy(model).partial_fit(IDS[30:], Y[30:])
    assert_array_equal(model.label_mass_, mass)


def test_a_stream_is_not_copied_at_each_label(monkeypatch):
    from skgeom.base import _boundary

    model = OnlineGraphClassifier(graph=GRAPH).fit(IDS[:30], Y[:30])
    copied = []
    monkeypatch.setattr(_boundary.copy, "deepcopy", lambda x: copied.append(x) or x)
    model.partial_fit(IDS[30:31], Y[30:31])
    assert not copied


def test_rows_without_a_label_teach_nothing():
    y = np.where(np.arange(120) < 30, Y, -1)
    model = OnlineGraphClassifier(graph=GRAPH).fit(IDS, y)
    plain = OnlineGraphClassifier(graph=GRAPH).fit(IDS[:30], Y[:30])
    assert_array_equal(model.label_mass_, plain.label_mass_)


def test_where_no_mass_comes_the_shares_of_the_labels_are_told():
    graph = Graph.from_edges([[0, 1], [2, 3]], n_nodes=5)
    model = OnlineGraphClassifier(graph=graph)
    model.fit([[0], [1], [1]], ["a", "b", "b"])
    for unreached in (2, 3, 4):
        assert_allclose(
            model.predict_proba([[unreached]]), [[1.5 / 4, 2.5 / 4]], atol=1e-12
        )
    assert model.predict([[0], [4]]).tolist() == ["b", "b"]


def test_a_lower_tolerance_is_nearer_to_the_kernel():
    K = kernel(GRAPH.adjacency.toarray(), 0.1)
    wanted = K[:, :30] @ np.eye(3)[Y[:30]]
    gaps = []
    for tol in (0.3, 0.03, 0.003, 0.0):
        model = OnlineGraphClassifier(tol=tol, graph=GRAPH).fit(IDS[:30], Y[:30])
        gaps.append(np.abs(model.label_mass_ - wanted).max())
    assert (np.diff(gaps) < 0).all()
    assert gaps[-1] < 1e-7


def test_new_rows_give_and_take_by_their_links():
    model = OnlineGraphClassifier(affinity="precomputed", tol=0.0)
    model.fit(GRAPH.adjacency.toarray(), Y)
    links = np.zeros((1, 120))
    links[0, [3, 6]] = 3.0, 1.0
    K = kernel(GRAPH.adjacency.toarray(), 0.1)
    before = model.label_mass_.copy()
    model.partial_fit(links, [1])
    added = model.label_mass_ - before
    assert_allclose(added[:, 1], 0.75 * K[:, 3] + 0.25 * K[:, 6], atol=1e-7)
    assert not added[:, [0, 2]].any()


def test_one_class_is_all_there_is():
    model = OnlineGraphClassifier(graph=GRAPH).fit(IDS[:2], [5, 5])
    assert (model.predict(IDS) == 5).all()
    assert_allclose(model.predict_proba(IDS), 1.0)
