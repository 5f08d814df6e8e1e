"""Distances from densities of a walk at many scales (Lin et al., ICML 2023)."""

from numbers import Integral, Real

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from skgeom.metrics._pairwise import row_blocks
from skgeom.typing import MatrixLike, NDArray

# Eigenvalues and densities are at least this, as in the authors' program.
_LEAST = 1e-6
# Scales end where a walk of that length hardly leaves its place.
_AT_HOME, _MOST_SCALES = 1e-3, 20
_BYTES_PER_ENTRY = 40


@validate_params(
    {
        "affinity": ["array-like", "sparse matrix"],
        "n_scales": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "alpha": [Interval(Real, 0, 1, closed="neither")],
        "working_memory": [Interval(Real, 0, None, closed="neither")],
    },
    prefer_skip_nested_validation=True,
)
def hyperbolic_diffusion_distance(
    affinity: MatrixLike,
    *,
    n_scales: int | str = "auto",
    alpha: float = 0.5,
    working_memory: float = 64,
) -> NDArray:
    r"""Compute distances by where walks of many lengths end, in half-spaces.

    A walk with transition matrix P that starts at i has after :math:`2^{-k}` steps the
    densities :math:`\varphi_i^k`, roots of the row of :math:`P^{2^{-k}}`. With a height
    for each scale they are points of a hyperbolic half-space, and

    .. math:: d(i, j) = \sum_{k=0}^{K-1} 2 \operatorname{arsinh} \bigl(
        2^{1 - k \alpha} \lVert \varphi_i^k - \varphi_j^k \rVert \bigr) .

    It ranks the neighbours of a graph well, and does not keep lengths [1]_.

    Parameters
    ----------
    affinity : array-like or sparse matrix of shape (n_samples, n_samples)
        Weights of a kernel or a graph, symmetric, >= 0, on the diagonal too for a
        kernel. It should have no negative eigenvalues; the smallest are raised to 1e-6.
    n_scales : int or "auto", default="auto"
        The K of the formula. "auto" ends where a walk hardly leaves its place, at 20 at
        most.
    alpha : float, default=0.5
        How fast long scales outweigh short ones, in (0, 1).
    working_memory : float, default=64
        Size in MiB that blocks of rows may take beside matrices of n x n numbers, of
        which the eigenvectors and the result are two.

    Returns
    -------
    ndarray of shape (n_samples, n_samples), float64
        Distances, for ``metric="precomputed"`` of an embedding or a clustering.

    Raises
    ------
    ValueError
        If the matrix is not square and symmetric, or an entry is negative, NaN or
        infinite.

    Notes
    -----
    The kernel is divided by the degrees of both ends first, which takes out how densely
    rows lie [2]_. Rows without weights keep to themselves. Time is O(n_samples^3), by
    the eigenvectors; plain diffusion distances rank neighbours as well.

    References
    ----------
    .. [1] Lin, Coifman, Mishne and Talmon, "Hyperbolic diffusion embedding and distance
       for hierarchical representation learning", ICML 2023.
    .. [2] Coifman and Lafon, "Diffusion maps", Applied and Computational Harmonic
       Analysis 21, 2006.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.metrics import hyperbolic_diffusion_distance
    >>> x = np.array([0.0, 1.0, 5.0])
    >>> D = hyperbolic_diffusion_distance(np.exp(-np.abs(x[:, None] - x)))
    >>> bool(D[0, 0] == 0 < D[0, 1] < D[0, 2])
    True
    """
    values, left, right = _walk(affinity)
    if isinstance(n_scales, str):
        slowest = -np.log(values.min())
        n_steps = 1 + int(np.ceil(np.log2(max(slowest / _AT_HOME, 1.0))))
        n_steps = min(n_steps, _MOST_SCALES)
    else:
        n_steps = n_scales
    n = len(left)
    found = np.zeros((n, n))
    for k in range(n_steps):
        part = right * (values**2.0**-k)[:, None]
        roots = np.empty((n, n))
        for rows in row_blocks(n, n, _BYTES_PER_ENTRY, working_memory):
            roots[rows] = np.sqrt(np.maximum(left[rows] @ part, _LEAST))
        lengths = (roots * roots).sum(axis=1)
        for rows in row_blocks(n, n, _BYTES_PER_ENTRY, working_memory):
            square = lengths[rows, None] + lengths - 2 * (roots[rows] @ roots.T)
            apart = np.sqrt(np.maximum(square, 0.0))
            found[rows] += 2 * np.arcsinh(2.0 ** (1 - k * alpha) * apart)
    np.fill_diagonal(found, 0.0)
    # Both halves were rounded by themselves.
    return (found + found.T) / 2


def _walk(affinity):
    """Eigenvalues, and left and right vectors of the walk's transition matrix."""
    A = check_array(
        affinity,
        accept_sparse="csr",
        dtype=np.float64,
        ensure_non_negative=True,
        input_name="affinity",
    )
    A = A.toarray() if issparse(A) else A
    if A.shape[0] != A.shape[1]:
        raise ValueError(f"affinity must be square; got shape {A.shape}.")
    largest = A.max() or 1.0
    if np.abs(A - A.T).max() > 1e-10 * largest:
        raise ValueError("affinity must be symmetric; it is not.")
    A = A / largest
    degrees = A.sum(axis=1)
    alone = degrees == 0
    A[alone, alone] = 1.0
    degrees[alone] = 1.0
    A = A / degrees[:, None] / degrees
    root = np.sqrt(A.sum(axis=1))
    values, vectors = np.linalg.eigh(A / root[:, None] / root)
    return np.maximum(values, _LEAST), vectors / root[:, None], vectors.T * root
