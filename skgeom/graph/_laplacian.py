"""Graph Laplacians, kept as the non-negative matrix that generates them.

For their normalisations see Chung, "Spectral graph theory", 1997.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp

from skgeom.backends import Backend
from skgeom.graph._sparse import narrow
from skgeom.graph._walks import memory_order
from skgeom.typing import Array, ArrayLike

# Fewer products than this are not worth an order of the nodes.
_FEW_TERMS = 8
LAPLACIANS = ("symmetric", "random_walk", "combinatorial")


@dataclass(frozen=True)
class Laplacian:
    r"""A graph Laplacian in the form :math:`L = c\,(I - P)` with P non-negative.

    The form is what both series of `skgeom.operators` need: the spectrum of P lies in
    [-1, 1], and powers of P have no cancellation. All three kinds use the same unit of
    time: one unit is one step of a random walk (of an average node, for
    "combinatorial").

    Parameters
    ----------
    kind : {"symmetric", "random_walk", "combinatorial"}
        :math:`I - D^{-1/2} W D^{-1/2}`, :math:`I - D^{-1} W`, or
        :math:`(D - W) / \bar d` with mean degree :math:`\bar d`.
    transition : csr_array of shape (n, n)
        The matrix P, entries >= 0. Isolated nodes keep their value: P is 1 there.
    bound : float
        The constant c: the eigenvalues of L lie in [0, 2c].
    measure : ndarray of shape (n,)
        Mass of each node, with respect to which the heat kernel is symmetric: degrees
        over their mean for "random_walk", ones otherwise.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import Graph
    >>> path = Graph.from_edges([[0, 1], [1, 2]])
    >>> path.laplacian("random_walk").matrix().toarray()
    array([[ 1. , -1. ,  0. ],
           [-0.5,  1. , -0.5],
           [ 0. , -1. ,  1. ]])
    """

    kind: str
    transition: sp.csr_array
    bound: float
    measure: np.ndarray
    _on_device: dict = field(default_factory=dict, repr=False, compare=False)

    def __getstate__(self):
        """Leave device copies behind."""
        return {**self.__dict__, "_on_device": {}}

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return self.transition.shape[0]

    def matrix(self) -> sp.csr_array:
        """Return L itself.

        Returns
        -------
        csr_array of shape (n, n)
            The Laplacian.
        """
        identity = sp.eye_array(self.n_nodes, format="csr")
        return (self.bound * (identity - self.transition)).tocsr()

    def on(self, backend: Backend) -> Any:
        """Return P on a backend's device, moved there at the first call only.

        Parameters
        ----------
        backend : Backend
            Where the matrix is wanted.

        Returns
        -------
        matrix
            What `backend.csr` returns.
        """
        key = (backend.name, backend.device)
        if key not in self._on_device:
            self._on_device[key] = backend.csr(self.transition)
        return self._on_device[key]

    def polynomial(
        self,
        coefficients: ArrayLike,
        B: Array,
        basis: str = "monomial",
        *,
        backend: Backend,
    ) -> Array:
        """Apply a polynomial of P to columns.

        Nodes of large graphs are put in an order in which neighbours lie near each
        other in memory, where there is one, and the result is put back.

        Parameters
        ----------
        coefficients : array-like of shape (n_terms,)
            From the constant term on.
        B : array of shape (n_nodes, n_columns)
            On the backend's device.
        basis : {"monomial", "chebyshev"}, default="monomial"
            What the coefficients belong to.
        backend : Backend
            Where the products run.

        Returns
        -------
        array of shape (n_nodes, n_columns)
            Of the type of B.
        """
        coefficients = np.asarray(coefficients)
        if len(coefficients) < _FEW_TERMS:
            return backend.matrix_polynomial(self.on(backend), B, coefficients, basis)
        xp, (order, places, P) = backend.xp, self._laid_out(backend)
        if order is None:
            return backend.matrix_polynomial(P, B, coefficients, basis)
        B = xp.take(B, order, axis=0)
        out = backend.matrix_polynomial(P, B, coefficients, basis)
        return xp.take(out, places, axis=0)

    def _laid_out(self, backend):
        """The nodes in memory, where each of them lies, and P in that order."""
        key = (backend.name, backend.device, "laid out")
        if key not in self._on_device:
            order = memory_order(self.transition)
            found = None, None, self.on(backend)
            if (np.diff(order) != 1).any():
                P = self.transition[order][:, order]
                P.sort_indices()
                found = (
                    backend.asarray(order),
                    backend.asarray(np.argsort(order)),
                    backend.csr(narrow(P)),
                )
            self._on_device[key] = found
        return self._on_device[key]


def laplacian_of(adjacency, degrees, kind):
    """Build the Laplacian of a symmetric non-negative adjacency."""
    if kind not in LAPLACIANS:
        raise ValueError(f"laplacian={kind!r} must be one of {list(LAPLACIANS)}.")
    n = adjacency.shape[0]
    isolated = degrees == 0
    inverse = np.divide(1.0, degrees, out=np.zeros(n), where=~isolated)
    measure, bound = np.ones(n), 1.0
    if kind == "symmetric":
        root = np.sqrt(inverse)
        transition = _with_loops(_scaled(adjacency, root, root), isolated)
    elif kind == "random_walk":
        transition = _with_loops(_scaled(adjacency, inverse), isolated)
        measure = np.where(isolated, 1.0, degrees / max(degrees.mean(), 1e-300))
    else:
        # P = I - (D - W) / d_max: the largest degree is the least c that keeps P >= 0.
        largest = degrees.max(initial=0.0) or 1.0
        bound = largest / (degrees.mean() or 1.0)
        stay = np.clip(1.0 - degrees / largest, 0.0, None)
        transition = adjacency / largest + sp.diags_array(stay)
    transition = transition.tocsr()
    transition.eliminate_zeros()
    transition.sort_indices()
    return Laplacian(kind, narrow(transition), float(bound), measure)


def _scaled(matrix, rows, columns=None):
    """Multiply rows, and then columns, of a CSR array by factors.

    Products with diagonal matrices would look for the pattern once more.
    """
    data = matrix.data * np.repeat(rows, np.diff(matrix.indptr))
    if columns is not None:
        data *= columns[matrix.indices]
    pattern = matrix.indices.copy(), matrix.indptr.copy()
    return sp.csr_array((data, *pattern), shape=matrix.shape)


def _with_loops(matrix, nodes):
    """Add 1 on the diagonal of the nodes that a mask names."""
    return matrix + sp.diags_array(nodes.astype(float)) if nodes.any() else matrix
