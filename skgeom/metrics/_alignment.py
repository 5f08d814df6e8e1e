"""Whether two representations of the same rows have anything in common.

Szekely and Rizzo, "Partial distance correlation with methods for dissimilarities",
Annals of Statistics 42, 2014; Kornblith, Norouzi, Lee and Hinton, "Similarity of neural
network representations revisited", ICML 2019.
"""

from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
from scipy.linalg import qr
from sklearn.utils import check_array, check_consistent_length, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from skgeom.metrics._pairwise import euclidean_distances
from skgeom.typing import ArrayLike, NDArray, RandomStateLike

# Rows up to which a matrix of all pairs is made for wide tables.
_MANY_ROWS = 3000
# Sums that differ by less, as a share of the largest, differ by rounding.
_ROUNDING = 1e-12


class KernelAlignment(NamedTuple):
    """A correlation of similarities, and a test; see :func:`kernel_alignment`.

    Parameters
    ----------
    alignment : float
        At most 1, and about 0 where the representations are independent.
    p_value : float
        Share of the orders of the rows of one in which it is as large, NaN where none
        were tried.

    Examples
    --------
    >>> from skgeom.metrics import KernelAlignment
    >>> alignment, p_value = KernelAlignment(alignment=0.4, p_value=0.01)
    """

    alignment: float
    p_value: float


@validate_params(
    {
        "X": ["array-like"],
        "Y": ["array-like"],
        "kernel": [StrOptions({"linear", "rbf", "precomputed"})],
        "gamma": [Interval(Real, 0, None, closed="neither"), None],
        "n_permutations": [Interval(Integral, 0, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def kernel_alignment(
    X: ArrayLike,
    Y: ArrayLike,
    *,
    kernel: str = "linear",
    gamma: float | None = None,
    n_permutations: int = 0,
    random_state: RandomStateLike = None,
) -> KernelAlignment:
    r"""Centred alignment of two kernel matrices of the same rows, without bias.

    With A and B the two matrices without their diagonals, centred such that every row
    and column adds up to zero and products have no bias [1]_,

    .. math:: \frac{\langle A, B \rangle}
        {\sqrt{\langle A, A \rangle \langle B, B \rangle}} .

    The plain centred alignment [2]_ of 32 independent rows of 100 columns is .76; this
    one is 0 on average. It says whether there is any dependence, and the permutation
    test whether that may be chance.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features) or (n_samples, n_samples)
        Rows in one representation, at least four, or their kernel matrix.
    Y : array-like of shape (n_samples, n_other_features) or (n_samples, n_samples)
        The same rows in the other.
    kernel : {"linear", "rbf", "precomputed"}, default="linear"
        Similarity of two rows. "linear" sees what is linear in both, "rbf" any
        dependence. "precomputed": X and Y are symmetric matrices of similarities.
    gamma : float, default=None
        Of "rbf", for both. None is one over the median squared distance, of each.
    n_permutations : int, default=0
        Random orders of the rows of Y for the test; 999 is usual.
    random_state : int, RandomState instance or None, default=None
        Decides the orders.

    Returns
    -------
    KernelAlignment
        `alignment`, which may be a little below zero by chance, and `p_value`. NaN
        where all rows of one are equal.

    Raises
    ------
    ValueError
        If numbers of rows differ, are below four, a value is NaN or infinite, or a
        precomputed matrix is not square or not symmetric.

    See Also
    --------
    shape_distance : Whether they are the same, up to a rotation: that is where it is
        better to look for the same layer of another network.
    two_sample_test : Whether rows that are not paired are of one distribution.

    Notes
    -----
    Units and means do not matter, nor rotations. Time of "linear" is O(n_samples *
    n_features * n_other_features) for each permutation, without a matrix of all pairs,
    if there are fewer columns than rows; otherwise it is O(n_samples^2), as of the
    other kernels, and so is memory.

    References
    ----------
    .. [1] Szekely and Rizzo, "Partial distance correlation with methods for
       dissimilarities", Annals of Statistics 42, 2014.
    .. [2] Kornblith, Norouzi, Lee and Hinton, "Similarity of neural network
       representations revisited", ICML 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.metrics import kernel_alignment
    >>> rng = np.random.default_rng(0)
    >>> X, noise = rng.normal(size=(2, 60, 20))
    >>> found = kernel_alignment(X, noise, n_permutations=99, random_state=0)
    >>> bool(abs(found.alignment) < 0.05), bool(found.p_value > 0.05)
    (True, True)
    >>> found = kernel_alignment(X, X + 2 * noise, n_permutations=99, random_state=0)
    >>> found.p_value
    0.01
    """
    X, Y = (_read(A, name, kernel) for A, name in ((X, "X"), (Y, "Y")))
    check_consistent_length(X, Y)
    rng = check_random_state(random_state)
    if kernel == "linear" and _is_tall(X, Y):
        one, two = _Factor(X), _Factor(Y)
    else:
        one, two = (_Pairs(_similarities(A, kernel, gamma)) for A in (X, Y))
    size = np.sqrt(one.product(one)) * np.sqrt(two.product(two))
    if not (one.differs and two.differs and size > 0):
        return KernelAlignment(float("nan"), float("nan"))
    found = one.product(two)
    alignment = float(np.clip(found / size, -1.0, 1.0))
    if n_permutations == 0:
        return KernelAlignment(alignment, float("nan"))
    orders = (rng.permutation(len(X)) for _ in range(n_permutations))
    as_large = sum(
        one.product(two, order) >= found - _ROUNDING * size for order in orders
    )
    return KernelAlignment(alignment, float((1 + as_large) / (n_permutations + 1)))


def _read(A, name, kernel):
    """Rows, centred, or a symmetric matrix, of a size of one."""
    A = check_array(A, dtype=np.float64, ensure_min_samples=4, input_name=name)
    A = A / (np.abs(A).max() or 1.0)
    if kernel != "precomputed":
        A = A - A.mean(axis=0)
        size = np.abs(A).max()
        return A / size if size > 1e-14 else np.zeros((len(A), 1))
    if A.shape[0] != A.shape[1] or not np.allclose(A, A.T, rtol=0, atol=1e-7):
        raise ValueError(
            f"kernel='precomputed' needs {name} to be a square, symmetric matrix; got "
            f"shape {A.shape}."
        )
    return (A + A.T) / 2


def _is_tall(X, Y):
    """Whether products of columns take less than all pairs of rows, or must do."""
    n, widest = len(X), max(X.shape[1], Y.shape[1])
    return widest < n and (n > _MANY_ROWS or X.shape[1] * Y.shape[1] < n)


def _similarities(A, kernel, gamma):
    if kernel == "precomputed":
        return A
    if kernel == "linear":
        # In no more columns than rows: a rotation.
        A = qr(A.T, mode="r")[0].T if A.shape[1] > 2 * len(A) else A
        return A @ A.T
    squared = euclidean_distances(A, A) ** 2
    if gamma is None:
        pairs = squared[np.triu_indices(len(A), 1)]
        middle = np.median(pairs)
        middle = middle if middle > 0 else pairs.mean()
        gamma = 1 / middle if middle > 0 else 1.0
    return np.exp(-gamma * squared)


class _Pairs:
    """A matrix of all pairs, its diagonal left out, centred without bias."""

    def __init__(self, K: NDArray):
        n = len(K)
        K = K - np.diag(np.diag(K))
        size = np.abs(K).max(initial=0.0)
        sums = K.sum(axis=1)
        self.centred = K - (sums[:, None] + sums) / (n - 2)
        self.centred += sums.sum() / ((n - 1) * (n - 2))
        np.fill_diagonal(self.centred, 0.0)
        self.differs = np.abs(self.centred).max(initial=0.0) > _ROUNDING * size

    def product(self, other, order=None):
        """Sum of the products of entries, the rows of the other in an order."""
        there = other.centred
        there = there if order is None else there[np.ix_(order, order)]
        return float(np.einsum("ij,ij->", self.centred, there))


class _Factor:
    """The same of a product of rows with themselves, which is not formed."""

    def __init__(self, X: NDArray):
        self.rows, self.own = X, (X * X).sum(axis=1)
        self.sums = X @ X.sum(axis=0) - self.own
        self.differs = bool(X.any())

    def product(self, other, order=None):
        """Sum of the products of entries, the rows of the other in an order."""
        n = len(self.rows)
        rows, own, sums = other.rows, other.own, other.sums
        if order is not None:
            rows, own, sums = rows[order], own[order], sums[order]
        found = ((self.rows.T @ rows) ** 2).sum() - self.own @ own
        found += self.sums.sum() * sums.sum() / ((n - 1) * (n - 2))
        return float(found - 2 * (self.sums @ sums) / (n - 2))
