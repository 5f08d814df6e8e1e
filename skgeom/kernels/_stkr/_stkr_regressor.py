"""Spectrally transformed kernel regression (Zhai et al., 2024)."""

from collections.abc import Callable
from typing import Self

import numpy as np
from sklearn.base import RegressorMixin, _fit_context
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_is_fitted

from skgeom.backends import as_numpy
from skgeom.base import with_callbacks
from skgeom.base._targets import read_numbers, read_weights, without_zeros
from skgeom.graph import Graph
from skgeom.kernels._stkr._machine import SpectralMachine
from skgeom.typing import Array, ArrayLike, MatrixLike


class STKRRegressor(RegressorMixin, SpectralMachine):
    r"""Kernel regression that learns from unlabelled points, too.

    Rows of `y` that are NaN have no label. They shape the kernel: its spectrum is
    transformed so that functions which vary along the data are preferred to those that
    vary across it [1]_. Other than label propagation it predicts numbers, and points
    that it has not seen. Without unlabelled rows it is kernel ridge regression with
    the transformed kernel.

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
        from 10 to 1e5, the one is taken that predicts labels best from others.
    degree : int, default=None
        Exponent q of "inverse_laplacian" and "polynomial". None is 2 for the
        former and 16 for the latter.
    n_components : int, default=30
        Number of eigenvectors of "top_components".
    alpha : float, array-like of float or "auto", default="auto"
        Weight of the penalty, > 0. Of several, and of the grid of "auto", the one is
        taken that predicts labels best from others, by squared error. With
        ``kernel="auto"`` it is in units of the mean variance of a kernel, but for
        that of neighbours with more labels than all kernels are averaged for.
    n_neighbors : int, default=7
        Neighbours of a point in the "nearest_neighbors" kernel.
    gamma : float, default=None
        Inverse width of the kernels of points. None is 1 / n_features, and a grid with
        ``kernel="auto"``.
    normalization : {"auto", "random_walk", "symmetric"} or None, default="auto"
        How the base kernel is scaled by its degrees. "random_walk", which "auto" is,
        makes constants the smoothest functions, and a new point a mean of its
        neighbours; "symmetric" is that of label spreading. None takes a positive
        semidefinite kernel K as it is: s(K) is then c s(K / c), with c the largest
        eigenvalue (but for "top_components"), and `alpha` is in units of the kernel.
    graph : Graph, default=None
        A known graph. X is then a column of node ids or names, shape (n_samples, 1),
        and `kernel` is not used; nodes that X does not name are unlabelled.
    fit_intercept : bool, default=True
        Whether the mean of the labels is taken out before the fit and added to
        predictions.
    solver : {"auto", "cg", "dense", "eigen"}, default="auto"
        "cg": conjugate gradients. "dense": Cholesky's method on a matrix over the
        labelled rows. "eigen": all eigenpairs of the kernel, which needs the whole
        matrix. "auto" chooses by transform and number of labels.
    tol : float, default=1e-6
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
    transduction_ : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Fitted values of all rows, labelled or not.
    dual_coef_ : ndarray of shape (n_labelled,) or (n_labelled, n_outputs)
        Weights of the labelled rows in the transformed kernel, in the order of X (of
        the nodes, with a graph that is known); not of an average.
    intercept_ : float or ndarray of shape (n_outputs,)
        Mean of the labels, or 0; of an average that of its machines.
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
    STKRClassifier : The same for classes.
    sklearn.kernel_ridge.KernelRidge : Uses labelled rows alone.
    skgeom.model_selection.LabelledKFold : Folds over the labelled rows.

    Notes
    -----
    With a symmetric matrix S from the base kernel, :math:`f = s(S) a` minimises

    .. math:: \sum_{i \text{ labelled}} (f_i - y_i)^2 + \alpha\, f^\top s(S)^{-1} f ,

    in the measure that `normalization` names. On a graph, s is :math:`(1 - \eta
    \lambda)^{-q}` for "inverse_laplacian", with :math:`\eta = 1 - 1 /` `strength`,
    :math:`((1 + \lambda) / 2)^q` for "polynomial", and 1 on the leading eigenvectors
    for "top_components". On kernels of points, which have no negative eigenvalues, s
    vanishes at zero as in [1]_: :math:`\lambda (1 - \eta \lambda)^{-q}` and
    :math:`\lambda^q`.

    A new point takes :math:`\sum_j S(x, j)\, \theta_j` with :math:`\theta = (s(S) -
    s(0)) S^{-1} a`. A row that is a fitted one has its fitted value: exactly on graphs,
    for which equal points, equal links or equal node numbers say so. On a part of the
    graph without a label the prediction is the mean of the labels.

    Points without labels help where the target is smooth along the cloud, and mislead
    where it is not. ``kernel="auto"`` therefore fits machines on the kernel of
    neighbours for each strength, on "rbf" and "laplacian" kernels of the labelled
    points for a range of widths, and on sums of one of each, all with a range of
    penalties. With e the mean squared error in predicting each of n labels from all
    others, a closed form, their predictions are averaged with weights proportional to
    :math:`e^{-n / 2}`, the likelihood of these errors [3]_: few labels share the weight
    among many machines, many give it to the best. Beyond 500 labels, or a million
    labels times rows, it is the mean of two machines, the best on neighbours and the
    best on (at most 2,000 labelled) points, judged by labels that are held out.

    Other kernels are chosen by labels that are left out, too. Where labels times rows
    are at most 500,000, and for transforms whose inverse is no polynomial (by up to
    2,000 labels), each is predicted from all others; else those of a tenth from the
    rest, ten times, beyond 100 labels of a fifth, beyond 500 labels of a quarter,
    twice, or once with several targets. A path of penalties then costs about as much
    as three fits.

    Memory is that of the entries of a sparse kernel. The matrix of a kernel of points
    is held whole if it fits ``sklearn.get_config()["working_memory"]``, and computed
    anew in blocks for each product if not.

    References
    ----------
    .. [1] Zhai, Pukdee, Jin, Balcan and Ravikumar, "Spectrally transformed kernel
       regression", ICLR 2024.
    .. [2] Zelnik-Manor and Perona, "Self-tuning spectral clustering", NIPS 2004.
    .. [3] Yao, Vehtari, Simpson and Gelman, "Using stacking to average Bayesian
       predictive distributions", Bayesian Analysis 13, 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom import STKRRegressor
    >>> X = np.linspace(0, 1, 50)[:, None]
    >>> wave = np.sin(6 * X[:, 0])
    >>> y = np.where(np.arange(50) % 7 == 0, wave, np.nan)
    >>> model = STKRRegressor(n_neighbors=2, alpha=1e-3).fit(X, y)
    >>> bool(abs(model.predict(X) - wave).max() < 0.2)
    True
    """

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
        solver: str = "auto",
        tol: float = 1e-6,
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
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets; a row of NaN, None or pandas.NA has no label.
        sample_weight : array-like of shape (n_samples,), default=None
            What the squared error of each row weighs, >= 0. Two is the same row twice;
            a point of weight zero is not there, a node of a known graph has no label.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the machine lacks `device`, X is not
            what `graph` and `kernel` say, y is None, has no labelled row or another
            length than X, or the kernel is not one that `normalization` and
            `spectral_transform` allow.
        """
        backend, given, kept = self._backend_for(X, reset=True), X, None
        if self._is_of_points():
            X, y, sample_weight, kept = without_zeros(X, y, sample_weight)
        base, rows = self._fit_base_kernel(X, backend)
        y, labelled, one = read_numbers(y, rows, type(self).__name__, of_numbers=True)
        self._two_dimensional = not one
        labelled, weights = read_weights(sample_weight, rows, labelled)
        known = y[labelled]
        if self._is_average():
            label = base, rows, labelled, known, backend, weights
            intercept = self._fit_average(*label)
        else:
            intercept = np.zeros(y.shape[1])
            if self.fit_intercept:
                intercept = np.average(known, axis=0, weights=weights)
            self._fit_values(base, rows, labelled, known - intercept, backend, weights)
        self.intercept_ = intercept if self._two_dimensional else float(intercept[0])
        if hasattr(self, "dual_coef_") and not self._two_dimensional:
            self.dual_coef_ = self.dual_coef_[:, 0]
        values = self._node_values[rows]
        if kept is not None:
            values = self._predict_values(given)
        self.transduction_ = as_numpy(self._shaped(values, like=X))
        return self

    def predict(self, X: MatrixLike) -> Array:
        """Predict values of rows, fitted or new.

        Parameters
        ----------
        X : array or sparse matrix of shape (n_rows, n_features)
            As in `fit`; with ``kernel="precomputed"`` kernel values between the rows
            and the fitted ones.

        Returns
        -------
        array of shape (n_rows,) or (n_rows, n_outputs)
            In the namespace and the type of X.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X has other columns than in `fit`, ids of
            no node, or negative values where the kernel is normalised.
        """
        check_is_fitted(self)
        return self._shaped(self._predict_values(X), like=X)

    def score(
        self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Coefficient of determination of predictions for the labelled rows.

        Parameters
        ----------
        X : array or sparse matrix of shape (n_rows, n_features)
            As in `predict`.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            Targets; rows of NaN, None or pandas.NA are left out.
        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows, >= 0.

        Returns
        -------
        float
            At most 1.

        Raises
        ------
        ValueError
            As of `predict`, or if y is not as long as X.
        """
        predicted = as_numpy(self.predict(X))
        name = type(self).__name__
        y, labelled, _ = read_numbers(y, predicted, name)
        labelled, weights = read_weights(sample_weight, predicted, labelled)
        return r2_score(y[labelled], predicted[labelled], sample_weight=weights)

    def _order_of(self, targets):
        """What folds of the labels share alike."""
        return targets[:, 0]

    def _telling(self, targets):
        """Labels that others can predict: all."""
        return np.ones(len(targets), dtype=bool)

    def _mean_squared_error(self, targets, weights):
        """Error of predicted labels, in units of their variance."""
        mean = np.average(targets, axis=0, weights=weights)
        spread = np.average((targets - mean) ** 2, axis=0, weights=weights)
        spread = np.where(spread > 0, spread, 1.0)

        def error(predicted, rows):
            squares = ((predicted - targets[rows]) ** 2 / spread).mean(axis=-1)
            return squares @ weights[rows] / weights[rows].sum()

        return error

    def _selection_loss(self, targets, weights, root):
        """The same of predictions in the units of a solver."""
        error = self._mean_squared_error(targets, weights)
        return lambda predicted, rows: error(predicted / root[rows], rows)

    def _shaped(self, values, like):
        values = values + self.intercept_
        return self._output(values if self._two_dimensional else values[:, 0], like)

    def __sklearn_tags__(self):
        """Several outputs are welcome."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
