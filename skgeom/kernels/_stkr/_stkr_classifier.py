"""Spectrally transformed kernel regression on class indicators."""

from collections.abc import Callable
from typing import Self

import numpy as np
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.metrics import accuracy_score
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import check_is_fitted

from skgeom.backends import as_numpy
from skgeom.base import with_callbacks
from skgeom.base._targets import (
    read_classes,
    read_known,
    read_weights,
    without_zeros,
)
from skgeom.graph import Graph
from skgeom.kernels._stkr._machine import SpectralMachine
from skgeom.typing import Array, ArrayLike, MatrixLike, NDArray

# What the squared error counts beside the share of labels that are missed.
_TIE = 1e-3


class STKRClassifier(ClassifierMixin, SpectralMachine):
    r"""Classifier that learns from unlabelled points, too, and predicts new ones.

    Rows of `y` that are -1 have no label, as in scikit-learn's `LabelSpreading`. The
    classes are fitted as indicators by spectrally transformed kernel regression [1]_,
    all with one kernel; the largest wins. On a graph a new point takes the mean of the
    class distributions of its neighbours.

    Parameters
    ----------
    kernel : str or callable, default="auto"
        The base kernel. "nearest_neighbors" joins points by self-tuning affinities
        [2]_. "auto" averages machines on this kernel, on kernels of the labelled points
        alone and on sums of both, see Notes; with another transform or `solver` than
        the default, or ``normalization=None``, it is "nearest_neighbors". "rbf",
        "laplacian", "exponential", "matern32" and "matern52" have the inverse width
        `gamma`: :math:`e^{-\gamma d^2}`, :math:`e^{-\gamma \|x - y\|_1}`, and Matérn's
        of smoothness 1/2, 3/2 and 5/2 with length scale :math:`(2 \gamma)^{-1/2}`.
        "precomputed" takes X as the matrix of kernel values, sparse or dense. A
        callable ``kernel(X, Y)`` returns the matrix of kernel values of two arrays.
    spectral_transform : str or callable, default="inverse_laplacian"
        The function s of the eigenvalues of the kernel: "inverse_laplacian",
        "polynomial" or "top_components", see Notes. A callable maps an array of
        eigenvalues to values >= 0; it should increase, and on a positive definite
        kernel vanish at 0.
    strength : float, array-like of float or "auto", default="auto"
        Of "inverse_laplacian": how much the smoothest function is preferred,
        :math:`1 / (1 - \eta)` >= 1; 1 does not transform. Of several, and of "auto"
        from 3 to 1e3, the one is taken that predicts labels best from others.
    degree : int, default=None
        Exponent q of "inverse_laplacian" and "polynomial". None is 2 for the
        former and 16 for the latter.
    n_components : int, default=30
        Number of eigenvectors of "top_components".
    alpha : float, array-like of float or "auto", default="auto"
        Weight of the penalty, > 0. Of several, and of the grid of "auto", the one is
        taken that predicts labels best from others, by the share of errors. With
        ``kernel="auto"`` it is in units of the mean variance of a kernel, but for
        that of neighbours with more labels than all kernels are averaged for.
    n_neighbors : int, default=7
        Neighbours of a point in the "nearest_neighbors" kernel.
    gamma : float, default=None
        Inverse width of the kernels of points. None is 1 / n_features, and a grid with
        ``kernel="auto"``.
    normalization : {"auto", "random_walk", "symmetric"} or None, default="auto"
        How the base kernel is scaled by its degrees; "auto" is "random_walk" for the
        kernel "auto" and else "symmetric". "random_walk" makes constants the
        smoothest functions, and a new point a mean of its neighbours; "symmetric" is
        that of label spreading. None takes a positive semidefinite kernel K as it is:
        s(K) is then c s(K / c), with c the largest eigenvalue (but for
        "top_components"), and `alpha` is in units of the kernel.
    graph : Graph, default=None
        A known graph. X is then a column of node ids or names, shape (n_samples, 1),
        and `kernel` is not used; nodes that X does not name are unlabelled.
    fit_intercept : bool, default=True
        Whether rows that no label reaches have the shares of the classes in the labels
        as their values, and not 0. With ``normalization=None`` the shares are taken out
        before the fit and added to predictions.
    class_weight : dict or "balanced", default=None
        What the errors at the labels of each class weigh, > 0; None is 1. "balanced"
        is the number of labels over that of the class and that of classes: take it
        where the labels do not have the shares of the classes in the data.
    solver : {"auto", "cg", "dense", "eigen"}, default="auto"
        "cg": conjugate gradients. "dense": Cholesky's method on a matrix over the
        labelled rows. "eigen": all eigenpairs of the kernel, which needs the whole
        matrix. "auto" chooses by transform and number of labels.
    tol : float, default=1e-4
        Relative residual at which iterations stop.
    max_iter : int, default=2000
        Most steps of an iteration.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X.
    n_jobs : int, default=None
        Threads on the host; None is 1 unless in a `joblib.parallel_config` context.
        The result does not depend on it.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes, sorted.
    transduction_ : ndarray of shape (n_samples,)
        Class of each row, labelled or not.
    label_distributions_ : ndarray of shape (n_samples, n_classes)
        What `predict_proba` gives for the rows.
    dual_coef_ : ndarray of shape (n_labelled, n_classes)
        Weights of the labelled rows in the transformed kernel, in the order of X (of
        the nodes, with a graph that is known); not of an average.
    intercept_ : ndarray of shape (n_classes,)
        Share of each class in the labels by their weight, or 0: the values of rows that
        no label reaches.
    eigenvalues_ : ndarray of shape (n_eigenvalues,)
        Eigenvalues of the base kernel that were used, over the largest where s is
        scaled so; only where there are some.
    alpha_ : float
        Weight of the penalty that was used; not of an average.
    strength_ : float
        Strength that was used; only of "inverse_laplacian", and not of an average.
    candidates_ : dict of ndarray of shape (n_candidates,)
        What ``kernel="auto"`` averages, the largest weight first: "strength" of the
        kernel of neighbours, "kernel" and "gamma" of that of points, the "share" of the
        former in their sum, the "alpha", the "loss" and the "weight" of each.
    solver_ : str
        The solver that was used.
    n_iter_ : int
        Products with the kernel that the longest iteration made, at least 1.
    gamma_ : float
        Inverse width that was used; only for kernels of points.
    graph_ : Graph
        The graph that was fitted; only for sparse kernels.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names, if X has them.

    See Also
    --------
    STKRRegressor : The same for numbers, with the mathematics.
    sklearn.semi_supervised.LabelSpreading : Dense, by fixed-point iteration.
    skgeom.model_selection.StratifiedLabelledKFold : Folds over the labelled rows.

    Notes
    -----
    See `STKRRegressor` for the transforms, and for how ``kernel="auto"`` averages
    kernels: here by the squared error of the probabilities of left-out labels. On a
    part of the graph without a label, and
    for a new point without a neighbour, the classes have their shares in the labels as
    probabilities.

    Fitted values fall with the distance from the labels. With a normalised kernel other
    than "auto" they are therefore divided by what reaches a row from the labels of all
    classes together, clipped at zero and scaled to sum to one; else nodes far from all
    labels would go to the class that has the most. On a graph ("nearest_neighbors",
    "precomputed") a new row takes the mean of these shares; else it would listen most
    to the neighbour that is nearest to a label. With ``normalization=None``, and of an
    average, the values are kept as they are, and probabilities are clipped and scaled
    in the same way. They are not calibrated.

    References
    ----------
    .. [1] Zhai, Pukdee, Jin, Balcan and Ravikumar, "Spectrally transformed kernel
       regression", ICLR 2024.
    .. [2] Zelnik-Manor and Perona, "Self-tuning spectral clustering", NIPS 2004.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from skgeom import STKRClassifier
    >>> X, classes = make_moons(200, noise=0.05, random_state=0)
    >>> y = classes.copy()
    >>> y[4:] = -1
    >>> model = STKRClassifier().fit(X, y)
    >>> bool((model.transduction_ == classes).mean() > 0.95)
    True
    """

    _parameter_constraints = {
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    _default_normalization = "symmetric"
    _default_strengths = (3.0, 10.0, 100.0, 1e3)
    _default_alphas = (1e-2, 1e-1, 1.0)

    def __init__(
        self,
        kernel: str | Callable = "auto",
        *,
        spectral_transform: str | Callable = "inverse_laplacian",
        strength: float | str | ArrayLike = "auto",
        degree: int | None = None,
        n_components: int = 30,
        alpha: float | str | ArrayLike = "auto",
        n_neighbors: int = 7,
        gamma: float | None = None,
        normalization: str | None = "auto",
        graph: Graph | None = None,
        fit_intercept: bool = True,
        class_weight: dict | str | None = None,
        solver: str = "auto",
        tol: float = 1e-4,
        max_iter: int = 2000,
        device: str = "auto",
        n_jobs: int | None = None,
    ):
        self.kernel = kernel
        self.spectral_transform = spectral_transform
        self.strength = strength
        self.degree = degree
        self.n_components = n_components
        self.alpha = alpha
        self.n_neighbors = n_neighbors
        self.gamma = gamma
        self.normalization = normalization
        self.graph = graph
        self.fit_intercept = fit_intercept
        self.class_weight = class_weight
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter
        self.device = device
        self.n_jobs = n_jobs

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Fit the labelled rows, on the kernel of all.

        Parameters
        ----------
        X : array or sparse matrix of shape (n_samples, n_features)
            Points, NumPy or torch, sparse (they are made dense) for kernels of points;
            node numbers with `graph`; the matrix of the kernel with
            ``kernel="precomputed"``.
        y : array-like of shape (n_samples,)
            Classes; -1 has no label, and beside text nor have None, NaN and pandas.NA.
            Where -1 and one other value are all there is, both are classes, with a
            warning.
        sample_weight : array-like of shape (n_samples,), default=None
            What the squared error of each row weighs, >= 0, times `class_weight`. Two
            is the same row twice; a point of weight zero is not there, a node of a
            known graph has no label.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the machine lacks `device`, X is not
            what `graph` and `kernel` say, y is None, has less than two classes or
            another length than X, or the kernel is not one that `normalization` and
            `spectral_transform` allow.
        """
        backend, given, kept = self._backend_for(X, reset=True), X, None
        if self._is_of_points():
            X, y, sample_weight, kept = without_zeros(X, y, sample_weight)
        base, rows = self._fit_base_kernel(X, backend)
        y, labelled = read_classes(y, rows, type(self).__name__)
        labelled, weights = read_weights(sample_weight, rows, labelled)
        self.classes_, numbers = np.unique(y[labelled], return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                "The number of classes has to be greater than one; got "
                f"{len(self.classes_)} class among the labelled rows."
            )
        indicators = np.eye(len(self.classes_))[numbers]
        weights = self._weigh_classes(y[labelled], numbers, weights)
        shares = np.average(indicators, axis=0, weights=weights)
        self.intercept_ = shares if self.fit_intercept else np.zeros_like(shares)
        self._shares, self._reach = shares, None
        if self._is_average():
            label = base, rows, labelled, indicators, backend, weights
            self.intercept_ = self._fit_average(*label)
        elif self._scaled_by is None:
            targets = indicators - self.intercept_
            self._fit_values(base, rows, labelled, targets, backend, weights)
        else:
            self._fit_values(base, rows, labelled, indicators, backend, weights)
            self._weigh_by_reach()
        values = self._node_values[rows] + self.intercept_
        if kept is not None:
            values = self._indicators(given)
        self.transduction_ = self.classes_[values.argmax(axis=1)]
        self.label_distributions_ = self._kept(self._probabilities(values), like=X)
        return self

    def decision_function(self, X: MatrixLike) -> Array:
        """Compute shares of the classes, or indicators where nothing is normalised.

        Parameters
        ----------
        X : array or sparse matrix of shape (n_rows, n_features)
            As in `fit`; with ``kernel="precomputed"`` kernel values between the rows
            and the fitted ones.

        Returns
        -------
        array of shape (n_rows, n_classes) or (n_rows,)
            For two classes, the second less the first.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X has other columns than in `fit`, ids of
            no node, or negative values where the kernel is normalised.
        """
        values = self._indicators(X)
        if len(self.classes_) == 2:
            values = values[:, 1] - values[:, 0]
        return self._output(values, like=X)

    def predict_proba(self, X: MatrixLike) -> Array:
        """Estimate probabilities of the classes.

        Parameters
        ----------
        X : array or sparse matrix of shape (n_rows, n_features)
            As in `decision_function`.

        Returns
        -------
        array of shape (n_rows, n_classes)
            Rows sum to one.

        Raises
        ------
        ValueError
            As of `decision_function`.
        """
        return self._output(self._probabilities(self._indicators(X)), like=X)

    def predict(self, X: MatrixLike) -> NDArray:
        """Predict the classes of rows, fitted or new.

        Parameters
        ----------
        X : array or sparse matrix of shape (n_rows, n_features)
            As in `decision_function`.

        Returns
        -------
        array of shape (n_rows,)
            Of the classes in `classes_`; numbers are in the namespace of X.

        Raises
        ------
        ValueError
            As of `decision_function`.
        """
        values = self._indicators(X)
        return self._output_labels(self.classes_[values.argmax(axis=1)], like=X)

    def score(
        self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Accuracy of predictions for the labelled rows.

        Parameters
        ----------
        X : array or sparse matrix of shape (n_rows, n_features)
            As in `decision_function`.
        y : array-like of shape (n_rows,)
            Classes; rows without one, as in `fit`, are left out.
        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows, >= 0.

        Returns
        -------
        float
            From 0 to 1.

        Raises
        ------
        ValueError
            As of `decision_function`, or if y is not as long as X.
        """
        predicted = as_numpy(self.predict(X))
        y, labelled = read_known(y, predicted, self.classes_)
        labelled, weights = read_weights(sample_weight, predicted, labelled)
        return accuracy_score(y[labelled], predicted[labelled], sample_weight=weights)

    def _order_of(self, targets):
        """Classes, of which folds of the labels have their shares."""
        return targets.argmax(axis=1)

    def _telling(self, targets):
        """Labels that others can predict: those of classes that have two."""
        classes = targets.argmax(axis=1)
        return np.bincount(classes)[classes] > 1

    def _mean_squared_error(self, targets, weights):
        """Error of predicted probabilities, in units of that of the shares."""
        spread = np.average((targets - self._shares) ** 2, axis=0, weights=weights)
        spread = spread.sum() if spread.sum() > 0 else 1.0

        def error(predicted, rows):
            missed = self._probabilities(predicted) - targets[rows]
            squares = (missed**2).sum(axis=-1) / spread
            return squares @ weights[rows] / weights[rows].sum()

        return error

    def _selection_loss(self, targets, weights, root):
        """Share of labels that are missed; of equal ones the smaller squared error."""
        shift = self.intercept_ if self._scaled_by is None else 0.0
        targets = targets + shift
        error = self._mean_squared_error(targets, weights)

        def loss(predicted, rows):
            values = predicted / root[rows] + shift
            if self._scaled_by is not None:
                reach = values.sum(axis=1, keepdims=True)
                least = max(self.tol * np.abs(reach).max(), np.finfo(float).tiny)
                values = np.where(reach > least, values / np.maximum(reach, least), 0.0)
            missed = values.argmax(axis=1) != targets[rows].argmax(axis=1)
            share = np.average(missed, weights=weights[rows])
            return share + _TIE * error(values, rows)

        return loss

    def _weigh_by_reach(self):
        """Make the fitted values of nodes shares of what reaches them from all labels.

        Values fall with the distance from labels. As they are, a new point would listen
        to whichever of its neighbours is nearest to a label; of shares it takes the
        mean.
        """
        self._reach = np.abs(self._node_values.sum(axis=1)).max()
        self._node_values = self._shares_of(self._node_values)
        if self._on_graph:
            self._extension = self._node_values

    def _shares_of(self, values):
        """Values as shares, less the intercept, of what comes from all labels.

        What is below the tolerance of the solver is not magnified.
        """
        reach = values.sum(axis=1, keepdims=True)
        least = max(self.tol * self._reach, np.finfo(np.float64).tiny)
        above = values - self.intercept_ * reach
        values = self.intercept_ + above / np.maximum(np.abs(reach), least)
        return self._probabilities(values) - self.intercept_

    @property
    def _on_graph(self):
        """Whether the kernel is that of a graph, and not one of points."""
        return hasattr(self, "graph_")

    @property
    def _extended_by(self):
        if self._is_average():
            return self._scaled_by
        return "random_walk" if self._on_graph else self._scaled_by

    def _combined(self, product):
        values = super()._combined(product)
        if self._reach is None or self._on_graph:
            return values
        return self._shares_of(values)

    def _indicators(self, X):
        check_is_fitted(self)
        return self._predict_values(X) + self.intercept_

    def _probabilities(self, values):
        clipped = np.clip(values, 0.0, None)
        total = clipped.sum(axis=-1, keepdims=True)
        share = np.broadcast_to(self._shares, clipped.shape)
        return np.where(total > 0, clipped / np.where(total > 0, total, 1.0), share)

    def _weigh_classes(self, y, numbers, sample_weight):
        """What the errors at labels weigh; "balanced" counts labels by their weight."""
        weights = compute_sample_weight(self.class_weight, y)
        if not (np.isfinite(weights).all() and weights.min() > 0):
            raise ValueError(
                f"class_weight={self.class_weight!r} must be positive and finite for "
                "all classes. Rows of a class that is to be left out have the label -1."
            )
        if sample_weight is None:
            return weights
        if self.class_weight == "balanced":
            mass = np.bincount(numbers, sample_weight)
            weights = (mass.sum() / (len(mass) * mass))[numbers]
        return weights * sample_weight
