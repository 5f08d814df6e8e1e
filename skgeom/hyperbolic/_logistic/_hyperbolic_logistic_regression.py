"""Logistic regression and support vector machines of hyperbolic rows."""

from functools import partial
from numbers import Real
from typing import Self

import numpy as np
from scipy.optimize import minimize
from scipy.special import softmax
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from skgeom._warnings import warn
from skgeom.backends import as_numpy
from skgeom.base import GeometryEstimator
from skgeom.geometry import polar
from skgeom.geometry._chart_rows import CHARTS, from_chart
from skgeom.hyperbolic._logistic._planes import (
    hinge_loss,
    log_loss,
    plane_gradient,
    plane_scores,
    rows_of,
)
from skgeom.typing import Array, ArrayLike, MatrixLike

# Planes are no farther from the origin than this beyond the farthest row.
_BEYOND = 3.0
_MOST_DISTANT = 300.0


def _has_probabilities(self):
    """Whether scores are logits."""
    return self.loss == "log"


class HyperbolicLogisticRegression(ClassifierMixin, GeometryEstimator):
    r"""Classify rows of hyperbolic space by their distances to geodesic hyperplanes.

    The logit of class k is :math:`|z_k|` times the signed distance of a row to a
    hyperplane with normal :math:`z_k` at distance :math:`a_k` from the origin [1]_;
    near the origin that is ordinary logistic regression. There are no constraints,
    and L-BFGS takes seconds off what gradient descent needs. With
    ``loss="squared_hinge"`` it is the hyperbolic support vector machine [2]_ of [3]_.
    Read more in the :ref:`User Guide <hyperbolic_learners>`.

    Parameters
    ----------
    C : float, default=1.0
        Inverse strength of the penalty :math:`\frac{1}{2} \sum_k |z_k|^2`.
    loss : {"log", "squared_hinge"}, default="log"
        "log": multinomial, or one plane for two classes. "squared_hinge": margins of
        one class against the rest, without probabilities.
    input_space : {"poincare", "lorentz", "klein", "tangent"}, default="tangent"
        What rows of X are. "poincare", "klein": points of the unit ball. "lorentz":
        points of the hyperboloid, time first. "tangent": vectors at the origin, as
        any row is; rows that look like points of a ball are warned of.
    max_iter : int, default=1000
        Steps of L-BFGS.
    tol : float, default=1e-4
        Stop when no derivative of the mean loss is larger, normals being in units of
        one over the median radius, or over its exponential.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. Losses and
        gradients are computed there; L-BFGS is SciPy's.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes.
    coef_ : ndarray of shape (n_planes, n_components)
        Normals of the planes: one for each class, or one for two classes.
    offset_ : ndarray of shape (n_planes,)
        Distances of the planes to the origin, signed along the normals.
    objective_ : float
        Penalty and C times the sum of losses, at the end.
    n_iter_ : int
        Steps made.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    HyperbolicCoordinates : Charts for any other classifier, which often does as well.

    Notes
    -----
    The objective is not convex; the start is the same for the same rows, planes through
    the origin across the means of the classes.

    References
    ----------
    .. [1] Ganea, Bécigneul and Hofmann, "Hyperbolic neural networks", NeurIPS 2018.
    .. [2] Cho, DeMeo, Peng and Berger, "Large-margin classification in hyperbolic
       space", AISTATS 2019.
    .. [3] Mishne, Wan, Wang and Yang, "The numerical stability of hyperbolic
       representation learning", ICML 2023.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom import HyperbolicLogisticRegression
    >>> X = np.array([[0.9, 0.1], [0.8, -0.1], [-0.9, 0.0], [0.0, 0.9], [0.1, 0.8]])
    >>> model = HyperbolicLogisticRegression(C=10.0, input_space="poincare")
    >>> model.fit(X, ["a", "a", "b", "c", "c"]).predict([[0.7, 0.0], [0.0, 0.7]])
    array(['a', 'c'], dtype='<U1')
    """

    _parameter_constraints = {
        "C": [Interval(Real, 0, None, closed="neither")],
        "loss": [StrOptions({"log", "squared_hinge"})],
        "input_space": [StrOptions(set(CHARTS))],
    }

    def __init__(
        self,
        C: float = 1.0,
        *,
        loss: str = "log",
        input_space: str = "tangent",
        max_iter: int = 1000,
        tol: float = 1e-4,
        device: str = "auto",
    ):
        self.C = C
        self.loss = loss
        self.input_space = input_space
        self.max_iter = max_iter
        self.tol = tol
        self.device = device

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: ArrayLike) -> Self:
        """Find the planes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows in `input_space`.
        y : array-like of shape (n_samples,)
            Classes.

        Returns
        -------
        self : HyperbolicLogisticRegression
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, a row is not what `input_space` says, or
            there are fewer than two classes.
        """
        backend = self._backend_for(X, reset=True)
        self._refuse_graph(X)
        floats = [np.float64, np.float32]
        X, y = validate_data(self, as_numpy(X), y, dtype=floats)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                "HyperbolicLogisticRegression needs at least two classes; y has one "
                f"class, {self.classes_.tolist()[0]!r}."
            )
        points = from_chart(X, self.input_space, "input_space", warns=True)
        targets = np.eye(len(self.classes_))[codes]
        targets = targets[:, 1:] if len(self.classes_) == 2 else targets
        start = self._start(points, targets)
        farthest = min(float(points[:, 0].max()) + _BEYOND, _MOST_DISTANT)
        found = self._minimize(points, targets, start, farthest, backend)
        k, d = start.shape
        self._Z, self._a = found.x[: k * d].reshape(k, d), found.x[k * d :]
        self.coef_, self.offset_ = (self._kept(part, X) for part in (self._Z, self._a))
        self.objective_ = float(found.fun) * self.C * len(X)
        self.n_iter_ = max(int(found.nit), 1)
        return self

    def decision_function(self, X: MatrixLike) -> Array:
        """Scores of the classes, of each row independently of the others.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows in `input_space`.

        Returns
        -------
        array of shape (n_rows, n_classes) or (n_rows,)
            Logits or margins; for two classes those of the second.

        Raises
        ------
        ValueError
            If a row is not what `input_space` says, or X has another number of columns
            than in `fit`.
        """
        scores = self._scores(X)
        scores = scores[:, 0] if scores.shape[1] == 1 else scores
        return self._output(scores, like=X)

    def predict(self, X: MatrixLike) -> Array:
        """Predict the class of the largest score.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows in `input_space`.

        Returns
        -------
        array of shape (n_rows,)
            Classes.

        Raises
        ------
        ValueError
            If a row is not what `input_space` says, or X has another number of columns
            than in `fit`.
        """
        scores = self._scores(X)
        two = scores.shape[1] == 1
        best = scores[:, 0] > 0 if two else np.argmax(scores, axis=1)
        return self._output_labels(self.classes_[best.astype(np.int64)], like=X)

    @available_if(_has_probabilities)
    def predict_proba(self, X: MatrixLike) -> Array:
        """Probabilities of the classes, of ``loss="log"``.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows in `input_space`.

        Returns
        -------
        array of shape (n_rows, n_classes)
            Rows add up to one.

        Raises
        ------
        ValueError
            If a row is not what `input_space` says, or X has another number of columns
            than in `fit`.
        """
        scores = self._scores(X)
        if scores.shape[1] == 1:
            scores = np.hstack([np.zeros_like(scores), scores])
        return self._output(softmax(scores, axis=1), like=X)

    def _scores(self, X):
        check_is_fitted(self)
        backend = self._backend_for(X)
        rows = self._validated(as_numpy(X), reset=False)
        points = from_chart(rows, self.input_space, "input_space")
        on = partial(backend.asarray, dtype=backend.float64)
        inside = self.loss == "squared_hinge"
        rows = rows_of(backend.xp, on(points))
        scores = plane_scores(backend.xp, rows, on(self._Z), on(self._a), inside=inside)
        return backend.to_numpy(scores[0])

    def _start(self, points, targets):
        """Normals towards the means of the classes, one unit long."""
        vectors = polar.to_tangent(points)
        middle = vectors.mean(axis=0)
        means = targets.T @ vectors / targets.sum(axis=0)[:, None] - middle
        size = np.linalg.norm(means, axis=1, keepdims=True)
        first = np.eye(1, means.shape[1])
        return np.where(size > 0, means / np.where(size > 0, size, 1.0), first)

    def _minimize(self, points, targets, start, farthest, backend):
        """Lower the mean loss and its share of the penalty by L-BFGS."""
        xp = backend.xp
        on = partial(backend.asarray, dtype=backend.float64)
        rows, goals = rows_of(xp, on(points)), on(targets)
        inside = self.loss == "squared_hinge"
        loss = hinge_loss if inside else log_loss
        n, (k, d) = len(points), start.shape
        share = 1.0 / (self.C * n)
        # Scores are of the size of one where normals are one over the radius, or over
        # its exponential, and planes near the origin move by a share of it.
        middle = float(np.clip(np.median(points[:, 0]), 1e-6, _MOST_DISTANT))
        long = max(np.exp(-middle), 1e-20) if inside and middle > 1 else 1 / middle
        step = min(middle, 1.0)
        units = np.append(np.full(k * d, long), np.full(k, step))

        def objective(scaled):
            flat = scaled * units
            Z, a = on(flat[: k * d].reshape(k, d)), on(flat[k * d :])
            scores, parts = plane_scores(xp, rows, Z, a, inside=inside)
            value, slopes = loss(xp, scores, goals)
            by_Z, by_a = plane_gradient(xp, rows, a, parts, slopes, inside=inside)
            value = float(value) / n + share * float(xp.sum(Z * Z)) / 2
            by_Z = backend.to_numpy(by_Z / n + share * Z)
            slope = np.append(by_Z.ravel(), backend.to_numpy(by_a / n))
            return value, slope * units

        found = minimize(
            objective,
            np.append(start.ravel(), np.zeros(k)),
            jac=True,
            method="L-BFGS-B",
            bounds=[(None, None)] * (k * d) + [(-farthest / step, farthest / step)] * k,
            options=dict(
                maxiter=self.max_iter,
                maxfun=20 * self.max_iter,
                gtol=self.tol,
                ftol=1e-14,
                maxcor=20,
            ),
        )
        if found.nit >= self.max_iter:
            warn(
                f"HyperbolicLogisticRegression stopped after max_iter={self.max_iter} "
                f"steps with a derivative of {np.abs(found.jac).max():.1e}, wanted "
                f"{self.tol:.1e}. Raise max_iter or tol.",
                ConvergenceWarning,
            )
        found.x = found.x * units
        return found
