import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from skgeom.backends._numba._graphs import _sift_down, _sift_up
from skgeom.graph import Graph, farthest_point_landmarks
from skgeom.testing import adjacency_matrices, point_clouds


def all_paths(lengths):
    """Shortest paths between all pairs (Floyd and Warshall); zeros are edges."""
    n = lengths.shape[0]
    D = np.full((n, n), np.inf)
    coo = lengths.tocoo()
    np.minimum.at(D, coo.coords, coo.data)
    np.fill_diagonal(D, 0.0)
    for k in range(n):
        D = np.minimum(D, D[:, [k]] + D[[k], :])
    return D


def greedy(D, n_landmarks, first):
    """Take the node that is farthest from those taken, the lowest number first."""
    chosen = [first]
    while len(chosen) < n_landmarks:
        reach = D[chosen].min(axis=0)
        farthest = int(np.argmax(reach))
        if reach[farthest] == 0:
            break
        chosen.append(farthest)
    return chosen


@given(
    A=adjacency_matrices(max_nodes=20),
    seed=st.integers(0, 2**32 - 1),
    share=st.floats(0, 1),
    start=st.floats(0, 1),
    zeros=st.booleans(),
)
@settings(max_examples=200)
def test_greedy(A, seed, share, start, zeros):
    n = A.shape[0]
    # Small integers: sums of lengths, and their ties, are exact.
    lengths = A.copy()
    rng = np.random.default_rng(seed)
    values = rng.integers(0 if zeros else 1, 6, (n, n)).astype(float)
    rows, columns = lengths.tocoo().coords
    lengths.data = np.minimum(values, values.T)[rows, columns]
    assert lengths.nnz == A.nnz  # zeros are stored
    n_landmarks, first = 1 + round(share * (n - 1)), round(start * (n - 1))
    landmarks = farthest_point_landmarks(lengths, n_landmarks, first)
    assert landmarks.dtype == np.int64
    assert landmarks.tolist() == greedy(all_paths(lengths), n_landmarks, first)


@given(A=adjacency_matrices(directed=True), start=st.floats(0, 1))
def test_along_the_direction_of_edges(A, start):
    n = A.shape[0]
    lengths = A.copy()
    lengths.data = np.round(8 * A.data)
    first = round(start * (n - 1))
    landmarks = farthest_point_landmarks(lengths, n, first)
    assert landmarks.tolist() == greedy(all_paths(lengths), n, first)


@given(A=adjacency_matrices(max_nodes=25))
@settings(max_examples=100)
def test_every_component_gets_one(A):
    graph = Graph(A)
    n_components, labels = graph.connected_components
    landmarks = farthest_point_landmarks(graph.lengths, n_components)
    assert sorted(labels[landmarks]) == list(range(n_components))


@given(X=point_clouds(max_samples=40))
@settings(max_examples=50)
def test_all_nodes_but_duplicates(X):
    # Joined to all others, each node is as far from the rest as its point is.
    graph = Graph.from_points(X, n_neighbors=len(X) - 1, affinity="binary")
    landmarks = farthest_point_landmarks(graph.lengths, len(X))
    n_different = len(np.unique(X, axis=0))
    assert len(landmarks) == len(set(landmarks)) == n_different
    assert len(np.unique(X[landmarks], axis=0)) == n_different


def test_a_long_way_round():
    # A cycle: the opposite node, then the quarters.
    graph = Graph.from_edges([[i, (i + 1) % 16] for i in range(16)])
    landmarks = farthest_point_landmarks(graph.lengths, 8, first=3)
    assert landmarks.tolist() == [3, 11, 7, 15, 1, 5, 9, 13]


@given(
    keys=st.lists(st.integers(0, 9), min_size=1, max_size=40), seed=st.integers(0, 99)
)
def test_the_heap_gives_the_smallest_key_first(keys, seed):
    # Disorder would not change a distance, but visit nodes over and over.
    rng, held, size = np.random.default_rng(seed), [], 0
    heap_key = np.empty(len(keys))
    heap_node = np.empty(len(keys), dtype=np.int64)
    waiting = list(enumerate(keys))
    while waiting or held:
        if waiting and (not held or rng.random() < 0.6):
            node, key = waiting.pop()
            _sift_up(heap_key, heap_node, size, float(key), node)
            size += 1
            held.append((key, node))
        else:
            key, node = heap_key[0], heap_node[0]
            size -= 1
            _sift_down(heap_key, heap_node, size)
            assert key == min(held)[0]
            held.remove((key, node))
    assert size == 0


@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
@pytest.mark.parametrize("writeable", [True, False])
def test_any_matrix_of_lengths(index, dtype, writeable):
    A = sp.csr_array(np.array([[0, 1, 0], [1, 0, 5], [0, 5, 0]], dtype))
    A.indices, A.indptr = A.indices.astype(index), A.indptr.astype(index)
    for part in (A.data, A.indices, A.indptr):
        part.flags.writeable = writeable
    assert_array_equal(farthest_point_landmarks(A, 3), [0, 2, 1])


@pytest.mark.parametrize("n_landmarks", [0, -1, 4])
def test_bad_number(n_landmarks):
    path = Graph.from_edges([[0, 1], [1, 2]])
    with pytest.raises(ValueError, match=f"n_landmarks={n_landmarks} .* 1 and 3"):
        farthest_point_landmarks(path.lengths, n_landmarks)


@pytest.mark.parametrize("first", [-1, 3, 10**9])
def test_bad_first(first):
    path = Graph.from_edges([[0, 1], [1, 2]])
    with pytest.raises(ValueError, match=f"first={first} must be a node, from 0 to 2"):
        farthest_point_landmarks(path.lengths, 2, first=first)
