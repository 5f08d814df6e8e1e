"""The covariance of a Gaussian process on the nodes of a graph, as products.

Inverse powers of a Laplacian are solves with a sparse matrix (Lindgren, Rue and
Lindström, "An explicit link between Gaussian fields and Gaussian Markov random fields",
Journal of the Royal Statistical Society B 73, 2011), other functions of it are
Chebyshev series.
"""

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import reverse_cuthill_mckee
from scipy.sparse.linalg import splu

from skgeom.backends import Backend, block_bytes, get_backend, row_blocks
from skgeom.graph import Graph, Laplacian
from skgeom.nodes._diffusion_time import mean_of_diagonal
from skgeom.nodes._graph_kernel import as_inverse_power
from skgeom.operators import spectral_function
from skgeom.typing import NDArray

# Error of products, relative to the largest eigenvalue.
_ACCURATELY = 1e-12
# Multiplications for which a matrix is decomposed, for each node and in all, by a bound
# on what it takes.
_WORK_A_NODE, _MOST_WORK = 1e6, 1e11
# Inverse powers up to this one are that many solves.
_MOST_SOLVES = 6


def laplacian_with_mass(graph: Graph, mass: NDArray | None = None) -> Laplacian:
    r"""Laplacian of a graph whose nodes have masses, in the units of a random walk.

    With degrees D and weights W it is :math:`M^{-1/2} (D - W) M^{-1/2}`, less a factor:
    for masses that are degrees the symmetric normalised one. With areas as masses and
    the weights of a mesh, functions of it do not depend on how fine the mesh is where.

    Parameters
    ----------
    graph : Graph
        Undirected.
    mass : ndarray of shape (n_nodes,), default=None
        Masses > 0; None is the degrees.

    Returns
    -------
    Laplacian
        The harmonic mean of its diagonal is one.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import Graph
    >>> from skgeom.nodes._graph_gp._prior import laplacian_with_mass
    >>> edge = Graph.from_edges([[0, 1]])
    >>> laplacian_with_mass(edge, np.array([1.0, 4.0])).matrix().toarray().round(2)
    array([[ 2.5 , -1.25],
           [-1.25,  0.62]])
    """
    if mass is None:
        return graph.laplacian()
    rates = graph.degrees / mass
    linked = rates > 0
    unit = 1 / np.mean(1 / rates[linked]) if linked.any() else 1.0
    largest = rates.max() or 1.0
    roots = sp.diags_array(1 / np.sqrt(mass))
    links = (roots @ graph.adjacency @ roots).tocsr() / largest
    stay = np.clip(1.0 - rates / largest, 0.0, None)
    transition = (links + sp.diags_array(stay)).tocsr()
    transition.eliminate_zeros()
    transition.sort_indices()
    return Laplacian("symmetric", transition, float(largest / unit), np.ones(len(mass)))


class GraphPrior:
    r"""The covariance :math:`S\, k(L)\, S` of nodes, S diagonal.

    Parameters
    ----------
    laplacian : Laplacian
        The L.
    function : callable
        The k: maps eigenvalues to values >= 0.
    roots : ndarray of shape (n_nodes,)
        The diagonal of S; isolated nodes are given the variance of an average one.
    isolated : ndarray of shape (n_nodes,), bool
        Nodes without links.
    sparse : bool
        Whether inverse powers are solves.
    backend : Backend
        Where Chebyshev series are summed.
    """

    def __init__(
        self,
        laplacian: Laplacian,
        function: Callable,
        roots: NDArray,
        isolated: NDArray,
        sparse: bool,
        backend: Backend,
    ):
        self.laplacian, self.function, self.backend = laplacian, function, backend
        self.power = 0
        self.factor: Any = None
        self.matrix: Any = None
        inverse = as_inverse_power(function) if is_solved_for(function) else None
        if sparse and inverse is not None:
            scale, power = inverse
            identity = sp.eye_array(laplacian.n_nodes, format="csr")
            self.matrix = (identity + scale * laplacian.matrix()).tocsc()
            self.power, self.factor = int(power), decomposed(self.matrix)
        self.roots = roots
        if isolated.any() and not isolated.all():
            largest = float(function(np.zeros(1))[0])
            own = largest * roots[isolated] ** 2
            others = self.mean * len(roots) - own.sum()
            mean = max(others / (len(roots) - len(own)), 1e-12 * own.max())
            self.roots = np.where(isolated, np.sqrt(mean / largest), roots)
            self.mean = mean

    @functools.cached_property
    def mean(self):
        """Variance of an average node."""
        return mean_of_diagonal(self.product, self.n_nodes)

    @functools.cached_property
    def apart(self):
        """How far an average node is from what its neighbours say, squared.

        What these say is its row of W = I - L with them, so that it is the mean of the
        diagonal of L k(L) L.
        """
        L, roots = self.laplacian.matrix(), self.roots[:, None]

        def product(V):
            return roots * (L @ (self.product(L @ (roots * V) / roots) / roots))

        return mean_of_diagonal(product, self.n_nodes)

    def __getstate__(self):
        """Leave behind what is not to be stored: it is the host that opens it."""
        return {**self.__dict__, "factor": None, "backend": None}

    def __setstate__(self, state):
        """Decompose anew."""
        self.__dict__.update(state)
        self.backend = get_backend("cpu")
        if self.matrix is not None:
            self.factor = decomposed(self.matrix)

    @property
    def n_nodes(self):
        """Number of nodes."""
        return self.laplacian.n_nodes

    def product(self, V: NDArray) -> NDArray:
        """Multiply columns of the host by the covariance."""
        roots = self.roots[:, None]
        V = roots * V
        if self.factor is not None:
            for _ in range(self.power):
                V = self.factor.solve(V)
            return roots * V
        return roots * self._series(self.function, V)

    def root(self, Z: NDArray) -> NDArray:
        """Multiply by a matrix whose product with its transpose is the covariance."""
        return self.roots[:, None] * self._series(
            lambda x: np.sqrt(np.maximum(self.function(x), 0.0)), Z, 1e-6
        )

    def precision_root(self, Z: NDArray) -> NDArray:
        """Multiply by the root of the inverse of k(L), an inverse power."""
        return self._series(lambda x: self.function(x) ** -0.5, Z, 1e-6)

    def blocks(self, n_rows: int) -> Iterable[slice]:
        """Slices of rows, each of which all nodes have a column for at once."""
        return row_blocks(n_rows, 32 * self.n_nodes, block_bytes())

    def columns(self, rows: sp.csr_array) -> Iterator[tuple[slice, NDArray]]:
        """Products with the transposes of sparse rows, block after block.

        Yields slices of the rows, and covariances of all nodes with these.
        """
        for part in self.blocks(rows.shape[0]):
            yield part, self.product(rows[part].T.toarray())

    def between(self, nodes: NDArray) -> NDArray:
        """Covariance of some nodes, a symmetric matrix."""
        found = np.empty((len(nodes), len(nodes)))
        for part, columns in self.columns(indicators(nodes, self.n_nodes)):
            found[:, part] = columns[nodes]
        return (found + found.T) / 2

    def _series(self, function, V, tol=_ACCURATELY):
        found, _ = spectral_function(
            self.laplacian, function, V, tol=tol, backend=self.backend
        )
        return np.asarray(self.backend.to_numpy(found), dtype=np.float64)


def is_solved_for(function: Callable) -> bool:
    """Whether a function is an inverse power that a few solves multiply by."""
    inverse = as_inverse_power(function)
    return inverse is not None and inverse[1] in range(1, _MOST_SOLVES + 1)


def indicators(nodes: NDArray, n_nodes: int) -> sp.csr_array:
    """Rows of the identity."""
    ones, places = np.ones(len(nodes)), np.arange(len(nodes) + 1)
    return sp.csr_array((ones, nodes, places), shape=(len(nodes), n_nodes))


def decomposed(matrix):
    """Sparse triangular factors of a symmetric positive definite matrix."""
    options = dict(SymmetricMode=True)
    return splu(
        matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options
    )


def log_determinant(factor):
    """Log of the determinant of what was decomposed."""
    return float(np.log(np.abs(factor.U.diagonal())).sum())


def is_sparse_enough(adjacency: sp.csr_array) -> bool:
    """Whether triangular factors of a graph's matrices are, by a bound on the work.

    The bound is that of a band: the squares of how far back links reach, in an order
    that keeps them short (Cuthill and McKee, 1969).
    """
    order = reverse_cuthill_mckee(sp.csr_matrix(adjacency), symmetric_mode=True)
    places = np.empty(len(order), dtype=np.int64)
    places[order] = np.arange(len(order))
    links = adjacency.tocoo()
    reach = np.zeros(len(order), dtype=np.int64)
    np.maximum.at(reach, places[links.row], places[links.row] - places[links.col])
    work = float((reach.astype(np.float64) ** 2).sum())
    return work <= min(_WORK_A_NODE * len(order), _MOST_WORK)
