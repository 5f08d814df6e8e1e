"""Kernel principal components by block Krylov (Musco and Musco, NIPS 2015)."""

from collections.abc import Callable
from numbers import Integral
from typing import Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import _fit_context
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.utils import check_array, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skgeom._warnings import warn
from skgeom.backends import POINT_KERNELS, as_numpy
from skgeom.base import EmbeddingMixin, GeometryEstimator
from skgeom.kernels._kernel_components import (
    LEAST_SCALE,
    KernelProducts,
    kernel_components,
    point_products,
    ridge_to_points,
)
from skgeom.kernels._point_values import point_evaluation
from skgeom.typing import Array, MatrixLike, RandomStateLike

# Entries of a kernel and of its transpose may differ by this share of the largest.
_ASYMMETRY = 1e-5


def _learns_the_way_back(model):
    if not model.fit_inverse_transform:
        raise AttributeError("inverse_transform needs fit_inverse_transform=True.")
    return True


class KrylovKernelPCA(EmbeddingMixin, GeometryEstimator):
    r"""Kernel principal components of many rows, without the matrix of their pairs.

    The same components as :class:`~sklearn.decomposition.KernelPCA`: coordinates in the
    directions of largest variance among the images of the rows under a kernel [1]_.
    Its eigenproblem is solved by products of the centred kernel matrix with blocks of
    columns, whose span grows until the residual is small [2]_. Kernel values are
    computed anew for each product, so that memory grows with the rows and not with
    their square.

    Read more in the :ref:`User Guide <kernel_components>`.

    Parameters
    ----------
    n_components : int, default=2
        Number of components, at most the number of rows. Beyond the rank of the centred
        kernel eigenvalues and coordinates are zero.
    kernel : str or callable, default="rbf"
        The kernel. With Euclidean distance d and city-block distance c: "rbf" is
        :math:`e^{-\gamma d^2}`, "laplacian" :math:`e^{-\gamma c}`, "exponential"
        :math:`e^{-r}` with :math:`r = \sqrt{2 \gamma}\, d`, "matern32"
        :math:`(1 + r) e^{-r}` with :math:`r = \sqrt{6 \gamma}\, d`, and "matern52"
        :math:`(1 + r + r^2 / 3) e^{-r}` with :math:`r = \sqrt{10 \gamma}\, d`. A
        callable takes two matrices of points and returns the matrix of kernel values,
        as those of `sklearn.metrics.pairwise` do.
        "precomputed": X is the kernel matrix, dense or sparse.
    gamma : float, default=None
        Inverse width of a named kernel, > 0; None is one over the number of columns.
    fit_inverse_transform : bool, default=False
        Whether to learn the way back, for `inverse_transform`. Not for "precomputed".
    alpha : float, default=1.0
        Penalty of the ridge regression that learns the way back, > 0.
    tol : float, default=1e-2
        Wanted residual :math:`|K v - \lambda v|`, as a share of each eigenvalue.
        Eigenvalues are wrong by less, mostly by about its square.
    max_iter : int, default=30
        Most products with the kernel matrix before a warning. Each takes memory of
        about 1.5 `n_components` numbers a row.
    random_state : int, RandomState instance or None, default=None
        Decides the first block, and the rows that the way back is learned from.
    n_jobs : int, default=None
        Threads on the host; None is 1 unless in a `joblib.parallel_config` context.
        The result does not depend on it.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X.

    Attributes
    ----------
    eigenvalues_ : ndarray of shape (n_components,)
        Eigenvalues of the centred kernel matrix, in decreasing order.
    eigenvectors_ : ndarray of shape (n_samples, n_components)
        Eigenvectors, the largest entry of each positive.
    embedding_ : ndarray of shape (n_samples, n_components)
        Coordinates of the training rows.
    residual_ : float
        The largest residual of an eigenpair, as a share of its eigenvalue, from a
        product of its own.
    n_iter_ : int
        Products that were made for blocks; 1 where the matrix was small enough to be
        decomposed whole.
    gamma_ : float
        Inverse width that was used; not for "precomputed" and callables.
    X_fit_ : ndarray of shape (n_samples, n_features)
        Training rows; not for "precomputed".
    X_transformed_fit_ : ndarray of shape (n_centers, n_components)
        Coordinates that the way back starts from: all of the training rows, or 1,000
        of them. Only with `fit_inverse_transform`.
    dual_coef_ : ndarray of shape (n_centers, n_features)
        Coefficients of the way back. Only with `fit_inverse_transform`.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    sklearn.decomposition.KernelPCA : The same from the whole matrix.
    sklearn.kernel_approximation.Nystroem : Features of a part of the rows.

    References
    ----------
    .. [1] Schölkopf, Smola and Müller, "Nonlinear component analysis as a kernel
       eigenvalue problem", Neural Computation 10, 1998.
    .. [2] Musco and Musco, "Randomized block Krylov methods for stronger and faster
       approximate singular value decomposition", NIPS 2015.

    Examples
    --------
    >>> from sklearn.datasets import make_circles
    >>> from skgeom import KrylovKernelPCA
    >>> X, ring = make_circles(2000, factor=0.3, noise=0.05, random_state=0)
    >>> model = KrylovKernelPCA(3, gamma=2.0, random_state=0).fit(X)
    >>> model.transform(X[:5]).shape, model.residual_ < 1e-2
    ((5, 3), True)
    """

    _parameter_constraints = {
        "kernel": [
            StrOptions({*POINT_KERNELS, "precomputed"}),
            callable,
        ],
        "fit_inverse_transform": ["boolean"],
        "max_iter": [Interval(Integral, 2, None, closed="left")],
    }

    def __init__(
        self,
        n_components: int = 2,
        *,
        kernel: str | Callable = "rbf",
        gamma: float | None = None,
        fit_inverse_transform: bool = False,
        alpha: float = 1.0,
        tol: float = 1e-2,
        max_iter: int = 30,
        random_state: RandomStateLike = None,
        n_jobs: int | None = None,
        device: str = "auto",
    ):
        self.n_components = n_components
        self.kernel = kernel
        self.gamma = gamma
        self.fit_inverse_transform = fit_inverse_transform
        self.alpha = alpha
        self.tol = tol
        self.max_iter = max_iter
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.device = device

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None) -> Self:
        """Compute the components.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Points, or a kernel matrix of shape (n_samples, n_samples).
        y : None
            Ignored.

        Returns
        -------
        self : KrylovKernelPCA
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, a kernel matrix is not square or not
            symmetric, or the kernel has negative eigenvalues among the leading ones.

        Warns
        -----
        ConvergenceWarning
            If the residual is above `tol`.
        """
        if self.fit_inverse_transform and self.kernel == "precomputed":
            raise ValueError(
                "fit_inverse_transform needs points, not kernel='precomputed'."
            )
        backend = self._backend_for(X, reset=True)
        rng = check_random_state(self.random_state)
        if self.kernel == "precomputed":
            products, n = self._matrix_products(X, backend)
        else:
            rows = self._read_points(X, backend, reset=True)
            self.X_fit_, n = as_numpy(rows), rows.shape[0]
            if not callable(self.kernel):
                self.gamma_ = float(self.gamma or 1.0 / rows.shape[1])
            points = backend.asarray(rows, backend.float64)
            products = point_products(
                points, self.kernel, self._width(), self.tol, backend
            )
        found = kernel_components(
            products,
            n,
            min(self.n_components, n),
            tol=self.tol,
            max_iter=self.max_iter,
            random_state=rng,
            backend=backend,
        )
        self.residual_, self.n_iter_ = found.residual, found.n_iter
        if self.residual_ > max(self.tol, 1e-12) and self.n_iter_ >= self.max_iter:
            warn(
                f"KrylovKernelPCA: after {self.n_iter_} products the residual is "
                f"{self.residual_:.2g} of an eigenvalue, above tol={self.tol:g}. The "
                "spectrum is flat there, and single directions mean little; raise "
                "max_iter, or ask for fewer components.",
                ConvergenceWarning,
            )
        # In double precision: small eigenvalues are what large terms leave.
        known = found.values > 0
        unit = np.where(known, 1 / np.sqrt(np.where(known, found.values, 1.0)), 0.0)
        self._coefficients, self._offset = found.vectors * unit, found.offset * unit
        self.eigenvalues_ = self._kept(found.values, like=X)
        self.eigenvectors_ = self._kept(found.vectors, like=X)
        self.embedding_ = self._kept(found.scores, like=X)
        if self.fit_inverse_transform:
            centers, coefficients = ridge_to_points(
                found.scores,
                self.X_fit_,
                self.alpha,
                lambda C: point_evaluation(C, self.kernel, self._width(), backend),
                rng,
                backend,
            )
            self.X_transformed_fit_ = self._kept(centers, like=X)
            self.dual_coef_ = self._kept(coefficients, like=X)
        return self

    def transform(self, X: MatrixLike) -> Array:
        """Place rows along the components, each independently of the others.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            Points, or kernel values between rows and training rows, of shape (n_rows,
            n_samples).

        Returns
        -------
        array of shape (n_rows, n_components)
            Coordinates, in the namespace, width and device of X.

        Raises
        ------
        ValueError
            If X has another number of columns than in `fit`.
        """
        check_is_fitted(self)
        backend = self._backend_for(X)
        coefficients = backend.asarray(self._coefficients, backend.float64)
        if self.kernel == "precomputed":
            rows = self._validated(X, reset=False, accept_sparse="csr", backend=backend)
            if sp.issparse(rows):
                found = rows @ self._coefficients
            else:
                rows = backend.asarray(rows, backend.float64)
                found = backend.to_numpy(rows @ coefficients)
        else:
            rows = self._read_points(X, backend, reset=False)
            points, rows = (
                backend.asarray(a, backend.float64) for a in (self.X_fit_, rows)
            )
            evaluate = point_evaluation(points, self.kernel, self._width(), backend)
            found = backend.to_numpy(evaluate(rows, coefficients))
        return self._output(found - self._offset, like=X)

    @available_if(_learns_the_way_back)
    def inverse_transform(self, X: MatrixLike) -> Array:
        """Lead components back to points, by the regression that `fit` has learned.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_components)
            Coordinates, as `transform` gives them.

        Returns
        -------
        array of shape (n_rows, n_features)
            Points, in the namespace, width and device of X.

        Raises
        ------
        NotFittedError
            If `fit_inverse_transform` was set after `fit` alone.
        ValueError
            If X has another number of columns than there are components.
        """
        check_is_fitted(self)
        if not hasattr(self, "dual_coef_"):
            raise NotFittedError(
                "inverse_transform needs fit_inverse_transform=True before `fit`."
            )
        backend = self._backend_for(X)
        rows = check_array(as_numpy(X), dtype=[np.float64, np.float32])
        centers = self.X_transformed_fit_
        if rows.shape[1] != centers.shape[1]:
            raise ValueError(
                f"X has {rows.shape[1]} columns, but there are {centers.shape[1]} "
                "components."
            )
        centers, rows, coefficients = (
            backend.asarray(a, backend.float64)
            for a in (centers, rows, self.dual_coef_)
        )
        evaluate = point_evaluation(centers, self.kernel, self._width(), backend)
        return self._output(backend.to_numpy(evaluate(rows, coefficients)), like=X)

    def _width(self):
        return getattr(self, "gamma_", 1.0)

    def _read_points(self, X, backend, *, reset):
        """Rows, of the backend where they came so; sparse ones made dense."""
        rows = self._validated(X, reset=reset, backend=backend, accept_sparse="csr")
        return rows.toarray() if sp.issparse(rows) else rows

    def _matrix_products(self, X, backend):
        K = self._validated(X, reset=True, accept_sparse="csr")
        if K.shape[0] != K.shape[1]:
            raise ValueError(
                "kernel='precomputed' needs a square matrix of shape (n_samples, "
                f"n_samples), got {K.shape}."
            )
        scale, gap = float(abs(K).max()), float(abs(K - K.T).max())
        if gap > _ASYMMETRY * scale:
            raise ValueError(
                "A precomputed kernel must be symmetric; entries differ from those of "
                f"the transpose by up to {gap:g}."
            )
        scale = scale if scale > LEAST_SCALE else 1.0
        if sp.issparse(K):
            K = backend.csr(sp.csr_array(K / scale, dtype=np.float64))
        else:
            K = backend.asarray(K, backend.float64) / scale
        return KernelProducts(lambda V: K @ V, scale), K.shape[0]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.pairwise = self.kernel == "precomputed"
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
