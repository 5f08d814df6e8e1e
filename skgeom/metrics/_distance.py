"""How well distances survive an embedding: correlations and scaled stress."""

from numbers import Real
from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata
from sklearn.utils import check_array, check_consistent_length
from sklearn.utils._param_validation import Interval, validate_params

from skgeom.metrics._pairwise import check_distances, euclidean_distances, row_blocks
from skgeom.typing import ArrayLike

# Two blocks of distances, their ranks and centred copies, and what sorting needs.
_BYTES_PER_ENTRY = 100

# Distances that differ by less, relative to the largest of the row, differ by rounding.
_RESOLUTION = 1e-12


class DistancePreservation(NamedTuple):
    """Agreement of two sets of distances; see :func:`distance_preservation`.

    Parameters
    ----------
    pearson : float
        Mean over rows of the Pearson correlation, in [-1, 1]; 1 is best.
    spearman : float
        Mean over rows of the Spearman correlation, in [-1, 1]; 1 is best.
    scaled_stress : float
        Relative Frobenius error after the best single rescaling, in [0, 1]; 0 is
        best.

    Examples
    --------
    >>> from skgeom.metrics import DistancePreservation
    >>> scores = DistancePreservation(pearson=0.9, spearman=0.8, scaled_stress=0.2)
    >>> pearson, spearman, scaled_stress = scores
    """

    pearson: float
    spearman: float
    scaled_stress: float


def _unit_rows(M):
    """Divide rows by their maxima, lest squares of tiny and huge distances be lost."""
    largest = M.max(axis=1, keepdims=True)
    return M / np.where(largest > 0, largest, 1.0)


def _row_correlations(A, B, keep):
    """Pearson correlation of matching rows over the kept entries, 0 in flat rows."""
    centred, flat = [], np.zeros(len(A), dtype=bool)
    for M in (A, B):
        spread = M.max(axis=1, where=keep, initial=0.0)
        spread -= M.min(axis=1, where=keep, initial=np.inf)
        flat |= spread <= _RESOLUTION
        M = np.where(keep, M, 0.0)
        M -= M.sum(axis=1, keepdims=True) / keep.sum(axis=1, keepdims=True)
        centred.append(np.where(keep, M, 0.0))
    a, b = centred
    norms = np.sqrt(np.einsum("ij,ij->i", a, a) * np.einsum("ij,ij->i", b, b))
    cosines = np.einsum("ij,ij->i", a, b) / np.where(flat, 1.0, norms)
    return np.where(flat, 0.0, np.clip(cosines, -1.0, 1.0))


def _row_ranks(M, keep):
    """Mean ranks in each row, equal up to rounding being equal."""
    M = np.round(M, -round(np.log10(_RESOLUTION)))
    # Below all distances, the sample itself takes the first rank and shifts the others.
    M[~keep] = -1.0
    return rankdata(M, axis=1)


def _scaled_stress(PP, scales, TT, residuals):
    """Join the least-squares fits T_i ~ c_i P_i of all rows into one, T ~ c P."""
    if TT.sum() == 0:
        return 0.0
    if PP.sum() == 0:
        return 1.0
    scale = (scales * PP).sum() / PP.sum()
    # A row's residual is orthogonal to P_i, so that changing c_i to c adds this and no
    # more. The shorter 1 - <P, T>^2 / (<P, P> <T, T>) loses half of the digits.
    total = residuals.sum() + ((scale - scales) ** 2 * PP).sum()
    return float(min(np.sqrt(total / TT.sum()), 1.0))


def _check_columns(columns, n_samples, n_columns):
    if columns is None:
        if n_columns != n_samples:
            raise ValueError(
                "geodesics must be square unless columns says which samples its "
                f"columns belong to; got shape {(n_samples, n_columns)}."
            )
        return np.arange(n_samples)
    columns = np.asarray(columns)
    if columns.ndim != 1 or columns.dtype.kind not in "iu":
        raise ValueError("columns must be a one-dimensional array of integers.")
    if len(columns) != n_columns:
        raise ValueError(
            f"columns names {len(columns)} samples, but geodesics has {n_columns} "
            "columns."
        )
    if columns.min() < 0 or columns.max() >= n_samples:
        raise ValueError(f"columns must lie in [0, {n_samples}).")
    if len(np.unique(columns)) < n_columns:
        raise ValueError("columns must not repeat a sample.")
    return columns


def _unit_extent(embedding):
    """Centre the points and scale them into the unit cube, which no score sees."""
    # Before centring too, lest sums of huge numbers overflow; and by the median, for
    # one far point would move the mean so far that the others lose their digits.
    embedding = embedding / (np.abs(embedding).max() or 1.0)
    embedding -= np.median(embedding, axis=0)
    return embedding / (np.abs(embedding).max() or 1.0)


@validate_params(
    {
        "geodesics": ["array-like"],
        "embedding": ["array-like", None],
        "distances": ["array-like", None],
        "columns": ["array-like", None],
        "working_memory": [Interval(Real, 0, None, closed="neither")],
    },
    prefer_skip_nested_validation=True,
)
def distance_preservation(
    geodesics: ArrayLike,
    embedding: ArrayLike | None = None,
    *,
    distances: ArrayLike | None = None,
    columns: ArrayLike | None = None,
    working_memory: float = 64,
) -> DistancePreservation:
    r"""Compare the distances of an embedding with the true ones.

    For each sample, the distances to all others are correlated with the true ones,
    and the correlations are averaged over samples. Scaled stress is

    .. math:: \min_c \|c P - T\|_F / \|T\|_F

    with T the true distances and P those of the embedding. A sample's distance to
    itself takes no part in any score. None of them depends on the unit of either set
    of distances.

    At large n, a few hundred columns of the distance matrix are enough: pass the
    distances of all samples to some landmarks, and say through `columns` which
    samples these are. Distances in the embedding are computed in blocks of rows, and
    the n x n matrix is never formed.

    Parameters
    ----------
    geodesics : array-like of shape (n_samples, n_samples) or (n_samples, n_columns)
        True distances, finite and non-negative. At least 3 rows and 3 columns.
    embedding : array-like of shape (n_samples, n_components), default=None
        The points whose Euclidean distances are scored.
    distances : array-like of the shape of `geodesics`, default=None
        Distances to score directly, in place of an embedding: the ones that a method
        computes before it embeds, say, or distances that are not Euclidean. Finite
        and non-negative.
    columns : array-like of int of shape (n_columns,), default=None
        The sample that each column of `geodesics` belongs to, without repetition.
        None is for a square matrix: column j is sample j.
    working_memory : float, default=64
        Size in MiB that the temporary arrays of one block of rows may take. The
        scores do not depend on it, but for rounding.

    Returns
    -------
    scores : DistancePreservation
        The named tuple ``(pearson, spearman, scaled_stress)`` of floats, the first
        two in [-1, 1] and the last in [0, 1]. No score is ever NaN: a row of equal
        distances, true or embedded, has correlation 0; an embedding
        in one point has stress 1, and stress is 0 where all true distances are zero.

    Raises
    ------
    ValueError
        If both or none of `embedding` and `distances` are given, if shapes do not
        match, if there are fewer than 3 rows or columns, or if a value is NaN,
        infinite or, in a matrix of distances, negative.

    See Also
    --------
    neighborhood_precision : Compares the nearest neighbours only.

    Notes
    -----
    Equal distances share their mean rank in the Spearman correlation; equal is what
    agrees to 12 digits of the largest distance in the row. Time is
    O(n_samples * n_columns * (n_components + log n_columns)).

    References
    ----------
    The protocol, except for the rescaling, is that of G. Huguet, A. Tong, E. De
    Brouwer, Y. Zhang, G. Wolf, I. Adelstein, S. Krishnaswamy, "A heat diffusion
    perspective on geodesic preserving dimensionality reduction", NeurIPS 2023.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.metrics import distance_preservation
    >>> line = np.arange(6.0)[:, None]
    >>> scores = distance_preservation(np.abs(line - line.T), 3 * line)
    >>> round(scores.pearson, 6), round(scores.spearman, 6)
    (1.0, 1.0)
    >>> round(scores.scaled_stress, 6)
    0.0
    """
    geodesics = check_distances(geodesics, "geodesics")
    n_samples, n_columns = geodesics.shape
    if min(n_samples, n_columns) < 3:
        raise ValueError(
            "geodesics must have at least 3 rows and 3 columns; got shape "
            f"{geodesics.shape}."
        )
    columns = _check_columns(columns, n_samples, n_columns)
    if (embedding is None) == (distances is None):
        raise ValueError("Give either embedding or distances.")
    if distances is not None:
        distances = check_distances(distances, "distances")
        if distances.shape != geodesics.shape:
            raise ValueError(
                f"distances has shape {distances.shape}, but geodesics has shape "
                f"{geodesics.shape}."
            )
        unit = float(distances.max()) or 1.0
    else:
        embedding = check_array(embedding, dtype=np.float64, input_name="embedding")
        check_consistent_length(geodesics, embedding)
        points = _unit_extent(embedding)
        landmarks = points[columns]
    true_unit = float(geodesics.max()) or 1.0

    pearson, spearman, PP, TT, scales, residuals = np.zeros((6, n_samples))
    for rows in row_blocks(n_samples, n_columns, _BYTES_PER_ENTRY, working_memory):
        T = geodesics[rows].astype(np.float64) / true_unit
        if distances is None:
            P = euclidean_distances(points[rows], landmarks)
        else:
            P = distances[rows].astype(np.float64) / unit
        keep = columns != np.arange(rows.start, rows.stop)[:, None]
        T[~keep] = P[~keep] = 0.0

        PP[rows] = np.einsum("ij,ij->i", P, P)
        TT[rows] = np.einsum("ij,ij->i", T, T)
        PT = np.einsum("ij,ij->i", P, T)
        np.divide(PT, PP[rows], out=scales[rows], where=PP[rows] > 0)
        residuals[rows] = ((scales[rows, None] * P - T) ** 2).sum(axis=1)

        T, P = _unit_rows(T), _unit_rows(P)
        pearson[rows] = _row_correlations(T, P, keep)
        T, P = _row_ranks(T, keep), _row_ranks(P, keep)
        spearman[rows] = _row_correlations(T, P, keep)
    return DistancePreservation(
        float(pearson.mean()),
        float(spearman.mean()),
        _scaled_stress(PP, scales, TT, residuals),
    )
