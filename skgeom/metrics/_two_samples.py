"""How far two samples are from each other, and whether that may be chance.

Szekely and Rizzo, "Energy statistics: a class of statistics based on distances",
Journal of Statistical Planning and Inference 143, 2013; by slices, Hertrich, Wald,
Altekrüger and Hagemann, "Generative sliced MMD flows with Riesz kernels", ICLR 2024.
"""

from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln, stdtr
from sklearn.utils import check_array, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from skgeom.geometry._directions import orthogonal_directions
from skgeom.metrics._pairwise import euclidean_distances, row_blocks
from skgeom.typing import ArrayLike, RandomStateLike

# Rows of the larger sample up to which "auto" sums all distances.
_MOST_EXACT = 5000
# Slices, at least; and so many for each column.
_SLICES, _SLICES_PER_COLUMN = 100, 4
# Mebibytes beyond which a block of distances is slower, not faster.
_CACHED = 8
# Statistics that differ by less, relatively, differ by rounding.
_ROUNDING = 1e-10

_CONSTRAINTS = {
    "X": ["array-like"],
    "Y": ["array-like"],
    "n_slices": [Interval(Integral, 1, None, closed="left"), None],
    "random_state": ["random_state"],
    "working_memory": [Interval(Real, 0, None, closed="neither")],
}


class TwoSampleTest(NamedTuple):
    """What a test of two samples finds; see :func:`two_sample_test`.

    Parameters
    ----------
    statistic : float
        How far the samples are apart, large if they differ.
    p_value : float
        Share of the ways to divide all rows into two samples that are as far apart.

    Examples
    --------
    >>> from skgeom.metrics import TwoSampleTest
    >>> statistic, p_value = TwoSampleTest(statistic=0.3, p_value=0.01)
    """

    statistic: float
    p_value: float


@validate_params(
    {**_CONSTRAINTS, "method": [StrOptions({"auto", "exact", "sliced"})]},
    prefer_skip_nested_validation=True,
)
def energy_distance(
    X: ArrayLike,
    Y: ArrayLike,
    *,
    method: str = "auto",
    n_slices: int | None = None,
    working_memory: float = 64,
    random_state: RandomStateLike = None,
) -> float:
    r"""Energy distance of two samples: zero if and only if they are the same.

    :math:`2\,\mathrm E|x - y| - \mathrm E|x - x'| - \mathrm E|y - y'|` over pairs of
    rows [1]_, a row with itself among them. Along a line it is a matter of sorting, and
    in space it is a constant times the mean over all lines [2]_.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_features)
        One sample.
    Y : array-like of shape (n_other_rows, n_features)
        The other.
    method : {"auto", "exact", "sliced"}, default="auto"
        "exact": all distances, a block at a time. "sliced": the mean over random
        directions in orthogonal blocks, which has no bias. "auto" is exact up to 5,000
        rows, and for a single column, where both are the same.
    n_slices : int, default=None
        Directions, made a whole number of blocks. None is 100, or four times the number
        of columns if that is more, for an error of about one per cent.
    working_memory : float, default=64
        Mebibytes for blocks.
    random_state : int, RandomState instance or None, default=None
        Decides the directions.

    Returns
    -------
    float
        At least 0, in the units of X.

    Raises
    ------
    ValueError
        If X and Y have different numbers of columns, or are not finite.

    See Also
    --------
    two_sample_test : Whether it is more than chance.

    References
    ----------
    .. [1] Szekely and Rizzo, "Energy statistics: a class of statistics based on
       distances", Journal of Statistical Planning and Inference 143, 2013.
    .. [2] Hertrich, Wald, Altekrüger and Hagemann, "Generative sliced MMD flows with
       Riesz kernels", ICLR 2024.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.metrics import energy_distance
    >>> X = np.random.default_rng(0).normal(size=(400, 3))
    >>> exact = energy_distance(X[:200], X[200:] + 1)
    >>> sliced = energy_distance(
    ...     X[:200], X[200:] + 1, method="sliced", random_state=0)
    >>> round(float(exact), 3), bool(abs(sliced / exact - 1) < 0.01)
    (1.052, True)
    """
    X, Y, size = _samples(X, Y)
    if _is_exact(method, X, Y) and X.shape[1] > 1:
        cross = _mean_distance(X, Y, working_memory)
        own = [_mean_distance(A, A, working_memory) for A in (X, Y)]
        return max(2 * cross - own[0] - own[1], 0.0) * size
    total, directions = 0.0, _directions(X.shape[1], n_slices, random_state)
    for lines in _by_lines(directions, len(X) + len(Y), 6, working_memory):
        total += _energy_of_lines(lines @ X.T, lines @ Y.T).sum()
    constant = _of_all_directions(X.shape[1])
    return max(float(constant * total / len(directions)), 0.0) * size


@validate_params(
    {
        **_CONSTRAINTS,
        "method": [StrOptions({"energy", "sliced_energy", "coordinates"})],
        "n_permutations": [Interval(Integral, 1, None, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def two_sample_test(
    X: ArrayLike,
    Y: ArrayLike,
    *,
    method: str = "energy",
    n_permutations: int = 999,
    n_slices: int | None = None,
    working_memory: float = 64,
    random_state: RandomStateLike = None,
) -> TwoSampleTest:
    """Test whether two samples are of the same distribution.

    Rows may be anything with meaningful distances: points, or embeddings of graphs, of
    matrices or of bags, so that collections of distributions are compared. The p-value
    is exact for every number of rows: all rows are divided anew, at random.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_features)
        One sample.
    Y : array-like of shape (n_other_rows, n_features)
        The other.
    method : {"energy", "sliced_energy", "coordinates"}, default="energy"
        What is large where samples differ. "energy": the energy distance [1]_, which
        sees any difference. "sliced_energy": the same along random lines, for
        tens of thousands of rows. "coordinates": Welch's t of each column, all of them
        joined by the combination of Cauchy [2]_, which sees means that differ in a few
        columns among many.
    n_permutations : int, default=999
        How often rows are divided anew; one over one more is the least p-value.
    n_slices : int, default=None
        Lines of "sliced_energy", as for :func:`energy_distance`.
    working_memory : float, default=64
        Mebibytes for blocks, beside a number for each row and permutation.
    random_state : int, RandomState instance or None, default=None
        Decides permutations and lines.

    Returns
    -------
    TwoSampleTest
        `statistic` and `p_value`.

    Raises
    ------
    ValueError
        If X and Y have different numbers of columns, or are not finite; if one has a
        single row and `method` is "coordinates".

    See Also
    --------
    energy_distance : The distance itself.

    References
    ----------
    .. [1] Szekely and Rizzo, "Energy statistics: a class of statistics based on
       distances", Journal of Statistical Planning and Inference 143, 2013.
    .. [2] Liu and Xie, "Cauchy combination test", Journal of the American Statistical
       Association 115, 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.metrics import two_sample_test
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> float(two_sample_test(X[:30], X[30:], random_state=0).p_value)
    0.305
    >>> float(two_sample_test(X[:30], 3 * X[30:], random_state=0).p_value)
    0.001
    """
    X, Y, size = _samples(X, Y)
    rng = check_random_state(random_state)
    if method == "coordinates" and min(len(X), len(Y)) < 2:
        raise ValueError('method="coordinates" needs two rows or more in X and in Y.')
    rows, n = np.concatenate([X, Y]), len(X)
    first = np.zeros((n_permutations + 1, len(rows)), dtype=bool)
    first[0, :n] = True
    for division in first[1:]:
        division[rng.permutation(len(rows))[:n]] = True
    if method == "coordinates":
        found, unit = _combined_welch(rows, first), 1.0
    else:
        unit = size
        signs = np.where(first, 1 / n, -1 / len(Y)).T
        if method == "energy" and X.shape[1] > 1:
            found = _energies(rows, signs, working_memory)
        else:
            directions = _directions(X.shape[1], n_slices, rng)
            found = _energies_of_lines(rows, signs, directions, working_memory)
    as_far = found[1:] >= found[0] - _ROUNDING * np.abs(found).max()
    p_value = (1 + np.count_nonzero(as_far)) / (n_permutations + 1)
    return TwoSampleTest(float(found[0] * unit), float(p_value))


def _samples(X, Y):
    """Both samples around their common mean, of a size of one, and that size."""
    X = check_array(X, dtype=np.float64, input_name="X")
    Y = check_array(Y, dtype=np.float64, input_name="Y")
    if X.shape[1] != Y.shape[1]:
        raise ValueError(f"X has {X.shape[1]} columns, and Y has {Y.shape[1]}.")
    size = max(np.abs(X).max(), np.abs(Y).max()) or 1.0
    X, Y = X / size, Y / size
    center = (X.mean(axis=0) + Y.mean(axis=0)) / 2
    return X - center, Y - center, float(size)


def _is_exact(method, X, Y):
    return method == "exact" or (
        method == "auto" and max(len(X), len(Y)) <= _MOST_EXACT
    )


def _mean_distance(X, Y, working_memory):
    """Mean distance of the rows of X to those of Y; of one sample by half of them."""
    total, alone = 0.0, X is Y
    memory = min(working_memory, _CACHED)
    for rows in row_blocks(len(X), len(Y), 16, memory):
        columns = slice(rows.start if alone else 0, None)
        distances = euclidean_distances(X[rows], Y[columns])
        inside = distances[:, : rows.stop - rows.start].sum() if alone else 0.0
        total += (2 if alone else 1) * distances.sum() - inside
    return total / (len(X) * len(Y))


def _of_all_directions(n_features):
    """Length of a vector over the mean length of its projections to lines."""
    half = n_features / 2
    return np.exp(0.5 * np.log(np.pi) + gammaln(half + 0.5) - gammaln(half))


def _directions(n_features, n_slices, random_state):
    """Whole orthogonal blocks: what is quadratic in the direction has no error."""
    if n_features == 1:
        return np.ones((1, 1))
    wanted = max(_SLICES, _SLICES_PER_COLUMN * n_features)
    wanted = wanted if n_slices is None else n_slices
    wanted = -(-wanted // n_features) * n_features
    rng = check_random_state(random_state)
    return orthogonal_directions(wanted, n_features, rng)


def _by_lines(directions, n_rows, n_arrays, working_memory):
    """Directions in blocks, so that projections fit into memory."""
    for part in row_blocks(len(directions), n_rows, 8 * n_arrays, working_memory):
        yield directions[part]


def _energy_of_lines(x, y):
    """Energy distances of projections, a line a row, from sums over sorted values."""
    n, m = x.shape[1], y.shape[1]
    x, y = np.sort(x, axis=1), np.sort(y, axis=1)
    both = np.sort(np.concatenate([x, y], axis=1), axis=1)
    own, other, total = (_sums_of_gaps(z) for z in (x, y, both))
    return 2 * ((total - own - other) / (n * m) - own / n**2 - other / m**2)


def _sums_of_gaps(z):
    """Sums of the distances of all pairs of sorted values."""
    k = z.shape[1]
    return z @ (2.0 * np.arange(1, k + 1) - k - 1)


def _energies(rows, signs, working_memory):
    """Energy distance of each division, distances being computed once, in blocks."""
    found = np.zeros(signs.shape[1])
    width = len(rows) + signs.shape[1]
    for part in row_blocks(len(rows), width, 16, working_memory):
        distances = euclidean_distances(rows[part], rows)
        found -= np.einsum("ij,ij->j", signs[part], distances @ signs)
    return found


def _energies_of_lines(rows, signs, directions, working_memory):
    """The same along lines: squared differences of distribution functions."""
    found = np.zeros(signs.shape[1])
    blocks = row_blocks(signs.shape[1], len(rows), 32, working_memory)
    for lines in _by_lines(directions, len(rows), 4, working_memory):
        for along in lines @ rows.T:
            order = np.argsort(along)
            gaps = np.diff(along[order])
            for part in blocks:
                ahead = np.cumsum(signs[order[:-1], part], axis=0)
                np.square(ahead, out=ahead)
                found[part] += 2 * (gaps @ ahead)
    return found * _of_all_directions(rows.shape[1]) / len(directions)


def _combined_welch(rows, first):
    """Cauchy's combination of Welch's t of all columns, for each division."""
    spread = rows.std(axis=0)
    flat = spread <= 1e-13 * np.abs(rows).max(axis=0, initial=0.0)
    scaled = (rows - rows.mean(axis=0)) / np.where(flat, 1.0, spread)
    scaled = np.where(flat, 0.0, scaled)
    n, m = int(first[0].sum()), int((~first[0]).sum())
    moments = []
    for part, count in ((first, n), (~first, m)):
        weights = part.astype(np.float64) / count
        mean, square = weights @ scaled, weights @ (scaled * scaled)
        moments.append((mean, np.maximum(square - mean * mean, 0.0) / (count - 1)))
    error = np.sqrt(moments[0][1] + moments[1][1])
    gap = np.abs(moments[0][0] - moments[1][0])
    # Where both samples are constant and differ, that is as sure as can be.
    t = np.where(gap > 1e-9, gap / np.maximum(error, 1e-9), 0.0)
    p = np.clip(2 * stdtr(float(n + m - 2), -t), 1e-300, 1.0)
    # The cotangent of pi p, of which the tangent keeps the digits of small ones.
    return np.mean(1 / np.tan(np.pi * np.clip(p, 1e-300, 1 - 1e-15)), axis=1)
