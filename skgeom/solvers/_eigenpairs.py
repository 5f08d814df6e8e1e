"""Leading eigenpairs of symmetric kernel matrices, whatever their multiplicity."""

import numpy as np
import scipy.sparse as sp
from scipy.sparse import csgraph

from skgeom.operators import KernelOperator, SparseKernel
from skgeom.solvers._symmetric import largest_eigenpairs
from skgeom.typing import NDArray

# Up to this size, or for a larger share of all pairs, a dense eigenproblem is faster
# than Lanczos' method, and it misses nothing.
_DENSE_SIZE = 1500
_DENSE_SHARE = 0.2


def leading_eigenpairs(
    S: KernelOperator, n_components: int | None = None
) -> tuple[NDArray, NDArray]:
    """Compute the largest eigenvalues of a kernel matrix and their eigenvectors.

    A normalised graph has the eigenvalue 1 once for each connected component, and
    iterations do not tell such eigenvectors apart. A sparse matrix is therefore taken
    to pieces: each component has its own eigenproblem, in which the largest eigenvalue
    is simple.

    Parameters
    ----------
    S : KernelOperator
        Symmetric.
    n_components : int, default=None
        How many pairs; None or more than n is all n, from the matrix held whole.

    Returns
    -------
    values : ndarray of shape (n_components,), float64
        In decreasing order; of equal ones, those of larger components first.
    vectors : ndarray of shape (n, n_components), float64
        Orthonormal columns, the largest entry of each positive.

    Examples
    --------
    >>> import numpy as np
    >>> import scipy.sparse as sp
    >>> from skgeom.backends import get_backend
    >>> from skgeom.operators import SparseKernel
    >>> from skgeom.solvers import leading_eigenpairs
    >>> S = SparseKernel(sp.eye_array(4, format="csr"), get_backend("cpu"))
    >>> leading_eigenpairs(S, 2)[0]
    array([1., 1.])
    """
    n = S.n
    k = n if n_components is None else min(n_components, n)
    if isinstance(S, SparseKernel):
        values, vectors = _by_component(S.matrix, k)
    elif k == n or n <= _DENSE_SIZE or k > _DENSE_SHARE * n:
        values, vectors = _dense(S.backend.to_numpy(S.dense()), k)
    else:
        values, vectors = _lanczos(lambda V: S.host_product(V), n, k)
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(0)[None], axis=0)
    return values, vectors * np.where(largest < 0, -1.0, 1.0)


def _by_component(matrix, k):
    """Pairs of a block diagonal matrix from those of its blocks."""
    n_parts, labels = csgraph.connected_components(matrix, directed=False)
    sizes = np.bincount(labels, minlength=n_parts)
    members = np.split(np.argsort(labels, kind="stable"), np.cumsum(sizes)[:-1])
    found = []
    for part in sorted(range(n_parts), key=lambda p: -sizes[p]):
        nodes, size = members[part], sizes[part]
        block = matrix[nodes][:, nodes] if n_parts > 1 else matrix
        wanted = min(k, size)
        if size <= _DENSE_SIZE or wanted > _DENSE_SHARE * size:
            pairs = _dense(block.toarray(), wanted)
        else:
            pairs = _lanczos(lambda V, block=block: block @ V, size, wanted)
        found.append((nodes, *pairs))
    values = np.concatenate([pair[1] for pair in found])
    # Rounding does not decide which of equal eigenvalues come first.
    chosen = np.argsort(-values.round(12), kind="stable")[:k]
    rank = np.full(len(values), -1)
    rank[chosen] = np.arange(k)
    vectors = np.zeros((matrix.shape[0], k))
    start = 0
    for nodes, own, columns in found:
        ranks = rank[start : start + len(own)]
        kept = ranks >= 0
        vectors[nodes[:, None], ranks[kept]] = columns[:, kept]
        start += len(own)
    return values[chosen], vectors


def _dense(matrix, k):
    values, vectors = largest_eigenpairs(matrix, k)
    return values[::-1], vectors[:, ::-1]


def _lanczos(product, n, k):
    operator = sp.linalg.LinearOperator(
        (n, n),
        matvec=lambda v: product(v.reshape(-1, 1)).ravel(),
        dtype=np.float64,
    )
    # A start that has a share in every eigenvector, the same each time.
    start = np.random.default_rng(0).standard_normal(n)
    values, vectors = sp.linalg.eigsh(operator, k, which="LA", v0=start)
    order = np.argsort(-values)
    return values[order], vectors[:, order]
