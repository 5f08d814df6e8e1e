import copy
import pickle

import numpy as np
import pytest
import scipy.linalg
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skgeom.backends import get_backend
from skgeom.graph import Graph, Laplacian
from skgeom.testing import adjacency_matrices

KINDS = ("symmetric", "random_walk", "combinatorial")
kinds = st.sampled_from(KINDS)


def dense_laplacian(W, kind):
    """The textbook formula; rows of isolated nodes are zero."""
    degrees = W.sum(axis=1)
    L = np.diag(degrees) - W
    if kind == "combinatorial":
        return L / (degrees.mean() or 1.0)
    inverse = np.array([1 / d if d > 0 else 0.0 for d in degrees])
    if kind == "random_walk":
        return inverse[:, None] * L
    return np.sqrt(inverse)[:, None] * L * np.sqrt(inverse)


@given(A=adjacency_matrices(), kind=kinds)
@settings(max_examples=200)
def test_textbook_formula(A, kind):
    laplacian = Graph(A).laplacian(kind)
    assert isinstance(laplacian, Laplacian)
    assert laplacian.kind == kind
    assert laplacian.n_nodes == A.shape[0]
    L = laplacian.matrix()
    assert isinstance(L, sp.csr_array)
    expected = dense_laplacian(A.toarray(), kind)
    assert_allclose(L.toarray(), expected, rtol=1e-12, atol=1e-13 * laplacian.bound)


@given(A=adjacency_matrices(), kind=kinds)
@settings(max_examples=200)
def test_it_is_generated_by_a_non_negative_matrix(A, kind):
    graph = Graph(A)
    laplacian = graph.laplacian(kind)
    P, c = laplacian.transition, laplacian.bound
    assert isinstance(P, sp.csr_array)
    assert P.has_canonical_format
    assert (P.data > 0).all()  # nor are zeros stored
    assert P.data.max(initial=0.0) <= 1 + 1e-15
    assert c >= 1 if kind == "combinatorial" else c == 1
    identity = np.eye(A.shape[0])
    assert_allclose(laplacian.matrix().toarray(), c * (identity - P.toarray()))
    # Heat stays where it is on isolated nodes.
    isolated = np.flatnonzero(graph.degrees == 0)
    assert_array_equal(P[isolated].toarray(), identity[isolated])
    # No entry of a power of P is larger than 1: the heat series relies on it.
    power = np.linalg.matrix_power(P.toarray(), 7)
    assert power.max() <= 1 + 1e-12
    if kind != "symmetric":
        assert_allclose(P.sum(axis=1), 1.0)


@given(A=adjacency_matrices(), kind=kinds)
@settings(max_examples=100)
def test_symmetric_with_respect_to_the_measure(A, kind):
    laplacian = Graph(A).laplacian(kind)
    measure = laplacian.measure
    assert (measure > 0).all()
    weighed = measure[:, None] * laplacian.matrix().toarray()
    assert_allclose(weighed, weighed.T, rtol=1e-12, atol=1e-14 * laplacian.bound)
    degrees = A.sum(axis=1)
    if kind == "random_walk" and degrees.any():
        expected = np.where(degrees > 0, degrees / degrees.mean(), 1.0)
        assert_allclose(measure, expected)
    else:
        assert_array_equal(measure, np.ones(A.shape[0]))


@given(A=adjacency_matrices(), kind=kinds)
@settings(max_examples=100)
def test_spectrum(A, kind):
    graph = Graph(A)
    laplacian = graph.laplacian(kind)
    values = scipy.linalg.eigvals(laplacian.matrix().toarray())
    c = laplacian.bound
    assert np.abs(values.imag).max() <= 1e-6 * c
    assert values.real.min() >= -1e-6 * c
    assert values.real.max() <= 2 * c + 1e-6
    # As many zeros as components: their indicator functions.
    n_components, labels = graph.connected_components
    mode = np.sqrt(graph.degrees) if kind == "symmetric" else np.ones(len(labels))
    for part in range(n_components):
        vector = np.where(labels == part, mode, 0.0)
        left = laplacian.matrix() @ vector
        assert_allclose(left, 0.0, atol=1e-13 * c * (1 + mode.max()))


def test_multiplicity_of_zero():
    graph = Graph.from_edges([[0, 1], [1, 2], [3, 4], [5, 5]], n_nodes=8)
    for kind in KINDS:
        values = np.linalg.eigvals(graph.laplacian(kind).matrix().toarray())
        assert (abs(values) < 1e-12).sum() == 5 == graph.connected_components[0]


@pytest.mark.parametrize(
    "edges, n_nodes, kind, largest",
    [
        ([[0, 1]], 2, "symmetric", 2.0),  # bipartite: the bound is reached
        ([[0, 1]], 2, "random_walk", 2.0),
        ([[0, 1]], 2, "combinatorial", 2.0),
        ([[0, 1], [1, 2], [2, 0]], 3, "symmetric", 1.5),
        ([[0, 1], [0, 2], [0, 3]], 4, "combinatorial", 4 / 1.5),
        ([[0, 1], [0, 2], [0, 3]], 9, "combinatorial", 4 / (6 / 9)),
    ],
)
def test_known_spectra(edges, n_nodes, kind, largest):
    laplacian = Graph.from_edges(edges, n_nodes=n_nodes).laplacian(kind)
    values = np.linalg.eigvals(laplacian.matrix().toarray())
    assert_allclose(values.real.max(), largest)


@given(A=adjacency_matrices(), kind=kinds, exponent=st.sampled_from([-400, 3, 400]))
def test_the_unit_of_weights_does_not_matter(A, kind, exponent):
    laplacian = Graph(A).laplacian(kind)
    # An even power of two has an exact square root.
    scaled = Graph(A * 4.0 ** (exponent // 2)).laplacian(kind)
    assert_allclose(
        scaled.transition.toarray(), laplacian.transition.toarray(), rtol=1e-13
    )
    assert_allclose(scaled.bound, laplacian.bound, rtol=1e-14)
    assert_allclose(scaled.measure, laplacian.measure, rtol=1e-14)


@pytest.mark.parametrize("kind", KINDS)
def test_no_edges(kind):
    laplacian = Graph.from_edges([], n_nodes=3).laplacian(kind)
    assert laplacian.bound == 1.0
    assert not laplacian.matrix().toarray().any()
    assert_array_equal(laplacian.transition.toarray(), np.eye(3))


def test_self_loops_hold_the_walker_back():
    graph = Graph.from_adjacency([[3.0, 1.0], [1.0, 0.0]])
    expected = {
        "symmetric": [[0.25, -0.5], [-0.5, 1.0]],
        "random_walk": [[0.25, -0.25], [-1.0, 1.0]],
        "combinatorial": [[0.4, -0.4], [-0.4, 0.4]],
    }
    for kind in KINDS:
        assert_allclose(graph.laplacian(kind).matrix().toarray(), expected[kind])


# ------------------------------------------------------------------ copies on devices


def test_moved_to_a_device_once(device):
    laplacian = Graph.from_edges([[0, 1], [1, 2]]).laplacian()
    backend = get_backend(device)
    there = laplacian.on(backend)
    assert laplacian.on(get_backend(device)) is there
    B = backend.asarray(np.eye(3))
    result = backend.to_numpy(backend.matrix_polynomial(there, B, np.array([0.0, 1.0])))
    assert_allclose(result, laplacian.transition.toarray(), rtol=1e-15)


def test_each_device_has_its_own():
    pytest.importorskip("torch", reason="torch is not installed")
    laplacian = Graph.from_edges([[0, 1]]).laplacian()
    one, two = (laplacian.on(get_backend(name)) for name in ("cpu", "torch-cpu"))
    assert one is laplacian.transition
    assert two is not one


def test_pickles_leave_the_device_behind(device):
    laplacian = Graph.from_edges([[0, 1]]).laplacian("random_walk")
    laplacian.on(get_backend(device))
    for copied in (pickle.loads(pickle.dumps(laplacian)), copy.deepcopy(laplacian)):
        assert not copied._on_device
        assert copied.kind == "random_walk"
        assert_array_equal(copied.matrix().toarray(), laplacian.matrix().toarray())
    assert laplacian._on_device  # and keep their own


def test_it_cannot_be_changed():
    laplacian = Graph.from_edges([[0, 1]]).laplacian()
    with pytest.raises(AttributeError):
        laplacian.bound = 2.0


@pytest.mark.parametrize("n_terms", [3, 20])
@pytest.mark.parametrize("basis", ["monomial", "chebyshev"])
def test_polynomials_do_not_depend_on_where_nodes_lie(device, basis, n_terms):
    backend = get_backend(device)
    rng = np.random.default_rng(0)
    # A grid of 130 x 130 nodes in random order is worth another one.
    side = np.arange(130)
    points = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    points = rng.permutation(points).astype(float)
    laplacian = Graph.from_points(points, n_neighbors=4, affinity="binary").laplacian()
    coefficients, B = (
        rng.standard_normal(n_terms),
        rng.standard_normal((len(points), 3)),
    )
    found = laplacian.polynomial(
        coefficients, backend.asarray(B), basis, backend=backend
    )
    expected = get_backend("cpu").matrix_polynomial(
        laplacian.transition, B, coefficients, basis
    )
    if n_terms > 8:
        assert laplacian._laid_out(backend)[0] is not None
    assert_allclose(backend.to_numpy(found), expected, rtol=0, atol=1e-12)
