"""A map between two spaces by rows that are known in both."""

from numbers import Real
from typing import Self

import numpy as np
from sklearn.base import (
    ClassNamePrefixFeaturesOutMixin,
    RegressorMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skgeom.backends import as_numpy
from skgeom.base import GeometryEstimator
from skgeom.embedding._anchors._maps import orthogonal_map, ridge_map, turned_back
from skgeom.typing import Array, ArrayLike, MatrixLike

_FAR = 1e100


class AnchorAlignment(
    ClassNamePrefixFeaturesOutMixin,
    RegressorMixin,
    TransformerMixin,
    GeometryEstimator,
):
    r"""Map one space onto another by anchors, rows that are known in both.

    Where both spaces are at hand, a linear map between them is better than any
    description by anchors: what was learned in the second works on rows of the first.
    `transform` maps there, `inverse_transform` back. Read more in the
    :ref:`User Guide <anchors>`.

    Parameters
    ----------
    method : {"ridge", "orthogonal"}, default="ridge"
        "ridge": least squares with a penalty. "orthogonal": rotation, reflection and
        one scale [1]_, for few anchors and spaces that are known to be alike.
    alpha : float or "auto", default="auto"
        Penalty of "ridge", in units of the mean eigenvalue of :math:`X^\top X` of the
        centred anchors, > 0. "auto" tries 25 by the errors of anchors left out, in
        closed form [2]_.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. The anchors
        are few, and their singular values are computed on the host.

    Attributes
    ----------
    coef_ : ndarray of shape (n_targets, n_features)
        The linear part of the map.
    intercept_ : ndarray of shape (n_targets,)
        Where the origin goes.
    alpha_ : float
        The penalty that is used; 0 for "orthogonal".
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    RelativeRepresentation : Coordinates that spaces share, without a pair of them.
    sklearn.cross_decomposition.CCA : Directions in which two spaces agree.

    Notes
    -----
    The way back of "ridge" is a ridge regression of its own, with its own penalty: the
    inverse of a map that shrinks would blow up what it has shrunk. It is an estimate,
    not the inverse. `score` is the coefficient of determination, so that searches can
    compare methods on anchors that are left out.

    References
    ----------
    .. [1] Schönemann, "A generalized solution of the orthogonal Procrustes problem",
       Psychometrika 31, 1966.
    .. [2] Golub, Heath and Wahba, "Generalized cross-validation as a method for
       choosing a good ridge parameter", Technometrics 21, 1979.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skgeom import AnchorAlignment
    >>> one = load_iris().data
    >>> other = 3 * one[:, ::-1] + 7  # the same flowers, by another observer
    >>> model = AnchorAlignment().fit(one[::10], other[::10])
    >>> model.score(one, other) > 0.999
    True
    """

    _parameter_constraints = {
        "method": [StrOptions({"ridge", "orthogonal"})],
        "alpha": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        method: str = "ridge",
        *,
        alpha: float | str = "auto",
        device: str = "auto",
    ):
        self.method = method
        self.alpha = alpha
        self.device = device

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: ArrayLike) -> Self:
        """Find the map that takes anchors to anchors.

        Parameters
        ----------
        X : array-like of shape (n_anchors, n_features)
            Anchors in the space that rows come from.
        y : array-like of shape (n_anchors, n_targets) or (n_anchors,)
            The same anchors in the other one, row by row.

        Returns
        -------
        self : AnchorAlignment
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, or X and y have different numbers of
            rows.
        """
        self._backend_for(X, reset=True)
        if y is None:
            raise ValueError(
                "AnchorAlignment requires y to be passed, but the target y is None."
            )
        rows = self._validated(X, reset=True).astype(np.float64)
        goals = self._read_goals(y)
        check_consistent_length(rows, goals)
        self._one_target = goals.ndim == 1
        goals = goals.reshape(len(goals), -1)
        self._sizes = tuple(float(np.abs(a).max()) or 1.0 for a in (rows, goals))
        one, other = rows / self._sizes[0], goals / self._sizes[1]
        self._there, self._back = self._both_ways(one, other)
        self.alpha_ = self._there.alpha
        self._keep_coefficients(X)
        self._n_features_out = goals.shape[1]
        return self

    def transform(self, X: MatrixLike) -> Array:
        """Map rows to the other space, each independently of the others.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows of the first space.

        Returns
        -------
        array of shape (n_rows, n_targets)
            Rows of the second, in the namespace, width and device of X.

        Raises
        ------
        ValueError
            If X has another number of columns than in `fit`.
        """
        check_is_fitted(self)
        rows = self._validated(X, reset=False, backend=self._backend_for(X))
        return self._output(self._mapped(X, rows, self._there, *self._sizes), like=X)

    def predict(self, X: MatrixLike) -> Array:
        """Map rows to the other space, one number each where y was of that kind.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows of the first space.

        Returns
        -------
        array of shape (n_rows, n_targets) or (n_rows,)
            As `transform`.

        Raises
        ------
        ValueError
            If X has another number of columns than in `fit`.
        """
        check_is_fitted(self)
        rows = self._validated(X, reset=False, backend=self._backend_for(X))
        found = self._mapped(X, rows, self._there, *self._sizes)
        return self._output(found[:, 0] if self._one_target else found, like=X)

    def inverse_transform(self, X: MatrixLike) -> Array:
        """Map rows of the second space to the first.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_targets)
            Rows of the second space.

        Returns
        -------
        array of shape (n_rows, n_features)
            Rows of the first.

        Raises
        ------
        ValueError
            If X has another number of columns than y in `fit`.
        """
        check_is_fitted(self)
        rows = np.asarray(as_numpy(X), dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != self._n_features_out:
            raise ValueError(
                f"X must have shape (n_rows, {self._n_features_out}), got {rows.shape}."
            )
        found = self._mapped(X, rows, self._back, *self._sizes[::-1])
        return self._output(found, like=X)

    def _both_ways(self, one, other):
        if self.method == "orthogonal":
            there = orthogonal_map(one, other)
            return there, turned_back(there)
        alpha = None if self.alpha == "auto" else float(self.alpha)
        return ridge_map(one, other, alpha), ridge_map(other, one, alpha)

    def _mapped(self, X, rows, there, size, other_size):
        """Rows on the host, after a map, within the range of the floats of X."""
        backend = self._backend_for(X)
        center, weights, target = (
            backend.asarray(a, backend.float64) for a in there[:3]
        )
        rows = backend.asarray(rows, backend.float64) / size
        rows = backend.xp.clip(rows, -_FAR, _FAR)
        found = backend.to_numpy((rows - center) @ weights + target)
        largest = np.finfo(self._kept(np.zeros(0), like=X).dtype).max
        with np.errstate(over="ignore"):
            return np.clip(found * other_size, -largest, largest)

    def _read_goals(self, y):
        y = as_numpy(y)
        return check_array(y, dtype=np.float64, ensure_2d=False, input_name="y")

    def _keep_coefficients(self, like):
        """The map in the units of the data, within the range of floats."""
        size, other_size = self._sizes
        largest = np.finfo(self._kept(np.zeros(0), like=like).dtype).max
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            coef = self._there.weights.T * (other_size / size)
            start = self._there.target - self._there.center @ self._there.weights
            found = coef, other_size * start
        self.coef_, self.intercept_ = (
            self._kept(np.clip(a, -largest, largest), like=like) for a in found
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = True
        tags.target_tags.required = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
