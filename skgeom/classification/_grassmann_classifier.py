"""Classes as subspaces: Grassmann class representation (Wang et al., ICCV 2023)."""

from functools import partial
from numbers import Real
from typing import Any, Self

import numpy as np
from scipy.optimize import minimize
from scipy.special import softmax
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from skgeom._warnings import warn
from skgeom.backends import as_numpy
from skgeom.base import GeometryEstimator
from skgeom.geometry import grassmann
from skgeom.typing import Array, ArrayLike, MatrixLike

# Added to squared lengths: a row at right angles to a subspace has a slope.
_TINY = 1e-12
# Scale of the logits at the start, at which a row in one of two subspaces is sure.
_START = 10.0
# Rows are no farther than this from the mean, in deviations.
_FARTHEST = 1e75


def projected_lengths(xp: Any, rows: Array, bases: Array) -> tuple[Array, Array]:
    """How long the shadows of rows are on each subspace.

    Parameters
    ----------
    xp : module
        Namespace of the arrays.
    rows : array of shape (n, d)
        Of length one, or any.
    bases : array of shape (n_classes, d, k)
        Orthonormal columns.

    Returns
    -------
    lengths : array of shape (n_classes, n)
        At least a millionth.
    shadows : array of shape (n_classes, n, k)
        Coordinates of the rows in the bases.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.classification._grassmann_classifier import projected_lengths
    >>> projected_lengths(np, np.array([[3.0, 4.0]]), np.eye(2)[:, :, None])[0].round(6)
    array([[3.],
           [4.]])
    """
    shadows = rows @ bases
    return xp.sqrt(xp.sum(shadows * shadows, axis=2) + _TINY), shadows


def subspace_loss(
    xp: Any, rows: Array, targets: Array, spans: Array, log_scale: Any, alpha: float
) -> tuple[Any, Array, Any]:
    r"""Mean log-loss of lengths on subspaces, and its slopes.

    The loss depends on the spans of the matrices alone. With an orthonormal basis Q and
    W = Q R, the slope of :math:`|Q^\top x|^2` at W is
    :math:`2 (I - Q Q^\top) x x^\top Q R^{-\top}`: no factorisation is differentiated.

    Parameters
    ----------
    xp : module
        Namespace of the arrays.
    rows : array of shape (n, d)
        Rows of length one.
    targets : array of shape (n_classes, n)
        One for the class of a row, zero for others.
    spans : array of shape (n_classes, d, k)
        Matrices whose columns span the subspaces.
    log_scale : scalar array
        Logarithm of the scale g of the logits.
    alpha : float
        Weight of :math:`g^2 / 2`.

    Returns
    -------
    loss : scalar array
        Mean over rows, with the penalty.
    slope : array of shape (n_classes, d, k)
        At the matrices.
    slope_of_scale : scalar array
        At the logarithm of the scale.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom.classification._grassmann_classifier import subspace_loss
    >>> rows, spans = np.eye(2), np.eye(2)[:, :, None]
    >>> float(subspace_loss(np, rows, np.eye(2), spans, np.log(9.0), 0.0)[0].round(6))
    0.000123
    """
    n = rows.shape[0]
    bases, corners = xp.linalg.qr(spans)
    scale = xp.exp(log_scale)
    lengths, shadows = projected_lengths(xp, rows, bases)
    logits = scale * lengths
    largest = xp.max(logits, axis=0)
    powers = xp.exp(logits - largest)
    total = xp.sum(powers, axis=0)
    loss = xp.sum(largest + xp.log(total) - xp.sum(targets * logits, axis=0)) / n
    error = (powers / total - targets) / n
    pull = xp.matrix_transpose((scale * error / lengths)[:, :, None] * shadows)
    slope = xp.matrix_transpose(pull @ rows)
    slope = slope - bases @ (xp.matrix_transpose(bases) @ slope)
    slope = xp.matrix_transpose(xp.linalg.solve(corners, xp.matrix_transpose(slope)))
    of_scale = xp.sum(error * logits) + alpha * scale * scale
    return loss + alpha * scale * scale / 2, slope, of_scale


class GrassmannClassifier(ClassifierMixin, GeometryEstimator):
    r"""Classify rows by the length of their shadow on a subspace for each class.

    The logit of class c is

    .. math:: g \, |S_c^\top x| ,

    with :math:`S_c` an orthonormal basis of k columns and x a standardised row with a
    constant appended, divided by its length [1]_. One column is a linear classifier
    that does not mind the sign of a row; more of them leave a class room to vary. All
    subspaces, points of the Grassmann manifold, and the scale g are found together by
    L-BFGS.

    Read more in the :ref:`User Guide <grassmann_classifier>`.

    Parameters
    ----------
    n_components : int, default=4
        Dimension of the subspaces, k; less than the number of columns, with the
        constant.
    alpha : float, default=1e-4
        Weight > 0 of the penalty :math:`g^2 / 2` beside the mean log-loss.
    fit_intercept : bool, default=True
        Whether a constant, as large as all columns together, is appended to rows.
        Without it rows are not centred either: a row and its negative are of a class.
    max_iter : int, default=200
        Steps of L-BFGS.
    tol : float, default=1e-5
        Stop when a step lowers the objective by less.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. Losses and
        gradients are computed there; L-BFGS is SciPy's.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes.
    subspaces_ : ndarray of shape (n_classes, n_columns, n_components)
        Orthonormal bases, for standardised rows with the constant last. The first
        column is that along which the rows of the class vary most.
    scale_ : float
        The g of the formula.
    class_angles_ : ndarray of shape (n_classes, n_classes, n_components)
        Principal angles between the subspaces, increasing, in radians.
    mean_ : ndarray of shape (n_features,)
        What is subtracted from the columns.
    deviation_ : ndarray of shape (n_features,)
        What they are divided by then.
    n_iter_ : int
        Steps that were made.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    sklearn.linear_model.LogisticRegression : A vector for each class.
    sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis : A Gaussian for each.

    Notes
    -----
    The objective is not convex; the start is the same for the same rows, the leading
    principal axes of each class.

    References
    ----------
    .. [1] Wang, Li and Zhang, "Get the best of both worlds: improving accuracy and
       transferability by Grassmann class representation", ICCV 2023.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skgeom import GrassmannClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> model = GrassmannClassifier().fit(X[::2], y[::2])
    >>> model.score(X[1::2], y[1::2]) > 0.94
    True
    """

    _parameter_constraints = {
        "alpha": [Interval(Real, 0, None, closed="neither")],
        "fit_intercept": ["boolean"],
    }

    def __init__(
        self,
        n_components: int = 4,
        *,
        alpha: float = 1e-4,
        fit_intercept: bool = True,
        max_iter: int = 200,
        tol: float = 1e-5,
        device: str = "auto",
    ):
        self.n_components = n_components
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.device = device

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: ArrayLike) -> Self:
        """Find the subspaces.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,)
            Classes.

        Returns
        -------
        self : GrassmannClassifier
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the machine lacks `device`, X is no
            finite matrix, or there are fewer than two classes.

        Warns
        -----
        ConvergenceWarning
            If `max_iter` steps are made and the last still lowers the objective by
            more than `tol`.
        """
        backend = self._backend_for(X, reset=True)
        self._refuse_graph(X)
        floats = [np.float64, np.float32]
        rows, y = validate_data(self, as_numpy(X), y, dtype=floats)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                "GrassmannClassifier needs at least two classes; y has one class, "
                f"{self.classes_.tolist()[0]!r}."
            )
        self._measure(rows.astype(np.float64))
        rows = self._rows(rows)
        start = self._start(rows, codes)
        spans = self._minimize(rows, codes, start, backend)
        self._bases = self._turned(spans, rows, codes)
        self.subspaces_ = self._kept(self._bases, like=X)
        self.mean_, self.deviation_ = (
            self._kept(part, like=X) for part in (self._mean, self._deviation)
        )
        angles = grassmann.principal_angles(self._bases[:, None], self._bases[None])
        self.class_angles_ = self._kept(angles, like=X)
        return self

    def decision_function(self, X: MatrixLike) -> Array:
        """Logits of the classes, of each row independently of the others.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows.

        Returns
        -------
        array of shape (n_rows, n_classes) or (n_rows,)
            For two classes, by how much the second is ahead.

        Raises
        ------
        ValueError
            If X has another number of columns than in `fit`.
        """
        logits = self._logits(X)
        if logits.shape[1] == 2:
            logits = logits[:, 1] - logits[:, 0]
        return self._output(logits, like=X)

    def predict(self, X: MatrixLike) -> Array:
        """Predict the class on whose subspace a row has the longest shadow.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows.

        Returns
        -------
        array of shape (n_rows,)
            Classes.

        Raises
        ------
        ValueError
            If X has another number of columns than in `fit`.
        """
        best = np.argmax(self._logits(X), axis=1)
        return self._output_labels(self.classes_[best], like=X)

    def predict_proba(self, X: MatrixLike) -> Array:
        """Probabilities of the classes.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows.

        Returns
        -------
        array of shape (n_rows, n_classes)
            Rows add up to one.

        Raises
        ------
        ValueError
            If X has another number of columns than in `fit`.
        """
        return self._output(softmax(self._logits(X), axis=1), like=X)

    def _measure(self, rows):
        """Means and deviations, in numbers whatever the scale."""
        size = np.abs(rows).max(axis=0)
        size = np.where(size > 0, size, 1.0)
        scaled = rows / size
        mean = scaled.mean(axis=0)
        deviation = scaled.std(axis=0)
        if not self.fit_intercept:
            mean = np.zeros_like(mean)
            deviation = np.sqrt((scaled**2).mean(axis=0))
        # What rounding leaves of a constant is none of a deviation.
        still = deviation <= 1e-13
        self._mean = mean * size
        self._deviation = np.where(still, 1.0, deviation) * np.where(still, 1.0, size)
        self._deviation = np.maximum(self._deviation, np.finfo(np.float64).tiny)
        self._still = still

    def _rows(self, rows):
        """Standardised rows with the constant, of length one."""
        with np.errstate(over="ignore"):
            rows = (rows.astype(np.float64) - self._mean) / self._deviation
        rows = np.clip(np.where(self._still, 0.0, rows), -_FARTHEST, _FARTHEST)
        if self.fit_intercept:
            constant = np.full((len(rows), 1), rows.shape[1] ** 0.5)
            rows = np.hstack([rows, constant])
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        return rows / np.where(lengths > 0, lengths, 1.0)

    def _start(self, rows, codes):
        """Leading axes of each class, filled up with those of all rows."""
        d = rows.shape[1]
        k = max(min(self.n_components, d - 1), 1)
        overall = np.linalg.svd(rows, full_matrices=False)[2]
        found = []
        for code in range(len(self.classes_)):
            own = np.linalg.svd(rows[codes == code], full_matrices=False)[2]
            axes = np.vstack([own, overall, np.eye(k, d)])[:k].T
            found.append(grassmann.project(axes))
        return np.stack(found)

    def _minimize(self, rows, codes, start, backend):
        """Lower the loss by L-BFGS; orthonormal bases at the end."""
        xp, size = backend.xp, start.size
        on = partial(backend.asarray, dtype=backend.float64)
        rows, targets = on(rows), on(np.eye(len(start))[:, codes])

        def objective(flat):
            parts = on(flat[:size].reshape(start.shape)), on(flat[size:])[0]
            told = subspace_loss(xp, rows, targets, *parts, self.alpha)
            slope = backend.to_numpy(told[1]).ravel()
            return float(told[0]), np.append(slope, float(told[2]))

        found = minimize(
            objective,
            np.append(start.ravel(), np.log(_START)),
            jac=True,
            method="L-BFGS-B",
            options=dict(
                maxiter=self.max_iter,
                maxfun=20 * self.max_iter,
                ftol=self.tol,
                gtol=1e-9,
                maxcor=10,
            ),
        )
        self.n_iter_ = max(int(found.nit), 1)
        if found.nit >= self.max_iter:
            warn(
                f"GrassmannClassifier stopped after max_iter={self.max_iter} steps, "
                f"before one lowered the objective by less than tol={self.tol:.1e}. "
                "Raise max_iter or tol.",
                ConvergenceWarning,
            )
        self.scale_ = float(np.exp(found.x[-1]))
        return grassmann.project(found.x[:size].reshape(start.shape))

    def _turned(self, bases, rows, codes):
        """Bases whose columns are in the order in which the class varies."""
        found = []
        for code, basis in enumerate(bases):
            shadows = rows[codes == code] @ basis
            basis = basis @ np.linalg.eigh(shadows.T @ shadows)[1][:, ::-1]
            largest = np.abs(basis).argmax(axis=0)[None]
            found.append(basis * np.sign(np.take_along_axis(basis, largest, axis=0)))
        return np.stack(found)

    def _logits(self, X):
        check_is_fitted(self)
        backend = self._backend_for(X)
        rows = self._rows(self._validated(as_numpy(X), reset=False))
        on = partial(backend.asarray, dtype=backend.float64)
        lengths, _ = projected_lengths(backend.xp, on(rows), on(self._bases))
        return self.scale_ * backend.to_numpy(lengths).T
