"""Linear codes that keep neighbours: TLDR in closed form (Kalantidis et al., 2022)."""

from numbers import Real
from typing import Self

import numpy as np
from scipy.linalg import eigh
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skgeom._warnings import warn
from skgeom.backends import Backend
from skgeom.base import GeometryEstimator
from skgeom.embedding._centred import frame_of, placed
from skgeom.graph import nearest_neighbors
from skgeom.typing import Array, MatrixLike, NDArray


def neighbor_moments(
    X: Array, neighbors: NDArray, backend: Backend
) -> tuple[NDArray, NDArray]:
    r"""Second moments of rows, and of rows with their neighbours.

    Parameters
    ----------
    X : array of shape (n, d)
        Centred rows, of the backend.
    neighbors : ndarray of shape (n, k), int
        Neighbours of each row.
    backend : Backend
        Where the products are made.

    Returns
    -------
    covariance : ndarray of shape (d, d), float64
        :math:`\frac1n \sum_i x_i x_i^\top`.
    shared : ndarray of shape (d, d), float64
        The same of :math:`x_i` and each :math:`x_j` near it, made symmetric.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.backends import get_backend
    >>> from skgeom.embedding._neighbor_cca import neighbor_moments
    >>> X, near = np.array([[-2.0], [-1.0], [3.0]]), np.array([[1], [0], [1]])
    >>> covariance, shared = neighbor_moments(X, near, get_backend("cpu"))
    >>> [float(part.round(3)[0, 0]) for part in (covariance, shared)]
    [4.667, 0.333]
    """
    xp = backend.xp
    total = xp.zeros_like(X)
    # A neighbour at a time, so that no row is held as often as it has neighbours.
    for column in np.ascontiguousarray(neighbors.T):
        total = total + xp.take(X, backend.asarray(column), axis=0)
    n, k = neighbors.shape
    covariance = backend.to_numpy(X.T @ X) / n
    shared = backend.to_numpy(X.T @ total) / (n * k)
    return covariance, (shared + shared.T) / 2


def shared_directions(
    covariance: NDArray, shared: NDArray, n_components: int, shrinkage: float
) -> tuple[NDArray, NDArray]:
    r"""Directions in which rows and their neighbours are most correlated.

    Parameters
    ----------
    covariance, shared : ndarray of shape (d, d)
        C and M, as `neighbor_moments` makes them.
    n_components : int
        From 1 to d.
    shrinkage : float
        The r > 0 that is added to the variance of each direction, as a share of the
        mean one.

    Returns
    -------
    correlations : ndarray of shape (n_components,)
        The largest w of :math:`M v = w (C + r \frac{\mathrm{tr} C}{d} I) v`, in
        decreasing order.
    directions : ndarray of shape (n_components, d)
        A v a row, of variance one where `shrinkage` is small; all zero where C is.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.embedding._neighbor_cca import shared_directions
    >>> w, V = shared_directions(np.diag([4.0, 1.0]), np.diag([2.0, 0.9]), 1, 1e-9)
    >>> w.round(6), V.round(6)
    (array([0.9]), array([[0., 1.]]))
    """
    d = len(covariance)
    size = np.trace(covariance) / d
    if not size > 0:
        return np.zeros(n_components), np.zeros((n_components, d))
    damped = covariance + shrinkage * size * np.eye(d)
    wanted = [d - n_components, d - 1]
    values, vectors = eigh(shared, damped, subset_by_index=wanted)
    directions = vectors.T[::-1]
    largest = np.abs(directions).argmax(axis=1)
    signs = np.sign(np.take_along_axis(directions, largest[:, None], axis=1))
    return values[::-1].copy(), directions * signs


class NeighborCCA(ClassNamePrefixFeaturesOutMixin, TransformerMixin, GeometryEstimator):
    r"""Linear codes for retrieval, in which rows agree with their neighbours.

    With the covariance C of the rows, and M that of rows with their neighbours,
    codes are along the leading solutions of

    .. math:: M v = w \, \Big(C + r \, \frac{\mathrm{tr}\, C}{d} I\Big) v ,

    each scaled by :math:`w^q`: canonical correlations of a row and a neighbour. That is
    what TLDR [1]_ trains a network for, by a loss that wants the codes of neighbours
    equal and their entries uncorrelated [2]_; with a linear encoder it is one search of
    neighbours and one eigenproblem.

    Read more in the :ref:`User Guide <neighbor_cca>`.

    Parameters
    ----------
    n_components : int, default=2
        Length of a code, at most the number of columns.
    n_neighbors : int, default=10
        Neighbours of a row, at most the number of other rows.
    shrinkage : float, default=0.03
        The r > 0 of the formula. With more of it directions of little variance count
        less; a large one leaves the leading eigenvectors of M.
    power : float, default=4.0
        The q >= 0 that codes are scaled with. It is what makes many components no
        worse than few: those in which neighbours disagree fade.
    metric : {"euclidean", "cosine"}, default="euclidean"
        Distance by which neighbours are found.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. The
        eigenproblem of the columns is SciPy's.
    n_jobs : int, default=None
        Threads on the host; None is 1 unless in a `joblib.parallel_config` context.
        The result does not depend on it.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        Directions times their scales: codes are ``(X - mean_) @ components_.T``.
    correlations_ : ndarray of shape (n_components,)
        The w of the formula, decreasing: near 1 where a row and its neighbours agree,
        zero or below where they are strangers, which are left out of codes.
    mean_ : ndarray of shape (n_features,)
        Means of the columns.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    sklearn.decomposition.PCA : Codes that keep variance, whatever neighbours say.
    sklearn.neighbors.NeighborhoodComponentsAnalysis : Codes from labels.

    Notes
    -----
    Codes do not change with the unit of X, nor when X is turned. Compare them by cosine
    or by distance; for a code that is not linear put a
    :class:`~sklearn.kernel_approximation.Nystroem` before it.

    References
    ----------
    .. [1] Kalantidis, Lassance, Almazán and Larlus, "TLDR: twin learning for
       dimensionality reduction", Transactions on Machine Learning Research, 2022.
    .. [2] Zbontar, Jing, Misra, LeCun and Deny, "Barlow Twins: self-supervised learning
       via redundancy reduction", ICML 2021.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from skgeom import NeighborCCA
    >>> X, y = load_digits(return_X_y=True)
    >>> nearest = KNeighborsClassifier(metric="cosine")
    >>> model = make_pipeline(NeighborCCA(8), nearest).fit(X[::2], y[::2])
    >>> model.score(X[1::2], y[1::2]) > 0.9
    True
    """

    _parameter_constraints = {
        "shrinkage": [Interval(Real, 0, None, closed="neither")],
        "power": [Interval(Real, 0, None, closed="left")],
        "metric": [StrOptions({"euclidean", "cosine"})],
    }

    def __init__(
        self,
        n_components: int = 2,
        *,
        n_neighbors: int = 10,
        shrinkage: float = 0.03,
        power: float = 4.0,
        metric: str = "euclidean",
        device: str = "auto",
        n_jobs: int | None = None,
    ):
        self.n_components = n_components
        self.n_neighbors = n_neighbors
        self.shrinkage = shrinkage
        self.power = power
        self.metric = metric
        self.device = device
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        """Find the directions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Points, two or more.
        y : None
            Ignored.

        Returns
        -------
        self : NeighborCCA
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the machine lacks `device`, or X is no
            finite matrix of two rows or more.
        """
        backend = self._backend_for(X, reset=True)
        rows = self._validated(X, reset=True, backend=backend, ensure_min_samples=2)
        neighbors = self._neighbors(rows, backend)
        self._frame = frame_of(rows, backend)
        centred = placed(rows, self._frame, backend)
        moments = neighbor_moments(centred, neighbors, backend)
        size = min(self.n_components, rows.shape[1])
        w, V = shared_directions(*moments, size, self.shrinkage)
        self._map = V * np.maximum(w, 0.0)[:, None] ** self.power
        self.correlations_ = self._kept(w, like=X)
        unit, mean = self._frame
        self.mean_ = self._kept(mean * unit, like=X)
        largest = float(np.finfo(self.mean_.dtype).max)
        with np.errstate(over="ignore"):
            components = np.clip(self._map / unit, -largest, largest)
        self.components_ = self._kept(components, like=X)
        self._n_features_out = size
        return self

    def transform(self, X: MatrixLike) -> Array:
        """Compute the codes of rows, each independently of the others.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Points.

        Returns
        -------
        array of shape (n_rows, n_components)
            Codes, in the namespace, width and device of X.

        Raises
        ------
        ValueError
            If X has another number of columns than in `fit`.
        """
        check_is_fitted(self)
        backend = self._backend_for(X)
        rows = self._validated(X, reset=False, backend=backend)
        directions = backend.asarray(self._map, dtype=backend.float64)
        codes = placed(rows, self._frame, backend) @ directions.T
        return self._output(backend.to_numpy(codes), like=X)

    def _neighbors(self, rows, backend):
        """Neighbours of each row, fewer where there are no more."""
        available = len(rows) - 1
        if self.n_neighbors > available:
            warn(
                f"n_neighbors={self.n_neighbors} is more than the {available} other "
                f"samples; all {available} are used.",
            )
        return nearest_neighbors(
            rows,
            n_neighbors=min(self.n_neighbors, available),
            metric=self.metric,
            backend=backend,
        )[1]

    def __sklearn_tags__(self):
        """Floats keep their width."""
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
