"""Positive definite matrices as flat vectors, single ones or covariances of bags.

Arsigny, Fillard, Pennec and Ayache, "Geometric means in a novel vector space structure
on symmetric positive-definite matrices", SIAM Journal on Matrix Analysis and
Applications 29, 2007; Barachant, Bonnet, Congedo and Jutten, "Multiclass brain-computer
interface classification by Riemannian geometry", IEEE Transactions on Biomedical
Engineering 59, 2012; Chen, Wiesel, Eldar and Hero, "Shrinkage algorithms for MMSE
covariance estimation", IEEE Transactions on Signal Processing 58, 2010.
"""

from numbers import Integral
from typing import Any, Self

import numpy as np
from sklearn.base import TransformerMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from skgeom.backends import as_numpy
from skgeom.base import GeometryEstimator
from skgeom.distributions._bags import as_points
from skgeom.geometry import spd
from skgeom.geometry._spd_rows import from_rows, to_rows
from skgeom.typing import Array, ArrayLike, MatrixLike, NDArray

# Variance that is added to each covariance, as a share of the mean one in `fit`.
_LEAST = 1e-9
# Entries of bags are divided by what makes them no larger than this.
_LARGE = 1e100


def shrunk_covariances(points: Array, known: Array, xp: Any) -> Array:
    """Covariances of bags, shrunk towards multiples of the identity.

    By how much is the formula of Chen et al. (2010) for normal points, their oracle
    approximating shrinkage: hardly for many points, altogether for one.

    Parameters
    ----------
    points : array of shape (n_bags, n_points, n_dims)
        Points; what is not `known` is not read.
    known : array of shape (n_bags, n_points), bool
        Which points there are, at least one in each bag.
    xp : namespace
        Of the arrays.

    Returns
    -------
    array of shape (n_bags, n_dims, n_dims)
        Symmetric matrices without negative eigenvalues.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.distributions._spd_vectors import shrunk_covariances
    >>> points = np.array([[[0.0, 0.0], [2.0, 4.0]]])
    >>> shrunk_covariances(points, np.ones((1, 2), dtype=bool), np)
    array([[[2.5, 0. ],
            [0. , 2.5]]])
    """
    p = points.shape[2]
    there = known[:, :, None]
    n = xp.sum(xp.astype(there, points.dtype), axis=1, keepdims=True)
    points = xp.where(there, points, xp.zeros_like(points))
    centred = points - xp.sum(points, axis=1, keepdims=True) / n
    centred = xp.where(there, centred, xp.zeros_like(points))
    S = xp.matrix_transpose(centred) @ centred / n
    eye = xp.eye(p, dtype=S.dtype, device=S.device)
    mean = xp.sum(xp.sum(S * eye, axis=2, keepdims=True), axis=1, keepdims=True) / p
    relative = S / xp.where(mean > 0, mean, xp.ones_like(mean))
    square = xp.sum(xp.sum(relative**2, axis=2, keepdims=True), axis=1, keepdims=True)
    top, bottom = square / p**2 + 1, (n + 1) * (square / p**2 - 1 / p)
    share = xp.where(bottom > top, top / xp.where(bottom > top, bottom, 1.0), 1.0)
    return (1 - share) * S + share * mean * eye


def _are_matrices(self):
    """Whether rows can be given back: of a bag only its covariance is known."""
    return self.input_space == "spd"


class SPDVectors(TransformerMixin, GeometryEstimator):
    r"""Turn positive definite matrices into vectors that any model takes.

    In a suitable geometry such matrices are nearly a flat space, and once they are
    vectors of it every estimator of scikit-learn is one for matrices. Logarithms are
    flat as a whole [1]_; the affine geometry is flat near a point, for which the mean
    of the training rows is taken [2]_. Read more in the
    :ref:`User Guide <spd_vectors>`.

    Parameters
    ----------
    metric : {"log_euclidean", "affine", "euclidean"}, default="log_euclidean"
        Whose distances the vectors have: exactly, for "affine" near the mean. For
        "euclidean" matrices are taken as they are.
    input_space : {"bags", "spd"}, default="bags"
        What rows are. "spd": upper triangles of matrices, row by row, 1, 3, 6, 10 and
        so on numbers. "bags": bags of points as of :func:`pack_bags`, whose
        covariances are taken, shrunk as few points ask for [3]_.
    n_dims : int, default=1
        Coordinates of a point of a bag.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X.

    Attributes
    ----------
    mean_ : ndarray of shape (d, d)
        Point at which matrices are seen: their mean for "affine", the identity else.
    floor_ : float
        Variance that is added to covariances of bags, 1e-9 of the mean one: a bag of
        equal points has a logarithm, too. Zero for matrices.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    SlicedWassersteinEmbedding : Of a bag the whole distribution, not its covariance.
    TangentCoordinates : The same of spheres and hyperbolic rows as well.

    References
    ----------
    .. [1] Arsigny, Fillard, Pennec and Ayache, "Geometric means in a novel vector space
       structure on symmetric positive-definite matrices", SIAM Journal on Matrix
       Analysis and Applications 29, 2007.
    .. [2] Barachant, Bonnet, Congedo and Jutten, "Multiclass brain-computer interface
       classification by Riemannian geometry", IEEE Transactions on Biomedical
       Engineering 59, 2012.
    .. [3] Chen, Wiesel, Eldar and Hero, "Shrinkage algorithms for MMSE covariance
       estimation", IEEE Transactions on Signal Processing 58, 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.distributions import SPDVectors
    >>> S = np.array([[[2.0, 1.0], [1.0, 2.0]], [[3.0, 0.0], [0.0, 1.0]]])
    >>> X = S[:, *np.triu_indices(2)]
    >>> model = SPDVectors(input_space="spd").fit(X)
    >>> Z = model.transform(X)
    >>> Z.round(3)
    array([[0.549, 0.777, 0.549],
           [1.099, 0.   , 0.   ]])
    >>> model.inverse_transform(Z).round(9)
    array([[2., 1., 2.],
           [3., 0., 1.]])
    """

    _parameter_constraints = {
        "metric": [StrOptions({"log_euclidean", "affine", "euclidean"})],
        "input_space": [StrOptions({"bags", "spd"})],
        "n_dims": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        metric: str = "log_euclidean",
        *,
        input_space: str = "bags",
        n_dims: int = 1,
        device: str = "auto",
    ):
        self.metric = metric
        self.input_space = input_space
        self.n_dims = n_dims
        self.device = device

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        """Find the mean of the matrices, if the metric asks for it.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows, as `input_space` says.
        y : None
            Ignored.

        Returns
        -------
        self : SPDVectors
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, or a row is not what `input_space` says:
            the row is named, and the eigenvalue that is not positive.
        """
        backend = self._backend_for(X, reset=True)
        xp = backend.xp
        matrices = self._matrices(X, backend, reset=True)
        d = matrices.shape[-1]
        self.floor_ = 0.0
        if self.input_space == "bags":
            eye = xp.eye(d, dtype=matrices.dtype, device=matrices.device)
            self.floor_ = _LEAST * (float(xp.mean(matrices * eye)) * d or 1.0)
            matrices = matrices + self.floor_ * eye
        mean = np.eye(d)
        if self.metric == "affine":
            mean = backend.to_numpy(spd.mean_affine(matrices))
        self.mean_ = self._kept(mean, like=X)
        return self

    def transform(self, X: MatrixLike) -> Array:
        """Turn rows into vectors, each independently of the others.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows, as in `fit`.

        Returns
        -------
        array of shape (n_rows, d (d + 1) / 2)
            Vectors, in the namespace, width and device of X.

        Raises
        ------
        ValueError
            As of `fit`, and if X has another number of columns than there.
        """
        check_is_fitted(self)
        backend = self._backend_for(X)
        xp = backend.xp
        matrices = self._matrices(X, backend, reset=False)
        if self.input_space == "bags":
            eye = xp.eye(
                matrices.shape[-1], dtype=matrices.dtype, device=matrices.device
            )
            matrices = matrices + self.floor_ * eye
        if self.metric != "euclidean":
            if self.metric == "affine":
                matrices = self._whitened(matrices, -0.5, backend)
            matrices = spd.logm(matrices)
        return self._output(backend.to_numpy(spd.to_vector(matrices)), like=X)

    @available_if(_are_matrices)
    def inverse_transform(self, X: MatrixLike) -> Array:
        """Turn vectors back into rows of matrices.

        Parameters
        ----------
        X : array-like of shape (n_rows, d (d + 1) / 2)
            Vectors, as of `transform`.

        Returns
        -------
        array of shape (n_rows, d (d + 1) / 2)
            Upper triangles of positive definite matrices; for "euclidean" of symmetric
            ones.

        Raises
        ------
        ValueError
            If rows have another length.
        """
        check_is_fitted(self)
        backend = self._backend_for(X)
        d = len(self.mean_)
        rows = np.asarray(as_numpy(X), dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != d * (d + 1) // 2:
            raise ValueError(
                f"X must have shape (n_rows, {d * (d + 1) // 2}), got {rows.shape}."
            )
        matrices = spd.from_vector(backend.asarray(rows, backend.float64))
        if self.metric != "euclidean":
            matrices = spd.expm(matrices)
            if self.metric == "affine":
                matrices = self._whitened(matrices, 0.5, backend)
            matrices = spd.project(matrices)
        return self._output(to_rows(backend.to_numpy(matrices)), like=X)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray:
        """Names of the output columns, which tell the entry.

        Parameters
        ----------
        input_features : array-like of shape (n_features,), default=None
            Checked, and not used.

        Returns
        -------
        ndarray of shape (n_features_out,), object
            ``spd0_0``, ``spd0_1`` and so on.
        """
        check_is_fitted(self)
        _check_feature_names_in(self, input_features)
        d = len(self.mean_)
        return np.asarray(
            [f"spd{i}_{j}" for i, j in zip(*np.triu_indices(d), strict=True)],
            dtype=object,
        )

    def _matrices(self, X, backend, reset):
        """Matrices that rows are, or covariances of bags, in float64."""
        if self.input_space == "spd":
            rows = self._validated(X, reset=reset, backend=backend)
            rows = backend.asarray(rows, backend.float64)
            return from_rows(rows, 'input_space="spd"')
        xp = backend.xp
        rows = self._validated(
            X, reset=reset, backend=backend, ensure_all_finite="allow-nan"
        )
        points = as_points(backend.asarray(rows, backend.float64), self.n_dims)
        known = ~xp.isnan(points[:, :, 0])
        empty = np.flatnonzero(~backend.to_numpy(xp.any(known, axis=1)))
        if empty.size:
            raise ValueError(
                f"X: row {empty[0]} has no point, it contains NaN alone "
                f"({empty.size} such rows)."
            )
        limit = xp.full_like(points, _LARGE)
        points = xp.maximum(xp.minimum(points, limit), -limit)
        return shrunk_covariances(points, known, xp)

    def _whitened(self, matrices, exponent, backend):
        """Matrices where the mean is the identity, and back."""
        mean = backend.asarray(self.mean_, backend.float64)
        root = spd.power(mean, exponent)
        return root @ matrices @ root

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.input_space == "bags"
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
