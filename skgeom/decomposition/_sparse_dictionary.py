"""Dictionaries by matching pursuit and least squares (Engan et al., ICASSP 1999)."""

from numbers import Integral
from typing import Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import (
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.cluster import KMeans
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_array, check_is_fitted

from skgeom.backends import Backend, as_numpy
from skgeom.base import GeometryEstimator
from skgeom.solvers import orthogonal_matching_pursuit
from skgeom.typing import Array, ArrayLike, MatrixLike, NDArray, RandomStateLike

# Rows that a greedy start looks at.
_LOOKED_AT = 2000
# A smaller share of the squares is rounding.
_NOTHING_LEFT = 1e-24
# Share of the mean use of an atom that is added where codes are nearly dependent.
_RIDGE = 1e-8


def sparse_codes(
    X: NDArray, dictionary: NDArray, n_nonzero: int, backend: Backend
) -> sp.csr_array:
    """Code rows by few atoms each.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        Rows.
    dictionary : ndarray of shape (n_atoms, n_features)
        Atoms of length one, or zero.
    n_nonzero : int
        Atoms a row.
    backend : Backend
        Where it happens.

    Returns
    -------
    csr_array of shape (n_rows, n_atoms), float64
        Coefficients by orthogonal matching pursuit (Pati et al., 1993).

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.decomposition._sparse_dictionary import sparse_codes
    >>> sparse_codes(np.array([[1.0, -3]]), np.eye(2), 1, get_backend("cpu")).toarray()
    array([[ 0., -3.]])
    """
    rows, atoms = (backend.asarray(a, backend.float64) for a in (X, dictionary))
    found = orthogonal_matching_pursuit(
        backend.xp, atoms @ atoms.T, rows @ atoms.T, n_nonzero
    )
    indices, values = map(backend.to_numpy, found)
    indptr = np.arange(len(X) + 1) * indices.shape[1]
    shape = (len(X), len(dictionary))
    codes = sp.csr_array((values.ravel(), indices.ravel(), indptr), shape=shape)
    codes.eliminate_zeros()
    codes.sort_indices()
    return codes


def dictionary_similarity(one: ArrayLike, other: ArrayLike) -> float:
    """Tell how alike two dictionaries are, whatever the order and signs of atoms.

    Atoms that were found are counted so in tests of dictionaries [1]_.

    Parameters
    ----------
    one : array-like of shape (n_atoms, n_features)
        Atoms, such as `SparseDictionary.components_`.
    other : array-like of shape (m_atoms, n_features)
        Atoms of the same rows.

    Returns
    -------
    float
        The mean, over the atoms of both, of the largest cosine with an atom of the
        other, by its size: from 0 to 1, which is the same atoms.

    Raises
    ------
    ValueError
        If atoms are not of equal width.

    References
    ----------
    .. [1] Aharon, Elad and Bruckstein, "K-SVD: an algorithm for designing overcomplete
       dictionaries for sparse representation", IEEE Transactions on Signal Processing
       54, 2006, section V.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.decomposition import dictionary_similarity
    >>> dictionary_similarity(np.eye(2), -np.eye(2)[::-1])
    1.0
    """
    D, E = (_unit(check_array(A, dtype=np.float64)) for A in (one, other))
    if D.shape[1] != E.shape[1]:
        raise ValueError(
            f"Atoms have {D.shape[1]} and {E.shape[1]} features; both must have as "
            "many."
        )
    cosines = np.abs(D @ E.T)
    best = np.concatenate([cosines.max(axis=1), cosines.max(axis=0)])
    return float(np.minimum(best, 1.0).mean())


class SparseDictionary(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, GeometryEstimator
):
    r"""Rows as sums of few atoms each, of a dictionary that is learned.

    Two steps take turns: codes of all rows by orthogonal matching pursuit, in one
    batch; and the atoms that are best beside these codes, by least squares:
    :math:`D = (C^\top C)^{-1} C^\top X`, the method of optimal directions [1]_. Atoms
    that no row uses start again from the row that is described worst.

    Read more in the :ref:`User Guide <sparse_dictionary>`.

    Parameters
    ----------
    n_components : int, default=64
        Number of atoms, at most that of the different rows.
    n_nonzero : int, default=4
        Atoms that a row is a sum of, at most.
    init : {"kmeans", "greedy", "samples"}, default="kmeans"
        Atoms to start from. "kmeans": centres of clusters. "greedy": one after the
        other, of 2,000 rows that which the others describe worst. "samples": random
        rows.
    max_iter : int, default=10
        Most turns, >= 0. With 0 atoms are those of the start: with "greedy" an
        inference-time decomposition [2]_ whose atoms are rows.
    tol : float, default=1e-3
        Turns end where two of them lower the error by less than this share of it.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. Only codes
        are computed on a device.
    random_state : int, RandomState instance or None, default=None
        Decides the start.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        The atoms, each of length one.
    error_ : float
        What atoms leave of the training rows: the sum of the squares of what is left,
        over that of the rows.
    sample_indices_ : ndarray of shape (n_components,), int64
        The rows that atoms started from; not with ``init="kmeans"``.
    n_iter_ : int
        Turns that were made.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    skgeom.solvers.orthogonal_matching_pursuit : The codes.
    dictionary_similarity : How alike the atoms of two fits are.
    sklearn.decomposition.MiniBatchDictionaryLearning : Penalised codes, online.

    Notes
    -----
    Columns are not centred: subtract means before, if they say nothing. A code is not
    continuous in the row: where two atoms describe it as well, a small step changes
    which is taken. It depends on no other row.

    References
    ----------
    .. [1] Engan, Aase and Husøy, "Method of optimal directions for frame design",
       ICASSP 1999.
    .. [2] Leask, Nanda and Al Moubayed, "Inference-time decomposition of activations
       (ITDA): a scalable approach to interpreting large language models", ICML 2025.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skgeom import SparseDictionary
    >>> X, _ = load_digits(return_X_y=True)
    >>> X = X - X.mean(axis=0)
    >>> model = SparseDictionary(random_state=0).fit(X)
    >>> (model.transform(X) != 0).sum(axis=1).max(), model.error_ < 0.25
    (np.int64(4), True)
    """

    _parameter_constraints = {
        "n_nonzero": [Interval(Integral, 1, None, closed="left")],
        "init": [StrOptions({"kmeans", "greedy", "samples"})],
        "max_iter": [Interval(Integral, 0, None, closed="left")],
    }

    def __init__(
        self,
        n_components: int = 64,
        n_nonzero: int = 4,
        *,
        init: str = "kmeans",
        max_iter: int = 10,
        tol: float = 1e-3,
        device: str = "auto",
        random_state: RandomStateLike = None,
    ):
        self.n_components = n_components
        self.n_nonzero = n_nonzero
        self.init = init
        self.max_iter = max_iter
        self.tol = tol
        self.device = device
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        """Learn the atoms.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.
        y : None
            Ignored.

        Returns
        -------
        self : SparseDictionary
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the machine lacks `device`, or X is not
            a table of finite numbers.
        """
        backend = self._backend_for(X, reset=True)
        rows, _ = self._read(X, reset=True)
        rng = check_random_state(self.random_state)
        D = self._start(rows, rng, backend)
        codes = sparse_codes(rows, D, self.n_nonzero, backend)
        error = _error(rows, codes, D)
        self.n_iter_, n_idle, last = 0, 0, D
        for _ in range(self.max_iter):
            last = self._improved(rows, codes, last)
            codes = sparse_codes(rows, last, self.n_nonzero, backend)
            self.n_iter_ += 1
            before, now = error, _error(rows, codes, last)
            # Atoms that start again may make it worse for once.
            if now < before:
                D, error = last, now
            n_idle = 0 if now < (1 - self.tol) * before else n_idle + 1
            if n_idle > 1:
                break
        self.components_ = self._kept(D, like=X)
        self.error_ = error
        return self

    def transform(self, X: MatrixLike) -> Array:
        """Code rows, each independently of the others.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows.

        Returns
        -------
        array of shape (n_rows, n_components)
            Coefficients of the atoms, at most `n_nonzero` of a row not zero, in the
            namespace, width and device of X.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X has other columns than in `fit`.
        """
        check_is_fitted(self)
        rows, unit = self._read(X, reset=False)
        atoms = _unit(np.asarray(self.components_, dtype=np.float64))
        codes = sparse_codes(rows, atoms, self.n_nonzero, self._backend_for(X))
        return self._output(unit * codes.toarray(), like=X)

    def inverse_transform(self, X: ArrayLike) -> Array:
        """Add up atoms by their coefficients.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_components)
            Codes.

        Returns
        -------
        array of shape (n_rows, n_features)
            The rows that they describe.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or there is not a coefficient for each atom.
        """
        check_is_fitted(self)
        codes = check_array(as_numpy(X), dtype=[np.float64, np.float32])
        if codes.shape[1] != len(self.components_):
            raise ValueError(
                f"X has {codes.shape[1]} columns; there are {len(self.components_)} "
                "atoms."
            )
        return self._output(codes @ self.components_, like=X)

    def _read(self, X, *, reset):
        """Rows in float64, and the unit in which their squares are numbers."""
        rows = np.asarray(as_numpy(self._validated(X, reset=reset)), dtype=np.float64)
        largest = float(np.abs(rows).max(initial=0.0))
        unit = largest if not 1e-100 < largest < 1e100 and largest > 0 else 1.0
        return rows / unit, unit

    def _start(self, rows, rng, backend):
        """Atoms to start from, of length one."""
        there = np.flatnonzero(rows.any(axis=1))
        _, first = np.unique(rows[there], axis=0, return_index=True)
        distinct = there[np.sort(first)]
        k = min(self.n_components, len(distinct))
        if k == 0:  # all rows are zero
            distinct, k = np.arange(1), 1
        if self.init == "kmeans" and k < len(distinct):
            model = KMeans(k, n_init=1, max_iter=30, random_state=rng).fit(rows)
            centres = model.cluster_centers_
            # A centre at zero says nothing.
            lost = ~(np.linalg.norm(centres, axis=1) > 1e-12)
            centres[lost] = rows[rng.choice(distinct, lost.sum(), replace=False)]
            return _unit(centres)
        if self.init == "greedy":
            some = rng.permutation(distinct)[:_LOOKED_AT]
            chosen = some[_worst_first(rows[some], k, self.n_nonzero, backend)]
        else:
            chosen = rng.permutation(distinct)[:k]
        if self.init != "kmeans":
            self.sample_indices_ = chosen.astype(np.int64)
        return _unit(rows[chosen])

    def _improved(self, rows, codes, D):
        """The atoms that are best beside the codes; those of no use start again."""
        uses = np.diff(codes.tocsc().indptr)
        products = (codes.T @ codes).toarray()
        mean = products.trace() / len(products)
        ridge = _RIDGE * mean + np.finfo(np.float64).tiny
        new = np.linalg.solve(products + ridge * np.eye(len(D)), codes.T @ rows)
        idle = np.flatnonzero((uses == 0) | ~(np.linalg.norm(new, axis=1) > 1e-12))
        if len(idle):
            left = ((rows - codes @ D) ** 2).sum(axis=1)
            worst = np.argsort(-left, kind="stable")[: len(idle)]
            worst = worst[left[worst] > 1e-20 * max(left.max(), 1.0)]
            new[idle] = D[idle]
            new[idle[: len(worst)]] = (rows - codes @ D)[worst]
        return _unit(new)

    @property
    def _n_features_out(self):
        return len(self.components_)


def _worst_first(rows, k, n_nonzero, backend):
    """Rows one after the other, each that which those before describe worst."""
    squares = (rows**2).sum(axis=1)
    chosen = [int(squares.argmax())]
    while len(chosen) < k:
        D = _unit(rows[chosen])
        codes = sparse_codes(rows, D, n_nonzero, backend)
        share = ((rows - codes @ D) ** 2).sum(axis=1) / squares
        share[chosen] = -1.0
        chosen.append(int(share.argmax()))
    return np.array(chosen)


def _error(rows, codes, D):
    """Share of the squares that is left; rounding is zero."""
    left = ((rows - codes @ D) ** 2).sum()
    share = float(left / max((rows**2).sum(), np.finfo(np.float64).tiny))
    return share if share > _NOTHING_LEFT else 0.0


def _unit(atoms):
    """Atoms of length one; those of zeros stay."""
    lengths = np.linalg.norm(atoms, axis=1, keepdims=True)
    return atoms / np.where(lengths > 0, lengths, 1.0)
