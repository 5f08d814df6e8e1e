"""Hypothesis strategies for the arrays and graphs that estimators meet."""

import numpy as np
import scipy.sparse as sp
from hypothesis import strategies as st

__all__ = ["adjacency_matrices", "float_dtypes", "point_clouds"]


def float_dtypes():
    """Draw one of the two floats that skgeom keeps.

    Returns
    -------
    SearchStrategy
        Of ``numpy.dtype``: float64 or float32.

    Examples
    --------
    >>> from hypothesis.strategies import SearchStrategy
    >>> from skgeom.testing import float_dtypes
    >>> isinstance(float_dtypes(), SearchStrategy)
    True
    """
    return st.sampled_from([np.dtype(np.float64), np.dtype(np.float32)])


def point_clouds(
    *,
    min_samples=2,
    max_samples=30,
    min_features=1,
    max_features=6,
    dtypes=None,
    scales=(1.0, 1e-3, 1e6),
):
    """Draw points of the kinds that neighbour searches find difficult.

    Points are Gaussian, on a small lattice (many equal distances) or in tight
    clusters; rows may be duplicates of others, all rows may coincide, a feature may be
    constant; the array is in C or Fortran order.

    Parameters
    ----------
    min_samples, max_samples : int, default=2, 30
        How many rows.
    min_features, max_features : int, default=1, 6
        How many columns.
    dtypes : SearchStrategy, default=None
        Of the array's type; None is `float_dtypes`.
    scales : sequence of float, default=(1.0, 1e-3, 1e6)
        One of them multiplies the points.

    Returns
    -------
    SearchStrategy
        Of ndarray of shape (n_samples, n_features), finite.

    Examples
    --------
    >>> from hypothesis import given
    >>> from skgeom.testing import point_clouds
    >>> @given(X=point_clouds(max_samples=9))
    ... def test_shape(X):
    ...     assert 2 <= X.shape[0] <= 9
    >>> test_shape()
    """
    return _point_clouds(
        st.integers(min_samples, max_samples),
        st.integers(min_features, max_features),
        float_dtypes() if dtypes is None else dtypes,
        st.sampled_from(list(scales)),
    )


@st.composite
def _point_clouds(draw, n_samples, n_features, dtypes, scales):
    shape = draw(n_samples), draw(n_features)
    kind = draw(st.sampled_from(["lattice", "gaussian", "clusters"]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if kind == "lattice":
        X = rng.integers(-2, 3, shape).astype(np.float64)
    else:
        X = rng.standard_normal(shape)
    if kind == "clusters":
        X = 5.0 * X[rng.integers(0, 3, shape[0]) % shape[0]] + 1e-3 * X
    repeats = draw(st.sampled_from(["none", "some", "all"]))
    if repeats != "none":
        copied = rng.random(shape[0]) < (0.5 if repeats == "some" else 1.0)
        X[copied] = X[rng.integers(0, shape[0] if repeats == "some" else 1)]
    if draw(st.booleans()):
        X[:, rng.integers(0, shape[1])] = 1.0
    order = draw(st.sampled_from("CF"))
    return np.asarray(draw(scales) * X, dtype=draw(dtypes), order=order)


def adjacency_matrices(
    *,
    min_nodes=1,
    max_nodes=15,
    directed=False,
    connected=False,
    self_loops=True,
    weighted=True,
):
    """Draw adjacency matrices of graphs, from empty to complete.

    Nodes may be isolated, and the graph may fall into parts.

    Parameters
    ----------
    min_nodes, max_nodes : int, default=1, 15
        How many nodes.
    directed : bool, default=False
        Whether the two directions of an edge are drawn one by one.
    connected : bool, default=False
        Whether a path through all nodes is always there.
    self_loops : bool, default=True
        Whether nodes may be joined to themselves.
    weighted : bool, default=True
        Whether weights may differ from 1; they then span three orders of magnitude.

    Returns
    -------
    SearchStrategy
        Of csr_array of shape (n_nodes, n_nodes), float64, entries >= 0, with indices
        of 32 or 64 bits.

    Examples
    --------
    >>> from hypothesis import given
    >>> from skgeom.testing import adjacency_matrices
    >>> @given(A=adjacency_matrices())
    ... def test_symmetric(A):
    ...     assert (A != A.T).nnz == 0
    >>> test_symmetric()
    """
    return _adjacency_matrices(
        st.integers(min_nodes, max_nodes), directed, connected, self_loops, weighted
    )


@st.composite
def _adjacency_matrices(draw, n_nodes, directed, connected, self_loops, weighted):
    n = draw(n_nodes)
    density = draw(st.sampled_from([0.0, 0.1, 0.3, 0.7, 1.0]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    present = rng.random((n, n)) < density
    if connected:
        path = rng.permutation(n)
        present[path[:-1], path[1:]] = True
    elif draw(st.booleans()):
        isolated = rng.random(n) < 0.3
        present[isolated], present[:, isolated] = False, False
    if weighted and draw(st.booleans()):
        A = np.where(present, 10.0 ** rng.uniform(-3, 0, (n, n)), 0.0)
    else:
        A = present.astype(np.float64)
    if not directed:
        A = np.maximum(A, A.T)
    if not (self_loops and draw(st.booleans())):
        np.fill_diagonal(A, 0.0)
    A = sp.csr_array(A)
    index = draw(st.sampled_from([np.int32, np.int64]))
    A.indices, A.indptr = A.indices.astype(index), A.indptr.astype(index)
    return A
