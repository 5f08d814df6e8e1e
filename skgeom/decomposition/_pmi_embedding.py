"""Embedding of counts by pointwise mutual information (Levy and Goldberg, 2014)."""

from numbers import Real
from typing import Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted, check_non_negative

from skgeom.base import EmbeddingMixin, GeometryEstimator
from skgeom.operators import pointwise_information
from skgeom.solvers import truncated_svd
from skgeom.typing import Array, MatrixLike, RandomStateLike

# A block has half as many columns as are wanted, and at least so many.
_LEAST_COLUMNS = 16
# Matrices with more entries are multiplied in float32.
_MANY_ENTRIES = 2**17
# Rows of less than this share of the mean have faded to zero, where a row of zeros is.
_FADED = 1e-9


class PMIEmbedding(EmbeddingMixin, GeometryEstimator):
    r"""Coordinates of rows of counts: words by their neighbours, users by their items.

    With counts C, the sums r of its rows and the shares c of its columns,

    .. math:: L_{ij} = \max\Big(0, \log \frac{C_{ij}}{r_i c_j} - s\Big)

    says how many times more often i comes with j than by chance: positive pointwise
    mutual information, which word2vec factorises bit by bit [1]_. Here it is computed
    in one pass, and its leading singular vectors are found to a residual.

    Read more in the :ref:`User Guide <pmi_embedding>`.

    Parameters
    ----------
    n_components : int, default=100
        Number of coordinates, at most that of the shorter side of X.
    power : float, default=0.5
        Exponent >= 0 of the singular values that scale the coordinates. Similarities
        of words are best by 0 to 0.5; with 1 products of coordinates are those of the
        rows of L.
    smoothing : float, default=1.0
        Exponent in [0, 1] of the sums of the columns, before they are shares. Below 1
        rare columns count as less rare [2]_.
    shift : float, default=0.0
        The s >= 0 of the formula, the logarithm of word2vec's number of negative
        samples.
    positive : bool, default=True
        Whether what is below zero is zero. Pairs that never come are zero in any case.
    max_iter : int, default=40
        Most products with L and its transpose. Each keeps half as many columns as
        there are components.
    tol : float, default=0.1
        Wanted residual of the singular vectors, as a share of each singular value;
        errors of the values are about its square.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. Only
        products of the solver are on a device.
    random_state : int, RandomState instance or None, default=None
        Decides the first block of the solver.

    Attributes
    ----------
    embedding_ : ndarray of shape (n_samples, n_components)
        Coordinates of the training rows.
    components_ : ndarray of shape (n_components, n_features)
        Directions of the columns: right singular vectors.
    singular_values_ : ndarray of shape (n_components,)
        Of L, in decreasing order.
    column_share_ : ndarray of shape (n_features,)
        The c of the formula.
    n_iter_ : int
        Products that were made.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    skgeom.nodes.NodeEmbedding : The same of visits of walks on a graph.
    sklearn.decomposition.TruncatedSVD : Of the counts themselves, or of tf-idf.

    Notes
    -----
    A row depends on its own counts and the fitted columns alone, and on which counts it
    has, not on how many: twice the row is the same. So a row given to `transform` has
    what it had in `fit`. A row of zeros lies at zero, and so does one with less than a
    billionth of the counts of a mean row, into which rows with little more fade.

    References
    ----------
    .. [1] Levy and Goldberg, "Neural word embedding as implicit matrix factorization",
       NIPS 2014.
    .. [2] Levy, Goldberg and Dagan, "Improving distributional similarity with lessons
       learned from word embeddings", Transactions of the ACL 3, 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom import PMIEmbedding
    >>> counts = np.array([[9, 8, 0, 1], [7, 9, 1, 0], [0, 1, 9, 8], [1, 0, 7, 9]])
    >>> Z = PMIEmbedding(2, random_state=0).fit_transform(counts)
    >>> bool(Z[0] @ Z[1] > 0 > Z[0] @ Z[2] - 1e-3)
    True
    """

    _parameter_constraints = {
        "power": [Interval(Real, 0, None, closed="left")],
        "smoothing": [Interval(Real, 0, 1, closed="both")],
        "shift": [Interval(Real, 0, None, closed="left")],
        "positive": ["boolean"],
    }

    def __init__(
        self,
        n_components: int = 100,
        *,
        power: float = 0.5,
        smoothing: float = 1.0,
        shift: float = 0.0,
        positive: bool = True,
        max_iter: int = 40,
        tol: float = 0.1,
        device: str = "auto",
        random_state: RandomStateLike = None,
    ):
        self.n_components = n_components
        self.power = power
        self.smoothing = smoothing
        self.shift = shift
        self.positive = positive
        self.max_iter = max_iter
        self.tol = tol
        self.device = device
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        """Compute the coordinates of the rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Counts, or other masses, >= 0.
        y : None
            Ignored.

        Returns
        -------
        self : PMIEmbedding
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the machine lacks `device`, or X holds
            negative or non-finite numbers.

        Warns
        -----
        ConvergenceWarning
            If the residual is above `tol` after `max_iter` products.
        """
        backend = self._backend_for(X, reset=True)
        counts = self._read(X, reset=True)
        self.column_share_ = self._shares_of_columns(counts)
        mass = _sums(counts, axis=1)
        # As a part of the largest: the sum of huge counts is no number.
        unit = mass.max(initial=0.0) or 1.0
        self._usual = unit * float((mass / unit).mean()) or 1.0
        rows = self._rows(counts)
        k = min(self.n_components, *counts.shape)
        wide = np.float32 if rows.nnz > _MANY_ENTRIES else np.float64
        found = truncated_svd(
            rows.astype(wide, copy=False),
            k,
            tol=self.tol,
            max_iter=self.max_iter,
            n_columns=max(_LEAST_COLUMNS, k // 2),
            random_state=check_random_state(self.random_state),
            backend=backend,
        )
        self.singular_values_, self.n_iter_ = found.s, found.n_iter
        self.components_ = self._kept(found.Vt, like=X)
        s = np.where(found.s > 0, found.s, 1.0)
        self._right = found.Vt.T * np.where(found.s > 0, s ** (self.power - 1), 0.0)
        # By the same product as new rows.
        self.embedding_ = self._kept(rows @ self._right, like=X)
        return self

    def transform(self, X: MatrixLike) -> Array:
        """Compute the coordinates of rows, each independently of the others.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            Counts, >= 0.

        Returns
        -------
        array of shape (n_rows, n_components)
            Coordinates, in the namespace, width and device of X.

        Raises
        ------
        ValueError
            If the estimator is not fitted, X has other columns than in `fit`, or holds
            negative or non-finite numbers.
        """
        check_is_fitted(self)
        rows = self._rows(self._read(X, reset=False))
        return self._output(rows @ self._right, like=X)

    def _read(self, X, *, reset):
        """Counts as a sparse matrix in float64."""
        X = self._validated(X, reset=reset, accept_sparse="csr")
        check_non_negative(X, f"{type(self).__name__} (counts)")
        return sp.csr_array(X, dtype=np.float64)

    def _shares_of_columns(self, counts):
        mass = _sums(counts, axis=0)
        largest = mass.max(initial=0.0)
        if not largest > 0:
            return np.zeros(len(mass))
        # Columns that never came have no share, whatever the exponent.
        flat = np.where(mass > 0, (mass / largest) ** self.smoothing, 0.0)
        return flat / flat.sum()

    def _rows(self, counts):
        """Rows of L, those without counts at zero."""
        mass = _sums(counts, axis=1)
        found = pointwise_information(
            counts,
            mass,
            self.column_share_,
            shift=self.shift,
            positive=self.positive,
        )
        present = np.where(mass > 0, mass, 1.0)
        faded = np.maximum(1.0 - _FADED * self._usual / present, 0.0)
        return sp.csr_array(sp.diags_array(faded) @ found)

    def __sklearn_tags__(self):
        """Counts may be sparse, and are not negative."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.positive_only = True
        return tags


def _sums(counts, axis):
    """Sums of rows or columns; where they are no numbers, the largest there is."""
    with np.errstate(over="ignore"):
        found = np.asarray(counts.sum(axis=axis)).ravel()
    return np.minimum(found, np.finfo(np.float64).max)
