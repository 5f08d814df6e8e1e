import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.neighbors import KNeighborsTransformer, kneighbors_graph

from skgeom.graph import nearest_neighbors, neighbors_from_graph


@pytest.mark.parametrize(
    "convert", [sp.csr_array, sp.csr_matrix, sp.coo_array, sp.csc_array]
)
def test_kneighbors_graph(convert):
    X = np.random.default_rng(0).standard_normal((50, 3))
    A = convert(kneighbors_graph(X, 6, mode="distance"))
    distances, indices = neighbors_from_graph(A, 4)
    expected = nearest_neighbors(X, n_neighbors=4)
    assert_array_equal(indices, expected[1])
    assert_allclose(distances, expected[0], rtol=1e-12)
    assert distances.dtype == np.float64
    assert indices.dtype == np.int64


@pytest.mark.parametrize("duplicates", [False, True])
def test_kneighbors_transformer(duplicates):
    X = np.random.default_rng(0).standard_normal((50, 3))
    X = np.repeat(X, 2, axis=0) if duplicates else X
    transformer = KNeighborsTransformer(n_neighbors=5, mode="distance")
    A = transformer.fit_transform(X)  # lists each row first among its own neighbours
    distances, indices = neighbors_from_graph(A, 5)
    expected = nearest_neighbors(X, n_neighbors=5)
    assert_array_equal(indices, expected[1])
    assert_allclose(distances, expected[0], rtol=1e-12)
    Y = X[:7] + 0.1
    distances, indices = neighbors_from_graph(
        transformer.transform(Y), 5, include_self=True
    )
    expected = nearest_neighbors(X, Y, n_neighbors=5)
    if not duplicates:
        assert_array_equal(indices, expected[1])
    assert_allclose(distances, expected[0], rtol=1e-12)


def test_zeros_on_the_diagonal_are_the_rows_themselves():
    rows, columns = np.repeat(np.arange(3), 3), np.tile(np.arange(3), 3)
    values = np.array([0.0, 0.0, 2.0, 0.0, 0.0, 1.0, 2.0, 1.0, 0.0])
    A = sp.csr_array((values, (rows, columns)))
    assert A.nnz == 9  # zeros are stored
    distances, indices = neighbors_from_graph(A, 2)
    assert indices.tolist() == [[1, 2], [0, 2], [1, 0]]
    assert distances.tolist() == [[0.0, 2.0], [0.0, 1.0], [1.0, 2.0]]
    # Among others, a zero on the diagonal is a row at no distance.
    distances, indices = neighbors_from_graph(A, 2, include_self=True)
    assert indices.tolist() == [[0, 1], [0, 1], [2, 1]]
    # A positive distance is between two rows, whatever their numbers.
    assert neighbors_from_graph(sp.csr_array([[3.0]]), 1)[1].tolist() == [[0]]


@given(
    seed=st.integers(0, 2**32 - 1),
    n_rows=st.integers(1, 8),
    k=st.integers(1, 5),
)
def test_the_nearest_are_kept_in_order(seed, n_rows, k):
    rng = np.random.default_rng(seed)
    dense = np.full((n_rows, 12), np.inf)
    rows, columns, values = [], [], []
    for i in range(n_rows):
        chosen = rng.permutation(12)[: rng.integers(5, 13)]  # not in order
        dense[i, chosen] = rng.integers(1, 4, len(chosen))
        rows += [i] * len(chosen)
        columns += chosen.tolist()
        values += dense[i, chosen].tolist()
    A = sp.csr_array((n_rows, 12))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n_rows))])
    A = sp.csr_array((values, columns, indptr), shape=(n_rows, 12))
    distances, indices = neighbors_from_graph(A, k)
    order = np.argsort(dense, axis=1, kind="stable")[:, :k]
    assert_array_equal(indices, order)
    assert_array_equal(distances, np.take_along_axis(dense, order, axis=1))


@pytest.mark.parametrize(
    "dense, message",
    [
        ([[0, 1.0, 2.0], [1.0, 0, 0], [2.0, 1.0, 0]], "n_neighbors=2 .*row 1 stores 1"),
        ([[0, 1.0, -2.0], [1.0, 0, 1.0], [2.0, 1.0, 0]], "distances >= 0"),
        ([[0, 1.0, np.nan], [1.0, 0, 1.0], [2.0, 1.0, 0]], "distances >= 0"),
        ([[0, 0, 0], [0, 0, 0], [0, 0, 0]], "row 0 stores 0"),
    ],
)
def test_bad_neighbor_graphs(dense, message):
    with pytest.raises(ValueError, match=message):
        neighbors_from_graph(sp.csr_array(dense), 2)
