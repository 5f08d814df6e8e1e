"""From neighbour distances to a symmetric affinity matrix."""

import numpy as np
import scipy.sparse as sp

from skgeom.graph._neighbors import nearest_neighbors
from skgeom.typing import NDArray

# Smaller alpha-decay values are no edge in the published kernel.
ALPHA_DECAY_FLOOR = 1e-4

AFFINITIES = ("alpha_decay", "self_tuning", "gaussian", "binary")


def affinity_matrix(
    distances: NDArray,
    indices: NDArray,
    *,
    kind: str = "alpha_decay",
    bandwidth: NDArray | float | None = None,
    decay: float = 40.0,
) -> tuple[sp.csr_array, sp.csr_array]:
    r"""Turn nearest neighbours into symmetric non-negative affinities.

    With :math:`s_i` the distance from point i to its last neighbour, the affinities
    are

    - "alpha_decay": :math:`\exp(-(d_{ij}/s_i)^{\text{decay}})`, values under 1e-4
      dropped, averaged with its transpose [1]_;
    - "self_tuning": :math:`\exp(-d_{ij}^2/(s_i s_j))` [2]_;
    - "gaussian": :math:`\exp(-d_{ij}^2/(2 s^2))`, one bandwidth s for all points;
    - "binary": 1 for an edge in either direction.

    Parameters
    ----------
    distances : ndarray of shape (n_samples, n_neighbors)
        Distances >= 0 to each point's neighbours. Infinite entries mean no edge.
    indices : ndarray of shape (n_samples, n_neighbors), int
        The neighbours, the point itself excluded.
    kind : {"alpha_decay", "self_tuning", "gaussian", "binary"}, default="alpha_decay"
        The formula.
    bandwidth : ndarray of shape (n_samples,) or float, default=None
        The scales s; one number for "gaussian". None takes the distance to the last
        finite neighbour, and its median for "gaussian". Zeros, which duplicates cause,
        become the smallest positive scale, so that duplicates have affinity 1 to each
        other.
    decay : float, default=40.0
        Exponent of "alpha_decay"; large values come close to "binary".

    Returns
    -------
    affinity : csr_array of shape (n_samples, n_samples), float64
        Symmetric, entries in (0, 1], zero diagonal, sorted indices.
    lengths : csr_array of shape (n_samples, n_samples), float64
        The distances on the same sparsity pattern.

    Raises
    ------
    ValueError
        If `kind` is not known, an index is out of range, or "gaussian" is given more
        than one bandwidth.

    References
    ----------
    .. [1] Moon et al., "Visualizing structure and transitions in high-dimensional
       biological data", Nature Biotechnology 37, 2019.
    .. [2] Zelnik-Manor and Perona, "Self-tuning spectral clustering", NIPS 2004.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.graph import affinity_matrix
    >>> W, _ = affinity_matrix(np.array([[1.0], [1.0]]), np.array([[1], [0]]),
    ...                        kind="binary")
    >>> W.toarray()
    array([[0., 1.],
           [1., 0.]])
    """
    if kind not in AFFINITIES:
        raise ValueError(f"affinity kind={kind!r} must be one of {list(AFFINITIES)}.")
    n = indices.shape[0]
    finite = np.isfinite(distances)
    rows = np.repeat(np.arange(n), finite.sum(axis=1))
    columns, lengths = indices[finite], distances[finite].astype(float)
    # SciPy does not look, and would write where they point.
    if columns.size and not 0 <= columns.min() <= columns.max() < n:
        raise ValueError(
            f"indices must be rows of the points, from 0 to {n - 1}, got "
            f"{columns.min()} to {columns.max()}."
        )
    if bandwidth is None:
        bandwidth = np.where(finite, distances, 0.0).max(axis=1, initial=0.0)
        if kind == "gaussian":
            bandwidth = np.median(positive_scale(bandwidth))
    elif kind == "gaussian" and np.ndim(bandwidth) > 0:
        raise ValueError("A gaussian affinity has one bandwidth for all points.")
    scale = positive_scale(np.broadcast_to(bandwidth, (n,)))
    with np.errstate(over="ignore"):  # far beyond the scale the affinity is zero
        if kind == "alpha_decay":
            values = np.exp(-((lengths / scale[rows]) ** decay))
        elif kind == "self_tuning":
            values = np.exp(-(lengths / scale[rows]) * (lengths / scale[columns]))
        elif kind == "gaussian":
            values = np.exp(-((lengths / scale[rows]) ** 2) / 2)
        else:
            values = np.ones_like(lengths)
    keep = values >= ALPHA_DECAY_FLOOR if kind == "alpha_decay" else values > 0
    # An alpha-decay value depends on its direction, so an edge that one end alone
    # lists counts half. The others do not, and such an edge counts in full.
    share = 0.5 if kind == "alpha_decay" else 1.0
    return _symmetrise(
        rows[keep], columns[keep], share * values[keep], lengths[keep], n, share
    )


def positive_scale(scale):
    """Replace zero scales by the smallest positive one, or by 1 where there is none."""
    smallest = scale[scale > 0].min() if (scale > 0).any() else 1.0
    return np.where(scale > 0, scale, smallest)


def _symmetrise(rows, columns, values, lengths, n, share):
    """Merge directed edges with their mirror images into two CSR arrays.

    Values of the two directions are added when each holds a share of the whole. Else
    they are equal, unless the caller measured the two differently: the shorter counts.
    """
    from skgeom.backends._numba._graphs import merge_mirrored

    indptr = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n))])
    given = sp.csr_array((np.arange(len(rows)), columns, indptr), shape=(n, n))
    # Transposed, rows are in the order of their columns; twice, the given ones are.
    mirrored = given.T.tocsr()
    given = mirrored.T.tocsr()
    parts = [
        part
        for matrix in (given, mirrored)
        for part in (matrix.indptr, matrix.indices, matrix.data)
    ]
    indptr, indices, values, lengths = merge_mirrored(
        *parts, values, lengths, share < 1
    )
    small = np.int32 if indices.size < np.iinfo(np.int32).max else np.int64
    pattern = indices.astype(small), indptr.astype(small)
    return (
        sp.csr_array((values, *pattern), shape=(n, n)),
        sp.csr_array((lengths, *(part.copy() for part in pattern)), shape=(n, n)),
    )


def alpha_decay_neighbors(X, n_neighbors, decay, search):
    """Find each point's neighbours up to the radius where its affinity is dropped.

    The radius is a few per cent beyond the last of `n_neighbors`. Twice as many
    candidates mostly reach it; where they do not, eight times as many are asked for,
    and no more: with distances that take few values (counts, categories) a whole data
    set can lie within the radius.
    """
    limit = min(X.shape[0] - 1, 8 * n_neighbors)
    width = min(limit, 2 * n_neighbors)
    distances, indices = nearest_neighbors(X, n_neighbors=width, **search)
    bandwidth = distances[:, n_neighbors - 1]
    radius = (-np.log(ALPHA_DECAY_FLOOR)) ** (1.0 / decay) * bandwidth
    short = np.flatnonzero(distances[:, -1] <= radius)
    if width < limit and short.size:
        more = nearest_neighbors(X, rows=short, n_neighbors=limit, **search)
        # Only as many columns as the longest list needs.
        needed = (more[0] <= radius[short, None]).sum(axis=1).max()
        missing = max(0, int(needed) - width)
        distances = np.pad(distances, ((0, 0), (0, missing)), constant_values=np.inf)
        indices = np.pad(indices, ((0, 0), (0, missing)))
        distances[short], indices[short] = (m[:, : width + missing] for m in more)
    return np.where(distances <= radius[:, None], distances, np.inf), indices, bandwidth
