"""The subspace that a target depends on, by gradients of kernel machines or by moments.

Radhakrishnan, Beaglehole, Pandit and Belkin, "Mechanism for feature learning in neural
networks and backpropagation-free machine learning models", Science 383, 2024; Li, "On
principal Hessian directions for data visualization and dimension reduction", JASA 87,
1992.
"""

from numbers import Integral, Real
from typing import Self

import numpy as np
import scipy.linalg
from sklearn.base import (
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.validation import check_array, check_is_fitted

from skgeom._warnings import warn
from skgeom.backends import as_numpy
from skgeom.base import GeometryEstimator
from skgeom.embedding._sufficient_subspace._gradients import (
    MOST_ROWS,
    gradient_matrix,
)
from skgeom.embedding._sufficient_subspace._stein import stein_matrix
from skgeom.embedding._sufficient_subspace._targets import target_columns
from skgeom.embedding._sufficient_subspace._whitening import whiten
from skgeom.typing import Array, ArrayLike, MatrixLike, NDArray, RandomStateLike


class SufficientSubspace(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, GeometryEstimator
):
    r"""The few directions of the rows that targets depend on, in whatever way.

    The model is :math:`y = f(B^\top x) + \text{noise}` with an unknown matrix B of few
    columns and an unknown function f. Gradients of f lie in the span of B, so that the
    leading eigenvectors of their mean outer product span it. With whitened rows z the
    gradients are those of kernel ridge regression, in rounds each of which has
    distances in the metric that the one before has found [1]_, or means of them by
    Stein's lemma: :math:`E[s(z) y]` and :math:`E[(s s^\top - \nabla s) y]` with the
    score s of the rows [2]_ [3]_.

    Read more in the :ref:`User Guide <sufficient_subspace>`.

    Parameters
    ----------
    n_components : int, default=2
        Number of directions, at most that of the columns.
    method : {"auto", "gradient", "stein"}, default="auto"
        "gradient": kernel machines, for any function f and any rows. "stein": moments
        in closed form, for many rows. "auto": gradients of up to 5,000 rows, moments
        of more.
    alpha : float, default=0.1
        Penalty > 0 of the kernel machines, on targets of variance one. More noise asks
        for more.
    n_rounds : int, default=4
        Kernel machines, one after the other, >= 1. All but the last two see 1,000
        rows.
    n_centers : int, default=2000
        With "gradient" of more than 5,000 rows: kernels, at as many of them, that are
        fitted to all.
    order : {1, 2, "both"}, default="both"
        Moments that "stein" takes. The first are blind to even functions, the second to
        linear ones, and noisy where rows are few.
    density : {"gaussian", "mixture"}, default="gaussian"
        Of the rows, whose score "stein" takes. "mixture": of up to five
        Gaussians, as many as BIC says; for rows with heavy tails or modes.
    shrinkage : float or "auto", default="auto"
        Share of the identity, in [0, 1], in the correlations that rows are whitened by.
        "auto" is that of Ledoit and Wolf.
    target_type : {"auto", "numbers", "classes"}, default="auto"
        "classes": each is a column of its own, of zeros and ones. "auto": text, truth
        values and integers of at most 20 values are classes.
    device : {"auto", "cpu", "cuda", "cuda:<i>", "mps", "torch-cpu"}, default="auto"
        Where the work happens: numba on the CPU or torch. "auto" follows X. Kernel
        machines are on a device, moments are not.
    random_state : int, RandomState instance or None, default=None
        Chooses rows of the first rounds, centres, and where mixtures start.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        The directions, such that coordinates of the training rows have variance one,
        but for shrinkage, and are uncorrelated. Rows of zeros where rows of X have
        fewer directions.
    eigenvalues_ : ndarray of shape (n_features,)
        Of the mean outer product of gradients, or what "stein" has for it, summed over
        targets of variance one, in decreasing order: a gap says how many directions
        there are.
    mean_ : ndarray of shape (n_features,)
        Of the training rows.
    classes_ : ndarray of shape (n_classes,)
        Classes, if the targets are such.
    method_ : str
        The method that was used; "pca" where targets are constant.
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X had string names.

    See Also
    --------
    skgeom.kernels.KernelRegressor : Predictions with such a metric, and its choice.
    sklearn.cross_decomposition.PLSRegression : Linear dependence alone.
    sklearn.neighbors.NeighborhoodComponentsAnalysis : Of classes, in few dimensions.

    Notes
    -----
    Targets that are no numbers, such as distributions or points of a sphere, take part
    by coordinates that keep their distances, from
    :func:`~skgeom.solvers.classical_mds` or a tangent plane.

    References
    ----------
    .. [1] Radhakrishnan, Beaglehole, Pandit and Belkin, "Mechanism for feature learning
       in neural networks and backpropagation-free machine learning models", Science
       383, 2024.
    .. [2] Li, "On principal Hessian directions for data visualization and dimension
       reduction: another application of Stein's lemma", Journal of the American
       Statistical Association 87, 1992.
    .. [3] Yang, Balasubramanian and Liu, "High-dimensional non-Gaussian single index
       models via thresholded score function estimation", ICML 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from skgeom import SufficientSubspace
    >>> X = np.random.default_rng(0).standard_normal((300, 5))
    >>> model = SufficientSubspace(1).fit(X, np.cos(X[:, 0] + X[:, 1]))
    >>> np.abs(model.components_).round(1)
    array([[0.7, 0.7, 0. , 0. , 0. ]])
    """

    _parameter_constraints = {
        "method": [StrOptions({"auto", "gradient", "stein"})],
        "n_rounds": [Interval(Integral, 1, None, closed="left")],
        "n_centers": [Interval(Integral, 1, None, closed="left")],
        "order": [Options(Integral, {1, 2}), StrOptions({"both"})],
        "density": [StrOptions({"gaussian", "mixture"})],
        "shrinkage": [Interval(Real, 0, 1, closed="both"), StrOptions({"auto"})],
        "target_type": [StrOptions({"auto", "numbers", "classes"})],
    }

    def __init__(
        self,
        n_components: int = 2,
        *,
        method: str = "auto",
        alpha: float = 0.1,
        n_rounds: int = 4,
        n_centers: int = 2000,
        order: str | int = "both",
        density: str = "gaussian",
        shrinkage: float | str = "auto",
        target_type: str = "auto",
        device: str = "auto",
        random_state: RandomStateLike = None,
    ):
        self.n_components = n_components
        self.method = method
        self.alpha = alpha
        self.n_rounds = n_rounds
        self.n_centers = n_centers
        self.order = order
        self.density = density
        self.shrinkage = shrinkage
        self.target_type = target_type
        self.device = device
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: ArrayLike) -> Self:
        """Find the directions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows, at least two.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Numbers, of one target or several, or classes.

        Returns
        -------
        self : SufficientSubspace
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the machine lacks `device`, y is None or
            of another length than X, or one of them holds NaN or infinity.

        Warns
        -----
        UserWarning
            If y is constant: directions are then those of the largest variance.
        """
        backend = self._backend_for(X, reset=True)
        rows, targets = self._read(X, y)
        shrinkage = None if self.shrinkage == "auto" else float(self.shrinkage)
        Z, (mean, matrix) = whiten(rows, shrinkage)
        self.mean_ = self._kept(mean, like=X)
        values, vectors = self._directions(Z, targets, backend)
        directions = (matrix @ vectors[:, : self.n_components]).T
        self.components_ = self._kept(self._signed(directions, rows), like=X)
        missing = rows.shape[1] - len(values)
        self.eigenvalues_ = self._kept(np.pad(values, (0, missing)), like=X)
        return self

    def transform(self, X: MatrixLike) -> Array:
        """Place rows along the directions, each independently of the others.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows.

        Returns
        -------
        array of shape (n_rows, n_components)
            Coordinates, in the namespace, width and device of X.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or X has other columns than in `fit`.
        """
        check_is_fitted(self)
        rows = as_numpy(self._validated(X, reset=False)).astype(np.float64)
        directions = np.asarray(self.components_, dtype=np.float64)
        return self._output((rows - self.mean_) @ directions.T, like=X)

    def inverse_transform(self, X: ArrayLike) -> Array:
        """Lead coordinates back to the nearest rows that have them.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_components)
            Coordinates.

        Returns
        -------
        array of shape (n_rows, n_features)
            The rows nearest to the mean of the training rows that have them.

        Raises
        ------
        ValueError
            If the estimator is not fitted, or there is not a coordinate for each
            direction.
        """
        check_is_fitted(self)
        found = check_array(as_numpy(X), dtype=[np.float64, np.float32])
        directions = np.asarray(self.components_, dtype=np.float64)
        if found.shape[1] != len(directions):
            raise ValueError(
                f"X has {found.shape[1]} columns, but there are {len(directions)} "
                "directions."
            )
        # In units of their lengths: squares of directions may not be numbers.
        unit = np.abs(directions).max(axis=1)
        unit = np.where(unit > 0, unit, 1.0)
        way_back = scipy.linalg.pinv(directions / unit[:, None]) / unit
        return self._output(found @ way_back.T + self.mean_, like=X)

    def _read(self, X, y):
        """Rows in double precision, and targets of mean zero and variance one."""
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is "
                "None."
            )
        rows = as_numpy(self._validated(X, reset=True, ensure_min_samples=2))
        rows = rows.astype(np.float64)
        targets, classes = target_columns(y, rows, self.target_type)
        if classes is not None:
            self.classes_ = classes
        return rows, targets

    def _directions(self, Z, targets, backend):
        """Eigenvalues and eigenvectors among whitened rows, the largest first."""
        rank = Z.shape[1]
        k = min(self.n_components, self.n_features_in_)
        if not (targets.shape[1] and rank):
            self.method_ = "pca"
            warn(
                "SufficientSubspace: y is constant, or all columns of X are, so that "
                "no direction says anything of y. Those of the largest variance are "
                "taken."
            )
            return np.zeros(rank), np.eye(rank, max(k, rank))
        rng = check_random_state(self.random_state)
        self.method_ = self.method
        if self.method == "auto":
            self.method_ = "gradient" if len(Z) <= MOST_ROWS else "stein"
        if self.method_ == "stein":
            M = stein_matrix(Z, targets, self.order, self.density, rng)
        else:
            M = gradient_matrix(
                Z, targets, self.alpha, self.n_rounds, self.n_centers, rng, backend
            )
        values, vectors = scipy.linalg.eigh(M)
        return values[::-1], np.pad(vectors[:, ::-1], ((0, 0), (0, max(k - rank, 0))))

    def _signed(self, directions: NDArray, rows: NDArray) -> NDArray:
        """Directions of which the column that counts most has a positive share."""
        size = np.abs(rows - rows.mean(axis=0)).max(axis=0)
        shares = directions * np.where(size > 0, size, 1.0)
        largest = np.argmax(np.abs(shares), axis=1)
        signs = np.sign(shares[np.arange(len(shares)), largest])
        return directions * np.where(signs == 0, 1.0, signs)[:, None]

    @property
    def _n_features_out(self):
        return len(self.components_)

    def __sklearn_tags__(self):
        """Targets are needed, of one column or several."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
