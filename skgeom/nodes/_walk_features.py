"""Rows of f(W) as sparse features: estimated by walks, or pushed out from each node.

Walks are those of Choromanski (ICML 2023) and Reid et al. (ICLR 2024); pushing goes
back to Andersen, Chung and Lang, "Local graph partitioning using PageRank vectors",
FOCS 2006.
"""

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from array_api_compat import is_numpy_namespace

from skgeom.backends import Backend, get_backend
from skgeom.graph import Graph
from skgeom.typing import Array, ArrayLike, NDArray

# The chance of walks longer than this is that of a uniform draw of zero.
_LEAST_SURVIVAL = 1e-12
# Beyond lengths that are worth less than the inverse square of it, walks are as likely
# as they are worth, which is least in variance for a heavy tail; before, likelier.
_TAIL = 3.0
# From so many rows on, nodes are laid out so that walks stay in the caches.
_MANY_ROWS = 2**12


def length_law(
    modulation: NDArray,
    halting_probability: float | str = "auto",
    n_walks: int | None = None,
) -> NDArray:
    r"""Choose how long walks are.

    A walk of length l weighs :math:`f_l / s_l`, where :math:`s_l` is the probability to
    get so far: the variance of features grows with :math:`\sum_l f_l^2 / s_l`.

    Parameters
    ----------
    modulation : ndarray of shape (n_lengths,)
        Coefficients f of the powers of W.
    halting_probability : float or "auto", default="auto"
        Chance in (0, 1) to stop at each step. "auto" follows the coefficients: with
        :math:`c_l = \max_{j \ge l} |f_j| / \max_{j \ge 1} |f_j|` it is
        :math:`s_l = \min(\sqrt{c_l}, 3 c_l)` from length 1 on, for which the sum is
        finite whenever the series converges. In all of our measurements the error for
        the same number of steps was at most 1.03 times that of the best halting
        probability.
    n_walks : int, default=None
        Rounds "auto" to whole numbers of so many walks, where there is at least one:
        stratified lengths then leave nothing to chance.

    Returns
    -------
    ndarray of shape (n_lengths,), float64
        Probabilities s, from 1 downwards, > 0.

    Raises
    ------
    ValueError
        If `halting_probability` is neither "auto" nor in (0, 1).

    Examples
    --------
    >>> from skgeom.nodes import graph_kernel
    >>> from skgeom.nodes._walk_features import length_law
    >>> length_law(graph_kernel("diffusion").modulation)[:5].round(3)
    array([1.   , 1.   , 0.5  , 0.125, 0.016])
    """
    modulation = abs(np.asarray(modulation, dtype=np.float64))
    p = halting_probability
    if p == "auto":
        # Nothing is random before the first step: every walk makes it.
        coming = np.maximum.accumulate(modulation[:0:-1])[::-1]
        if not coming.any():
            return np.ones(1 + len(coming))
        coming = np.maximum(coming / coming[0], _LEAST_SURVIVAL)
        law = np.minimum(np.sqrt(coming), _TAIL * coming)
        law = np.concatenate([[1.0], law])
        if n_walks is not None:
            law = np.where(law * n_walks >= 1, np.rint(law * n_walks) / n_walks, law)
        return law
    if isinstance(p, str) or not 0 < p < 1:
        raise ValueError(
            "halting_probability must be 'auto' or in the open interval (0, 1), got "
            f"{p!r}."
        )
    lengths = np.arange(len(modulation))
    return np.exp(np.maximum(lengths * np.log1p(-p), -600.0))


def variance_ratio(modulation: NDArray, survival: NDArray) -> float:
    r"""Compare the variance of walks with that of "auto", for the same steps.

    Parameters
    ----------
    modulation : ndarray of shape (n_lengths,)
        Coefficients f of the powers of W.
    survival : ndarray of shape (n_lengths,)
        From `length_law`.

    Returns
    -------
    float
        The product of :math:`\sum_l f_l^2 / s_l` and the mean number of steps
        :math:`\sum_l s_l`, over the same of "auto". Walks need about so many times
        more steps for the same error.

    Examples
    --------
    >>> from skgeom.nodes import graph_kernel
    >>> from skgeom.nodes._walk_features import (
    ...     length_law,
    ...     variance_ratio,
    ... )
    >>> kernel = graph_kernel("regularized_laplacian", regularization=10.0)
    >>> f = kernel.modulation
    >>> bool(variance_ratio(f, length_law(f, 0.5)) > 1e10)
    True
    """

    def cost(law):
        return float((modulation**2 / law).sum() * law.sum())

    return cost(survival) / cost(length_law(modulation))


def walk_features(
    graph: Graph,
    nodes: ArrayLike,
    modulation: NDArray,
    *,
    n_walks: int = 32,
    survival: NDArray | None = None,
    coupling: str | None = "repelling",
    apart: bool = False,
    seed: int = 0,
    dtype: type = np.float32,
    backend: Backend | None = None,
    on_device: bool = False,
) -> sp.csr_array | Array:
    r"""Estimate rows of :math:`\sum_l f_l W^l` by random walks, without bias.

    A walk adds its weight at each node that it visits [1]_; walks that start together
    may repel each other [2]_.

    Parameters
    ----------
    graph : Graph
        Undirected.
    nodes : array-like of shape (n_rows,), int
        The rows wanted. A row depends on its node and the seed, not on the others.
    modulation : ndarray of shape (n_lengths,)
        The coefficients f.
    n_walks : int, default=32
        Walks from each node.
    survival : ndarray of shape (n_lengths,), default=None
        Law of the lengths, None is that of `length_law`.
    coupling : {"repelling", "antithetic", None}, default="repelling"
        "repelling": lengths are stratified, and walks that stand on the same node share
        out its neighbours. "antithetic": lengths are opposite in pairs. None:
        independent walks.
    apart : bool, default=False
        Whether the powers are kept apart: n_nodes columns for each length.
    seed : int, default=0
        In [0, 2**31).
    dtype : {numpy.float32, numpy.float64}, default=numpy.float32
        Of the entries.
    backend : Backend, default=None
        Where walkers walk; None is the host.
    on_device : bool, default=False
        Whether the features stay where they were made, as what `Backend.csr` returns.

    Returns
    -------
    csr_array of shape (n_rows, n_nodes) or (n_rows, n_lengths * n_nodes)
        The features, on the host unless they are to stay on the device.

    References
    ----------
    .. [1] Choromanski, "Taming graph kernels with random features", ICML 2023.
    .. [2] Reid, Berger, Choromanski and Weller, "Repelling random walks", ICLR 2024.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import Graph
    >>> from skgeom.nodes._walk_features import walk_features
    >>> edge = Graph.from_edges([[0, 1]])
    >>> walk_features(edge, [0, 1], np.array([1.0, 0.5])).toarray()
    array([[1. , 0.5],
           [0.5, 1. ]], dtype=float32)
    """
    survival = length_law(modulation, n_walks=n_walks) if survival is None else survival
    kept = survival > _LEAST_SURVIVAL
    kept[0] = True

    def rows(backend, *where):
        options = n_walks, coupling, apart, seed
        coefficients = np.asarray(modulation[kept], dtype=dtype)
        return backend.random_walks(*where, coefficients, survival[kept], *options)

    width = graph.n_nodes * (int(kept.sum()) if apart else 1)
    return _features(graph, nodes, rows, width, backend, on_device)


def push_features(
    graph: Graph,
    nodes: ArrayLike,
    modulation: NDArray,
    *,
    threshold: float = 1e-2,
    dtype: type = np.float32,
    backend: Backend | None = None,
    on_device: bool = False,
) -> sp.csr_array | Array:
    r"""Compute rows of :math:`\sum_l f_l W^l`, leaving out what is small.

    Parameters
    ----------
    graph : Graph
        Undirected.
    nodes : array-like of shape (n_rows,), int
        The rows wanted.
    modulation : ndarray of shape (n_lengths,)
        The coefficients f.
    threshold : float, default=1e-2
        Entries of a power that are worth less than this share of :math:`f_0`, by the
        largest coefficient from there on, go no further. Zero leaves nothing out.
    dtype : {numpy.float32, numpy.float64}, default=numpy.float32
        Of the entries.
    backend : Backend, default=None
        Where it happens; None is the host.
    on_device : bool, default=False
        Whether the features stay where they were made, as what `Backend.csr` returns.

    Returns
    -------
    csr_array of shape (n_rows, n_nodes)
        The features, on the host unless they are to stay on the device.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import Graph
    >>> from skgeom.nodes._walk_features import push_features
    >>> path = Graph.from_edges([[0, 1], [1, 2]])
    >>> push_features(path, [0], np.array([1.0, 0.5])).toarray().round(3)
    array([[1.   , 0.354, 0.   ]], dtype=float32)
    """

    def rows(backend, *where):
        return backend.push(*where, np.asarray(modulation, dtype=dtype), threshold)

    return _features(graph, nodes, rows, graph.n_nodes, backend, on_device)


def _features(graph, nodes, rows, width, backend, on_device):
    backend = get_backend("cpu") if backend is None else backend
    nodes = np.asarray(nodes, dtype=np.int64)
    reordered = len(nodes) > _MANY_ROWS
    starts = nodes
    if reordered:
        positions = np.empty(graph.n_nodes, np.int64)
        positions[graph.memory_order] = np.arange(graph.n_nodes)
        starts = positions[nodes]
    steps = graph.steps(backend, reordered=reordered)
    indptr, columns, entries = rows(backend, steps, starts)
    # One type for both kinds of indices, the narrow one wherever it is enough.
    narrow = np.iinfo(np.int32).max >= max(entries.shape[0], width)
    xp = backend.xp
    index = xp.int32 if narrow else xp.int64
    indptr, columns = (xp.astype(part, index, copy=False) for part in (indptr, columns))
    matrix = _Matrix(indptr, columns, entries, (len(nodes), width))
    if on_device and not is_numpy_namespace(xp):
        return backend.csr(matrix)
    indptr, columns, entries = map(backend.to_numpy, matrix[:3])
    return sp.csr_array((entries, columns, indptr), shape=matrix.shape)


class _Matrix(NamedTuple):
    """What `Backend.csr` reads of a sparse matrix."""

    indptr: Any
    indices: Any
    data: Any
    shape: tuple
